//! The audit log: who changed what, from what to what, when, and by which token.
//!
//! A verb writes its entry into its own transaction, so that there is no change without one and no
//! entry without its change. Entries hold ids and figures, and no words of people: nothing here changes
//! or deletes an entry, and a person may ask to be forgotten. Of secrets they tell only that they
//! changed.

use std::collections::BTreeMap;

use sea_orm::sea_query::sea_value_to_json_value;
use sea_orm::{
    ColumnTrait, EntityTrait, IdenStatic, Iterable, ModelTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    Select, Set, Value as DbValue,
};
use serde_json::{Value as Json, json};

use super::entity::audit_entry::{ActiveModel, Change, ChangeMap, Column, Entity};
pub use super::entity::audit_entry::{ActorKind, Model as AuditEntry};
use super::{Action, Actor, Who};
use crate::app::App;
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::AuditEntryId;
use crate::kernel::page::{Page, PageRequest, decode_cursor, encode_cursor};
use crate::kernel::problem::Fault;
use crate::platform::tx::Tx;

/// The order the log is read in, as cursors name it.
const NEWEST: &str = "auditLog";
/// Columns that change with every write and tell nothing.
const DULL: [&str; 4] = ["id", "created_at", "updated_at", "version"];
/// What is in the name of a column whose contents are nobody's business: secrets, and what may name a
/// person, who must be forgotten when they ask for it.
const SECRET: [&str; 7] = ["hash", "secret", "sealed", "token", "password", "email", "note"];
/// What stands for such contents.
const HIDDEN: &str = "(hidden)";

/// What changed, by field.
#[derive(Debug, Clone, Default)]
pub struct Changes(BTreeMap<String, Change>);

impl Changes {
    /// Nothing: the action says it all.
    pub fn none() -> Self {
        Self::default()
    }

    /// The columns in which a row differs; `None` before it was made, and after it is gone.
    pub fn between<E: EntityTrait>(before: Option<&E::Model>, after: Option<&E::Model>) -> Self {
        let mut changes = Self::default();
        for column in E::Column::iter() {
            let name = column.as_str();
            let value = |row: Option<&E::Model>| row.map_or(Json::Null, |row| readable(name, &row.get(column)));
            let raw = |row: Option<&E::Model>| row.map(|row| row.get(column));
            if raw(before) != raw(after) && !DULL.contains(&name) {
                changes = changes.and(name, value(before), value(after));
            }
        }
        changes
    }

    /// One more field that changed.
    pub fn and(mut self, field: &str, from: impl Into<Json>, to: impl Into<Json>) -> Self {
        let (from, to) = (from.into(), to.into());
        if from != Json::Null || to != Json::Null {
            self.0.insert(field.to_owned(), Change { from, to });
        }
        self
    }

    /// The fields of `inner`, as those of the part called `name`.
    pub fn within(mut self, name: &str, inner: Self) -> Self {
        self.0.extend(inner.0.into_iter().map(|(field, change)| (format!("{name}.{field}"), change)));
        self
    }

    /// What was given with the action: an amount, never anybody's words.
    pub fn given(self, field: &str, value: impl Into<Json>) -> Self {
        self.and(field, Json::Null, value)
    }

    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn readable(column: &str, value: &DbValue) -> Json {
    // Bytes are hashes, and the library reads them as text.
    let secret = SECRET.iter().any(|word| column.contains(word));
    match value {
        DbValue::Bytes(Some(_)) => json!(HIDDEN),
        DbValue::Bytes(None) => Json::Null,
        value => match sea_value_to_json_value(value) {
            Json::Null => Json::Null,
            _ if secret => json!(HIDDEN),
            value => value,
        },
    }
}

/// Notes that `actor` did `action` (such as `product.update`) to `subject` (a global id).
pub async fn record(
    tx: &Tx,
    actor: &Actor,
    action: &str,
    subject: impl ToString,
    changes: Changes,
) -> Result<(), Fault> {
    let row = ActiveModel {
        id: Set(tx.new_id()),
        at: Set(tx.now()),
        actor: Set(actor.label()),
        actor_kind: Set(kind_of(actor)),
        credential: Set(actor.credential.as_ref().map(|it| it.id.clone())),
        action: Set(action.to_owned()),
        subject: Set(Some(subject.to_string()).filter(|it| !it.is_empty())),
        changes: Set(ChangeMap(changes.0)),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Notes a change of one row, unless it is none.
pub async fn record_row<E: EntityTrait>(
    tx: &Tx,
    actor: &Actor,
    action: &str,
    subject: impl ToString,
    (before, after): (Option<&E::Model>, Option<&E::Model>),
) -> Result<(), Fault> {
    let changes = Changes::between::<E>(before, after);
    if changes.is_empty() { Ok(()) } else { record(tx, actor, action, subject, changes).await }
}

fn kind_of(actor: &Actor) -> ActorKind {
    match &actor.who {
        Who::Anonymous => ActorKind::Anonymous,
        Who::Customer(_) => ActorKind::Customer,
        Who::Guest(_) => ActorKind::Guest,
        Who::Staff(staff) if staff.owner => ActorKind::Owner,
        Who::Staff(_) => ActorKind::Staff,
        Who::Supplier(_) | Who::OrderLink(_) => ActorKind::Supplier,
        Who::System(_) => ActorKind::System,
    }
}

/// Which entries.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// About what has this global id.
    pub subject: Option<String>,
    /// Of whoever has this id: a customer's, staff member's, supplier's or API token's.
    pub actor: Option<String>,
    /// Of this action, or of those that begin with it if it ends with a dot.
    pub action: Option<String>,
    /// Then or later.
    pub since: Option<Timestamp>,
    /// Before then.
    pub until: Option<Timestamp>,
}

/// The log, newest first. For the owner.
pub async fn list(
    app: &App,
    actor: &Actor,
    filter: &AuditFilter,
    page: &PageRequest,
) -> Result<Page<AuditEntry>, Fault> {
    actor.may(Action::ReadAudit)?;
    let mut query = filtered(filter);
    if let Some(cursor) = &page.cursor {
        let id: AuditEntryId = decode_cursor(NEWEST, cursor)?;
        query = query.filter(if page.backward { Column::Id.gt(id) } else { Column::Id.lt(id) });
    }
    let query = if page.backward { query.order_by_asc(Column::Id) } else { query.order_by_desc(Column::Id) };
    let rows = query.limit(page.size as u64 + 1).all(app.db.read()).await?;
    Ok(Page::from_rows(page, rows, |entry| encode_cursor(NEWEST, &entry.id)))
}

/// How many entries there are.
pub async fn count(app: &App, actor: &Actor, filter: &AuditFilter) -> Result<i64, Fault> {
    actor.may(Action::ReadAudit)?;
    Ok(i64::try_from(filtered(filter).count(app.db.read()).await?).unwrap_or(i64::MAX))
}

fn filtered(filter: &AuditFilter) -> Select<Entity> {
    let mut query = Entity::find();
    if let Some(subject) = &filter.subject {
        query = query.filter(Column::Subject.eq(subject));
    }
    if let Some(actor) = &filter.actor {
        query = query.filter(Column::Actor.eq(actor));
    }
    match &filter.action {
        // `/` comes after `.`: all texts in between begin with the prefix.
        Some(action) if action.ends_with('.') => {
            let end = format!("{}/", action.trim_end_matches('.'));
            query = query.filter(Column::Action.gte(action)).filter(Column::Action.lt(end));
        }
        Some(action) => query = query.filter(Column::Action.eq(action)),
        None => {}
    }
    if let Some(since) = filter.since {
        query = query.filter(Column::At.gte(since));
    }
    if let Some(until) = filter.until {
        query = query.filter(Column::At.lt(until));
    }
    query
}
