//! What one cell says, and what is wrong with it.

use rust_decimal::Decimal;

use super::{Field, Record};
use crate::kernel::money::{Currency, Money};

/// The most units a row may tell of.
const MAX_QUANTITY: i64 = 1_000_000_000;
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

/// An amount of money that is not negative; `reason` is the code of a refusal.
pub fn money(text: &str, currency: Currency, decimal_comma: bool, reason: &'static str) -> Result<Money, Refusal> {
    let bad = |why: &str| (reason, format!("\"{}\" {why}", cut(text)));
    let plain = if decimal_comma { text.replace('.', "").replace(',', ".") } else { text.to_owned() };
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

/// What the row says one costs in `currency`, the supplier's.
pub fn cost(record: &Record, currency: Currency, decimal_comma: bool) -> Result<Option<Money>, Refusal> {
    if let Some(code) = value(record, Field::Currency) {
        let told: Currency = code
            .to_ascii_uppercase()
            .parse()
            .map_err(|_| ("CURRENCY_UNKNOWN", format!("\"{}\" is not a currency", cut(code))))?;
        if told != currency {
            let message = format!("the cost is in {told}, but the supplier charges in {currency}");
            return Err(("CURRENCY_MISMATCH", message));
        }
    }
    value(record, Field::Cost).map(|text| money(text, currency, decimal_comma, "COST_INVALID")).transpose()
}

/// How many units the row tells of.
pub fn quantity(record: &Record) -> Result<Option<i64>, Refusal> {
    let Some(text) = value(record, Field::Quantity) else { return Ok(None) };
    let whole = Decimal::from_str_exact(text).ok().filter(|it| it.fract().is_zero());
    let count = whole.and_then(|it| i64::try_from(it.trunc()).ok()).filter(|it| (0..=MAX_QUANTITY).contains(it));
    count.map(Some).ok_or_else(|| ("QUANTITY_INVALID", format!("\"{}\" is not a number of units", cut(text))))
}

/// In how many days it is ready.
pub fn lead_time(record: &Record) -> Result<Option<i32>, Refusal> {
    let Some(text) = value(record, Field::LeadTime) else { return Ok(None) };
    let days = text.parse().ok().filter(|days| (0..=MAX_LEAD_TIME).contains(days));
    days.map(Some).ok_or_else(|| ("LEAD_TIME_INVALID", format!("\"{}\" is not a number of days", cut(text))))
}
