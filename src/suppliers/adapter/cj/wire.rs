//! What goes over the wire, as far as the store uses it. Source: CJ's API documentation, version 2
//! (<https://developers.cjdropshipping.com>), and public clients of it.

use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

/// What every answer is wrapped in.
#[derive(Debug, Deserialize)]
pub(super) struct Envelope {
    pub code: i64,
    pub success: Option<bool>,
    pub result: Option<bool>,
    pub message: Option<String>,
    pub data: Option<Value>,
}

impl Envelope {
    /// Some endpoints say success with the code 200, some with 0 and a flag.
    pub(super) fn is_success(&self) -> bool {
        let flagged = self.success == Some(true) || self.result == Some(true);
        self.code == 200 || (self.code == 0 && flagged)
    }
}

/// The answer to a wish for tokens.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Tokens {
    pub access_token: String,
    pub refresh_token: String,
    /// The key of webhooks. A renewal may leave it out.
    pub open_id: Option<Value>,
}

/// The stock of one variant in one warehouse.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Warehouse {
    pub country_code: Option<String>,
    /// What CJ holds itself.
    pub cj_inventory_num: Option<i64>,
    /// What a factory says it has.
    pub factory_inventory_num: Option<i64>,
    /// The name of both together in messages.
    pub storage_num: Option<i64>,
}

/// An order to be made.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewOrder<'a> {
    pub order_number: &'a str,
    pub shipping_country_code: String,
    pub shipping_country: &'a str,
    pub shipping_province: &'a str,
    pub shipping_city: &'a str,
    pub shipping_customer_name: &'a str,
    pub shipping_address: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipping_address2: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipping_zip: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipping_phone: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<&'a str>,
    pub logistic_name: &'a str,
    pub from_country_code: String,
    pub pay_type: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_sandbox: Option<i32>,
    pub products: Vec<NewLine<'a>>,
}

/// A line of it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewLine<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sku: Option<&'a str>,
    pub quantity: i64,
    pub store_line_item_id: &'a str,
}

/// An order as CJ has it: made just now, or asked for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Order {
    pub order_id: Option<Value>,
    #[serde(alias = "orderNumber")]
    pub order_num: Option<String>,
    pub order_status: Option<String>,
    pub postage_amount: Option<Number>,
    pub track_number: Option<String>,
    pub tracking_url: Option<String>,
    pub logistic_name: Option<String>,
    pub out_warehouse_time: Option<String>,
    /// Whether the way to send is not one of CJ's.
    pub logistics_miss: Option<bool>,
    pub intercept_order_reasons: Option<Vec<Intercept>>,
}

/// Why CJ does not go on with an order by itself.
#[derive(Debug, Deserialize)]
pub(super) struct Intercept {
    pub code: Option<Value>,
    pub message: Option<String>,
}

/// A webhook.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Message {
    pub message_id: String,
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub params: Value,
}

/// What a webhook of the type `ORDER` tells.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OrderParams {
    #[serde(alias = "orderNum")]
    pub order_number: Option<String>,
}

/// What a webhook of the type `LOGISTIC` tells.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LogisticParams {
    pub order_id: Option<Value>,
    #[serde(alias = "trackNumber")]
    pub tracking_number: Option<String>,
    pub tracking_status: Option<i64>,
}
