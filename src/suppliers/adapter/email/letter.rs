//! What is written to a supplier.

use crate::identity::order_links::NewLink;
use crate::kernel::address::Address;
use crate::kernel::clock::Timestamp;
use crate::suppliers::adapter::text::cut;
use crate::suppliers::adapter::{OrderRequest, RequestLine};

/// The most that is shown of one text of other people.
const MAX_TEXT: usize = 500;

/// What a mail says.
pub(super) struct Letter {
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: String,
}

/// The order, line by line: the same in the mail and on the page.
pub(super) fn order_lines(order: &OrderRequest) -> Vec<String> {
    let slip = &order.packing_slip;
    let store = one_line(&slip.store_name);
    let mut said = vec![
        format!("Purchase order of {store}"),
        String::new(),
        format!("Our reference:     {}", order.reference),
        format!("For packing slips: order {}", one_line(&slip.order_number)),
        format!("Answer by:         {}", moment(order.accept_by)),
        format!("Ship by:           {}", moment(order.ship_by)),
        format!("Shipping service:  {}", one_line(&order.shipping_service)),
        String::new(),
        "What we order:".to_owned(),
        String::new(),
    ];
    said.extend(order.lines.iter().map(item));
    said.extend([String::new(), "Ship to:".to_owned(), String::new()]);
    said.extend(address(&order.destination).into_iter().map(|line| format!("  {line}")));
    said.extend([
        String::new(),
        format!("Send it in the name of {store}."),
        "No prices, no invoice and no other sender in the parcel.".to_owned(),
    ]);
    said.extend(slip.note.iter().map(|note| format!("On the packing slip: {}", one_line(note))));
    said
}

/// The mail that brings an order; `no_page` if a page was wanted that could not be printed.
pub(super) fn about_order(order: &OrderRequest, said: &[String], link: &NewLink, no_page: bool) -> Letter {
    let mut text = said.join("\n");
    text += &format!(
        "\n\nAccept it, all of it or a part, refuse it, and tell of your parcels here; you need no account:\n\n{}\n\n{}\n\n\
         The order comes as a table, too. A cell that begins with = + - or @ has an apostrophe before it, so that no \
         program takes it for a formula.\n",
        link.url,
        about(link)
    );
    if no_page {
        text += "\nThere is no page to print: it has no letters for some of the words above.\n";
    }
    Letter {
        subject: format!("Purchase order {} of {}", order.reference, one_line(&order.packing_slip.store_name)),
        text,
    }
}

/// The mail that asks to drop an order.
pub(super) fn about_cancellation(store: &str, reference: &str, reason: &str, link: &NewLink) -> Letter {
    let store = one_line(store);
    let text = format!(
        "{store} asks you to cancel its purchase order {reference}: send nothing of it that has not left yet.\n\n\
         Why: {}\n\n\
         Say yes, or that it is too late, here; you need no account:\n\n{}\n\n{}\n",
        one_line(reason),
        link.url,
        about(link)
    );
    Letter { subject: format!("Please cancel purchase order {reference} of {store}"), text }
}

fn about(link: &NewLink) -> String {
    format!(
        "The link is for this order alone. Whoever has it can answer for you, so do not hand it on. It can be used until {}.",
        moment(link.expires_at)
    )
}

fn item(line: &RequestLine) -> String {
    let cost = line.max_unit_cost.map(|cost| format!(", {cost} each as agreed")).unwrap_or_default();
    format!("  {} x {}  {}{cost}", line.quantity, one_line(&line.sku), one_line(&line.title))
}

fn address(to: &Address) -> Vec<String> {
    let city = match &to.postal_code {
        Some(code) => format!("{code} {}", to.city),
        None => to.city.clone(),
    };
    let country = format!("{} ({})", to.country_code.name(), to.country_code.code());
    let phone = to.phone.as_ref().map(|phone| format!("Telephone: {phone}"));
    let lines = [
        Some(to.name.clone()),
        to.company.clone(),
        Some(to.address1.clone()),
        to.address2.clone(),
        Some(city),
        to.region.clone(),
        Some(country),
        phone,
    ];
    lines.into_iter().flatten().map(|line| one_line(&line)).collect()
}

fn one_line(text: &str) -> String {
    cut(text, MAX_TEXT)
}

fn moment(at: Timestamp) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}
