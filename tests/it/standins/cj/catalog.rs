//! What the platform sells, what it holds and what freight costs.
//!
//! By public clients of the API: the list takes `keyWord`, and answers `content[].productList[]` with
//! products alone (`id`, `nameEn`, `sku`, `bigImage`, and `sellPrice` as a text that may be a range); variants
//! have a `variantKey` such as `Black-XL`.
//!
//! Assumptions of ours: a variant is a product of its own unless a test groups it; the other fields of
//! products and variants, which the page does not give; that prices are JSON numbers; that a query of
//! products takes `pid`; that the stock of an unknown variant is null and not an empty list; that a
//! variant has no freight from a country in which it is not held.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::envelope::{Answer, Refusal};
use super::{Books, Cj};
use crate::standins::{Call, amount, country, number, objects, only, optional_text, quantity, text};

/// Where goods are held unless a test says otherwise.
const HOME: &str = "CN";
/// The last page of a listing.
const PAGES: usize = 1000;
/// The most products of a page.
const PAGE_SIZE: usize = 100;

/// A variant.
#[derive(Default)]
pub(super) struct Item {
    pub(super) vid: String,
    pid: String,
    sku: String,
    name: String,
    /// What tells it from the other variants of its product.
    key: Option<String>,
    pub(super) price: Decimal,
    /// By country.
    stock: BTreeMap<String, Held>,
}

/// What there is of a variant in a country.
#[derive(Default)]
struct Held {
    cj: i64,
    factory: i64,
    /// Whether nobody looked at the factory's figure.
    is_unverified: bool,
}

/// A way to send parcels.
pub(super) struct Service {
    pub(super) name: String,
    price: Decimal,
    pub(super) total: Decimal,
    aging: String,
}

impl Cj {
    /// Adds a variant or changes it; the platform itself holds `quantity` of it in China.
    pub fn item(&self, vid: &str, sku: &str, name: &str, price: &str, quantity: i64) {
        let books = &mut self.locked();
        let item = books.items.entry(vid.to_owned()).or_default();
        if item.pid.is_empty() {
            item.pid = format!("P-{vid}");
        }
        item.vid = vid.to_owned();
        item.sku = sku.to_owned();
        item.name = name.to_owned();
        item.price = amount(price);
        item.held_in(HOME).cj = quantity;
    }

    /// Makes a variant one of a product with others, from which `key` tells it.
    pub fn grouped(&self, vid: &str, pid: &str, key: &str) {
        self.change(vid, |item| {
            pid.clone_into(&mut item.pid);
            item.key = Some(key.to_owned());
        });
    }

    /// What the platform itself holds of a variant in another country.
    pub fn stocked_in(&self, vid: &str, country: &str, quantity: i64) {
        self.change(vid, |item| item.held_in(country).cj = quantity);
    }

    /// What a factory says it holds, and the platform verified.
    pub fn factory(&self, vid: &str, quantity: i64) {
        self.change(vid, |item| {
            let held = item.held_in(HOME);
            held.factory = quantity;
            held.is_unverified = false;
        });
    }

    /// What a factory says it holds, and nobody verified.
    pub fn unverified(&self, vid: &str, quantity: i64) {
        self.change(vid, |item| {
            let held = item.held_in(HOME);
            held.factory = quantity;
            held.is_unverified = true;
        });
    }

    fn change(&self, vid: &str, change: impl FnOnce(&mut Item)) {
        change(self.locked().items.get_mut(vid).expect("a variant that was added"));
    }
}

impl Item {
    fn held_in(&mut self, country: &str) -> &mut Held {
        self.stock.entry(country.to_owned()).or_default()
    }

    /// What is there to be sent from a country, whoever holds it.
    pub(super) fn available(&self, country: &str) -> i64 {
        self.stock.get(country).map_or(0, Held::total)
    }

    fn json(&self) -> Value {
        json!({
            "vid": self.vid, "pid": self.pid, "variantNameEn": self.name, "variantSku": self.sku,
            "variantSellPrice": number(self.price), "variantKey": self.key, "variantImage": null,
        })
    }

    /// As the queries of stock show it, country by country.
    fn areas(&self) -> Value {
        let area = |(country, held): (&String, &Held)| {
            json!({
                "vid": self.vid, "areaId": area_id(country), "areaEn": format!("{country} Warehouse"),
                "countryCode": country, "totalInventoryNum": held.total(), "cjInventoryNum": held.cj,
                "factoryInventoryNum": held.factory,
            })
        };
        self.stock.iter().map(area).collect()
    }

    /// As a webhook shows it. That `storageNum` counts everything, whoever holds it, is our own
    /// assumption.
    pub(super) fn storage(&self) -> Value {
        let area = |(country, held): (&String, &Held)| {
            json!({
                "areaId": area_id(country), "countryCode": country, "storageNum": held.total(),
            })
        };
        self.stock.iter().map(area).collect()
    }

    /// As the inventory of a product shows it; all fields but `verifiedWarehouse` are our own assumption.
    fn inventory(&self) -> Value {
        let area = |(country, held): (&String, &Held)| {
            json!({
                "countryCode": country, "totalInventoryNum": held.total(), "cjInventoryNum": held.cj,
                "factoryInventoryNum": held.factory, "verifiedWarehouse": if held.is_unverified { 2 } else { 1 },
            })
        };
        json!({ "vid": self.vid, "inventory": self.stock.iter().map(area).collect::<Value>() })
    }
}

impl Held {
    fn total(&self) -> i64 {
        self.cj + self.factory
    }
}

impl Service {
    /// What there is until a test says otherwise.
    pub(super) fn usual() -> Vec<Self> {
        let price = amount("5.50");
        vec![Self { name: "CJPacket Ordinary".to_owned(), price, total: price, aging: "5-10".to_owned() }]
    }

    fn json(&self) -> Value {
        json!({
            "logisticName": self.name, "logisticPrice": number(self.price), "logisticAging": self.aging,
            "taxesFee": 0, "clearanceOperationFee": 0, "totalPostageFee": number(self.total),
        })
    }
}

impl Books {
    pub(super) fn item_of_sku(&self, sku: &str) -> Option<&Item> {
        self.items.values().find(|it| it.sku == sku)
    }

    /// The variants of a product that has to exist.
    fn items_of(&self, pid: &str) -> Result<Vec<&Item>, Refusal> {
        let items: Vec<_> = self.items.values().filter(|it| it.pid == pid).collect();
        if items.is_empty() { Err(Refusal::not_found("product")) } else { Ok(items) }
    }

    pub(super) fn has_product(&self, pid: &str) -> bool {
        self.items.values().any(|it| it.pid == pid)
    }
}

/// `GET product/listV2?page=&size=&keyWord=`.
pub(super) fn list(books: &mut Books, call: &Call) -> Answer {
    call.expects(&["page", "size", "keyWord"])?;
    let word = call.query.get("keyWord").map(|it| it.to_lowercase()).unwrap_or_default();
    let page = call.number("page", 1, PAGES)?;
    let size = call.number("size", 10, PAGE_SIZE)?;
    let mut products: BTreeMap<&str, Vec<&Item>> = BTreeMap::new();
    for item in books.items.values().filter(|it| it.name.to_lowercase().contains(&word)) {
        products.entry(&item.pid).or_default().push(item);
    }
    let shown = products.values().skip((page - 1) * size).take(size).map(|items| listed_json(items));
    Ok(json!({
        "pageNumber": page, "pageSize": size, "totalRecords": products.len(),
        "totalPages": products.len().div_ceil(size), "content": [{ "productList": shown.collect::<Value>() }],
    }))
}

/// `GET product/query?pid=`.
pub(super) fn product(books: &mut Books, call: &Call) -> Answer {
    call.expects(&["pid"])?;
    Ok(product_json(&books.items_of(call.parameter("pid")?)?))
}

/// `GET product/variant/query?pid=`.
pub(super) fn variants(books: &mut Books, call: &Call) -> Answer {
    call.expects(&["pid"])?;
    let items = books.items_of(call.parameter("pid")?)?;
    Ok(items.into_iter().map(Item::json).collect())
}

/// `GET product/variant/queryByVid?vid=`.
pub(super) fn variant(books: &mut Books, call: &Call) -> Answer {
    call.expects(&["vid"])?;
    let item = books.items.get(call.parameter("vid")?);
    item.map(Item::json).ok_or_else(|| Refusal::not_found("variant"))
}

/// `GET product/stock/queryByVid?vid=`.
pub(super) fn stock_by_vid(books: &mut Books, call: &Call) -> Answer {
    call.expects(&["vid"])?;
    let item = books.items.get(call.parameter("vid")?);
    Ok(item.map(Item::areas).unwrap_or_default())
}

/// `GET product/stock/queryBySku?sku=`.
pub(super) fn stock_by_sku(books: &mut Books, call: &Call) -> Answer {
    call.expects(&["sku"])?;
    let item = books.item_of_sku(call.parameter("sku")?);
    Ok(item.map(Item::areas).unwrap_or_default())
}

/// `GET product/stock/getInventoryByPid?pid=`.
pub(super) fn inventory(books: &mut Books, call: &Call) -> Answer {
    call.expects(&["pid"])?;
    let items = books.items_of(call.parameter("pid")?)?;
    let variants: Value = items.into_iter().map(Item::inventory).collect();
    Ok(json!({ "variantInventories": variants }))
}

/// `POST logistic/freightCalculate`.
pub(super) fn freight(books: &mut Books, call: &Call) -> Answer {
    let body = call.json()?;
    only(&body, &["startCountryCode", "endCountryCode", "zip", "products"])?;
    let start = country(&body, "startCountryCode")?;
    country(&body, "endCountryCode")?;
    optional_text(&body, "zip", usize::MAX)?;
    let mut is_held = true;
    for product in objects(&body, "products")? {
        only(product, &["vid", "quantity"])?;
        quantity(product)?;
        let item = books.items.get(text(product, "vid")?).ok_or_else(|| Refusal::not_found("variant"))?;
        is_held &= item.stock.contains_key(start);
    }
    let services = books.services.iter().filter(|_| is_held);
    Ok(services.map(Service::json).collect())
}

fn product_json(items: &[&Item]) -> Value {
    let first = items.first().expect("a product has a variant");
    json!({
        "pid": first.pid, "productNameEn": first.name, "productSku": first.sku, "sellPrice": number(first.price),
        "variants": items.iter().map(|it| it.json()).collect::<Value>(),
    })
}

/// A product as the list shows it, without its variants.
fn listed_json(items: &[&Item]) -> Value {
    let first = items.first().expect("a product has a variant");
    let highest = items.iter().map(|it| it.price).max().unwrap_or_default();
    let price = if highest == first.price { first.price.to_string() } else { format!("{} -- {highest}", first.price) };
    json!({
        "id": first.pid, "nameEn": first.name, "sku": first.sku, "sellPrice": price,
        "bigImage": "https://cf.example/product.jpg",
    })
}

/// A number for a country's warehouse; which, is our own assumption.
fn area_id(country: &str) -> i64 {
    match country {
        "CN" => 1,
        "US" => 2,
        _ => 3,
    }
}
