//! A row as it is checked: everything a row alone can tell is wrong is found here.

use crate::catalog::{Identity, MAX_DESCRIPTION, MAX_IDENTITY, MAX_TITLE, SelectedOption, is_public_https};
use crate::feeds::cells::{self, Refusal, check_sku, cut, value};
use crate::feeds::{Field, Item, Mapping, Record, RowError};
use crate::kernel::gtin::Gtin;
use crate::kernel::money::{Currency, Money};

/// The most pictures of one row.
const MAX_IMAGES: usize = 10;
/// The most collections of one row.
const MAX_COLLECTIONS: usize = 10;
/// The most characters of a key that groups rows.
const MAX_KEY: usize = 200;

/// A row that can be written.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) line: u64,
    pub(super) sku: String,
    pub(super) supplier_sku: String,
    pub(super) product: Option<String>,
    pub(super) title: Option<String>,
    pub(super) description: Option<String>,
    pub(super) price: Option<Money>,
    pub(super) compare_at: Option<Money>,
    pub(super) cost: Option<Money>,
    pub(super) quantity: Option<i64>,
    pub(super) lead_time_days: Option<i32>,
    pub(super) collections: Vec<String>,
    pub(super) images: Vec<String>,
    pub(super) image_alt: Option<String>,
    pub(super) options: Vec<SelectedOption>,
    pub(super) identity: Identity,
}

/// What rows are read against.
pub(super) struct Rules<'a> {
    pub(super) mapping: &'a Mapping,
    /// The store's currency, which prices are in.
    pub(super) store: Currency,
    /// The supplier's currency, which costs are in.
    pub(super) supplier: Currency,
}

impl Rules<'_> {
    /// Checks a row.
    pub(super) fn read(&self, item: Item) -> Result<Row, RowError> {
        let record =
            item.map_err(|it| RowError { line: it.line, sku: None, reason: it.reason, message: it.message })?;
        let (line, sku) = (record.line, sku(&record));
        let shown = sku.as_deref().map(cells::shown_sku);
        self.check(record, sku).map_err(|(reason, message)| RowError { line, sku: shown, reason, message })
    }

    fn check(&self, record: Record, sku: Option<String>) -> Result<Row, Refusal> {
        let Some(sku) = sku else { return Err(("SKU_MISSING", "the row has no SKU".to_owned())) };
        check_sku(&sku)?;
        let supplier_sku = value(&record, Field::SupplierSku).unwrap_or(&sku).to_owned();
        check_sku(&supplier_sku)?;
        let price = self.price(&record)?;
        let compare_at =
            value(&record, Field::CompareAt).map(|text| self.money(text, self.store, "COMPARE_AT_INVALID"));
        let row = Row {
            line: record.line,
            product: bounded(&record, Field::Product, MAX_KEY, "PRODUCT_INVALID")?,
            title: bounded(&record, Field::Title, MAX_TITLE, "TITLE_INVALID")?,
            description: description(&record)?,
            price,
            compare_at: compare_at.transpose()?.filter(|it| it.minor() > 0),
            cost: self.cost(&record)?,
            quantity: cells::quantity(&record, self.mapping.in_stock)?,
            lead_time_days: cells::lead_time(&record)?,
            collections: collections(&record)?,
            images: images(&record)?,
            image_alt: bounded(&record, Field::ImageAlt, MAX_TITLE, "IMAGE_INVALID")?,
            options: options(&record)?,
            identity: identity(&record),
            sku,
            supplier_sku,
        };
        Ok(row)
    }

    fn price(&self, record: &Record) -> Result<Option<Money>, Refusal> {
        let Some(text) = value(record, Field::Price) else { return Ok(None) };
        let price = self.money(text, self.store, "PRICE_INVALID")?;
        if price.minor() == 0 {
            return Err(("PRICE_NOT_POSITIVE", "the price is 0".to_owned()));
        }
        Ok(Some(price))
    }

    fn cost(&self, record: &Record) -> Result<Option<Money>, Refusal> {
        cells::cost(record, self.supplier, self.mapping.decimal_comma)
    }

    fn money(&self, text: &str, currency: Currency, reason: &'static str) -> Result<Money, Refusal> {
        cells::money(text, currency, self.mapping.decimal_comma, reason)
    }
}

/// The store's SKU of a row: by default the supplier's.
fn sku(record: &Record) -> Option<String> {
    value(record, Field::Sku).or_else(|| value(record, Field::SupplierSku)).map(str::to_owned)
}

/// What the row's variant is known by. A number whose check digit is wrong is none: no reason to leave a row out.
fn identity(record: &Record) -> Identity {
    Identity {
        gtin: value(record, Field::Gtin).and_then(Gtin::parse),
        mpn: cells::line(record, Field::Mpn, MAX_IDENTITY),
        brand: cells::line(record, Field::Brand, MAX_IDENTITY),
    }
}

/// One line of text; line breaks and other signs that cannot be seen become spaces.
fn bounded(record: &Record, field: Field, most: usize, reason: &'static str) -> Result<Option<String>, Refusal> {
    let Some(text) = value(record, field) else { return Ok(None) };
    let visible: String = text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
    let line = visible.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() > most {
        return Err((reason, format!("{} has more than {most} characters", field.name())));
    }
    Ok(Some(line).filter(|line| !line.is_empty()))
}

fn description(record: &Record) -> Result<Option<String>, Refusal> {
    let Some(text) = value(record, Field::Description) else { return Ok(None) };
    if text.chars().count() > MAX_DESCRIPTION {
        return Err(("DESCRIPTION_INVALID", format!("a description has at most {MAX_DESCRIPTION} characters")));
    }
    let keep = |char: &char| !char.is_control() || matches!(char, '\n' | '\r' | '\t');
    Ok(Some(text.chars().filter(keep).collect()))
}

fn collections(record: &Record) -> Result<Vec<String>, Refusal> {
    let Some(line) = bounded(record, Field::Collection, 2_000, "COLLECTION_INVALID")? else { return Ok(vec![]) };
    let names: Vec<String> = line.split('|').map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned).collect();
    if names.len() > MAX_COLLECTIONS || names.iter().any(|it| it.chars().count() > MAX_TITLE) {
        let message = format!("a row has at most {MAX_COLLECTIONS} collections of {MAX_TITLE} characters");
        return Err(("COLLECTION_INVALID", message));
    }
    Ok(names)
}

fn images(record: &Record) -> Result<Vec<String>, Refusal> {
    let Some(text) = value(record, Field::Image) else { return Ok(vec![]) };
    let split = text.split(|char: char| char == '|' || char.is_whitespace());
    let urls: Vec<String> = split.filter(|it| !it.is_empty()).map(str::to_owned).collect();
    if urls.len() > MAX_IMAGES {
        return Err(("IMAGE_INVALID", format!("a row has at most {MAX_IMAGES} pictures")));
    }
    match urls.iter().find(|url| !is_public_https(url)) {
        Some(url) => Err(("IMAGE_INVALID", format!("\"{}\" is not an https address", cut(url)))),
        None => Ok(urls),
    }
}

fn options(record: &Record) -> Result<Vec<SelectedOption>, Refusal> {
    let pairs = [
        (Field::Option1Name, Field::Option1Value),
        (Field::Option2Name, Field::Option2Value),
        (Field::Option3Name, Field::Option3Value),
    ];
    let mut options: Vec<SelectedOption> = Vec::new();
    for (name, chosen) in pairs {
        let name = bounded(record, name, 50, "OPTION_INVALID")?;
        let Some(chosen) = bounded(record, chosen, 100, "OPTION_INVALID")? else { continue };
        let Some(name) = name else {
            return Err(("OPTION_INVALID", format!("the option \"{chosen}\" has no name")));
        };
        if options.iter().any(|it| it.name == name) {
            return Err(("OPTION_INVALID", format!("the option \"{name}\" is named twice")));
        }
        options.push(SelectedOption { name, value: chosen });
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feeds::FIELDS;

    fn read(fields: &[(Field, &str)]) -> Result<Row, &'static str> {
        let mapping = Mapping::read(None).expect("none");
        let eur = "EUR".parse().expect("known");
        let rules = Rules { mapping: &mapping, store: eur, supplier: eur };
        let mut values: [Option<String>; FIELDS] = Default::default();
        for (field, text) in fields {
            values[*field as usize] = Some((*text).to_owned());
        }
        rules.read(Ok(Record { line: 2, values })).map_err(|error| error.reason)
    }

    #[test]
    fn bad_cells_have_their_own_reasons() {
        for (field, text, reason) in [
            (Field::Price, "NaN", "PRICE_INVALID"),
            (Field::Price, "-1", "PRICE_INVALID"),
            (Field::Price, "0.00", "PRICE_NOT_POSITIVE"),
            (Field::Price, "1.005", "PRICE_INVALID"),
            (Field::Price, "1e400", "PRICE_INVALID"),
            (Field::Price, "99999999999999999999", "PRICE_INVALID"),
            (Field::Quantity, "-3", "QUANTITY_INVALID"),
            (Field::Quantity, "2.5", "QUANTITY_INVALID"),
            (Field::Image, "http://a.example/x.jpg", "IMAGE_INVALID"),
            (Field::Currency, "XXQ", "CURRENCY_UNKNOWN"),
            (Field::Currency, "USD", "CURRENCY_MISMATCH"),
            (Field::Option1Value, "red", "OPTION_INVALID"),
        ] {
            assert_eq!(read(&[(Field::Sku, "A"), (field, text)]).err(), Some(reason), "{field:?} {text}");
        }
        assert_eq!(read(&[]).err(), Some("SKU_MISSING"));
        assert_eq!(read(&[(Field::Sku, "1.23E+11")]).err(), Some("SKU_INVALID"));
        assert!(read(&[(Field::Sku, "8E"), (Field::Price, "2.50"), (Field::Quantity, "5.0")]).is_ok());
    }
}
