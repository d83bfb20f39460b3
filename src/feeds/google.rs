//! What Google's product feeds call our fields.
//!
//! Source: the product data specification of Google Merchant Center. What has no place here (`link`, `brand`,
//! `gtin`, `mpn`, `condition`, …) is left alone, unless a mapping gives it one.

use super::mapping::{FIELDS, Field, Mapping};

/// A price for a while. It stands for the price only if no dates bound it: a file does not tell what day it
/// will be read on.
const SALE_PRICE: &str = "sale_price";
const SALE_DATES: &str = "sale_price_effective_date";

/// Google's names for a field, the best first.
fn names(field: Field) -> &'static [&'static str] {
    match field {
        Field::SupplierSku => &["id"],
        Field::Product => &["item_group_id"],
        Field::Title => &["title"],
        Field::Description => &["description"],
        Field::Price => &["price"],
        Field::Cost => &["cost_of_goods_sold"],
        Field::Quantity => &["quantity"],
        Field::Availability => &["availability"],
        Field::RestockAt => &["availability_date"],
        Field::LeadTime => &["max_handling_time", "min_handling_time"],
        Field::Image => &["image_link"],
        _ => &[],
    }
}

/// Whether anything is made of what this element says.
pub(super) fn is_wanted(mapping: &Mapping, name: &str) -> bool {
    let of_field = |field: Field| match column(mapping, field) {
        Some(column) => column == name,
        None => names(field).contains(&name),
    };
    matches!(name, SALE_PRICE | SALE_DATES) || Field::ALL.into_iter().any(of_field)
}

/// What an item says, by field; `said` answers what stands in an element.
pub(super) fn values<'a>(mapping: &Mapping, said: impl Fn(&str) -> Option<&'a str>) -> [Option<String>; FIELDS] {
    let mut values = mapping.defaults.clone();
    for field in Field::ALL {
        let text = match column(mapping, field) {
            Some(column) => said(column),
            None => names(field).iter().find_map(|name| said(name)),
        };
        if let Some(text) = text {
            values[field as usize] = Some(text.to_owned());
        }
    }
    let owners = column(mapping, Field::Price).is_some() || column(mapping, Field::CompareAt).is_some();
    if let Some(sale) = said(SALE_PRICE).filter(|_| !owners && said(SALE_DATES).is_none()) {
        let regular = values[Field::Price as usize].replace(sale.to_owned());
        values[Field::CompareAt as usize] = regular;
    }
    values
}

/// The element that the mapping names for a field, without Google's prefix.
fn column(mapping: &Mapping, field: Field) -> Option<&str> {
    mapping.column(field).map(|column| column.strip_prefix("g:").unwrap_or(column))
}
