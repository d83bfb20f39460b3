//! Printful, by version 2 of its API (a beta).
//!
//! An order is made as a draft and then confirmed, which charges the account and starts the work. There is no
//! idempotency key: the order is looked up under our number first, so a draft that was left by a process that
//! died is confirmed and not made twice, and until it is confirmed the order counts as not there. Printful tells
//! whether a variant can be made, not how many.
//!
//! Source: <https://developers.printful.com/docs/v2-beta/>, and public clients of the API.

mod read;
mod webhook;
mod wire;

use std::time::Duration;

use async_trait::async_trait;
use axum::http::HeaderMap;
use reqwest::{Method, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use url::Url;

use super::exchange::{Answer, Call, Failure};
use super::text::{cut, id};
use super::{
    AdapterError, CancelAnswer, Cancelling, Capabilities, CatalogAccess, InboundMessage, OrderRequest, RemoteOrder,
    RemoteStock, StockAccess, SupplierAdapter, WebhookError, pace, within_grace,
};
use crate::app::App;
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{SupplierId, TypedId};
use crate::suppliers::sessions::{self, Session};
use crate::suppliers::settings::{Setting, SettingKind, Settings};
use crate::suppliers::{SupplierRejection, supplier};

/// Where Printful is, unless the settings say otherwise.
const BASE: &str = "https://api.printful.com/";
/// How many of a variant can be sold while it can be made, unless the settings say otherwise.
const ON_DEMAND: i64 = 100;
/// Between two questions about stock: Printful allows 120 calls a minute, and orders need some of them.
const APART: Duration = Duration::from_millis(600);
/// So many variants are asked for before their figures are taken in.
const BATCH: usize = 50;
/// How much of Printful's own words is kept.
const MAX_WORDS: usize = 300;
/// The messages that tell something of orders, parcels and goods.
const EVENTS: [&str; 9] = [
    "shipment_sent",
    "shipment_returned",
    "order_updated",
    "order_failed",
    "order_canceled",
    "order_put_hold",
    "order_remove_hold",
    "order_created",
    "shipment_out_of_stock",
];

/// What it needs.
pub(super) const SETTINGS: &[Setting] = &[
    Setting { name: "token", kind: SettingKind::Token, required: true, about: "the private token of the store" },
    Setting {
        name: "storeId",
        kind: SettingKind::Whole(1, i64::MAX),
        required: false,
        about: "the store's number at Printful, for a token of the whole account",
    },
    Setting {
        name: "sellingRegion",
        kind: SettingKind::Choice(&["worldwide", "north_america", "europe", "latvia", "spain", "australia", "japan"]),
        required: false,
        about: "where goods have to be makeable to be sold (worldwide by default)",
    },
    Setting {
        name: "quantityInStock",
        kind: SettingKind::Whole(1, 1_000_000),
        required: false,
        about: "how many are for sale of what can be made, which is not counted (100 by default)",
    },
    Setting {
        name: "baseUrl",
        kind: SettingKind::Url,
        required: false,
        about: "where Printful's API is, if not there",
    },
];

/// A store at Printful.
pub(super) struct Printful {
    app: App,
    id: SupplierId,
    base_url: Url,
    token: String,
    owner: String,
    store_id: Option<String>,
    region: String,
    on_demand: i64,
}

impl Printful {
    /// `None` if the settings lack something.
    pub(super) fn new(app: &App, supplier: &supplier::Model, settings: &Settings) -> Option<Self> {
        let base_url = settings.url("baseUrl").or_else(|| Url::parse(BASE).ok())?;
        let token = settings.text("token")?.to_owned();
        Some(Self {
            app: app.clone(),
            id: supplier.id,
            owner: sessions::owner_of(base_url.as_str(), &token),
            base_url,
            token,
            store_id: settings.whole("storeId").map(|id| id.to_string()),
            region: settings.text("sellingRegion").unwrap_or("worldwide").to_owned(),
            on_demand: settings.whole("quantityInStock").unwrap_or(ON_DEMAND),
        })
    }

    fn call(&self, method: Method, parts: &[&str]) -> Call {
        let mut url = self.base_url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push("v2").extend(parts);
        }
        let call = Call::new(&self.app.egress, method, url).bearer(&self.token);
        match &self.store_id {
            Some(id) => call.header("x-pf-store-id", id),
            None => call,
        }
    }

    async fn ask<T: DeserializeOwned>(&self, parts: &[&str]) -> Result<Option<T>, AdapterError> {
        let answer = self.call(Method::GET, parts).send().await.map_err(Failure::of_reading)?;
        match answer.status {
            StatusCode::OK => data(&answer).map(Some).ok_or_else(unreadable),
            StatusCode::NOT_FOUND => Ok(None),
            _ => Err(answer.not_now()),
        }
    }

    /// The order under our `reference`, drafts included.
    async fn lookup(&self, reference: &str) -> Result<Option<wire::Order>, AdapterError> {
        self.ask(&["orders", &format!("@{}", short(reference))]).await
    }

    async fn draft(&self, order: &OrderRequest) -> Result<wire::Order, AdapterError> {
        let body = new_order(order)?;
        let answer = self.call(Method::POST, &["orders"]).json(&body).send().await.map_err(Failure::of_writing)?;
        written(&answer)
    }

    async fn confirm(&self, draft: &wire::Order) -> Result<wire::Order, AdapterError> {
        let id = id(&draft.id).ok_or_else(lost)?;
        let call = self.call(Method::POST, &["orders", &id, "confirmation"]).json(&json!({}));
        let answer = call.send().await.map_err(Failure::of_writing)?;
        written(&answer)
    }

    async fn send(&self, order: &OrderRequest) -> Result<RemoteOrder, AdapterError> {
        let known = self.lookup(&order.reference).await?;
        let there = match known {
            Some(known) => known,
            None => self.draft(order).await?,
        };
        let there = if there.status == "draft" { self.confirmed(there, &order.reference).await? } else { there };
        read::remote(&there, &order.reference, vec![], self.app.clock.now()).ok_or_else(lost)
    }

    /// A no to a confirmation is one only while the order is still a draft: an earlier one may have been late.
    async fn confirmed(&self, draft: wire::Order, reference: &str) -> Result<wire::Order, AdapterError> {
        let refusal = match self.confirm(&draft).await {
            Err(refusal @ AdapterError::Refused { .. }) => refusal,
            answer => return answer,
        };
        match self.lookup(reference).await {
            Ok(Some(now)) if now.status != "draft" => Ok(now),
            Ok(_) => Err(refusal),
            Err(_) => Err(lost()),
        }
    }

    async fn with_parcels(&self, order: &wire::Order, reference: &str) -> Result<RemoteOrder, AdapterError> {
        let id = id(&order.id).ok_or_else(unreadable)?;
        let parcels = self.ask::<Vec<wire::Shipment>>(&["orders", &id, "shipments"]).await?.unwrap_or_default();
        read::remote(order, reference, parcels, self.app.clock.now()).ok_or_else(unreadable)
    }

    async fn stock_of_one(&self, sku: &str) -> Result<RemoteStock, AdapterError> {
        let stock =
            |quantity| RemoteStock { sku: sku.to_owned(), quantity, cost: None, restock_at: None, discontinued: false };
        let Some((_, variant)) = names(sku) else { return Ok(stock(0)) };
        let told: Option<Value> = self.ask(&["catalog-variants", &variant.to_string(), "availability"]).await?;
        let makeable = told.is_some_and(|data| read::is_in_stock(data, &self.region));
        Ok(stock(if makeable { self.on_demand } else { 0 }))
    }
}

/// Printful takes names of up to 32 characters, which is what our ids have behind their prefix.
fn short(id: &str) -> &str {
    id.rsplit_once('_').map_or(id, |(_, rest)| rest)
}

/// Our id of this kind, of which Printful knows the rest.
fn long<T: TypedId>(short: &str) -> String {
    format!("{}_{short}", T::PREFIX)
}

/// An offer's SKU names two things: what is ordered, a variant of a product set up at Printful, and what it is
/// printed on, a variant of Printful's catalogue, which is what may run out.
fn names(sku: &str) -> Option<(i64, i64)> {
    let (sync, catalog) = sku.split_once('@')?;
    Some((sync.parse().ok()?, catalog.parse().ok()?))
}

fn new_order(order: &OrderRequest) -> Result<wire::NewOrder<'_>, AdapterError> {
    let to = &order.destination;
    let item = |line: &'_ super::RequestLine| {
        let told = || AdapterError::Refused {
            code: SupplierRejection::InvalidSku,
            reason: format!("{} is not `<sync variant>@<catalog variant>`", cut(&line.sku, MAX_WORDS)),
        };
        let (sync_variant_id, _) = names(&line.sku).ok_or_else(told)?;
        Ok((sync_variant_id, line.quantity))
    };
    let items: Vec<(i64, i64)> = order.lines.iter().map(item).collect::<Result<_, AdapterError>>()?;
    let order_items = order.lines.iter().zip(items).map(|(line, (sync_variant_id, quantity))| wire::NewItem {
        source: "sync",
        sync_variant_id,
        external_id: short(&line.line_id),
        quantity,
    });
    Ok(wire::NewOrder {
        external_id: short(&order.reference),
        shipping: &order.shipping_service,
        recipient: wire::Recipient {
            name: joined(&to.name, to.company.as_deref()),
            address1: joined(&to.address1, to.address2.as_deref()),
            city: &to.city,
            state_code: to.region.as_deref(),
            country_code: to.country_code.code(),
            zip: to.postal_code.as_deref(),
            phone: to.phone.as_deref(),
            email: order.email.as_deref(),
        },
        order_items: order_items.collect(),
    })
}

/// What is written in two lines elsewhere.
fn joined(first: &str, second: Option<&str>) -> String {
    match second {
        Some(second) => format!("{first}, {second}"),
        None => first.to_owned(),
    }
}

fn data<T: DeserializeOwned>(answer: &Answer) -> Option<T> {
    serde_json::from_slice::<wire::Envelope<T>>(&answer.body).ok().map(|it| it.data)
}

fn unreadable() -> AdapterError {
    AdapterError::Retry { reason: "Printful's answer cannot be read".to_owned(), after: None }
}

fn lost() -> AdapterError {
    AdapterError::Unknown { reason: "Printful's answer cannot be read".to_owned() }
}

/// What came of a call that makes or confirms an order.
fn written(answer: &Answer) -> Result<wire::Order, AdapterError> {
    match answer.status {
        status if status.is_success() => data(answer).ok_or_else(lost),
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => {
            let body = serde_json::from_slice::<wire::ErrorBody>(&answer.body).ok();
            let told = body.and_then(|it| it.error.and_then(|it| it.message).or(it.detail));
            let reason = told.map_or_else(|| answer.in_our_words(), |text| cut(&text, MAX_WORDS));
            Err(AdapterError::Refused { code: SupplierRejection::Other, reason })
        }
        StatusCode::CONFLICT => Err(lost()),
        status if status.is_server_error() && status != StatusCode::SERVICE_UNAVAILABLE => {
            Err(AdapterError::Unknown { reason: answer.in_our_words() })
        }
        _ => Err(answer.not_now()),
    }
}

#[async_trait]
impl SupplierAdapter for Printful {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            submits: true,
            lookup_by_reference: true,
            // Version 2 documents none.
            cancels: Cancelling::Never,
            trials: false,
            stock: StockAccess::ByItem(BATCH),
            catalog: CatalogAccess::Hidden,
            pushes: true,
            registers: true,
        }
    }

    async fn check(&self) -> Result<(), AdapterError> {
        self.lookup("consign-check").await.map(drop)
    }

    async fn submit(&self, order: &OrderRequest) -> Result<RemoteOrder, AdapterError> {
        within_grace(self.send(order)).await
    }

    async fn find(&self, reference: &str) -> Result<Option<RemoteOrder>, AdapterError> {
        match self.lookup(reference).await? {
            Some(order) if order.status != "draft" => self.with_parcels(&order, reference).await.map(Some),
            _ => Ok(None),
        }
    }

    async fn cancel(&self, _remote_id: &str, _reason: &str) -> Result<CancelAnswer, AdapterError> {
        Ok(CancelAnswer::TooLate)
    }

    async fn stock_of(&self, skus: &[String]) -> Result<Vec<RemoteStock>, AdapterError> {
        let mut all = Vec::with_capacity(skus.len());
        for sku in skus {
            pace::turn(&self.app, self.id, APART).await;
            match self.stock_of_one(sku).await {
                Ok(item) => all.push(item),
                // What is known counts; the rest is asked for in the next round.
                Err(_) if !all.is_empty() => break,
                Err(error) => return Err(error),
            }
        }
        Ok(all)
    }

    /// Keeps the key that Printful makes for the messages.
    async fn register(&self, url: &str) -> Result<(), AdapterError> {
        let events: Vec<Value> = EVENTS.iter().map(|kind| json!({ "type": kind })).collect();
        let body = json!({ "default_url": url, "events": events });
        let answer = self.call(Method::POST, &["webhooks"]).json(&body).send().await.map_err(Failure::of_reading)?;
        if !answer.status.is_success() {
            return Err(answer.not_now());
        }
        let made: wire::Webhooks = data(&answer).ok_or_else(unreadable)?;
        let now = self.app.clock.now();
        let session = Session {
            owner: self.owner.clone(),
            access: String::new(),
            access_until: now,
            refresh: String::new(),
            refresh_until: now,
            webhook_key: Some(made.secret_key),
        };
        sessions::keep(&self.app, self.id, &session).await
    }

    async fn read_webhook(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        _now: Timestamp,
    ) -> Result<InboundMessage, WebhookError> {
        let session = sessions::lookup(&self.app, self.id, &self.owner).await.map_err(|_| WebhookError::NotNow)?;
        let key = session.and_then(|it| it.webhook_key).ok_or(WebhookError::Forged)?;
        webhook::verify(&key, headers, body)?;
        webhook::read(body).ok_or(WebhookError::Unreadable)
    }
}
