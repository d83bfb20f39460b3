//! How well suppliers keep their word: counted from what they did of late, and never believed wholly
//! from a few orders.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::entity::supplier;
use crate::kernel::ids::SupplierId;
use crate::kernel::problem::Fault;
use crate::platform::tx::Tx;

/// Shares are millionths.
const WHOLE: i64 = 1_000_000;
/// What is thought of a supplier nobody knows: as if one of twenty parcels had been late. It is the mean
/// of a Beta(1, 19) prior, which every order counted moves.
const LATE_PRIOR: (i64, i64) = (1, 20);
/// As if one of forty orders had been refused: Beta(1, 39).
const REFUSED_PRIOR: (i64, i64) = (1, 40);

/// What was counted of a supplier's orders of late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reliability {
    /// Orders that were to be sent by now.
    pub due: i64,
    /// Those of them that were sent late, or not at all.
    pub late: i64,
    /// Orders that it answered.
    pub answered: i64,
    /// Those of them that it refused, wholly or in part.
    pub refused: i64,
}

impl Reliability {
    /// How likely it is to send late, in millionths: the mean of the posterior.
    pub fn late_share(self) -> i64 {
        posterior(self.late, self.due, LATE_PRIOR)
    }

    /// How likely it is to refuse an order, in millionths.
    pub fn refusal_share(self) -> i64 {
        posterior(self.refused, self.answered, REFUSED_PRIOR)
    }
}

/// The mean of a Beta posterior after `hits` of `count`.
fn posterior(hits: i64, count: i64, (prior_hits, prior_count): (i64, i64)) -> i64 {
    let share = i128::from(hits + prior_hits) * i128::from(WHOLE) / i128::from((count + prior_count).max(1));
    i64::try_from(share).unwrap_or(WHOLE).clamp(0, WHOLE)
}

/// Notes what was counted of suppliers; those that are not named were not heard of, and have nothing.
pub async fn note_reliability(tx: &Tx, counted: &[(SupplierId, Reliability)]) -> Result<(), Fault> {
    use supplier::Column::{AnsweredOrders, DueOrders, Id, LateOrders, MeasuredAt, RefusedOrders};
    let update = |it: Reliability| {
        supplier::Entity::update_many()
            .col_expr(DueOrders, Expr::value(it.due))
            .col_expr(LateOrders, Expr::value(it.late))
            .col_expr(AnsweredOrders, Expr::value(it.answered))
            .col_expr(RefusedOrders, Expr::value(it.refused))
            .col_expr(MeasuredAt, Expr::value(Some(tx.now())))
    };
    let named: Vec<SupplierId> = counted.iter().map(|(id, _)| *id).collect();
    update(Reliability::default()).filter(Id.is_not_in(named)).exec(tx).await?;
    for (id, it) in counted {
        update(*it).filter(Id.eq(*id)).exec(tx).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_supplier_with_two_orders_is_hardly_told_from_a_new_one() {
        let new = Reliability::default().late_share();
        assert_eq!(new, 50_000);
        let two = Reliability { due: 2, late: 0, ..Reliability::default() }.late_share();
        assert!(two < new && two > 40_000, "{two}");
        let known = Reliability { due: 1000, late: 200, ..Reliability::default() }.late_share();
        assert!((190_000..=200_000).contains(&known), "{known}");
    }
}
