//! Reading the policy, and the owner's changes of it.

use std::collections::HashSet;

use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QuerySelect};
use serde_json::json;

use super::entity::{self, StoredPolicy};
use super::{RoutingPolicy, RoutingRule, RuleEffect, WHOLE};
use crate::app::App;
use crate::identity::audit::Changes;
use crate::identity::{Action, Actor, audit};
use crate::kernel::ids::{CollectionId, SupplierId};
use crate::kernel::problem::{Fault, Problem, VerbError};
use crate::platform::news;
use crate::platform::tx::Tx;
use crate::{catalog, store, suppliers};

/// The most rules.
const MAX_RULES: usize = 100;
/// The most suppliers, collections or tags of a rule.
const MAX_NAMED: usize = 50;
/// The most countries of a rule.
const MAX_COUNTRIES: usize = 250;
/// The longest name of a rule or a tag.
const MAX_TEXT: usize = 100;
/// A preference makes something at most ten times cheaper or dearer.
const WEIGHTS: std::ops::RangeInclusive<i64> = WHOLE / 10..=WHOLE * 10;
/// The least margin may be a loss of ten times the price.
const MARGINS: std::ops::RangeInclusive<i64> = -10 * WHOLE..=WHOLE;

/// Why a change of the policy was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoutingErrorCode {
    /// A value is not allowed.
    Invalid,
    /// There is no such supplier, collection, variant or offer.
    NotFound,
    /// Somebody else changed the policy meanwhile.
    Conflict,
}

type Problems = Vec<Problem<RoutingErrorCode>>;

/// The policy, and how often it was changed.
pub async fn read(conn: &impl ConnectionTrait) -> Result<(RoutingPolicy, i64), Fault> {
    let row = entity::Entity::find_by_id(1).one(conn).await?;
    Ok(row.map(|row| (row.policy.0, row.version)).unwrap_or_default())
}

/// Changes the policy by `change`, if it is still the one of `version` (any, without).
pub async fn set(
    app: &App,
    actor: &Actor,
    version: Option<i64>,
    change: impl FnOnce(&mut RoutingPolicy),
) -> Result<(RoutingPolicy, i64), VerbError<RoutingErrorCode>> {
    actor.may(Action::ManageFulfillment)?;
    let tx = Tx::begin(app).await?;
    // The settings' row is there from the beginning: its lock lets owners' hands take turns.
    store::lock(&tx).await?;
    let known = entity::Entity::find_by_id(1).lock_exclusive().one(&tx).await?;
    let (before, seen) = known.map(|row| (row.policy.0, row.version)).unwrap_or_default();
    if version.is_some_and(|version| version != seen) {
        let message = format!("The policy was changed meanwhile: this is version {seen}.");
        return Err(VerbError::refused(RoutingErrorCode::Conflict, "version", message));
    }
    let mut policy = before.clone();
    change(&mut policy);
    check(&tx, &policy).await?;
    if policy == before {
        return Ok((before, seen));
    }
    if policy.split_penalty + policy.late_cost + policy.refusal_cost > 0 {
        store::use_currency(&tx).await?;
    }
    let row = entity::Model { id: 1, policy: StoredPolicy(policy.clone()), version: seen + 1, updated_at: tx.now() };
    let replace = OnConflict::column(entity::Column::Id)
        .update_columns([entity::Column::Policy, entity::Column::Version, entity::Column::UpdatedAt])
        .to_owned();
    entity::Entity::insert(row.into_active_model().reset_all())
        .on_conflict(replace)
        .exec_without_returning(&tx)
        .await?;
    let changes = Changes::none().and("policy", json!(before), json!(policy));
    audit::record(&tx, actor, "routingPolicy.update", "", changes).await?;
    tx.tell(news::SHOP);
    tx.commit().await?;
    Ok((policy, seen + 1))
}

/// Refuses what cannot be.
pub async fn check(conn: &impl ConnectionTrait, policy: &RoutingPolicy) -> Result<(), VerbError<RoutingErrorCode>> {
    let mut problems = Problems::new();
    let amounts =
        [("splitPenalty", policy.split_penalty), ("lateCost", policy.late_cost), ("refusalCost", policy.refusal_cost)];
    for (field, amount) in amounts {
        refuse(&mut problems, amount < 0, &format!("{field}.amount"), "An amount is not negative.");
    }
    let fee = !(0..=WHOLE).contains(&policy.conversion_fee);
    refuse(&mut problems, fee, "conversionFee", "Between 0 and 1.");
    let margin = policy.minimum_margin.is_some_and(|it| !MARGINS.contains(&it));
    refuse(&mut problems, margin, "minimumMargin", "Between -10 and 1.");
    refuse(&mut problems, policy.rules.len() > MAX_RULES, "rules", "At most 100 rules.");
    let mut names = HashSet::new();
    for (index, rule) in policy.rules.iter().enumerate() {
        check_rule(rule, &format!("rules.{index}"), &mut problems);
        let again = !names.insert(rule.name.as_str());
        refuse(&mut problems, again, &format!("rules.{index}.name"), "Another rule has this name.");
    }
    if problems.is_empty() {
        check_names(conn, policy, &mut problems).await?;
    }
    if problems.is_empty() { Ok(()) } else { Err(VerbError::Refused(problems)) }
}

fn refuse(problems: &mut Problems, is_wrong: bool, field: &str, message: &str) {
    if is_wrong {
        problems.push(Problem::at(RoutingErrorCode::Invalid, field, message));
    }
}

fn check_rule(rule: &RoutingRule, at: &str, problems: &mut Problems) {
    let bad_text = |text: &str| {
        let length = text.chars().count();
        length == 0 || length > MAX_TEXT || text.trim() != text || text.chars().any(char::is_control)
    };
    refuse(problems, bad_text(&rule.name), &format!("{at}.name"), "A name has 1 to 100 characters.");
    let suppliers = rule.suppliers.is_empty() || rule.suppliers.len() > MAX_NAMED;
    refuse(problems, suppliers, &format!("{at}.supplierIds"), "A rule names 1 to 50 suppliers.");
    refuse(problems, rule.countries.len() > MAX_COUNTRIES, &format!("{at}.countryCodes"), "At most 250 countries.");
    refuse(problems, rule.collections.len() > MAX_NAMED, &format!("{at}.collectionIds"), "At most 50 collections.");
    refuse(problems, rule.customer_tags.len() > MAX_NAMED, &format!("{at}.customerTags"), "At most 50 tags.");
    let bad_tag = rule.customer_tags.iter().any(|tag| bad_text(tag));
    refuse(problems, bad_tag, &format!("{at}.customerTags"), "A tag has 1 to 100 characters.");
    let bad_weight = matches!(rule.effect, RuleEffect::Prefer(weight) if !WEIGHTS.contains(&weight));
    refuse(problems, bad_weight, &format!("{at}.weight"), "A weight lies between 0.1 and 10.");
}

/// Whether the suppliers and collections are there.
async fn check_names(
    conn: &impl ConnectionTrait,
    policy: &RoutingPolicy,
    problems: &mut Problems,
) -> Result<(), Fault> {
    let supplier_ids: Vec<SupplierId> = policy.rules.iter().flat_map(|rule| rule.suppliers.clone()).collect();
    let collection_ids: Vec<CollectionId> = policy.rules.iter().flat_map(|rule| rule.collections.clone()).collect();
    let suppliers: HashSet<SupplierId> =
        suppliers::load_many(conn, &supplier_ids).await?.into_iter().map(|row| row.id).collect();
    let collections: HashSet<CollectionId> =
        catalog::collections_by_ids(conn, &collection_ids).await?.into_iter().map(|row| row.id).collect();
    for (index, rule) in policy.rules.iter().enumerate() {
        let mut missing = |is_missing: bool, field: &str, what: &str| {
            if is_missing {
                let (at, message) = (format!("rules.{index}.{field}"), format!("There is no such {what}."));
                problems.push(Problem::at(RoutingErrorCode::NotFound, &at, message));
            }
        };
        missing(!rule.suppliers.iter().all(|id| suppliers.contains(id)), "supplierIds", "supplier");
        missing(!rule.collections.iter().all(|id| collections.contains(id)), "collectionIds", "collection");
    }
    Ok(())
}
