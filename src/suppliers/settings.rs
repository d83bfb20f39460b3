//! An adapter's settings: which ones there are, and how their secrets are kept.
//!
//! The owner gives one JSON object. What is secret in it is sealed and never shown again; the rest is
//! kept as it is.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use url::Url;

use super::error::SupplierErrorCode::{self, Invalid};
use super::supplier;
use crate::app::App;
use crate::kernel::ids::SupplierId;
use crate::kernel::problem::{Fault, Problem};
use crate::platform::reseal::{self, Resealed};
use crate::platform::standard_webhooks::WebhookKey;

/// The adapter for suppliers that speak the store's own protocol.
pub const HTTP: &str = "http";
/// The adapter for suppliers that work through their part of the schema.
pub const PORTAL: &str = "portal";

/// The longest secret or address.
const MAX_LENGTH: usize = 2048;

/// What the `http` adapter needs.
#[derive(Debug, Clone)]
pub(super) struct HttpSettings {
    pub base_url: Url,
    pub token: String,
    pub webhook_key: Option<WebhookKey>,
}

/// What of it is secret.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct HttpSecrets {
    token: String,
    webhook_secret: Option<String>,
}

/// Settings as they are stored.
#[derive(Default)]
pub(super) struct Stored {
    /// What may be shown.
    pub open: Value,
    /// What may not, sealed.
    pub sealed: Option<String>,
}

type Problems = Vec<Problem<SupplierErrorCode>>;

/// Checks what the owner gave for `adapter`, over what was `known` before; a setting that is not
/// given keeps its value.
pub(super) fn store(
    app: &App,
    id: SupplierId,
    adapter: &str,
    given: Option<Value>,
    known: Option<&supplier::Model>,
) -> Result<Result<Stored, Problems>, Fault> {
    let given = match given.unwrap_or(Value::Null) {
        Value::Null => Map::new(),
        Value::Object(map) => map,
        _ => return Ok(Err(vec![Problem::at(Invalid, "settings", "The settings are a JSON object.")])),
    };
    match adapter {
        HTTP => store_http(app, id, &given, known),
        PORTAL if given.is_empty() => Ok(Ok(Stored { open: json!({}), sealed: None })),
        PORTAL => Ok(Err(vec![Problem::at(Invalid, "settings", "The portal has no settings.")])),
        _ => Ok(Err(vec![Problem::at(Invalid, "adapter", "There are the adapters `http` and `portal`.")])),
    }
}

fn store_http(
    app: &App,
    id: SupplierId,
    given: &Map<String, Value>,
    known: Option<&supplier::Model>,
) -> Result<Result<Stored, Problems>, Fault> {
    let mut problems = Vec::new();
    let mut refuse = |field: &str, message: &str| {
        problems.push(Problem::at(Invalid, &format!("settings.{field}"), message));
    };
    for name in given.keys().filter(|name| !["baseUrl", "token", "webhookSecret"].contains(&name.as_str())) {
        refuse(name, "There is no such setting.");
    }
    let old = known.map(|supplier| open_secrets(app, supplier)).transpose()?.flatten().unwrap_or_default();
    let old_url = known.and_then(|supplier| supplier.settings.get("baseUrl")).cloned();
    let text = |name: &str| given.get(name).and_then(Value::as_str).filter(|text| text.len() <= MAX_LENGTH);
    let url = given.get("baseUrl").cloned().or(old_url).unwrap_or_default();
    let url = url.as_str().and_then(base_url);
    match &url {
        None => refuse("baseUrl", "The http or https address of the supplier's endpoints is needed."),
        Some(url) if app.egress.check(url).is_err() => {
            refuse("baseUrl", "This host may not be reached; the operator may allow it (CONSIGN_EGRESS_ALLOW).");
        }
        Some(_) => {}
    }
    let token = if given.contains_key("token") { text("token").unwrap_or_default() } else { &old.token };
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        refuse("token", "The token the supplier gave the store is needed.");
    }
    let webhook_secret = match given.get("webhookSecret") {
        None => old.webhook_secret.clone(),
        Some(Value::Null) => None,
        Some(_) => Some(text("webhookSecret").unwrap_or_default().to_owned()),
    };
    if webhook_secret.as_deref().is_some_and(|secret| WebhookKey::parse(secret).is_err()) {
        refuse("webhookSecret", "A webhook secret is `whsec_` and at least 16 bytes of base64.");
    }
    if !problems.is_empty() {
        return Ok(Err(problems));
    }
    let secrets = serde_json::to_string(&HttpSecrets { token: token.to_owned(), webhook_secret })?;
    let sealed = Some(app.sealer.seal(&context(id), &secrets));
    Ok(Ok(Stored { open: json!({ "baseUrl": url.map(|url| url.to_string()) }), sealed }))
}

/// An address that paths can be added to.
fn base_url(text: &str) -> Option<Url> {
    let mut url = Url::parse(text).ok().filter(|_| text.len() <= MAX_LENGTH)?;
    let is_plain = url.query().is_none() && url.fragment().is_none() && url.has_host();
    let is_web = matches!(url.scheme(), "http" | "https");
    if !is_plain || !is_web {
        return None;
    }
    // Without the slash, joining would replace the last part of the path.
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Some(url)
}

/// The settings of a supplier of the `http` adapter.
pub(super) fn http(app: &App, supplier: &supplier::Model) -> Result<HttpSettings, Fault> {
    let broken = |what: &str| Fault::internal(format!("the settings of {} have no {what}", supplier.id));
    let url = supplier.settings.get("baseUrl").and_then(Value::as_str).and_then(base_url);
    let secrets = open_secrets(app, supplier)?.ok_or_else(|| broken("secrets"))?;
    let key = secrets.webhook_secret.map(|secret| WebhookKey::parse(&secret)).transpose();
    Ok(HttpSettings {
        base_url: url.ok_or_else(|| broken("address"))?,
        token: secrets.token,
        webhook_key: key.map_err(|_| broken("webhook secret"))?,
    })
}

fn open_secrets(app: &App, supplier: &supplier::Model) -> Result<Option<HttpSecrets>, Fault> {
    let Some(sealed) = &supplier.sealed_secrets else { return Ok(None) };
    let text = app.sealer.open(&context(supplier.id), sealed)?;
    Ok(Some(serde_json::from_str(&text)?))
}

/// Seals all suppliers' secrets with the current key.
pub async fn reseal(app: &App) -> Result<Resealed, Fault> {
    let (id, sealed) = (supplier::Column::Id, supplier::Column::SealedSecrets);
    reseal::reseal::<supplier::Entity>(app, id, sealed, |row| context(row.id)).await
}

fn context(id: SupplierId) -> String {
    format!("supplier.secrets:{id}")
}
