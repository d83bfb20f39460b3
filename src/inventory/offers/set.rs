//! The owner's word on one offer.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};

use super::terms::{created, is_available};
use crate::app::App;
use crate::catalog;
use crate::identity::{Action, Actor, audit};
use crate::inventory::availability::cache_key;
use crate::inventory::costs;
use crate::inventory::entity::offer::{self, Countries};
use crate::inventory::error::InventoryErrorCode::{self, CurrencyMismatch, Invalid, NotFound, Taken, TooMany};
use crate::inventory::figures::{Change, entry};
use crate::inventory::jobs::RefreshAvailability;
use crate::inventory::ledger::{self, LedgerKind};
use crate::inventory::reports::MAX_QUANTITY;
use crate::inventory::{facets, shortfall};
use crate::kernel::country::CountryCode;
use crate::kernel::ids::{SupplierId, VariantId};
use crate::kernel::money::Money;
use crate::kernel::problem::{Fault, Problem, VerbError};
use crate::platform::jobs;
use crate::platform::tx::Tx;
use crate::suppliers::{self, supplier};

/// How many suppliers may offer one variant.
pub const MAX_OFFERS: usize = 50;
/// The longest an order may take to be ready.
const MAX_LEAD_DAYS: i32 = 365;
/// The longest SKU.
const MAX_SKU: usize = 255;

/// What the owner says of an offer. `None` leaves what is there, or takes the default.
#[derive(Debug, Clone, PartialEq)]
pub struct OfferChange {
    /// Whose offer.
    pub supplier_id: SupplierId,
    /// Of what.
    pub variant_id: VariantId,
    /// The supplier's name for it.
    pub supplier_sku: String,
    /// What one costs, in the supplier's currency.
    pub cost: Money,
    /// The least the supplier lets be asked for it, in its currency; `Some(None)`: it says nothing any more.
    pub minimum_advertised: Option<Option<Money>>,
    /// The fewest that can be ordered at once (1).
    pub minimum_quantity: Option<i64>,
    /// Days until it is ready.
    pub lead_time_days: Option<i32>,
    /// Where the supplier sends it.
    pub ships_to: Option<Vec<CountryCode>>,
    /// Smaller is preferred (0).
    pub priority: Option<i32>,
    /// Never sold (0).
    pub safety_buffer: Option<i64>,
    /// Whether it is used (yes).
    pub active: Option<bool>,
}

type Refusal = VerbError<InventoryErrorCode>;

/// Adds the supplier's offer of a variant, or changes it.
pub async fn set_offer(app: &App, actor: &Actor, change: OfferChange) -> Result<offer::Model, Refusal> {
    actor.may(Action::ManageInventory)?;
    check(&change)?;
    let tx = Tx::begin(app).await?;
    let supplier = suppliers::lookup(&tx, change.supplier_id).await?;
    let supplier = supplier.ok_or_else(|| Problem::at(NotFound, "supplierId", "There is no such supplier."))?;
    if catalog::snapshots(&tx, &[change.variant_id]).await?.is_empty() {
        return Err(Refusal::refused(NotFound, "variantId", "There is no such variant."));
    }
    if supplier.currency != change.cost.currency().code() {
        let message = format!("This supplier charges in {}.", supplier.currency);
        return Err(Refusal::refused(CurrencyMismatch, "cost.currencyCode", message));
    }
    if change.minimum_advertised.flatten().is_some_and(|it| it.currency() != change.cost.currency()) {
        let message = format!("This supplier charges in {}.", supplier.currency);
        return Err(Refusal::refused(CurrencyMismatch, "minimumAdvertisedPrice.currencyCode", message));
    }
    let before = existing(&tx, &change).await?;
    let now = tx.now();
    let was_available = before.as_ref().is_some_and(|offer| is_available(offer, now));
    let after = match before.clone() {
        Some(before) => update(&tx, before, change).await?,
        None => insert(&tx, &supplier, change).await?,
    };
    let rows = (before.as_ref(), Some(&after));
    audit::record_row::<offer::Entity>(&tx, actor, "offer.set", after.id, rows).await?;
    let repriced = |it: &offer::Model| (it.cost_minor, it.map_minor, it.active);
    if before.as_ref().map(repriced) != Some(repriced(&after)) {
        costs::note_changed(&tx, after.supplier_id, &[after.variant_id]).await?;
    }
    if before.as_ref().map(|it| &it.supplier_sku) != Some(&after.supplier_sku) {
        // Of this SKU no stock was read yet.
        suppliers::forget_stock_tag(&tx, after.supplier_id).await?;
    }
    if before.is_some_and(|it| it.held_cost_minor.is_some()) {
        costs::close_if_decided(&tx, after.supplier_id).await?;
    }
    let crossed = is_available(&after, now) != was_available;
    tx.invalidate(cache_key(after.variant_id));
    if crossed {
        jobs::enqueue(&tx, &RefreshAvailability { variant_ids: vec![after.variant_id] }).await?;
    }
    tx.commit().await?;
    if crossed {
        facets::refresh(app, &[after.variant_id]).await?;
    }
    Ok(after)
}

fn check(change: &OfferChange) -> Result<(), Refusal> {
    let mut problems = Vec::new();
    let mut refuse = |is_wrong: bool, field: &str, message: &str| {
        if is_wrong {
            problems.push(Problem::at(Invalid, field, message));
        }
    };
    let sku = change.supplier_sku.as_str();
    let bad_sku = sku.trim().is_empty() || sku.len() > MAX_SKU || sku.chars().any(char::is_control);
    refuse(bad_sku, "supplierSku", "A SKU has 1 to 255 characters.");
    refuse(change.cost.is_negative(), "cost.amount", "A cost is not negative.");
    let bad_map = change.minimum_advertised.flatten().is_some_and(Money::is_negative);
    refuse(bad_map, "minimumAdvertisedPrice.amount", "A price is not negative.");
    let allowed = |value: Option<i64>, least: i64| value.is_none_or(|it| (least..=MAX_QUANTITY).contains(&it));
    refuse(!allowed(change.minimum_quantity, 1), "minimumQuantity", "Between 1 and 1,000,000,000.");
    refuse(!allowed(change.safety_buffer, 0), "safetyBuffer", "Between 0 and 1,000,000,000.");
    let bad_lead = change.lead_time_days.is_some_and(|days| !(0..=MAX_LEAD_DAYS).contains(&days));
    refuse(bad_lead, "leadTimeDays", "Between 0 and 365 days.");
    if problems.is_empty() { Ok(()) } else { Err(VerbError::Refused(problems)) }
}

/// The offer this is about, locked; refused if the SKU is another offer's or the variant has too many.
async fn existing(tx: &Tx, change: &OfferChange) -> Result<Option<offer::Model>, Refusal> {
    let same_variant = offer::Column::VariantId.eq(change.variant_id);
    let same_sku = Condition::all()
        .add(offer::Column::SupplierId.eq(change.supplier_id))
        .add(offer::Column::SupplierSku.eq(change.supplier_sku.as_str()));
    let near = offer::Entity::find().filter(Condition::any().add(same_variant).add(same_sku));
    let near = near.order_by_asc(offer::Column::Id).lock_exclusive().all(tx).await?;
    let (of_variant, others): (Vec<_>, Vec<_>) = near.into_iter().partition(|it| it.variant_id == change.variant_id);
    let count = of_variant.len();
    let own = of_variant.into_iter().find(|it| it.supplier_id == change.supplier_id);
    if !others.is_empty() {
        return Err(Refusal::refused(Taken, "supplierSku", "Another offer of this supplier has this SKU."));
    }
    if own.is_none() && count >= MAX_OFFERS {
        return Err(Refusal::refused(TooMany, "variantId", "A variant has at most 50 offers."));
    }
    Ok(own)
}

async fn insert(tx: &Tx, supplier: &supplier::Model, change: OfferChange) -> Result<offer::Model, Fault> {
    let mut row = created(tx, supplier, change.variant_id, change.supplier_sku, change.cost);
    row.map_minor = change.minimum_advertised.flatten().map(Money::minor);
    row.minimum_quantity = change.minimum_quantity.unwrap_or(1);
    row.lead_time_days = change.lead_time_days;
    row.ships_to = change.ships_to.map(Countries);
    row.priority = change.priority.unwrap_or(0);
    row.safety_buffer = change.safety_buffer.unwrap_or(0);
    row.active = change.active.unwrap_or(true);
    offer::Entity::insert(row.clone().into_active_model().reset_all()).exec_without_returning(tx).await?;
    Ok(row)
}

async fn update(tx: &Tx, before: offer::Model, change: OfferChange) -> Result<offer::Model, Fault> {
    let mut after = before.clone();
    after.supplier_sku = change.supplier_sku;
    after.cost_minor = change.cost.minor();
    // What the owner says settles what was asked about.
    (after.held_cost_minor, after.refused_cost_minor) = (None, None);
    after.map_minor = change.minimum_advertised.map_or(before.map_minor, |it| it.map(Money::minor));
    after.minimum_quantity = change.minimum_quantity.unwrap_or(before.minimum_quantity);
    after.lead_time_days = change.lead_time_days.or(before.lead_time_days);
    after.ships_to = change.ships_to.map(Countries).or(after.ships_to);
    after.priority = change.priority.unwrap_or(before.priority);
    after.safety_buffer = change.safety_buffer.unwrap_or(before.safety_buffer);
    after.active = change.active.unwrap_or(before.active);
    after.updated_at = tx.now();
    if after.safety_buffer != before.safety_buffer {
        after.ledger_seq += 1;
        ledger::Entity::insert(entry(tx, &before, &after, &adjusted())).exec_without_returning(tx).await?;
    }
    let row = after.clone().into_active_model().reset_all();
    offer::Entity::update(row).exec(tx).await?;
    shortfall::note(tx, &before, &after).await?;
    Ok(after)
}

/// A change of the buffer or the confidence alone.
pub(super) fn adjusted() -> Change<'static> {
    Change { kind: LedgerKind::Adjusted, reserved: 0, committed: 0, holder: None, order_id: None, document: "offer" }
}
