//! The owner's word on how suppliers send parcels.

use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QuerySelect};

use super::entity::service::Countries;
use super::error::SupplierErrorCode::{self, CurrencyMismatch, Invalid, NotFound, TooMany};
use super::{service, supplier};
use crate::app::App;
use crate::identity::{Action, Actor, audit};
use crate::kernel::country::CountryCode;
use crate::kernel::ids::SupplierId;
use crate::kernel::money::Money;
use crate::kernel::problem::{Problem, VerbError};
use crate::platform::news;
use crate::platform::tx::Tx;

/// How many services a supplier may have.
const MAX_SERVICES: u64 = 100;
/// The longest code or name.
const MAX_TEXT: usize = 100;
/// The longest way.
const MAX_DAYS: i32 = 365;
/// The highest share of the goods' cost that customs take: five times the cost, in millionths.
const MAX_DUTY: i64 = 5_000_000;

/// A shipping service as the owner gives it.
#[derive(Debug, Clone)]
pub struct ServiceChange {
    /// Whose service.
    pub supplier_id: SupplierId,
    /// The supplier's name for it.
    pub code: String,
    /// The name customers see.
    pub name: String,
    /// Where it goes.
    pub countries: Vec<CountryCode>,
    /// The price of a parcel.
    pub price: Money,
    /// What each item adds to it (nothing).
    pub price_per_item: Option<Money>,
    /// The fewest and most days on the way.
    pub transit_days: (i32, i32),
    /// The share of the goods' cost that customs take on this way, in millionths (nothing).
    pub duty: i64,
}

type Refusal = VerbError<SupplierErrorCode>;

/// Adds a service, or replaces the one with its code.
pub async fn set_service(app: &App, actor: &Actor, mut change: ServiceChange) -> Result<service::Model, Refusal> {
    actor.may(Action::ManageSuppliers)?;
    check(&change)?;
    change.countries.sort_by_key(|country| country.code());
    change.countries.dedup();
    let tx = Tx::begin(app).await?;
    // The lock lets two owners' hands take turns.
    let supplier = supplier::Entity::find_by_id(change.supplier_id).lock_exclusive().one(&tx).await?;
    let supplier = supplier.ok_or_else(|| Problem::at(NotFound, "supplierId", "There is no such supplier."))?;
    let prices = [("price", Some(change.price)), ("pricePerItem", change.price_per_item)];
    for (field, price) in prices {
        if price.is_some_and(|price| price.currency().code() != supplier.currency) {
            let message = format!("This supplier charges in {}.", supplier.currency);
            return Err(Refusal::refused(CurrencyMismatch, &format!("{field}.currencyCode"), message));
        }
    }
    let of_supplier = service::Entity::find().filter(service::Column::SupplierId.eq(supplier.id));
    let known = of_supplier.clone().filter(service::Column::Code.eq(change.code.as_str())).one(&tx).await?;
    if known.is_none() && of_supplier.count(&tx).await? >= MAX_SERVICES {
        return Err(Refusal::refused(TooMany, "supplierId", "A supplier has at most 100 shipping services."));
    }
    let is_new = known.is_none();
    let row = service::Model {
        id: known.as_ref().map_or_else(|| tx.new_id(), |known| known.id),
        supplier_id: supplier.id,
        code: change.code,
        name: change.name.trim().to_owned(),
        countries: Countries(change.countries),
        price_minor: change.price.minor(),
        price_per_item_minor: change.price_per_item.map_or(0, Money::minor),
        currency: supplier.currency,
        min_days: change.transit_days.0,
        max_days: change.transit_days.1,
        duty: change.duty,
    };
    let active = row.clone().into_active_model().reset_all();
    if is_new {
        service::Entity::insert(active).exec_without_returning(&tx).await?;
    } else {
        service::Entity::update(active).exec(&tx).await?;
    }
    let rows = (known.as_ref(), Some(&row));
    audit::record_row::<service::Entity>(&tx, actor, "supplier.shippingService", row.supplier_id, rows).await?;
    tx.tell(news::SHOP);
    tx.commit().await?;
    Ok(row)
}

fn check(change: &ServiceChange) -> Result<(), Refusal> {
    let mut problems = Vec::new();
    let mut refuse = |is_wrong: bool, field: &str, message: &str| {
        if is_wrong {
            problems.push(Problem::at(Invalid, field, message));
        }
    };
    let bad_text = |text: &str| {
        let length = text.trim().chars().count();
        length == 0 || length > MAX_TEXT || text.chars().any(char::is_control)
    };
    refuse(bad_text(&change.code), "code", "A code has 1 to 100 characters.");
    refuse(bad_text(&change.name), "name", "A name has 1 to 100 characters.");
    refuse(change.countries.is_empty(), "countries", "A service goes to at least one country.");
    refuse(change.price.is_negative(), "price.amount", "A price is not negative.");
    let per_item = change.price_per_item.is_some_and(Money::is_negative);
    refuse(per_item, "pricePerItem.amount", "A price is not negative.");
    refuse(!(0..=MAX_DUTY).contains(&change.duty), "dutyRate", "Between 0 and 5.");
    let (min, max) = change.transit_days;
    refuse(!(0..=MAX_DAYS).contains(&min), "transitDays.min", "Between 0 and 365 days.");
    refuse(!(min..=MAX_DAYS).contains(&max), "transitDays.max", "At least the fewest, at most 365 days.");
    if problems.is_empty() { Ok(()) } else { Err(VerbError::Refused(problems)) }
}
