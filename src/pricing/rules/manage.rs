//! Making rules, changing and deleting them.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    Select,
};

use super::check::{self, Checked, NewTerms};
use super::entity::{Column, Entity, Model, Scope};
use super::jobs::RepriceAll;
use crate::app::App;
use crate::catalog;
use crate::identity::{Action, Actor, audit};
use crate::kernel::ids::PriceRuleId;
use crate::kernel::page::{Page, PageRequest, decode_cursor, encode_cursor};
use crate::kernel::problem::{Fault, VerbError};
use crate::platform::jobs;
use crate::platform::tx::Tx;
use crate::{store, suppliers};

/// The name of the list in its cursors.
const LIST: &str = "priceRules";
/// The most rules: all active ones are read wherever prices are made.
const MAX_RULES: u64 = 1_000;

/// Why a rule was not made or changed, or prices not applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PriceRuleErrorCode {
    /// A value is missing, malformed or out of bounds.
    Invalid,
    /// An amount is not in the store's currency.
    CurrencyMismatch,
    /// There is no such thing.
    NotFound,
    /// There are as many rules as there may be.
    TooMany,
}

type Refusal = VerbError<PriceRuleErrorCode>;

/// Makes a rule.
pub async fn create(app: &App, actor: &Actor, scope: Scope, terms: NewTerms) -> Result<Model, Refusal> {
    actor.may(Action::ManagePriceRules)?;
    let tx = Tx::begin(app).await?;
    // Locked by the first price of the store: what is computed in its currency may not lose it.
    let currency = store::use_currency(&tx).await?;
    let checked = check::terms(&terms, currency)?;
    find(&tx, scope, "input").await?;
    if kept().count(&tx).await? >= MAX_RULES {
        let message = format!("there are at most {MAX_RULES} price rules");
        return Err(VerbError::refused(PriceRuleErrorCode::TooMany, "input", message));
    }
    let (supplier_id, collection_id, product_id) = match scope {
        Scope::Store => (None, None, None),
        Scope::Supplier(id) => (Some(id), None, None),
        Scope::Collection(id) => (None, Some(id), None),
        Scope::Product(id) => (None, None, Some(id)),
    };
    let empty = Model {
        id: tx.new_id(),
        supplier_id,
        collection_id,
        product_id,
        priority: 0,
        markup_millionths: None,
        margin_millionths: None,
        currency,
        fixed_fee: 0,
        fee_millionths: 0,
        rounding_step: None,
        rounding_ending: None,
        min_margin_millionths: 0,
        min_price: None,
        max_price: None,
        max_change_millionths: None,
        automatic: false,
        active: true,
        created_at: tx.now(),
        updated_at: tx.now(),
        deleted_at: None,
    };
    let row = with(empty, &terms, checked);
    Entity::insert(row.clone().into_active_model().reset_all()).exec_without_returning(&tx).await?;
    audit::record_row::<Entity>(&tx, actor, "priceRule.create", row.id, (None, Some(&row))).await?;
    finish(tx, row).await
}

/// Gives a rule other terms; what it is for stays.
pub async fn update(app: &App, actor: &Actor, id: PriceRuleId, terms: NewTerms) -> Result<Model, Refusal> {
    actor.may(Action::ManagePriceRules)?;
    let tx = Tx::begin(app).await?;
    let before = kept().filter(Column::Id.eq(id)).lock_exclusive().one(&tx).await?.ok_or_else(no_rule)?;
    let checked = check::terms(&terms, before.currency)?;
    let mut row = with(before.clone(), &terms, checked);
    row.updated_at = tx.now();
    Entity::update(row.clone().into_active_model().reset_all()).exec(&tx).await?;
    audit::record_row::<Entity>(&tx, actor, "priceRule.update", id, (Some(&before), Some(&row))).await?;
    finish(tx, row).await
}

/// Deletes a rule; prices stay as they are. A repeat changes nothing.
pub async fn delete(app: &App, actor: &Actor, id: PriceRuleId) -> Result<(), Refusal> {
    actor.may(Action::ManagePriceRules)?;
    let tx = Tx::begin(app).await?;
    let before = Entity::find_by_id(id).lock_exclusive().one(&tx).await?.ok_or_else(no_rule)?;
    if before.deleted_at.is_some() {
        return Ok(());
    }
    let row = Model { active: false, deleted_at: Some(tx.now()), updated_at: tx.now(), ..before.clone() };
    Entity::update(row.clone().into_active_model().reset_all()).exec(&tx).await?;
    audit::record_row::<Entity>(&tx, actor, "priceRule.delete", id, (Some(&before), Some(&row))).await?;
    Ok(tx.commit().await?)
}

/// The rules that are not deleted.
fn kept() -> Select<Entity> {
    Entity::find().filter(Column::DeletedAt.is_null())
}

fn no_rule() -> Refusal {
    VerbError::refused(PriceRuleErrorCode::NotFound, "id", "there is no such price rule")
}

fn with(row: Model, new: &NewTerms, checked: Checked) -> Model {
    Model {
        priority: new.priority,
        automatic: new.automatic,
        active: new.active,
        markup_millionths: checked.markup,
        margin_millionths: checked.margin,
        fixed_fee: checked.fixed_fee,
        fee_millionths: checked.fees,
        rounding_step: checked.rounding.map(|it| it.step),
        rounding_ending: checked.rounding.map(|it| it.ending),
        min_margin_millionths: checked.min_margin,
        min_price: checked.min_price,
        max_price: checked.max_price,
        max_change_millionths: checked.max_change,
        ..row
    }
}

/// Prices that follow a rule by themselves follow it now.
async fn finish(tx: Tx, row: Model) -> Result<Model, Refusal> {
    if row.automatic && row.active {
        jobs::enqueue(&tx, &RepriceAll {}).await?;
    }
    tx.commit().await?;
    Ok(row)
}

/// Refuses a scope that names nothing.
pub(super) async fn find(tx: &Tx, scope: Scope, at: &str) -> Result<(), Refusal> {
    let (found, field, what) = match scope {
        Scope::Store => return Ok(()),
        Scope::Supplier(id) => (suppliers::lookup(tx, id).await?.is_some(), "supplierId", "supplier"),
        Scope::Collection(id) => {
            (!catalog::collections_by_ids(tx, &[id]).await?.is_empty(), "collectionId", "collection")
        }
        Scope::Product(id) => (!catalog::products_by_ids(tx, &[id]).await?.is_empty(), "productId", "product"),
    };
    let message = format!("there is no such {what}");
    if found {
        Ok(())
    } else {
        Err(VerbError::refused(PriceRuleErrorCode::NotFound, &format!("{at}.{field}"), message))
    }
}

/// The rule with this id.
pub async fn lookup(app: &App, actor: &Actor, id: PriceRuleId) -> Result<Option<Model>, Fault> {
    actor.may(Action::ManagePriceRules)?;
    Ok(kept().filter(Column::Id.eq(id)).one(app.db.read()).await?)
}

/// The rules, newest first.
pub async fn list(app: &App, actor: &Actor, page: &PageRequest) -> Result<Page<Model>, Fault> {
    actor.may(Action::ManagePriceRules)?;
    let mut query = kept().limit(page.size as u64 + 1);
    if let Some(cursor) = &page.cursor {
        let id: PriceRuleId = decode_cursor(LIST, cursor)?;
        query = query.filter(if page.backward { Column::Id.gt(id) } else { Column::Id.lt(id) });
    }
    let query = if page.backward { query.order_by_asc(Column::Id) } else { query.order_by_desc(Column::Id) };
    let rows = query.all(app.db.read()).await?;
    Ok(Page::from_rows(page, rows, |row| encode_cursor(LIST, &row.id)))
}

/// How many rules there are.
pub async fn count(app: &App, actor: &Actor) -> Result<i64, Fault> {
    actor.may(Action::ManagePriceRules)?;
    let count = kept().count(app.db.read()).await?;
    Ok(i64::try_from(count).unwrap_or(i64::MAX))
}
