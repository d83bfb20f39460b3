//! Taking orders.
//!
//! Assumptions of ours: a number that was used already makes a second order; a field that the page
//! does not list is refused; an unknown way to send makes the order all the same, with
//! `logisticsMiss`, and so does a want of stock, with an intercept; neither is ever paid. A tax number
//! of one's own (`iossType` 2) has to be given. Ids are strings, and the number of an intercept is a
//! number. The answer has `cjPayUrl` only where the page is to be paid, and null without intercepts.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::envelope::{Answer, Refusal};
use super::{Books, Cj, CjLine, CjOrder};
use crate::standins::{Call, Object, country, given, number, objects, only, optional_text, quantity, text, whole};

const REQUIRED: [&str; 9] = [
    "orderNumber",
    "shippingCountryCode",
    "shippingCountry",
    "shippingProvince",
    "shippingCity",
    "shippingCustomerName",
    "shippingAddress",
    "logisticName",
    "fromCountryCode",
];
const OPTIONAL_TEXTS: [&str; 8] =
    ["shippingZip", "shippingPhone", "shippingAddress2", "houseNumber", "email", "taxId", "consigneeID", "iossNumber"];
const OTHERS: [&str; 6] = ["products", "remark", "shopAmount", "iossType", "isSandbox", "payType"];
/// The longest `orderNumber`, in characters.
const MAX_NUMBER: usize = 50;
/// The longest `storeLineItemId`, in characters.
const MAX_LINE: usize = 125;
/// The longest `remark`, in characters.
const MAX_REMARK: usize = 500;
/// Our own assumption, as the page lists no reasons.
const WANT_OF_STOCK: i64 = 10_001;

/// `payType`: the store pays on a page of the platform.
const PAY_ON_PAGE: i64 = 1;
/// `payType`: paid at once from the balance.
const PAY_FROM_BALANCE: i64 = 2;
/// `payType`: not paid yet.
const CREATE_ONLY: i64 = 3;

/// An order with what only the platform knows.
pub(super) struct Order {
    pub(super) book: CjOrder,
    pub(super) shipment_id: String,
    product_amount: Decimal,
    postage: Decimal,
    /// Whether the way to send is unknown.
    logistics_miss: bool,
    intercepts: Vec<(i64, String)>,
    pub(super) track_number: Option<String>,
    /// What the carrier reported, oldest first, and when.
    pub(super) events: Vec<(i64, String)>,
    pub(super) out_warehouse_time: Option<String>,
    /// How far the sandbox has come: 0, then 300 to 700.
    pub(super) sandbox_step: i64,
}

impl Cj {
    /// Refuses every order with this number and these words.
    pub fn refuse_orders(&self, code: i64, message: &str) {
        self.locked().refusal = Some((code, message.to_owned()));
    }

    /// Takes every order and intercepts it for these reasons.
    pub fn intercept_orders(&self, reasons: &[(i64, &str)]) {
        let reasons = reasons.iter().map(|(code, message)| (*code, (*message).to_owned()));
        self.locked().intercepts = reasons.collect();
    }
}

impl Order {
    pub(super) fn is(&self, status: &str) -> bool {
        self.book.status == status
    }

    /// Whether it is not confirmed yet.
    pub(super) fn is_open(&self) -> bool {
        self.is("CREATED") || self.is("IN_CART")
    }

    pub(super) fn amount(&self) -> Decimal {
        self.product_amount + self.postage
    }

    /// Whether nothing is in the way of paying.
    pub(super) fn is_clear(&self) -> bool {
        !self.logistics_miss && self.intercepts.is_empty()
    }

    pub(super) fn set_status(&mut self, status: &str) {
        status.clone_into(&mut self.book.status);
    }
}

/// `POST shopping/order/createOrderV2`.
pub(super) fn create(books: &mut Books, call: &Call) -> Answer {
    let body = call.json()?;
    check(&body)?;
    let lines = lines(books, &body)?;
    if let Some((code, message)) = &books.refusal {
        return Err(Refusal::coded(*code, message.as_str()));
    }
    let mut order = draft(books, &body, lines)?;
    let status = begin(books, &order);
    order.set_status(status);
    let answer = created(&order);
    books.orders.push(order);
    Ok(answer)
}

/// Whether all fields are there, known and of their form.
fn check(body: &Object) -> Result<(), String> {
    let known = [REQUIRED.as_slice(), OPTIONAL_TEXTS.as_slice(), OTHERS.as_slice()].concat();
    only(body, &known)?;
    for key in REQUIRED {
        text(body, key)?;
    }
    if text(body, "orderNumber")?.chars().count() > MAX_NUMBER {
        return Err(format!("`orderNumber` is longer than {MAX_NUMBER} characters"));
    }
    country(body, "shippingCountryCode")?;
    country(body, "fromCountryCode")?;
    for key in OPTIONAL_TEXTS {
        optional_text(body, key, usize::MAX)?;
    }
    optional_text(body, "remark", MAX_REMARK)?;
    choice(body, "payType", PAY_ON_PAGE, CREATE_ONLY)?;
    choice(body, "isSandbox", 0, 1)?;
    if choice(body, "iossType", 1, 3)? == Some(2) {
        text(body, "iossNumber")?;
    }
    match given(body, "shopAmount") {
        None | Some(Value::Number(_)) => Ok(()),
        Some(Value::String(text)) if text.parse::<Decimal>().is_ok() => Ok(()),
        Some(_) => Err("`shopAmount` has to be an amount".to_owned()),
    }
}

/// A whole number that may be missing, and has to be one of a few.
fn choice(body: &Object, key: &str, least: i64, most: i64) -> Result<Option<i64>, String> {
    if given(body, key).is_none() {
        return Ok(None);
    }
    let number = whole(body, key)?;
    if (least..=most).contains(&number) { Ok(Some(number)) } else { Err(format!("`{key}` is no {least} to {most}")) }
}

fn lines(books: &Books, body: &Object) -> Result<Vec<CjLine>, Refusal> {
    objects(body, "products")?.into_iter().map(|product| line(books, product)).collect()
}

fn line(books: &Books, product: &Object) -> Result<CjLine, Refusal> {
    only(product, &["vid", "sku", "quantity", "storeLineItemId"])?;
    let store_line_item_id = text(product, "storeLineItemId")?.to_owned();
    if store_line_item_id.chars().count() > MAX_LINE {
        return Err(format!("`storeLineItemId` is longer than {MAX_LINE} characters").into());
    }
    let item = if given(product, "vid").is_some() {
        books.items.get(text(product, "vid")?)
    } else {
        books.item_of_sku(text(product, "sku")?)
    };
    let item = item.ok_or_else(|| Refusal::other("a variant of the order is not known"))?;
    Ok(CjLine { vid: item.vid.clone(), quantity: quantity(product)?, store_line_item_id })
}

/// The order before it is decided how it begins.
fn draft(books: &mut Books, body: &Object, lines: Vec<CjLine>) -> Result<Order, Refusal> {
    let place = books.next_id();
    let id = format!("2109{:05}{place:07}", books.port);
    let logistic_name = text(body, "logisticName")?.to_owned();
    let postage = books.services.iter().find(|it| it.name == logistic_name).map(|it| it.total);
    let mut intercepts = books.intercepts.clone();
    if is_short(books, text(body, "fromCountryCode")?, &lines) {
        intercepts.push((WANT_OF_STOCK, "not enough stock".to_owned()));
    }
    Ok(Order {
        shipment_id: format!("SD{id}"),
        product_amount: lines.iter().map(|line| price(books, line)).sum(),
        book: CjOrder {
            order_number: text(body, "orderNumber")?.to_owned(),
            order_id: id,
            status: "CREATED".to_owned(),
            lines,
            logistic_name,
            pay_type: choice(body, "payType", PAY_ON_PAGE, CREATE_ONLY)?.unwrap_or(PAY_ON_PAGE),
            is_sandbox: choice(body, "isSandbox", 0, 1)? == Some(1),
        },
        logistics_miss: postage.is_none(),
        postage: postage.unwrap_or_default(),
        intercepts,
        track_number: None,
        events: Vec::new(),
        out_warehouse_time: None,
        sandbox_step: 0,
    })
}

fn price(books: &Books, line: &CjLine) -> Decimal {
    books.items.get(&line.vid).map_or(Decimal::ZERO, |item| item.price * Decimal::from(line.quantity))
}

fn is_short(books: &Books, country: &str, lines: &[CjLine]) -> bool {
    let available = |line: &CjLine| books.items.get(&line.vid).map_or(0, |item| item.available(country));
    lines.iter().any(|line| line.quantity > available(line))
}

/// Pays the new order if that is wanted and possible, and says with what status it begins. That a
/// trial is not paid from the balance is our own assumption.
fn begin(books: &mut Books, order: &Order) -> &'static str {
    let book = &order.book;
    if book.pay_type == CREATE_ONLY || !order.is_clear() {
        return "CREATED";
    }
    let is_paid = book.pay_type == PAY_FROM_BALANCE && !book.is_sandbox && books.charge(order.amount());
    if is_paid { "UNSHIPPED" } else { "UNPAID" }
}

impl Books {
    /// Takes an amount from the balance, if there is enough.
    pub(super) fn charge(&mut self, amount: Decimal) -> bool {
        if self.balance < amount {
            return false;
        }
        self.balance -= amount;
        self.limits.earn(amount);
        true
    }
}

fn created(order: &Order) -> Value {
    let book = &order.book;
    let lines = book.lines.iter().enumerate().map(|(place, line)| {
        json!({
            "lineItemId": format!("{}-{}", book.order_id, place + 1),
            "storeLineItemId": line.store_line_item_id, "variantId": line.vid, "quantity": line.quantity,
        })
    });
    let reasons = order.intercepts.iter().map(|(code, message)| json!({ "code": code, "message": message }));
    let mut answer = json!({
        "orderId": book.order_id, "shipmentOrderId": order.shipment_id, "orderStatus": book.status,
        "orderAmount": number(order.amount()), "productAmount": number(order.product_amount),
        "postageAmount": number(order.postage), "productInfoList": lines.collect::<Value>(),
        "logisticsMiss": order.logistics_miss, "interceptOrderReasons": null,
    });
    if !order.intercepts.is_empty() {
        answer["interceptOrderReasons"] = reasons.collect();
    }
    if book.pay_type == PAY_ON_PAGE && order.is("UNPAID") {
        answer["cjPayUrl"] = json!(format!("https://pay.cj.example/{}", book.order_id));
    }
    answer
}
