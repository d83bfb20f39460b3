//! One row of a file: what it says of an item's stock.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::feeds::cells::{self, Refusal, value};
use crate::feeds::{Field, Item, Record, RowError};
use crate::kernel::money::Currency;
use crate::suppliers::adapter::RemoteStock;

/// What rows are read against.
pub(super) struct Rules {
    /// The supplier's currency.
    pub currency: Currency,
    /// Whether decimals follow a comma.
    pub decimal_comma: bool,
    /// How many there are of what the file only says is in stock.
    pub in_stock: i64,
}

impl Rules {
    /// The item of a row; `seen` are the SKUs that came before it.
    pub(super) fn read(&self, item: Item, seen: &mut HashSet<u64>) -> Result<RemoteStock, RowError> {
        let record =
            item.map_err(|it| RowError { line: it.line, sku: None, reason: it.reason, message: it.message })?;
        let sku = value(&record, Field::SupplierSku).or_else(|| value(&record, Field::Sku));
        let refuse = |(reason, message): Refusal| RowError {
            line: record.line,
            sku: sku.map(cells::shown_sku),
            reason,
            message,
        };
        let sku = sku.ok_or_else(|| refuse(("SKU_MISSING", "the row has no SKU".to_owned())))?;
        self.stock(&record, sku, seen).map_err(refuse)
    }

    fn stock(&self, record: &Record, sku: &str, seen: &mut HashSet<u64>) -> Result<RemoteStock, Refusal> {
        cells::check_sku(sku)?;
        let quantity = cells::quantity(record, self.in_stock)?;
        let quantity =
            quantity.ok_or(("QUANTITY_MISSING", "the row tells no quantity, nor whether there is any".to_owned()))?;
        let cost = cells::cost(record, self.currency, self.decimal_comma)?;
        let mut hasher = DefaultHasher::new();
        sku.to_lowercase().hash(&mut hasher);
        // The first good row counts, as in imports.
        if !seen.insert(hasher.finish()) {
            return Err(("DUPLICATE_SKU", "an earlier row has this SKU (in whatever case)".to_owned()));
        }
        // Of what can be had at once it says nothing.
        let restock_at = cells::restock_at(record).filter(|_| quantity == 0);
        Ok(RemoteStock { sku: sku.to_owned(), quantity, cost, restock_at, discontinued: false })
    }
}
