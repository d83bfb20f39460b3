//! What one cell says, and what is wrong with it.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use rust_decimal::Decimal;

use super::{Field, Record};
use crate::kernel::clock::Timestamp;
use crate::kernel::money::{Currency, Money};

/// The most units a row may tell of.
pub(super) const MAX_QUANTITY: i64 = 1_000_000_000;
/// The longest lead time, in days.
const MAX_LEAD_TIME: i32 = 365;
/// The highest amount in minor units.
const MAX_AMOUNT: i64 = 1_000_000_000_000;
/// The longest SKU, in characters.
const MAX_SKU: usize = 100;

/// Why a cell makes its row useless: for programs, and for people.
pub type Refusal = (&'static str, String);

/// What a row says in a field.
pub fn value(record: &Record, field: Field) -> Option<&str> {
    record.values[field as usize].as_deref()
}

/// A text for a message.
pub fn cut(text: &str) -> String {
    text.chars().take(60).filter(|char| !char.is_control()).collect()
}

/// What a row says in a field as one line of at most `most` characters; nothing if nothing of it can be seen.
pub fn line(record: &Record, field: Field, most: usize) -> Option<String> {
    let visible = value(record, field)?.replace(char::is_control, " ");
    let line: String = visible.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(most).collect();
    (!line.is_empty()).then_some(line)
}

/// A SKU as it may be shown beside an error.
pub fn shown_sku(sku: &str) -> String {
    sku.chars().take(MAX_SKU).filter(|char| !char.is_control()).collect()
}

/// Whether a text can be a SKU.
pub fn check_sku(sku: &str) -> Result<(), Refusal> {
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
    let parts = || mantissa.split(['.', ',']);
    exponent.is_some_and(digits) && parts().all(digits) && parts().count() <= 2
}

/// An amount of money that is not negative, in `currency` whether it says so (`15.00 USD`) or not;
/// `reason` is the code of a refusal.
pub fn money(text: &str, currency: Currency, decimal_comma: bool, reason: &'static str) -> Result<Money, Refusal> {
    let bad = |why: &str| (reason, format!("\"{}\" {why}", cut(text)));
    let (amount, code) = apart(text);
    if let Some(code) = code {
        expect(code, currency)?;
    }
    let plain = if decimal_comma { amount.replace('.', "").replace(',', ".") } else { amount.to_owned() };
    let amount = Decimal::from_str_exact(plain.trim()).map_err(|_| bad("is not an amount"))?;
    if amount.is_sign_negative() && !amount.is_zero() {
        return Err(bad("is less than nothing"));
    }
    let money = Money::from_decimal(amount.normalize(), currency)
        .map_err(|error| bad(&format!("is not an amount: {error}")))?;
    if money.minor() > MAX_AMOUNT {
        return Err(bad("is beyond reason"));
    }
    Ok(money)
}

/// An amount, and the currency that stands beside it.
fn apart(text: &str) -> (&str, Option<&str>) {
    let is_code = |it: &str| it.len() == 3 && it.bytes().all(|byte| byte.is_ascii_alphabetic());
    match text.trim().split_once(char::is_whitespace) {
        Some((amount, code)) if is_code(code.trim_start()) => (amount, Some(code.trim_start())),
        Some((code, amount)) if is_code(code) => (amount, Some(code)),
        _ => (text, None),
    }
}

/// Refuses an amount that says it is in another currency than `currency`.
fn expect(code: &str, currency: Currency) -> Result<(), Refusal> {
    let told: Currency = code
        .to_ascii_uppercase()
        .parse()
        .map_err(|_| ("CURRENCY_UNKNOWN", format!("\"{}\" is not a currency", cut(code))))?;
    if told != currency {
        return Err(("CURRENCY_MISMATCH", format!("the amount is in {told}, and not in {currency}")));
    }
    Ok(())
}

/// What the row says one costs in `currency`, the supplier's.
pub fn cost(record: &Record, currency: Currency, decimal_comma: bool) -> Result<Option<Money>, Refusal> {
    if let Some(code) = value(record, Field::Currency) {
        expect(code, currency)?;
    }
    value(record, Field::Cost).map(|text| money(text, currency, decimal_comma, "COST_INVALID")).transpose()
}

/// How many units the row tells of: `in_stock` if it only says that there are some. What it says is out of
/// stock, or can only be ordered ahead, is none, whatever number stands beside it.
pub fn quantity(record: &Record, in_stock: i64) -> Result<Option<i64>, Refusal> {
    let told = value(record, Field::Availability).and_then(is_available);
    if told == Some(false) {
        return Ok(Some(0));
    }
    let Some(text) = value(record, Field::Quantity) else { return Ok(told.map(|_| in_stock)) };
    let units = units(text).or_else(|| is_available(text).map(|there| if there { in_stock } else { 0 }));
    units.map(Some).ok_or_else(|| ("QUANTITY_INVALID", format!("\"{}\" is not a number of units", cut(text))))
}

fn units(text: &str) -> Option<i64> {
    let whole = Decimal::from_str_exact(text).ok().filter(|it| it.fract().is_zero())?;
    i64::try_from(whole.trunc()).ok().filter(|it| (0..=MAX_QUANTITY).contains(it))
}

/// What a word of Google's, or an address of schema.org's, says of the stock; nothing if it is no such word.
fn is_available(text: &str) -> Option<bool> {
    let word = text.rsplit('/').next().unwrap_or_default();
    let plain: String = word.chars().filter(char::is_ascii_alphanumeric).collect();
    match plain.to_ascii_lowercase().as_str() {
        "instock" | "available" | "limitedavailability" => Some(true),
        "outofstock" | "soldout" | "unavailable" | "discontinued" | "preorder" | "backorder" => Some(false),
        _ => None,
    }
}

/// When the supplier has some again: a date, or a moment of ISO 8601. What cannot be read is not known.
pub fn restock_at(record: &Record) -> Option<Timestamp> {
    let text = value(record, Field::RestockAt)?;
    let moment = |format: &str| DateTime::parse_from_str(text, format).ok().map(|it| it.with_timezone(&Utc));
    let date = || Some(NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_time(NaiveTime::MIN).and_utc());
    let read = moment("%+").or_else(|| moment("%Y-%m-%dT%H:%M%#z")).or_else(date)?;
    // Years that no calendar of ours has room for.
    (1970..=9999).contains(&chrono::Datelike::year(&read)).then_some(read)
}

/// In how many days it is ready.
pub fn lead_time(record: &Record) -> Result<Option<i32>, Refusal> {
    let Some(text) = value(record, Field::LeadTime) else { return Ok(None) };
    let days = text.parse().ok().filter(|days| (0..=MAX_LEAD_TIME).contains(days));
    days.map(Some).ok_or_else(|| ("LEAD_TIME_INVALID", format!("\"{}\" is not a number of days", cut(text))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feeds::FIELDS;

    fn record(cells: &[(Field, &str)]) -> Record {
        let mut values: [Option<String>; FIELDS] = Default::default();
        for (field, text) in cells {
            values[*field as usize] = Some((*text).to_owned());
        }
        Record { line: 1, values }
    }

    #[test]
    fn a_word_beside_a_number_only_takes_away() {
        let (number, word) = (Field::Quantity, Field::Availability);
        for (cells, wanted) in [
            (vec![(word, "in_stock")], Some(100)),
            (vec![(word, "in stock"), (number, "7")], Some(7)),
            (vec![(word, "https://schema.org/InStock"), (number, "0")], Some(0)),
            (vec![(word, "out_of_stock"), (number, "7")], Some(0)),
            (vec![(word, "preorder")], Some(0)),
            (vec![(word, "backorder")], Some(0)),
            (vec![(word, "ask us")], None),
            (vec![(word, "ask us"), (number, "3")], Some(3)),
            (vec![(number, "In Stock")], Some(100)),
        ] {
            assert_eq!(quantity(&record(&cells), 100).expect("a quantity"), wanted, "{cells:?}");
        }
        for text in ["-1", "NaN", "Infinity", "1e3", "2.5", "many"] {
            assert!(quantity(&record(&[(number, text)]), 100).is_err(), "{text}");
        }
    }

    #[test]
    fn an_amount_may_name_its_currency() {
        let eur: Currency = "EUR".parse().expect("known");
        let read = |text: &str, comma: bool| money(text, eur, comma, "BAD").map(Money::minor);
        assert_eq!(read("15.00 EUR", false), Ok(1500));
        assert_eq!(read("eur 15", false), Ok(1500));
        assert_eq!(read("1.234,50 EUR", true), Ok(123_450));
        let code = |text: &str| read(text, false).map_err(|(code, _)| code);
        assert_eq!(code("15.00 USD"), Err("CURRENCY_MISMATCH"));
        assert_eq!(code("15.00 XXQ"), Err("CURRENCY_UNKNOWN"));
        assert_eq!(code("15.00 1EUR"), Err("BAD"));
        assert_eq!(code("NaN EUR"), Err("BAD"));
    }

    #[test]
    fn a_date_is_read_as_google_writes_it() {
        let read = |text: &str| restock_at(&record(&[(Field::RestockAt, text)])).map(|it| it.to_rfc3339());
        let noon = Some("2026-12-24T21:00:00+00:00".to_owned());
        assert_eq!(read("2026-12-24T13:00-0800"), noon);
        assert_eq!(read("2026-12-24T21:00:00Z"), noon);
        assert_eq!(read("2026-12-24"), Some("2026-12-24T00:00:00+00:00".to_owned()));
        assert_eq!(read("soon"), None);
        assert_eq!(read("+120000-01-01T00:00:00Z"), None);
    }
}
