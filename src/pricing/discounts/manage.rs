//! Making discounts and ending them.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Set};

use super::entity::{ActiveModel, Column, Entity, Model};
use super::normalize;
use crate::app::App;
use crate::identity::{Action, Actor, audit};
use crate::kernel::clock::{Timestamp, to_microseconds};
use crate::kernel::ids::DiscountId;
use crate::kernel::money::Money;
use crate::kernel::page::{Page, PageRequest, decode_cursor, encode_cursor};
use crate::kernel::problem::{Fault, Problem, VerbError};
use crate::platform::db::unless_duplicate;
use crate::platform::tx::Tx;
use crate::store;

/// The most characters of a code.
pub(super) const MAX_CODE: usize = 40;
/// The name of the list in its cursors.
const LIST: &str = "discounts";

/// Why a discount was not made or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiscountErrorCode {
    /// A value is missing, malformed or out of bounds.
    Invalid,
    /// There is a discount with this code.
    CodeTaken,
    /// There is no such discount.
    NotFound,
}

/// A discount to be made: either a percentage or an amount.
#[derive(Debug, Clone)]
pub struct NewDiscount {
    /// What the buyer types.
    pub code: String,
    /// 10 takes off a tenth.
    pub percent: Option<Decimal>,
    /// Takes off this much.
    pub amount: Option<Money>,
    /// How often it may be used in all.
    pub usage_limit: Option<i64>,
    /// Not before this.
    pub starts_at: Option<Timestamp>,
    /// Not from this on.
    pub ends_at: Option<Timestamp>,
}

/// Makes a discount.
pub async fn create(app: &App, actor: &Actor, new: NewDiscount) -> Result<Model, VerbError<DiscountErrorCode>> {
    actor.may(Action::ManageDiscounts)?;
    let code = normalize(&new.code);
    let problems = problems(&new, &code);
    if !problems.is_empty() {
        return Err(VerbError::Refused(problems));
    }
    let tx = Tx::begin(app).await?;
    let currency = store::settings(&tx).await?.currency;
    if new.amount.is_some_and(|amount| amount.currency() != currency) {
        let message = format!("the amount must be in {currency}");
        return Err(VerbError::refused(DiscountErrorCode::Invalid, "input.amount.currencyCode", message));
    }
    let row = ActiveModel {
        id: Set(tx.new_id()),
        code: Set(code),
        percent_millionths: Set(new.percent.and_then(millionths)),
        amount_minor: Set(new.amount.map(Money::minor)),
        currency: Set(new.amount.map(Money::currency)),
        usage_limit: Set(new.usage_limit),
        used: Set(0),
        starts_at: Set(new.starts_at.map(to_microseconds)),
        ends_at: Set(new.ends_at.map(to_microseconds)),
        active: Set(true),
        created_at: Set(tx.now()),
    };
    let Some(row) = unless_duplicate(row.insert(&tx).await)? else {
        let message = "there is a discount with this code";
        return Err(VerbError::refused(DiscountErrorCode::CodeTaken, "input.code", message));
    };
    audit::record_row::<Entity>(&tx, actor, "discount.create", row.id, (None, Some(&row))).await?;
    tx.commit().await?;
    Ok(row)
}

fn problems(new: &NewDiscount, code: &str) -> Vec<Problem<DiscountErrorCode>> {
    let plain = code.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
    let percent = new.percent.is_none_or(|it| millionths(it).is_some());
    let checks = [
        (
            !code.is_empty() && code.chars().count() <= MAX_CODE && plain,
            "input.code",
            "a code is 1 to 40 letters, digits, dots, dashes or underscores",
        ),
        (new.percent.is_some() != new.amount.is_some(), "input", "give either percent or amount"),
        (percent, "input.percent", "a percentage is more than 0, at most 100, with at most 4 decimals"),
        (new.amount.is_none_or(|it| it.minor() > 0), "input.amount", "the amount must be more than 0"),
        (new.usage_limit.is_none_or(|limit| limit > 0), "input.usageLimit", "the limit must be more than 0"),
        (
            !matches!((new.starts_at, new.ends_at), (Some(start), Some(end)) if end <= start),
            "input.endsAt",
            "the end must be after the start",
        ),
    ];
    let failed = checks.into_iter().filter(|(passed, ..)| !passed);
    failed.map(|(_, field, message)| Problem::at(DiscountErrorCode::Invalid, field, message)).collect()
}

/// Percent as millionths of the whole; `None` if it is none of (0, 100] or too precise.
fn millionths(percent: Decimal) -> Option<i64> {
    let scaled = percent.checked_mul(Decimal::from(10_000)).filter(|scaled| scaled.fract().is_zero())?;
    scaled.to_i64().filter(|scaled| (1..=1_000_000).contains(scaled))
}

/// Ends a discount; ending it again changes nothing. Checkouts that hold a use keep it.
pub async fn deactivate(app: &App, actor: &Actor, id: DiscountId) -> Result<Model, VerbError<DiscountErrorCode>> {
    actor.may(Action::ManageDiscounts)?;
    let tx = Tx::begin(app).await?;
    let before = Entity::find_by_id(id).lock_exclusive().one(&tx).await?;
    let change = Entity::update_many().col_expr(Column::Active, Expr::value(false)).filter(Column::Id.eq(id));
    change.exec(&tx).await?;
    let found = Entity::find_by_id(id).one(&tx).await?;
    let rows = (before.as_ref(), found.as_ref());
    audit::record_row::<Entity>(&tx, actor, "discount.deactivate", id, rows).await?;
    tx.commit().await?;
    found.ok_or_else(|| VerbError::refused(DiscountErrorCode::NotFound, "id", "there is no such discount"))
}

/// The discount with this id.
pub async fn lookup(app: &App, actor: &Actor, id: DiscountId) -> Result<Option<Model>, Fault> {
    actor.may(Action::ManageDiscounts)?;
    Ok(Entity::find_by_id(id).one(app.db.read()).await?)
}

/// The discounts, newest first.
pub async fn list(app: &App, actor: &Actor, page: &PageRequest) -> Result<Page<Model>, Fault> {
    actor.may(Action::ManageDiscounts)?;
    let mut query = Entity::find().limit(page.size as u64 + 1);
    if let Some(cursor) = &page.cursor {
        let id: DiscountId = decode_cursor(LIST, cursor)?;
        query = query.filter(if page.backward { Column::Id.gt(id) } else { Column::Id.lt(id) });
    }
    let query = if page.backward { query.order_by_asc(Column::Id) } else { query.order_by_desc(Column::Id) };
    let rows = query.all(app.db.read()).await?;
    Ok(Page::from_rows(page, rows, |row| encode_cursor(LIST, &row.id)))
}

/// How many discounts there are.
pub async fn count(app: &App, actor: &Actor) -> Result<i64, Fault> {
    actor.may(Action::ManageDiscounts)?;
    let count = Entity::find().count(app.db.read()).await?;
    Ok(i64::try_from(count).unwrap_or(i64::MAX))
}
