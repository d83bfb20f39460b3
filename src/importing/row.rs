//! A row as it is checked: everything a row alone can tell is wrong is found here.

use std::str::FromStr;

use rust_decimal::Decimal;

use super::mapping::{Field, Mapping};
use super::read::{Item, Record};
use crate::catalog::{MAX_DESCRIPTION, MAX_SKU, MAX_TITLE, SelectedOption, is_public_https};
use crate::kernel::money::{Currency, Money};

/// The most units a row may tell of.
const MAX_QUANTITY: i64 = 1_000_000_000;
/// The longest lead time, in days.
const MAX_LEAD_TIME: i32 = 365;
/// The most pictures of one row.
const MAX_IMAGES: usize = 10;
/// The most collections of one row.
const MAX_COLLECTIONS: usize = 10;
/// The most characters of a key that groups rows.
const MAX_KEY: usize = 200;
/// The highest price in minor units, as the catalogue has it.
const MAX_PRICE: i64 = 1_000_000_000_000;

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
}

/// A row that is left out, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError {
    /// Where it is in the file: its line, or its number in a JSON array.
    pub line: u64,
    /// What it is about, if that could be read.
    pub sku: Option<String>,
    /// Why, for programs.
    pub reason: &'static str,
    /// Why, for people.
    pub message: String,
}

/// What rows are read against.
pub(super) struct Rules<'a> {
    pub(super) mapping: &'a Mapping,
    /// The store's currency, which prices are in.
    pub(super) store: Currency,
    /// The supplier's currency, which costs are in.
    pub(super) supplier: Currency,
}

type Refusal = (&'static str, String);

impl Rules<'_> {
    /// Checks a row.
    pub(super) fn read(&self, item: Item) -> Result<Row, RowError> {
        let record =
            item.map_err(|it| RowError { line: it.line, sku: None, reason: it.reason, message: it.message })?;
        let (line, sku) = (record.line, sku(&record));
        let shown = sku.as_ref().map(|sku| sku.chars().take(MAX_SKU).filter(|char| !char.is_control()).collect());
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
            quantity: quantity(&record)?,
            lead_time_days: lead_time(&record)?,
            collections: collections(&record)?,
            images: images(&record)?,
            image_alt: bounded(&record, Field::ImageAlt, MAX_TITLE, "IMAGE_INVALID")?,
            options: options(&record)?,
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
        if let Some(code) = value(record, Field::Currency) {
            let currency = Currency::from_str(&code.to_ascii_uppercase())
                .map_err(|_| ("CURRENCY_UNKNOWN", format!("\"{}\" is not a currency", cut(code))))?;
            if currency != self.supplier {
                let message = format!("the cost is in {currency}, but the supplier charges in {}", self.supplier);
                return Err(("CURRENCY_MISMATCH", message));
            }
        }
        value(record, Field::Cost).map(|text| self.money(text, self.supplier, "COST_INVALID")).transpose()
    }

    fn money(&self, text: &str, currency: Currency, reason: &'static str) -> Result<Money, Refusal> {
        let bad = |why: &str| (reason, format!("\"{}\" {why}", cut(text)));
        let plain = if self.mapping.decimal_comma { text.replace('.', "").replace(',', ".") } else { text.to_owned() };
        let amount = Decimal::from_str_exact(plain.trim()).map_err(|_| bad("is not an amount"))?;
        if amount.is_sign_negative() && !amount.is_zero() {
            return Err(bad("is less than nothing"));
        }
        let money = Money::from_decimal(amount.normalize(), currency)
            .map_err(|error| bad(&format!("is not an amount: {error}")))?;
        if money.minor() > MAX_PRICE {
            return Err(bad("is beyond reason"));
        }
        Ok(money)
    }
}

/// The store's SKU of a row: by default the supplier's.
fn sku(record: &Record) -> Option<String> {
    value(record, Field::Sku).or_else(|| value(record, Field::SupplierSku)).map(str::to_owned)
}

fn value(record: &Record, field: Field) -> Option<&str> {
    record.values[field as usize].as_deref()
}

/// A text for a message.
fn cut(text: &str) -> String {
    text.chars().take(60).filter(|char| !char.is_control()).collect()
}

fn check_sku(sku: &str) -> Result<(), Refusal> {
    if sku.chars().count() > MAX_SKU || sku.chars().any(char::is_control) {
        return Err(("SKU_INVALID", format!("a SKU has at most {MAX_SKU} characters, on one line")));
    }
    if is_scientific(sku) {
        let message = format!("the SKU \"{sku}\" is a number in scientific notation: a spreadsheet has spoiled it");
        return Err(("SKU_INVALID", message));
    }
    Ok(())
}

/// `1.23E+11`: what spreadsheets make of long numbers.
fn is_scientific(sku: &str) -> bool {
    let Some((mantissa, exponent)) = sku.split_once(['E', 'e']) else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let exponent = exponent.strip_prefix('+');
    exponent.is_some_and(digits) && mantissa.split('.').all(digits) && mantissa.split('.').count() <= 2
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

fn quantity(record: &Record) -> Result<Option<i64>, Refusal> {
    let Some(text) = value(record, Field::Quantity) else { return Ok(None) };
    let whole = Decimal::from_str_exact(text).ok().filter(|it| it.fract().is_zero());
    let count = whole.and_then(|it| i64::try_from(it.trunc()).ok()).filter(|it| (0..=MAX_QUANTITY).contains(it));
    count.map(Some).ok_or_else(|| ("QUANTITY_INVALID", format!("\"{}\" is not a number of units", cut(text))))
}

fn lead_time(record: &Record) -> Result<Option<i32>, Refusal> {
    let Some(text) = value(record, Field::LeadTime) else { return Ok(None) };
    let days = text.parse().ok().filter(|days| (0..=MAX_LEAD_TIME).contains(days));
    days.map(Some).ok_or_else(|| ("LEAD_TIME_INVALID", format!("\"{}\" is not a number of days", cut(text))))
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

    fn read(fields: &[(Field, &str)]) -> Result<Row, &'static str> {
        let mapping = Mapping::read(None).expect("none");
        let eur = Currency::from_str("EUR").expect("known");
        let rules = Rules { mapping: &mapping, store: eur, supplier: eur };
        let mut values: [Option<String>; super::super::mapping::FIELDS] = Default::default();
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
