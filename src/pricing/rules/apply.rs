//! Giving variants the prices that rules make.

use super::entity::Scope;
use super::jobs::{ApplyPrices, Counts, Wish};
use super::manage::{PriceRuleErrorCode, find};
use super::propose::{Outcome, Proposal, propose};
use crate::app::App;
use crate::catalog::{self, Repricing};
use crate::identity::audit::Changes;
use crate::identity::{Action, Actor, audit};
use crate::kernel::ids::VariantId;
use crate::kernel::money::Money;
use crate::kernel::problem::{Fault, VerbError};
use crate::platform::jobs;
use crate::platform::tx::Tx;

/// Which rules are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Followed {
    /// All of them: somebody asked for it.
    All,
    /// Those that are automatic.
    Automatic,
}

/// Applies the rules to the variants of `scope`, in the background; the job tells what became of them.
pub async fn apply(
    app: &App,
    actor: &Actor,
    scope: Scope,
) -> Result<jobs::entity::Model, VerbError<PriceRuleErrorCode>> {
    actor.may(Action::ManagePriceRules)?;
    let tx = Tx::begin(app).await?;
    find(&tx, scope, "input").await?;
    let job = ApplyPrices { wish: Wish { scope, by: actor.label() } };
    let id = jobs::enqueue(&tx, &job).await?.ok_or_else(|| Fault::internal("it has no key to clash"))?;
    let (field, value) = match scope {
        Scope::Store => ("scope", "store".to_owned()),
        Scope::Supplier(id) => ("supplier", id.to_string()),
        Scope::Collection(id) => ("collection", id.to_string()),
        Scope::Product(id) => ("product", id.to_string()),
    };
    audit::record(&tx, actor, "prices.apply", id, Changes::none().given(field, value)).await?;
    tx.commit().await?;
    Ok(jobs::lookup(app, id).await?.ok_or_else(|| Fault::internal("the job is gone"))?)
}

/// Gives these variants their prices, in one transaction.
pub(super) async fn follow(
    app: &App,
    ids: &[VariantId],
    followed: Followed,
    by: &str,
    counts: &mut Counts,
) -> Result<(), Fault> {
    // Most often there is nothing to do, which is found out without a lock.
    let wanted = |it: &Proposal| {
        let automatic = it.rule.as_ref().is_some_and(|rule| rule.automatic);
        it.outcome == Outcome::Change && (followed == Followed::All || automatic)
    };
    let seen = propose(app, app.db.read(), ids).await?;
    let changing: Vec<VariantId> = seen.iter().filter(|it| wanted(it)).map(|it| it.variant.id).collect();
    for proposal in seen.iter().filter(|it| !wanted(it)) {
        counts.note(proposal.outcome);
    }
    if changing.is_empty() {
        return Ok(());
    }
    let tx = Tx::begin(app).await?;
    catalog::lock_variants(&tx, &changing).await?;
    let mut prices = Vec::with_capacity(changing.len());
    for proposal in propose(app, &tx, &changing).await? {
        // Again: under the lock the rule may be another.
        let Some(computed) = proposal.computed.filter(|_| wanted(&proposal)) else {
            counts.note(proposal.outcome);
            continue;
        };
        counts.changed += 1;
        prices.push(Repricing {
            variant_id: proposal.variant.id,
            price: Money::from_minor(computed.price, proposal.variant.currency),
            reason: proposal.reason,
        });
    }
    catalog::reprice(&tx, by, prices).await?;
    tx.commit().await
}
