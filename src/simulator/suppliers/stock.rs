//! What a supplier has on its shelves, paged by SKU.

use std::collections::BTreeMap;
use std::ops::Bound;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::super::wire::{StockItem, StockPage};

/// Items of one page: 5,000 are about 700 kB, a second's work for neither side.
const PAGE: usize = 5_000;

/// A replacement (`full`) or an update of the stock, as `/admin` takes it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StockReport {
    #[serde(default)]
    pub full: bool,
    pub items: Vec<StockItem>,
}

/// The shelves.
#[derive(Default)]
pub struct Stock {
    items: BTreeMap<String, StockItem>,
    /// Counts changes; the heart of the `ETag`.
    generation: u64,
}

impl Stock {
    pub fn get(&self, sku: &str) -> Option<&StockItem> {
        self.items.get(sku)
    }

    pub fn len(&self) -> usize {
        self.items.len()
    }

    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Adds to (or, negative, takes from) an article; unknown articles stay unknown.
    pub fn add(&mut self, sku: &str, quantity: i64) {
        if quantity != 0
            && let Some(item) = self.items.get_mut(sku)
        {
            item.quantity = item.quantity.saturating_add(quantity);
            self.generation += 1;
        }
    }

    pub fn apply(&mut self, report: StockReport) {
        let items = report.items.into_iter().map(|item| (item.sku.clone(), item));
        if report.full {
            self.items = items.collect();
        } else {
            self.items.extend(items);
        }
        self.generation += 1;
    }

    /// The page after `cursor`. All pages of one walk carry the time of its first page:
    /// the report is surely not older than that, and a later sale is not hidden by it.
    pub fn page(&self, cursor: Option<&Cursor>, now: DateTime<Utc>) -> StockPage {
        let from = cursor.map_or(Bound::Unbounded, |cursor| Bound::Excluded(cursor.after.as_str()));
        let as_of = cursor.map_or(now, |cursor| cursor.as_of);
        let mut items: Vec<StockItem> =
            self.items.range::<str, _>((from, Bound::Unbounded)).take(PAGE + 1).map(|(_, item)| item.clone()).collect();
        let more = items.len() > PAGE;
        items.truncate(PAGE);
        let next = items.last().filter(|_| more).map(|last| Cursor { as_of, after: last.sku.clone() }.encode());
        StockPage { as_of, full: true, items, next_cursor: next }
    }
}

/// Where a walk through the stock goes on.
#[derive(Serialize, Deserialize)]
pub struct Cursor {
    as_of: DateTime<Utc>,
    after: String,
}

impl Cursor {
    /// Reads an opaque cursor; `None` if this supplier did not write it.
    pub fn decode(text: &str) -> Option<Self> {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
    }

    fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).expect("a time and a text serialize"))
    }
}
