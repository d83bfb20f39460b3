//! How a supplier answers an order: line by line against its stock and its prices, then
//! the faults, then the stock it gives away.

use super::super::config::{OnShortage, ShippingService, SupplierSettings};
use super::super::draw::Dice;
use super::super::wire::{Money, OrderLine, OrderStatus, Reason, ReasonCode, RequestLine};
use super::Intake;
use super::stock::Stock;

/// The supplier's answer to an order.
pub struct Decision {
    pub status: OrderStatus,
    pub lines: Vec<OrderLine>,
    pub shipping_cost: Money,
    pub rejection: Option<Reason>,
}

/// Decides, and takes what was accepted out of the stock.
pub fn decide(dice: &Dice, supplier: &str, settings: &SupplierSettings, stock: &mut Stock, it: &Intake) -> Decision {
    let mut lines = answer_lines(&settings.currency, stock, &it.lines);
    let path = [supplier, it.reference.as_str()];
    let refusal = refusal(dice, settings, it, &lines, &path);
    if let Some(reason) = &refusal {
        refuse_all(&mut lines, reason);
    } else if dice.happens(settings.faults.part, &[&path[..], &["part"]].concat()) {
        take_part(dice, &mut lines, &path);
    }
    for line in &lines {
        stock.add(&line.sku, -line.accepted_quantity);
    }
    let asked: i64 = lines.iter().map(|line| line.quantity).sum();
    let accepted: i64 = lines.iter().map(|line| line.accepted_quantity).sum();
    let status = match accepted {
        0 => OrderStatus::Rejected,
        _ if accepted < asked => OrderStatus::PartiallyAccepted,
        _ => OrderStatus::Accepted,
    };
    let rejected = status == OrderStatus::Rejected;
    let rejection = refusal.or_else(|| lines.iter().find_map(|line| line.reason.clone())).filter(|_| rejected);
    let shipping_cost =
        if rejected { Money::zero(&settings.currency) } else { settings.shipping_cost(it.shipping_service.as_deref()) };
    Decision { status, lines, shipping_cost, rejection }
}

/// Each line on its own: known, still sold, at or below the agreed cost, in stock.
fn answer_lines(currency: &str, stock: &Stock, asked: &[RequestLine]) -> Vec<OrderLine> {
    let mut lines: Vec<OrderLine> = Vec::with_capacity(asked.len());
    for line in asked {
        let taken: i64 =
            lines.iter().filter(|earlier| earlier.sku == line.sku).map(|earlier| earlier.accepted_quantity).sum();
        lines.push(answer_line(currency, stock, line, taken));
    }
    lines
}

fn answer_line(currency: &str, stock: &Stock, line: &RequestLine, taken: i64) -> OrderLine {
    let max = line.max_unit_cost.as_ref();
    let mut answer = OrderLine {
        line_id: line.line_id.clone(),
        sku: line.sku.clone(),
        quantity: line.quantity,
        accepted_quantity: 0,
        unit_cost: max.cloned().unwrap_or_else(|| Money::zero(currency)),
        reason: None,
    };
    let Some(item) = stock.get(&line.sku) else {
        answer.reason = Some(reason(ReasonCode::InvalidSku, format!("we do not know the SKU {}", line.sku)));
        return answer;
    };
    if let Some(cost) = &item.cost {
        answer.unit_cost = cost.clone();
    }
    let cost = &answer.unit_cost;
    let available = (item.quantity - taken).max(0);
    if item.discontinued {
        answer.reason = Some(reason(ReasonCode::Discontinued, format!("{} is no longer sold", line.sku)));
    } else if max.is_some_and(|max| max.currency != cost.currency || max.amount < cost.amount) {
        let message = format!("{} now costs {} {}", line.sku, cost.amount, cost.currency);
        answer.reason = Some(reason(ReasonCode::PriceChanged, message));
    } else {
        answer.accepted_quantity = line.quantity.min(available);
        if answer.accepted_quantity < line.quantity {
            answer.reason = Some(reason(ReasonCode::OutOfStock, format!("{available} of {} left", line.sku)));
        }
    }
    answer
}

/// Why the whole order is refused, if it is.
fn refusal(
    dice: &Dice,
    settings: &SupplierSettings,
    it: &Intake,
    lines: &[OrderLine],
    path: &[&str],
) -> Option<Reason> {
    if !it.addressable {
        return Some(reason(ReasonCode::IncorrectAddress, "street, city and country are needed".to_owned()));
    }
    if !settings.ships_to.is_empty() && !settings.ships_to.contains(&it.country) {
        let message = format!("we do not deliver to {}", it.country);
        return Some(reason(ReasonCode::UndeliverableDestination, message));
    }
    if !settings.offers(it.shipping_service.as_deref()) {
        let service = it.shipping_service.as_deref().unwrap_or_default();
        return Some(reason(ReasonCode::Other, format!("we do not offer the shipping service {service}")));
    }
    let short = |line: &&OrderLine| line.reason.as_ref().is_some_and(|it| it.code == ReasonCode::OutOfStock);
    if settings.on_shortage == OnShortage::Reject
        && let Some(line) = lines.iter().find(short)
    {
        return line.reason.clone();
    }
    dice.happens(settings.faults.reject, &[path, &["reject"]].concat()).then(|| drawn_refusal(dice, path))
}

fn drawn_refusal(dice: &Dice, path: &[&str]) -> Reason {
    let refusals = [
        (ReasonCode::OutOfStock, "sold out since our last report"),
        (ReasonCode::UndeliverableDestination, "no carrier takes this parcel"),
        (ReasonCode::PaymentRequired, "your balance is too low"),
        (ReasonCode::Blocked, "this recipient is blocked"),
        (ReasonCode::Other, "we cannot take this order"),
    ];
    let (code, message) = refusals[dice.below(refusals.len() as u64, &[path, &["refusal"]].concat()) as usize];
    reason(code, message.to_owned())
}

fn refuse_all(lines: &mut [OrderLine], cause: &Reason) {
    for line in lines {
        line.accepted_quantity = 0;
        line.reason.get_or_insert_with(|| cause.clone());
    }
}

/// The fault `part`: one line loses half of its units, or all if others remain.
fn take_part(dice: &Dice, lines: &mut [OrderLine], path: &[&str]) {
    let accepted: i64 = lines.iter().map(|line| line.accepted_quantity).sum();
    let candidates: Vec<usize> = (0..lines.len()).filter(|&n| lines[n].accepted_quantity > 0).collect();
    if accepted < 2 {
        return; // a single unit has no part
    }
    let chosen = candidates[dice.below(candidates.len() as u64, &[path, &["part line"]].concat()) as usize];
    let line = &mut lines[chosen];
    line.accepted_quantity = if line.accepted_quantity == accepted { accepted / 2 } else { 0 };
    line.reason = Some(reason(ReasonCode::OutOfStock, format!("only {} of {} left", line.accepted_quantity, line.sku)));
}

fn reason(code: ReasonCode, message: String) -> Reason {
    Reason { code, message }
}

impl SupplierSettings {
    fn offers(&self, service: Option<&str>) -> bool {
        let Some(service) = service else { return true };
        self.shipping_services.is_empty() || self.shipping_services.iter().any(|it| it.code() == service)
    }

    /// What the asked service (or the first one) costs.
    fn shipping_cost(&self, service: Option<&str>) -> Money {
        let named = |it: &&ShippingService| service.is_none_or(|name| it.code() == name);
        let found = self.shipping_services.iter().find(named);
        found.and_then(|it| it.cost()).cloned().unwrap_or_else(|| Money::zero(&self.currency))
    }
}
