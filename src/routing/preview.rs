//! What would be decided, without deciding anything: for goods that nobody ordered, and under terms
//! that are only thought of.

use std::collections::HashMap;

use super::facts::{Facts, load};
use super::plan::plan;
use super::policy::{self, RoutingErrorCode, RoutingPolicy};
use super::request::Demand;
use super::{Plan, PlanRequest};
use crate::app::App;
use crate::identity::{Action, Actor};
use crate::kernel::clock::Timestamp;
use crate::kernel::country::CountryCode;
use crate::kernel::ids::{CustomerId, OfferId, SupplierId, VariantId};
use crate::kernel::money::Money;
use crate::kernel::problem::{Problem, VerbError};
use crate::pricing::Tax;
use crate::store::Settings;
use crate::{catalog, store};

/// The most lines.
const MAX_LINES: usize = 100;
/// The most units of a line.
const MAX_QUANTITY: i64 = 1_000_000;
/// The most offers or suppliers that are thought of otherwise.
const MAX_CHANGES: usize = 100;

/// What is asked.
#[derive(Debug, Clone)]
pub struct Preview {
    /// What, and how many.
    pub lines: Vec<(VariantId, i64)>,
    /// To where.
    pub destination: CountryCode,
    /// For whom.
    pub customer_id: Option<CustomerId>,
    /// What cannot arrive by then is not taken.
    pub deliver_by: Option<Timestamp>,
    /// Suppliers that shall not be asked.
    pub avoid: Vec<SupplierId>,
    /// What is thought of otherwise.
    pub what_if: WhatIf,
}

/// Terms that are only thought of.
#[derive(Debug, Clone, Default)]
pub struct WhatIf {
    /// Offers with another cost (in their own currency) or another figure that can be sold.
    pub offers: Vec<(OfferId, Option<Money>, Option<i64>)>,
    /// Suppliers that are used or not, or preferred otherwise (in millionths).
    pub suppliers: Vec<(SupplierId, Option<bool>, Option<i64>)>,
}

type Refused = VerbError<RoutingErrorCode>;

/// What would be decided now; `change` is what is thought of the policy.
pub async fn preview(
    app: &App,
    actor: &Actor,
    asked: Preview,
    change: impl FnOnce(&mut RoutingPolicy),
) -> Result<Plan, Refused> {
    actor.may(Action::ManageFulfillment)?;
    check(&asked)?;
    let conn = app.db.read();
    let settings = store::settings(conn).await?;
    let variants: Vec<VariantId> = asked.lines.iter().map(|(id, _)| *id).collect();
    let mut facts = load(conn, &variants, asked.customer_id, settings.currency, app.clock.now()).await?;
    change(&mut facts.policy);
    policy::check(conn, &facts.policy).await?;
    suppose(&mut facts, &asked.what_if)?;
    let request = request(app, &settings, facts, &asked).await?;
    Ok(plan(&request))
}

fn check(asked: &Preview) -> Result<(), Refused> {
    let refuse = |field: &str, message: &str| Err(VerbError::refused(RoutingErrorCode::Invalid, field, message));
    if asked.lines.is_empty() || asked.lines.len() > MAX_LINES {
        return refuse("input.lines", "Between 1 and 100 lines.");
    }
    if let Some(index) = asked.lines.iter().position(|(_, quantity)| !(1..=MAX_QUANTITY).contains(quantity)) {
        return refuse(&format!("input.lines.{index}.quantity"), "Between 1 and 1,000,000 units.");
    }
    if asked.avoid.len() > MAX_CHANGES || asked.what_if.suppliers.len() > MAX_CHANGES {
        return refuse("input", "At most 100 suppliers are named.");
    }
    if asked.what_if.offers.len() > MAX_CHANGES {
        return refuse("input.offers", "At most 100 offers are named.");
    }
    Ok(())
}

/// Changes the facts by what is thought of.
fn suppose(facts: &mut Facts, what_if: &WhatIf) -> Result<(), Refused> {
    for (index, (id, cost, sellable)) in what_if.offers.iter().enumerate() {
        let at = |field: &str| format!("input.offers.{index}.{field}");
        let Some(offer) = facts.offers.iter_mut().find(|offer| offer.id == *id) else {
            let message = "None of the goods has such an offer.";
            return Err(Problem::at(RoutingErrorCode::NotFound, &at("offerId"), message).into());
        };
        if cost.is_some_and(|cost| cost.is_negative() || cost.currency() != offer.cost.currency()) {
            let message = format!("A cost is not negative, and in {}.", offer.cost.currency());
            return Err(Problem::at(RoutingErrorCode::Invalid, &at("cost"), message).into());
        }
        offer.cost = cost.unwrap_or(offer.cost);
        offer.sellable = sellable.unwrap_or(offer.sellable).clamp(0, MAX_QUANTITY);
    }
    for (index, (id, active, preference)) in what_if.suppliers.iter().enumerate() {
        let at = |field: &str| format!("input.suppliers.{index}.{field}");
        let Some(supplier) = facts.suppliers.iter_mut().find(|supplier| supplier.id == *id) else {
            let message = "None of the goods is offered by such a supplier.";
            return Err(Problem::at(RoutingErrorCode::NotFound, &at("supplierId"), message).into());
        };
        if preference.is_some_and(|it| !(policy::WHOLE / 10..=policy::WHOLE * 10).contains(&it)) {
            return Err(Problem::at(RoutingErrorCode::Invalid, &at("preference"), "Between 0.1 and 10.").into());
        }
        supplier.active = active.unwrap_or(supplier.active);
        supplier.preference = preference.unwrap_or(supplier.preference);
    }
    Ok(())
}

/// The request, its lines called by their variants. Their prices are those of the shop.
async fn request(app: &App, settings: &Settings, facts: Facts, asked: &Preview) -> Result<PlanRequest, Refused> {
    let ids: Vec<VariantId> = asked.lines.iter().map(|(id, _)| *id).collect();
    let known = catalog::snapshots(app.db.read(), &ids).await?;
    if let Some(index) = ids.iter().position(|id| !known.iter().any(|it| it.id == *id)) {
        let at = format!("input.lines.{index}.variantId");
        return Err(Problem::at(RoutingErrorCode::NotFound, &at, "There is no such variant.").into());
    }
    let country = settings.country(asked.destination);
    let tax =
        country.map_or(Tax { rate: 0.into(), inclusive: true }, |it| Tax { rate: it.rate, inclusive: it.inclusive });
    let prices: HashMap<VariantId, Money> =
        known.iter().filter_map(|it| Some((it.id, tax.without(it.price).ok()?))).collect();
    let demands = asked.lines.iter().map(|(id, quantity)| Demand {
        line: id.to_string(),
        variant_id: *id,
        quantity: *quantity,
        unit_price: prices.get(id).copied(),
    });
    Ok(facts.request(demands.collect(), asked.destination, asked.avoid.clone()).by(asked.deliver_by))
}
