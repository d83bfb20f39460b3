//! An order as a table, a row a line: for spreadsheets, and for programs that read mails.

use crate::suppliers::adapter::text::cut;
use crate::suppliers::adapter::{OrderRequest, RequestLine};

/// The columns.
const COLUMNS: [&str; 20] = [
    "reference",
    "order_number",
    "line_id",
    "supplier_sku",
    "title",
    "quantity",
    "unit_cost",
    "currency",
    "ship_to_name",
    "ship_to_company",
    "ship_to_address1",
    "ship_to_address2",
    "ship_to_postal_code",
    "ship_to_city",
    "ship_to_region",
    "ship_to_country",
    "ship_to_phone",
    "shipping_service",
    "answer_by",
    "ship_by",
];
/// The longest cell.
const MAX_CELL: usize = 500;
/// Without it, spreadsheets read the letters beyond ASCII as others.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The table.
pub(super) fn write(order: &OrderRequest) -> Vec<u8> {
    let mut table = csv::Writer::from_writer(BYTE_ORDER_MARK.to_vec());
    let in_memory = "what is written to memory is written";
    table.write_record(COLUMNS).expect(in_memory);
    for line in &order.lines {
        table.write_record(row(order, line).map(|cell| harmless(&cell))).expect(in_memory);
    }
    table.into_inner().expect(in_memory)
}

fn row(order: &OrderRequest, line: &RequestLine) -> [String; COLUMNS.len()] {
    let to = order.destination.clone();
    [
        order.reference.clone(),
        order.packing_slip.order_number.clone(),
        line.line_id.clone(),
        line.sku.clone(),
        prose(&line.title),
        line.quantity.to_string(),
        line.max_unit_cost.map(|cost| cost.amount().to_string()).unwrap_or_default(),
        order.currency.to_string(),
        prose(&to.name),
        prose(&to.company.unwrap_or_default()),
        prose(&to.address1),
        prose(&to.address2.unwrap_or_default()),
        prose(&to.postal_code.unwrap_or_default()),
        prose(&to.city),
        prose(&to.region.unwrap_or_default()),
        to.country_code.code(),
        prose(&to.phone.unwrap_or_default()),
        order.shipping_service.clone(),
        order.accept_by.to_rfc3339(),
        order.ship_by.to_rfc3339(),
    ]
}

/// What people write: where spreadsheets separate cells by semicolons, one of theirs would begin another cell.
fn prose(text: &str) -> String {
    text.replace(';', ",")
}

/// The cell as no spreadsheet takes it for a formula: customers write some of them.
fn harmless(cell: &str) -> String {
    let cell = cut(cell, MAX_CELL);
    if cell.starts_with(['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}']) {
        return format!("'{cell}");
    }
    cell
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for cell in ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r\n=1", "＝1"] {
            assert!(harmless(cell).starts_with('\''), "{cell:?}");
        }
        assert_eq!(harmless("A-1 = B"), "A-1 = B");
        assert_eq!(harmless(&prose("Ada;=1+1")), "Ada,=1+1");
    }
}
