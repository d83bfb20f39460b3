//! CJdropshipping, by version 2 of its API.
//!
//! CJ has no idempotency key and does not say what a second order of one number does, so what may have
//! arrived is asked for by our number, which is the supplier order's id. It counts calls by the second, the
//! day and the token, hence [`super::pace`] and [`crate::suppliers::sessions`]. Messages of orders only say
//! that there is something to ask about: their form is not documented, and asking is cheap.
//!
//! Source: the documentation at <https://developers.cjdropshipping.com>, and public clients of the API.

mod call;
mod goods;
mod read;
mod webhook;
mod wire;

use std::time::Duration;

use async_trait::async_trait;
use axum::http::HeaderMap;
use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use self::call::Failure;
use super::exchange::Call;
use super::{
    AdapterError, CancelAnswer, Cancelling, Capabilities, CatalogAccess, CatalogPage, InboundMessage, OrderRequest,
    RemoteOrder, RemoteStatus, RemoteStock, StockAccess, SupplierAdapter, WebhookError, pace, text, within_grace,
};
use crate::app::App;
use crate::kernel::clock::Timestamp;
use crate::kernel::country::CountryCode;
use crate::kernel::ids::SupplierId;
use crate::suppliers::sessions::{self, Current, Session};
use crate::suppliers::settings::{Setting, SettingKind, Settings};
use crate::suppliers::{SupplierRejection, supplier};

/// Where CJ is, unless the settings say otherwise.
const BASE: &str = "https://developers.cjdropshipping.com/api2.0/v1/";
/// How long tokens are good: CJ's own figures, which its answers repeat as texts of several forms.
const ACCESS: TimeDelta = TimeDelta::days(15);
const REFRESH: TimeDelta = TimeDelta::days(180);
/// So many items are asked for one after the other before their figures are taken in.
const BATCH: usize = 20;
/// How often a call is made that only came too soon after another, or met a token that is not taken any more.
const TRIES: usize = 4;
/// Between calls there is a little more than the tier allows: they may overtake each other on their way.
const MARGIN: u32 = 20;

/// How an order is paid: from the balance at once, or later by somebody.
const FROM_BALANCE: i32 = 2;
const CREATE_ONLY: i32 = 3;

/// What it needs.
pub(super) const SETTINGS: &[Setting] = &[
    Setting { name: "apiKey", kind: SettingKind::Token, required: true, about: "the API key of the account at CJ" },
    Setting {
        name: "payment",
        kind: SettingKind::Choice(&["BALANCE", "BY_HAND"]),
        required: true,
        about: "BALANCE: orders are paid from the account's balance at once; BY_HAND: somebody pays them at CJ",
    },
    Setting {
        name: "items",
        kind: SettingKind::Choice(&["VID", "SKU"]),
        required: false,
        about: "what offers' supplier SKUs are: CJ's variant ids (VID, the default) or its SKUs",
    },
    Setting {
        name: "factoryStock",
        kind: SettingKind::Choice(&["COUNT", "IGNORE"]),
        required: false,
        about: "whether what factories say they have counts beside what CJ holds (IGNORE by default)",
    },
    Setting {
        name: "callsPerSecond",
        kind: SettingKind::Whole(1, 6),
        required: false,
        about: "what the account's tier allows (1 by default)",
    },
    Setting {
        name: "mode",
        kind: SettingKind::Choice(&["LIVE", "SANDBOX"]),
        required: false,
        about: "SANDBOX: orders are marked as tests (LIVE by default)",
    },
    Setting { name: "baseUrl", kind: SettingKind::Url, required: false, about: "where CJ's API is, if not there" },
];

/// An account at CJ.
pub(super) struct Cj {
    app: App,
    id: SupplierId,
    base_url: Url,
    api_key: String,
    owner: String,
    apart: Duration,
    ships_from: CountryCode,
    by_sku: bool,
    factory_counts: bool,
    pays: bool,
    sandbox: bool,
}

impl Cj {
    /// `None` if the settings lack something.
    pub(super) fn new(app: &App, supplier: &supplier::Model, settings: &Settings) -> Option<Self> {
        let per_second = settings.whole("callsPerSecond").and_then(|it| u32::try_from(it).ok()).unwrap_or(1).max(1);
        let base_url = settings.url("baseUrl").or_else(|| Url::parse(BASE).ok())?;
        let api_key = settings.text("apiKey")?.to_owned();
        Some(Self {
            app: app.clone(),
            id: supplier.id,
            owner: sessions::owner_of(base_url.as_str(), &api_key),
            base_url,
            api_key,
            apart: Duration::from_secs(1) / per_second + Duration::from_secs(1) / MARGIN / per_second,
            ships_from: supplier.ships_from().ok()?,
            by_sku: settings.text("items") == Some("SKU"),
            factory_counts: settings.text("factoryStock") == Some("COUNT"),
            pays: settings.text("payment")? == "BALANCE",
            sandbox: settings.text("mode") == Some("SANDBOX"),
        })
    }

    /// A call that needs no token.
    async fn bare(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        pace::turn(&self.app, self.id, self.apart).await;
        call::send(self.begin(Method::POST, path).json(body)).await
    }

    /// A call with a token: with another one if this one is not taken, and anew if it only came too soon.
    async fn call(&self, method: Method, path: &str, fill: impl Fn(Call) -> Call) -> Outcome {
        let mut is_trusted = true;
        for _ in 1..TRIES {
            let session = self.session().await?;
            match self.call_with(&session, method.clone(), path, &fill).await {
                Err(Failure::TooFast) => {}
                Err(Failure::Denied) if is_trusted => {
                    sessions::distrust(&self.app, self.id, &session.access).await?;
                    is_trusted = false;
                }
                answer => return Ok(answer),
            }
        }
        let session = self.session().await?;
        Ok(self.call_with(&session, method, path, &fill).await)
    }

    async fn call_with(
        &self,
        session: &Session,
        method: Method,
        path: &str,
        fill: impl Fn(Call) -> Call,
    ) -> Result<Value, Failure> {
        pace::turn(&self.app, self.id, self.apart).await;
        let call = self.begin(method, path).header("CJ-Access-Token", &session.access);
        call::send(fill(call)).await
    }

    async fn ask(&self, path: &str, name: &str, value: &str) -> Outcome {
        self.call(Method::GET, path, |it| it.query(name, value)).await
    }

    fn begin(&self, method: Method, path: &str) -> Call {
        let mut url = self.base_url.clone();
        if let Ok(mut parts) = url.path_segments_mut() {
            parts.pop_if_empty().extend(path.split('/'));
        }
        Call::new(&self.app.egress, method, url)
    }

    async fn session(&self) -> Result<Session, AdapterError> {
        let last = match sessions::current(&self.app, self.id, &self.owner).await? {
            Current::Fresh(session) => return Ok(session),
            Current::Renew(last) => last,
        };
        let session = match self.renew(last).await {
            Ok(session) => session,
            Err(error) => {
                if let AdapterError::Retry { reason, .. } = &error {
                    sessions::fail(&self.app, self.id, reason).await?;
                }
                return Err(error);
            }
        };
        sessions::keep(&self.app, self.id, &session).await?;
        Ok(session)
    }

    /// The next tokens: by the refresh token, or else by the key, for which CJ may be asked every five minutes.
    async fn renew(&self, known: Option<Session>) -> Result<Session, AdapterError> {
        let now = self.app.clock.now();
        if let Some(known) = known.filter(|it| now < it.refresh_until) {
            let body = json!({ "refreshToken": known.refresh });
            match self.bare("authentication/refreshAccessToken", &body).await {
                Ok(data) => return session(&self.owner, data, now, known.webhook_key).ok_or_else(no_tokens),
                Err(Failure::Denied | Failure::Refused(_)) => {}
                Err(failure) => return Err(failure.of_reading()),
            }
        }
        let data = self.bare("authentication/getAccessToken", &json!({ "apiKey": self.api_key })).await;
        session(&self.owner, data.map_err(Failure::of_reading)?, now, None).ok_or_else(no_tokens)
    }

    /// The stock of one item; of one that CJ does not know there is none.
    async fn stock_of_one(&self, sku: &str) -> Result<RemoteStock, AdapterError> {
        let (path, name) = match self.by_sku {
            true => ("product/stock/queryBySku", "sku"),
            false => ("product/stock/queryByVid", "vid"),
        };
        match self.ask(path, name, sku).await? {
            Ok(data) => read::stock(sku, data, self.ships_from, self.factory_counts)
                .ok_or_else(|| AdapterError::Retry { reason: "CJ's stock cannot be read".to_owned(), after: None }),
            Err(Failure::Missing(_)) => Ok(read::item(sku, &[], self.ships_from, false)),
            Err(failure) => Err(failure.of_reading()),
        }
    }

    fn new_order<'a>(&'a self, order: &'a OrderRequest) -> wire::NewOrder<'a> {
        let to = &order.destination;
        let line = |line: &'a super::RequestLine| wire::NewLine {
            vid: (!self.by_sku).then_some(line.sku.as_str()),
            sku: self.by_sku.then_some(line.sku.as_str()),
            quantity: line.quantity,
            store_line_item_id: &line.line_id,
        };
        wire::NewOrder {
            order_number: &order.reference,
            shipping_country_code: to.country_code.code(),
            shipping_country: to.country_code.name(),
            // Needed, also where addresses have none.
            shipping_province: to.region.as_deref().unwrap_or(&to.city),
            shipping_city: &to.city,
            shipping_customer_name: &to.name,
            shipping_address: &to.address1,
            shipping_address2: to.address2.as_deref(),
            shipping_zip: to.postal_code.as_deref(),
            shipping_phone: to.phone.as_deref(),
            email: order.email.as_deref(),
            logistic_name: &order.shipping_service,
            from_country_code: self.ships_from.code(),
            pay_type: if self.pays { FROM_BALANCE } else { CREATE_ONLY },
            is_sandbox: self.sandbox.then_some(1),
            products: order.lines.iter().map(line).collect(),
        }
    }

    async fn create(&self, order: &OrderRequest) -> Result<RemoteOrder, AdapterError> {
        self.place(self.new_order(order)).await
    }

    async fn place(&self, body: wire::NewOrder<'_>) -> Result<RemoteOrder, AdapterError> {
        let answer = self.call(Method::POST, "shopping/order/createOrderV2", |it| it.json(&body)).await?;
        let made = answer.and_then(read::order).map_err(Failure::of_writing)?;
        let lost = || AdapterError::Unknown { reason: "CJ's answer names no order".to_owned() };
        read::remote(made, body.order_number).ok_or_else(lost)
    }

    async fn detail(&self, name: &str) -> Result<Option<wire::Order>, AdapterError> {
        match self.ask("shopping/order/getOrderDetail", "orderId", name).await? {
            Ok(data) => read::order(data).map(Some).map_err(Failure::of_reading),
            Err(Failure::Missing(_)) => Ok(None),
            Err(failure) => Err(failure.of_reading()),
        }
    }
}

/// Whether there were tokens to call with, and what came of the call.
type Outcome = Result<Result<Value, Failure>, AdapterError>;

fn session(owner: &str, data: Value, now: Timestamp, webhook_key: Option<String>) -> Option<Session> {
    let tokens: wire::Tokens = serde_json::from_value(data).ok()?;
    Some(Session {
        owner: owner.to_owned(),
        access: tokens.access_token,
        access_until: now + ACCESS,
        refresh: tokens.refresh_token,
        refresh_until: now + REFRESH,
        webhook_key: tokens.open_id.as_ref().and_then(text::id).or(webhook_key),
    })
}

fn no_tokens() -> AdapterError {
    AdapterError::Retry { reason: "CJ gave no tokens".to_owned(), after: None }
}

#[async_trait]
impl SupplierAdapter for Cj {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            submits: true,
            lookup_by_reference: true,
            cancels: Cancelling::Call,
            trials: true,
            stock: StockAccess::ByItem(BATCH),
            catalog: CatalogAccess::Searched,
            pushes: true,
            registers: true,
        }
    }

    async fn check(&self) -> Result<(), AdapterError> {
        self.call(Method::GET, "shopping/pay/getBalance", |it| it).await?.map(drop).map_err(Failure::of_reading)
    }

    async fn submit(&self, order: &OrderRequest) -> Result<RemoteOrder, AdapterError> {
        within_grace(self.create(order)).await
    }

    /// Marked as a test, and only created: neither alone would cost anything.
    async fn submit_trial(&self, order: &OrderRequest) -> Result<RemoteOrder, AdapterError> {
        let body = wire::NewOrder { is_sandbox: Some(1), pay_type: CREATE_ONLY, ..self.new_order(order) };
        within_grace(self.place(body)).await
    }

    async fn find(&self, reference: &str) -> Result<Option<RemoteOrder>, AdapterError> {
        let Some(found) = self.detail(reference).await? else { return Ok(None) };
        let other = || AdapterError::Retry { reason: "CJ answered about another order".to_owned(), after: None };
        read::remote(found, reference).map(Some).ok_or_else(other)
    }

    /// CJ lets an order be deleted until it is paid; of anything later nothing is documented.
    async fn cancel(&self, remote_id: &str, _reason: &str) -> Result<CancelAnswer, AdapterError> {
        // It had an id, so it was there; somebody deleted it, perhaps this in an earlier try.
        let Some(found) = self.detail(remote_id).await? else {
            return Ok(CancelAnswer::Cancelled(read::deleted(remote_id)));
        };
        let unreadable = || AdapterError::Retry { reason: "CJ's order cannot be read".to_owned(), after: None };
        let reference = found.order_num.clone().ok_or_else(unreadable)?;
        let order = read::remote(found, &reference).ok_or_else(unreadable)?;
        match order.status {
            RemoteStatus::Cancelled => return Ok(CancelAnswer::Cancelled(order)),
            RemoteStatus::Pending => {}
            _ => return Ok(CancelAnswer::TooLate),
        }
        match self.call(Method::DELETE, "shopping/order/deleteOrder", |it| it.query("orderId", remote_id)).await? {
            Ok(_) | Err(Failure::Missing(_)) => Ok(CancelAnswer::Cancelled(read::deleted(remote_id))),
            // It was paid meanwhile.
            Err(Failure::Refused(_)) => Ok(CancelAnswer::TooLate),
            Err(failure) => Err(failure.of_writing()),
        }
    }

    async fn stock_of(&self, skus: &[String]) -> Result<Vec<RemoteStock>, AdapterError> {
        let mut all = Vec::with_capacity(skus.len());
        for sku in skus {
            match self.stock_of_one(sku).await {
                Ok(item) => all.push(item),
                // What is known counts; the rest is asked for in the next round.
                Err(_) if !all.is_empty() => break,
                Err(error) => return Err(error),
            }
        }
        Ok(all)
    }

    async fn catalog(&self, words: Option<&str>, cursor: Option<&str>) -> Result<CatalogPage, AdapterError> {
        self.goods(words, cursor).await
    }

    /// Of orders and parcels. Stock is asked for: messages of it need a subscription by products, which offers
    /// do not name.
    async fn register(&self, url: &str) -> Result<(), AdapterError> {
        if !url.starts_with("https://") {
            let reason = format!("CJ sends to https addresses only, and this store's is {url}: set CONSIGN_PUBLIC_URL");
            return Err(AdapterError::Refused { code: SupplierRejection::Other, reason });
        }
        let topic = json!({ "type": "ENABLE", "callbackUrls": [url] });
        let body = json!({ "order": topic, "logistics": topic });
        let answer = self.call(Method::POST, "webhook/set", |it| it.json(&body)).await?;
        answer.map(drop).map_err(Failure::of_reading)
    }

    async fn read_webhook(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Result<InboundMessage, WebhookError> {
        let session = sessions::lookup(&self.app, self.id, &self.owner).await.map_err(|_| WebhookError::NotNow)?;
        let key = session.and_then(|it| it.webhook_key).ok_or(WebhookError::Forged)?;
        webhook::verify(&key, headers, body)?;
        webhook::read(body, now).ok_or(WebhookError::Unreadable)
    }
}
