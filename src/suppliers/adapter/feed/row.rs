//! One row of a file: what it says of an item, and of its stock.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::feeds::cells::{self, Refusal, value};
use crate::feeds::{Field, Item, Record, RowError};
use crate::kernel::money::Currency;
use crate::suppliers::adapter::text::web_address;
use crate::suppliers::adapter::{RemoteItem, RemoteStock};

/// The most characters that are kept of one cell.
const MAX_LINE: usize = 255;

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
    /// The stock of a row's item; `seen` are the SKUs that came before it.
    pub(super) fn read(&self, item: Item, seen: &mut HashSet<u64>) -> Result<RemoteStock, RowError> {
        of_row(item, |record, sku| self.stock(record, sku, seen))
    }

    /// The item of a row; `seen` are the SKUs that came before it.
    pub(super) fn goods(&self, item: Item, seen: &mut HashSet<u64>) -> Result<RemoteItem, RowError> {
        of_row(item, |record, sku| self.item(record, sku, seen))
    }

    fn item(&self, record: &Record, sku: &str, seen: &mut HashSet<u64>) -> Result<RemoteItem, Refusal> {
        cells::check_sku(sku)?;
        let cost = cells::cost(record, self.currency, self.decimal_comma)?;
        first(sku, seen)?;
        let line = |field| cells::line(record, field, MAX_LINE);
        let pairs = [
            (Field::Option1Name, Field::Option1Value),
            (Field::Option2Name, Field::Option2Value),
            (Field::Option3Name, Field::Option3Value),
        ];
        Ok(RemoteItem {
            line: record.line,
            sku: sku.to_owned(),
            product: line(Field::Product),
            title: line(Field::Title),
            brand: line(Field::Brand),
            gtin: line(Field::Gtin),
            mpn: line(Field::Mpn),
            cost,
            stock: line(Field::Quantity).or_else(|| line(Field::Availability)),
            image_url: value(record, Field::Image).and_then(first_address),
            options: pairs.into_iter().filter_map(|(name, value)| Some((line(name)?, line(value)?))).collect(),
        })
    }

    fn stock(&self, record: &Record, sku: &str, seen: &mut HashSet<u64>) -> Result<RemoteStock, Refusal> {
        cells::check_sku(sku)?;
        let quantity = cells::quantity(record, self.in_stock)?;
        let quantity =
            quantity.ok_or(("QUANTITY_MISSING", "the row tells no quantity, nor whether there is any".to_owned()))?;
        let cost = cells::cost(record, self.currency, self.decimal_comma)?;
        first(sku, seen)?;
        // Of what can be had at once it says nothing.
        let restock_at = cells::restock_at(record).filter(|_| quantity == 0);
        Ok(RemoteStock { sku: sku.to_owned(), quantity, cost, restock_at, discontinued: false })
    }
}

/// What `read` makes of a row and its SKU.
fn of_row<T>(item: Item, read: impl FnOnce(&Record, &str) -> Result<T, Refusal>) -> Result<T, RowError> {
    let record = item.map_err(|it| RowError { line: it.line, sku: None, reason: it.reason, message: it.message })?;
    let sku = value(&record, Field::SupplierSku).or_else(|| value(&record, Field::Sku));
    let refuse =
        |(reason, message): Refusal| RowError { line: record.line, sku: sku.map(cells::shown_sku), reason, message };
    let sku = sku.ok_or_else(|| refuse(("SKU_MISSING", "the row has no SKU".to_owned())))?;
    read(&record, sku).map_err(refuse)
}

/// The first good row of a SKU counts, as in imports.
fn first(sku: &str, seen: &mut HashSet<u64>) -> Result<(), Refusal> {
    let mut hasher = DefaultHasher::new();
    sku.to_lowercase().hash(&mut hasher);
    if seen.insert(hasher.finish()) {
        return Ok(());
    }
    Err(("DUPLICATE_SKU", "an earlier row has this SKU (in whatever case)".to_owned()))
}

/// The first of the addresses in a cell.
fn first_address(cell: &str) -> Option<String> {
    cell.split(|char: char| char == '|' || char.is_whitespace()).find_map(web_address)
}
