//! What CJ sells: its list of products, and the variants of each.
//!
//! The list is of products only; each is asked for its variants, which costs points of the day. CJ has more
//! products than anybody can look through, hence the search. Variants tell no GTIN, no maker and no stock.

use reqwest::Method;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::Value;

use super::call::Failure;
use super::{Cj, read};
use crate::feeds::RowError;
use crate::suppliers::adapter::text::{cut, id, web_address};
use crate::suppliers::adapter::{AdapterError, CatalogPage, RemoteItem};

/// So many products are listed at once: each makes a call of its own, and what was read is taken in by the page.
const PAGE: u64 = 20;
/// The last page that CJ lists.
const LAST_PAGE: u64 = 1000;
/// The most characters of a name.
const MAX_NAME: usize = 255;

/// An answer to `product/listV2`. Source: public clients of the API.
#[derive(Deserialize)]
struct List {
    content: Option<Vec<Part>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Part {
    product_list: Option<Vec<Product>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Product {
    id: Option<Value>,
    sku: Option<String>,
    name_en: Option<String>,
    big_image: Option<String>,
}

/// One entry of an answer to `product/variant/query`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Variant {
    vid: Option<Value>,
    variant_sku: Option<String>,
    /// What tells it from its siblings, such as `Black-XL`.
    variant_key: Option<String>,
    variant_image: Option<String>,
    /// A number in some answers and a text in others.
    variant_sell_price: Option<Value>,
}

impl Cj {
    /// The page at `cursor`, with the variants of all its products.
    pub(super) async fn goods(&self, words: Option<&str>, cursor: Option<&str>) -> Result<CatalogPage, AdapterError> {
        let number = cursor.and_then(|it| it.parse().ok()).unwrap_or(1_u64);
        let products = self.products(words, number).await?;
        let is_full = products.len() as u64 >= PAGE;
        let mut page = CatalogPage::default();
        for (index, product) in (1..).zip(products) {
            let line = (number - 1) * PAGE + index;
            match product.id.as_ref().and_then(id) {
                Some(pid) => self.take_variants(&mut page, line, &pid, &product).await?,
                None => page.left_out.push(left_out(line, product.sku, "PRODUCT_INVALID", "CJ names no product")),
            }
        }
        page.next_cursor = (is_full && number < LAST_PAGE).then(|| (number + 1).to_string());
        Ok(page)
    }

    async fn products(&self, words: Option<&str>, number: u64) -> Result<Vec<Product>, AdapterError> {
        let (page, size) = (number.to_string(), PAGE.to_string());
        let fill = |call: super::Call| {
            let call = call.query("page", &page).query("size", &size);
            if let Some(words) = words { call.query("keyWord", words) } else { call }
        };
        let answer = self.call(Method::GET, "product/listV2", fill).await?.map_err(Failure::of_reading)?;
        let list: Option<List> = serde_json::from_value(answer).map_err(|_| unreadable("list of products"))?;
        let parts = list.and_then(|it| it.content).unwrap_or_default();
        Ok(parts.into_iter().flat_map(|it| it.product_list.unwrap_or_default()).collect())
    }

    async fn take_variants(
        &self,
        page: &mut CatalogPage,
        line: u64,
        pid: &str,
        product: &Product,
    ) -> Result<(), AdapterError> {
        let variants = match self.ask("product/variant/query", "pid", pid).await? {
            Ok(data) => data,
            // It was taken off the shelf since it was listed.
            Err(Failure::Missing(_)) => Value::Null,
            Err(failure) => return Err(failure.of_reading()),
        };
        let variants: Option<Vec<Variant>> = serde_json::from_value(variants).map_err(|_| unreadable("variants"))?;
        let variants = variants.unwrap_or_default();
        if variants.is_empty() {
            page.left_out.push(left_out(line, product.sku.clone(), "VARIANTS_MISSING", "CJ shows no variant of it"));
        }
        for variant in variants {
            match self.item(line, pid, product, variant) {
                Ok(item) => page.items.push(item),
                Err(error) => page.left_out.push(error),
            }
        }
        Ok(())
    }

    fn item(&self, line: u64, pid: &str, product: &Product, variant: Variant) -> Result<RemoteItem, RowError> {
        let own = if self.by_sku { variant.variant_sku.clone() } else { variant.vid.as_ref().and_then(id) };
        let Some(sku) = own.filter(|it| !it.trim().is_empty()) else {
            return Err(left_out(line, variant.variant_sku, "SKU_MISSING", "CJ names no variant"));
        };
        let image = variant.variant_image.as_deref().or(product.big_image.as_deref());
        let key = variant.variant_key.as_deref().map(|it| cut(it, MAX_NAME)).filter(|it| !it.trim().is_empty());
        Ok(RemoteItem {
            line,
            sku,
            product: Some(pid.to_owned()),
            title: product.name_en.as_deref().map(|it| cut(it, MAX_NAME)),
            brand: None,
            gtin: None,
            mpn: None,
            cost: variant.variant_sell_price.as_ref().and_then(amount).and_then(read::in_dollars),
            stock: None,
            image_url: image.and_then(web_address),
            options: key.map(|it| ("Variant".to_owned(), it)).into_iter().collect(),
        })
    }
}

fn amount(value: &Value) -> Option<Decimal> {
    match value {
        Value::Number(number) => number.to_string().parse().ok(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn left_out(line: u64, sku: Option<String>, reason: &'static str, message: &str) -> RowError {
    RowError { line, sku: sku.map(|it| cut(&it, MAX_NAME)), reason, message: message.to_owned() }
}

fn unreadable(what: &str) -> AdapterError {
    AdapterError::Retry { reason: format!("CJ's {what} cannot be read"), after: None }
}
