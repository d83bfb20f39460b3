//! Using a discount: held with the stock while a checkout runs, confirmed with the order.

use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Set};

use super::super::quote::DiscountTerms;
use super::entity::redemption::{self, RedemptionStatus};
use super::entity::{Column, Entity};
use super::normalize;
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{DiscountId, OrderId, PaymentAttemptId};
use crate::kernel::money::Currency;
use crate::kernel::problem::Fault;
use crate::platform::planted::{self, Bug};
use crate::platform::tx::Tx;

/// Which of a cart's codes apply.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// The discounts that apply, in the order of the codes.
    pub terms: Vec<DiscountTerms>,
    /// The places (from 0) of the codes that do not: unknown, over, used up, or of another currency.
    pub refused: Vec<usize>,
}

/// Which of `codes` apply in a store that sells in `currency` at `now`.
pub async fn applicable(
    conn: &impl ConnectionTrait,
    codes: &[String],
    currency: Currency,
    now: Timestamp,
) -> Result<Applied, Fault> {
    let mut applied = Applied::default();
    if codes.is_empty() {
        return Ok(applied);
    }
    let wanted: Vec<String> = codes.iter().map(|code| normalize(code)).collect();
    let found = Entity::find().filter(Column::Code.is_in(wanted.clone())).all(conn).await?;
    for (place, code) in wanted.iter().enumerate() {
        let repeated = wanted[..place].contains(code);
        let terms = found.iter().find(|discount| discount.code == *code).and_then(|it| it.terms(currency, now));
        match terms {
            Some(terms) if !repeated => applied.terms.push(terms),
            _ => applied.refused.push(place),
        }
    }
    Ok(applied)
}

/// Takes one use of each of `ids` for `holder`; `Err` with the discount that has none left, in which
/// case the caller rolls back.
pub async fn redeem(tx: &Tx, holder: PaymentAttemptId, ids: &[DiscountId]) -> Result<Result<(), DiscountId>, Fault> {
    // Always in one order, so that two checkouts with the same codes cannot wait for each other.
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    for id in ids {
        let taken = Entity::update_many()
            .col_expr(Column::Used, Expr::cust(if planted::is(Bug::FreeDiscount) { "used" } else { "used + 1" }))
            .filter(Column::Id.eq(id))
            .filter(Column::Active.eq(true))
            .filter(Expr::cust("(usage_limit IS NULL OR used < usage_limit)"))
            .exec(tx)
            .await?;
        if taken.rows_affected == 0 {
            return Ok(Err(id));
        }
        let row = redemption::ActiveModel {
            id: Set(tx.new_id()),
            discount_id: Set(id),
            attempt_id: Set(holder),
            order_id: Set(None),
            status: Set(RedemptionStatus::Held),
            created_at: Set(tx.now()),
        };
        row.insert(tx).await?;
    }
    Ok(Ok(()))
}

/// Gives back what `holder` holds; nothing the second time.
pub async fn release(tx: &Tx, holder: PaymentAttemptId) -> Result<(), Fault> {
    let held = redemption::Entity::find()
        .filter(redemption::Column::AttemptId.eq(holder))
        .filter(redemption::Column::Status.eq(RedemptionStatus::Held))
        .order_by_asc(redemption::Column::DiscountId)
        .all(tx)
        .await?;
    for row in held {
        let change = redemption::ActiveModel { status: Set(RedemptionStatus::Released), ..Default::default() };
        let released = redemption::Entity::update_many()
            .set(change)
            .filter(redemption::Column::Id.eq(row.id))
            .filter(redemption::Column::Status.eq(RedemptionStatus::Held))
            .exec(tx)
            .await?;
        if released.rows_affected > 0 {
            let back = Entity::update_many().col_expr(Column::Used, Expr::cust("used - 1"));
            back.filter(Column::Id.eq(row.discount_id)).exec(tx).await?;
        }
    }
    Ok(())
}

/// Ties what `holder` holds to its order.
pub async fn confirm(tx: &Tx, holder: PaymentAttemptId, order_id: OrderId) -> Result<(), Fault> {
    let change = redemption::ActiveModel {
        status: Set(RedemptionStatus::Confirmed),
        order_id: Set(Some(order_id)),
        ..Default::default()
    };
    redemption::Entity::update_many()
        .set(change)
        .filter(redemption::Column::AttemptId.eq(holder))
        .filter(redemption::Column::Status.eq(RedemptionStatus::Held))
        .exec(tx)
        .await?;
    Ok(())
}
