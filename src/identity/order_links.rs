//! The links of supplier orders that go out by mail: a supplier without an account answers one supplier
//! order by them, and sees nothing else.
//!
//! A link's token is a credential like any other: shown as a bearer, it makes an [`Actor`] whose only
//! object is that supplier order. To follow the link changes nothing, so a mail scanner may. Only a hash
//! is kept. A link ends when its time is over, or when nothing more can happen to its supplier order.

use chrono::TimeDelta;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, Set};

use super::actor::OrderLink;
use super::entity::order_link::{ActiveModel, Column, Entity, Model};
use super::{Actor, Credential, CredentialKind, Who};
use crate::app::App;
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{OrderLinkId, SupplierId, SupplierOrderId};
use crate::kernel::problem::Fault;
use crate::platform::keys;
use crate::platform::tx::Tx;

/// What starts the text of a link's token.
pub const PREFIX: &str = "cso_";

/// A link just made.
#[derive(Debug, Clone)]
pub struct NewLink {
    /// Its id.
    pub id: OrderLinkId,
    /// Where it leads: a page of the store's, which shows the token as its bearer.
    pub url: String,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}

/// Makes a link for the supplier of this supplier order, good for so many days. What was made before
/// stays good.
pub async fn make(app: &App, id: SupplierOrderId, supplier_id: SupplierId, days: i64) -> Result<NewLink, Fault> {
    let now = app.clock.now();
    let token = keys::random_token(&app.ids, PREFIX);
    let row = ActiveModel {
        id: Set(app.ids.new_id(now)),
        supplier_order_id: Set(id),
        supplier_id: Set(supplier_id),
        token_hash: Set(keys::hash_token(&token)),
        created_at: Set(now),
        expires_at: Set(now + TimeDelta::days(days)),
        ended_at: Set(None),
    };
    let row = row.insert(app.db.write()).await?;
    let url = format!("{}/supplier/order?token={token}", app.config.base_url());
    Ok(NewLink { id: row.id, url, expires_at: row.expires_at })
}

/// Ends all links of a supplier order.
pub async fn end(tx: &Tx, id: SupplierOrderId) -> Result<(), Fault> {
    let update = Entity::update_many().col_expr(Column::EndedAt, Expr::value(tx.now()));
    update.filter(Column::SupplierOrderId.eq(id)).filter(Column::EndedAt.is_null()).exec(tx).await?;
    Ok(())
}

/// Who holds `token`, if it is good.
pub(super) async fn authenticate(app: &App, token: &str) -> Result<Option<Actor>, Fault> {
    let found = Entity::find().filter(Column::TokenHash.eq(keys::hash_token(token))).one(app.db.read()).await?;
    let Some(row) = found.filter(|row| live(app, row)) else { return Ok(None) };
    let who = Who::OrderLink(OrderLink { supplier_order_id: row.supplier_order_id, supplier_id: row.supplier_id });
    let credential = Credential { id: row.id.to_string(), expires_at: row.expires_at, kind: CredentialKind::OrderLink };
    Ok(Some(Actor { who, credential: Some(credential) }))
}

/// Whether the link with this id is still good.
pub(super) async fn is_live(app: &App, id: &str) -> Result<bool, Fault> {
    let Ok(id) = id.parse::<OrderLinkId>() else { return Ok(false) };
    Ok(Entity::find_by_id(id).one(app.db.read()).await?.is_some_and(|row| live(app, &row)))
}

fn live(app: &App, row: &Model) -> bool {
    row.ended_at.is_none() && row.expires_at > app.clock.now()
}
