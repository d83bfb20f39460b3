//! What can be set about the simulated world: a TOML file for the process, and the same
//! supplier and gateway documents as JSON at run time through `/admin`.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use figment::Figment;
use figment::providers::{Format, Toml};
use serde::{Deserialize, Serialize};

use super::signing::SigningKey;
use super::wire::Money;

/// The whole simulator. Field names in a TOML file are in `snake_case`; the documents
/// under `[gateway]` and `[suppliers.<key>]` are in `camelCase`, as in the admin API.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SimulatorConfig {
    /// Where suppliers, gateway and admin are served; port 0 picks a free one.
    pub listen: SocketAddr,
    /// A second address for the gateway alone.
    pub gateway_listen: Option<SocketAddr>,
    /// Source of all chance; a journal keeps the seed it was begun with.
    pub seed: u64,
    /// Divides every lead time; 1 is real time.
    pub time_scale: f64,
    /// Folder of the journal; without it the simulator forgets everything at its end.
    pub state_dir: Option<PathBuf>,
    /// Base URL of the store whose webhooks are called; without it none are sent.
    pub store_url: Option<String>,
    /// Token asked of callers of `/admin`; without it they are open.
    pub admin_token: Option<String>,
    pub gateway: GatewaySettings,
    /// Suppliers that exist from the start; more come through `/admin/suppliers/{key}`.
    pub suppliers: BTreeMap<String, SupplierSettings>,
}

impl Default for SimulatorConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 9400)),
            gateway_listen: None,
            seed: 1,
            time_scale: 1.0,
            state_dir: None,
            store_url: None,
            admin_token: None,
            gateway: GatewaySettings::default(),
            suppliers: BTreeMap::new(),
        }
    }
}

impl SimulatorConfig {
    /// Reads a TOML file over the defaults.
    pub fn load(path: &Path) -> anyhow::Result<Self> {
        Figment::from(Toml::file_exact(path))
            .extract()
            .with_context(|| format!("the simulator's configuration {}", path.display()))
    }

    /// Refuses settings that could not be meant.
    pub fn check(&self) -> anyhow::Result<()> {
        anyhow::ensure!(
            self.time_scale.is_finite() && self.time_scale > 0.0,
            "the time scale must be a number above 0"
        );
        if let Some(url) = &self.store_url {
            check_store_url(url)?;
        }
        self.gateway.check().context("[gateway]")?;
        for (key, supplier) in &self.suppliers {
            supplier.check().with_context(|| format!("[suppliers.{key}]"))?;
        }
        Ok(())
    }
}

/// A store's base URL is an http(s) URL.
pub fn check_store_url(url: &str) -> anyhow::Result<()> {
    let parsed = url::Url::parse(url).with_context(|| format!("the store URL `{url}`"))?;
    anyhow::ensure!(matches!(parsed.scheme(), "http" | "https"), "the store URL must be http or https");
    Ok(())
}

/// The test gateway.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct GatewaySettings {
    /// Bearer secret of the store; without it every call is refused.
    pub secret: Option<String>,
    /// `whsec_…` key of its webhooks; without it none are sent.
    pub webhook_secret: Option<String>,
    pub faults: GatewayFaults,
    /// How long `tok_slow` takes and how late `tok_late_webhook` decides.
    pub delay_seconds: f64,
}

impl Default for GatewaySettings {
    fn default() -> Self {
        Self { secret: None, webhook_secret: None, faults: GatewayFaults::default(), delay_seconds: 2.0 }
    }
}

impl GatewaySettings {
    pub fn check(&self) -> anyhow::Result<()> {
        if let Some(secret) = &self.webhook_secret {
            SigningKey::parse(secret)?;
        }
        anyhow::ensure!((0.0..=3600.0).contains(&self.delay_seconds), "delaySeconds is between 0 and 3600");
        let it = &self.faults;
        check_probabilities(&[it.duplicate_webhook, it.reorder_webhook, it.late_webhook, it.early_webhook])
    }
}

/// Probabilities of the gateway's webhook faults; its other faults come by token.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct GatewayFaults {
    pub duplicate_webhook: f64,
    pub reorder_webhook: f64,
    pub late_webhook: f64,
    /// The webhook leaves well before the API's answer.
    pub early_webhook: f64,
}

/// One supplier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SupplierSettings {
    /// Bearer token of the store.
    pub token: String,
    #[serde(default)]
    pub webhook: Option<SupplierWebhook>,
    pub currency: String,
    /// Where its parcels start, ISO 3166 alpha-2; other destinations pass customs.
    #[serde(default = "default_country")]
    pub country: String,
    /// Countries it delivers to; empty means everywhere.
    #[serde(default)]
    pub ships_to: Vec<String>,
    /// Services it offers; empty means any, free of charge.
    #[serde(default)]
    pub shipping_services: Vec<ShippingService>,
    #[serde(default)]
    pub lead_times: LeadTimes,
    #[serde(default)]
    pub faults: SupplierFaults,
    #[serde(default)]
    pub accept_mode: AcceptMode,
    #[serde(default)]
    pub on_shortage: OnShortage,
    /// Probability that an order of two or more units leaves in two parcels.
    #[serde(default = "default_split")]
    pub split_shipment: f64,
}

fn default_country() -> String {
    "DE".to_owned()
}

fn default_split() -> f64 {
    0.2
}

impl SupplierSettings {
    pub fn check(&self) -> anyhow::Result<()> {
        anyhow::ensure!(!self.token.is_empty(), "a supplier needs a token");
        anyhow::ensure!(self.currency.len() == 3, "currency is an ISO 4217 code");
        if let Some(webhook) = &self.webhook {
            SigningKey::parse(&webhook.secret)?;
        }
        let times = &self.lead_times;
        for seconds in [times.accept_seconds, times.process_seconds, times.transit_seconds] {
            anyhow::ensure!(seconds.is_finite() && seconds >= 0.0, "a lead time is 0 or more seconds");
        }
        check_probabilities(&[times.jitter, self.split_shipment])?;
        check_probabilities(&self.faults.all())
    }
}

/// Where a supplier's webhooks go and how they are signed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SupplierWebhook {
    /// The store's id of this supplier, the last segment of the URL.
    pub supplier_id: String,
    /// `whsec_…`
    pub secret: String,
}

/// A shipping service by code alone, or with what it costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ShippingService {
    Code(String),
    Priced { code: String, cost: Money },
}

impl ShippingService {
    pub fn code(&self) -> &str {
        match self {
            Self::Code(code) | Self::Priced { code, .. } => code,
        }
    }

    pub fn cost(&self) -> Option<&Money> {
        match self {
            Self::Code(_) => None,
            Self::Priced { cost, .. } => Some(cost),
        }
    }
}

/// How long things take, before the time scale divides them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct LeadTimes {
    /// From receipt to the answer, in the accept mode `delayed`.
    pub accept_seconds: f64,
    /// From the answer to the first parcel.
    pub process_seconds: f64,
    /// From the carrier's pick-up to delivery.
    pub transit_seconds: f64,
    /// Each time varies by up to this part of itself, both ways.
    pub jitter: f64,
}

impl Default for LeadTimes {
    /// An hour to answer, a day to pack, four days on the road.
    fn default() -> Self {
        Self { accept_seconds: 3600.0, process_seconds: 86_400.0, transit_seconds: 345_600.0, jitter: 0.2 }
    }
}

/// When a supplier answers an order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AcceptMode {
    /// In the answer of `POST /orders`.
    #[default]
    Immediate,
    /// `pending` first, decided later by `order.updated`.
    Delayed,
}

/// What a supplier does when its stock is short.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OnShortage {
    /// Takes what it has.
    #[default]
    Part,
    /// Refuses the whole order.
    Reject,
}

/// Probabilities (0 to 1) of a supplier's faults. Transport faults are drawn anew for
/// each attempt, so that a repeat may pass; the others once per order or webhook.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct SupplierFaults {
    /// Refuses the order.
    pub reject: f64,
    /// Takes a part of the order.
    pub part: f64,
    /// Hangs and does nothing.
    pub timeout_before: f64,
    /// Takes the order, then hangs.
    pub timeout_after: f64,
    /// 429 with `Retry-After`, nothing done.
    pub error429: f64,
    /// 500, nothing done.
    pub error500: f64,
    /// Takes the order, then answers 500.
    pub error500_after: f64,
    pub duplicate_webhook: f64,
    pub reorder_webhook: f64,
    pub late_webhook: f64,
    /// The carrier loses the parcel.
    pub lost_parcel: f64,
}

impl SupplierFaults {
    fn all(&self) -> [f64; 11] {
        [
            self.reject,
            self.part,
            self.timeout_before,
            self.timeout_after,
            self.error429,
            self.error500,
            self.error500_after,
            self.duplicate_webhook,
            self.reorder_webhook,
            self.late_webhook,
            self.lost_parcel,
        ]
    }
}

fn check_probabilities(values: &[f64]) -> anyhow::Result<()> {
    anyhow::ensure!(values.iter().all(|it| (0.0..=1.0).contains(it)), "a probability is between 0 and 1");
    Ok(())
}

#[cfg(test)]
mod tests {
    use figment::Figment;
    use figment::providers::{Format, Toml};

    use super::{OnShortage, ShippingService, SimulatorConfig};

    fn read(toml: &str) -> anyhow::Result<SimulatorConfig> {
        let config: SimulatorConfig = Figment::from(Toml::string(toml)).extract()?;
        config.check()?;
        Ok(config)
    }

    #[test]
    fn a_file_sets_the_process_and_its_suppliers() {
        let config = read(
            r#"
            seed = 7
            time_scale = 86400.0
            [gateway]
            secret = "s"
            faults = { lateWebhook = 0.1 }
            [suppliers.acme]
            token = "t"
            currency = "EUR"
            onShortage = "reject"
            shippingServices = ["STANDARD", { code = "EXPRESS", cost = { amount = "9.90", currency = "EUR" } }]
            leadTimes = { processSeconds = 3600.0 }
            faults = { error500After = 0.5 }
            "#,
        )
        .expect("a valid file");
        let acme = &config.suppliers["acme"];
        assert_eq!((config.seed, acme.on_shortage, acme.faults.error500_after), (7, OnShortage::Reject, 0.5));
        assert_eq!((acme.lead_times.process_seconds, acme.lead_times.transit_seconds), (3600.0, 345_600.0));
        assert!(matches!(&acme.shipping_services[1], ShippingService::Priced { code, .. } if code == "EXPRESS"));
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for toml in [
            "time_scale = 0.0",
            "store_url = \"ftp://store\"",
            "sede = 1",
            "[suppliers.acme]\ntoken = \"t\"\ncurrency = \"EUR\"\nfaults = { reject = 1.5 }",
            "[suppliers.acme]\ntoken = \"t\"\ncurrency = \"EUR\"\nfaults = { rejekt = 0.5 }",
            "[gateway]\nwebhookSecret = \"whsec_%\"",
        ] {
            assert!(read(toml).is_err(), "{toml}");
        }
    }
}
