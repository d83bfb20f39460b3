//! The lines of a cart.

use std::collections::HashMap;

use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    Set,
};

use super::CheckoutError;
use super::access;
use super::entity::{cart, cart_line};
use super::error::CheckoutErrorCode as Code;
use crate::app::App;
use crate::catalog::{self, VariantSnapshot};
use crate::identity::Actor;
use crate::kernel::ids::{CartId, CartLineId, CustomerId, VariantId};
use crate::kernel::problem::{Fault, Problem, VerbError};
use crate::platform::tx::Tx;

/// The most lines of a cart.
pub const MAX_LINES: usize = 1000;
/// The most of one line.
pub const MAX_QUANTITY: i64 = 10_000;
/// The most lines of one call.
pub const MAX_INPUT: usize = 250;

/// What is to be added.
#[derive(Debug, Clone, Copy)]
pub struct NewLine {
    /// What.
    pub variant_id: VariantId,
    /// How many.
    pub quantity: i64,
}

/// How many there shall be of a line.
#[derive(Debug, Clone, Copy)]
pub struct LineChange {
    /// Which line.
    pub line_id: CartLineId,
    /// How many; 0 removes it.
    pub quantity: i64,
}

/// Adds lines; a variant that is in the cart already gets more.
pub async fn add(app: &App, actor: &Actor, id: CartId, lines: &[NewLine]) -> Result<cart::Model, CheckoutError> {
    let tx = Tx::begin(app).await?;
    let cart = access::open(&tx, actor, id).await?;
    put(&tx, &cart, lines, "lines").await?;
    let cart = access::change(&tx, cart, |_| {}).await?;
    tx.commit().await?;
    Ok(cart)
}

/// The lines of a cart, in their order.
pub(super) async fn of_cart(conn: &impl ConnectionTrait, id: CartId) -> Result<Vec<cart_line::Model>, Fault> {
    let query = cart_line::Entity::find().filter(cart_line::Column::CartId.eq(id));
    Ok(query.order_by_asc(cart_line::Column::Position).all(conn).await?)
}

/// A customer's newest carts with their lines; the caller has checked whose they are.
pub async fn of_customer(
    conn: &impl ConnectionTrait,
    id: CustomerId,
    most: u64,
) -> Result<Vec<(cart::Model, Vec<cart_line::Model>)>, Fault> {
    let query = cart::Entity::find().filter(cart::Column::CustomerId.eq(id));
    let carts = query.order_by_desc(cart::Column::UpdatedAt).limit(most).all(conn).await?;
    let query = cart_line::Entity::find().filter(cart_line::Column::CartId.is_in(carts.iter().map(|cart| cart.id)));
    let mut lines: HashMap<CartId, Vec<cart_line::Model>> = HashMap::new();
    for line in query.order_by_asc(cart_line::Column::Position).all(conn).await? {
        lines.entry(line.cart_id).or_default().push(line);
    }
    Ok(carts
        .into_iter()
        .map(|cart| {
            let own = lines.remove(&cart.id).unwrap_or_default();
            (cart, own)
        })
        .collect())
}

/// Adds lines to a cart that is locked, or new.
pub(super) async fn put(tx: &Tx, cart: &cart::Model, new: &[NewLine], path: &str) -> Result<(), CheckoutError> {
    bounded(new.len(), path)?;
    let bounds = 1..=MAX_QUANTITY;
    let outside = new.iter().enumerate().filter(|(_, line)| !bounds.contains(&line.quantity));
    refuse(outside.map(|(place, _)| quantity_problem(&format!("{path}.{place}.quantity"), 1)).collect())?;
    let ids: Vec<VariantId> = new.iter().map(|line| line.variant_id).collect();
    let snapshots: HashMap<VariantId, VariantSnapshot> =
        catalog::snapshots(tx, &ids).await?.into_iter().filter(|it| it.active).map(|it| (it.id, it)).collect();
    let missing = new.iter().enumerate().filter(|(_, line)| !snapshots.contains_key(&line.variant_id));
    let not_for_sale =
        |place: usize| Problem::at(Code::NotFound, &format!("{path}.{place}.variantId"), "there is no such variant");
    refuse(missing.map(|(place, _)| not_for_sale(place)).collect())?;

    let mut lines = of_cart(tx, cart.id).await?;
    let known = lines.len();
    for (place, line) in new.iter().enumerate() {
        let price = snapshots[&line.variant_id].price;
        if let Some(same) = lines.iter_mut().find(|it| it.variant_id == line.variant_id) {
            same.quantity += line.quantity;
            same.seen_price_minor = price.minor();
            same.seen_price_currency = price.currency();
            if same.quantity > MAX_QUANTITY {
                return Err(quantity_problem(&format!("{path}.{place}.quantity"), 1).into());
            }
            continue;
        }
        lines.push(cart_line::Model {
            id: tx.new_id(),
            cart_id: cart.id,
            variant_id: line.variant_id,
            position: lines.last().map_or(0, |last| last.position + 1),
            quantity: line.quantity,
            seen_price_minor: price.minor(),
            seen_price_currency: price.currency(),
        });
    }
    if lines.len() > MAX_LINES {
        let message = format!("a cart has at most {MAX_LINES} lines");
        return Err(VerbError::refused(Code::Invalid, path, message));
    }
    let added = lines.split_off(known);
    for line in lines.into_iter().filter(|line| ids.contains(&line.variant_id)) {
        line.into_active_model().reset_all().update(tx).await?;
    }
    if !added.is_empty() {
        let rows = added.into_iter().map(|line| line.into_active_model().reset_all());
        cart_line::Entity::insert_many(rows).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// Changes how many there are of some lines.
pub async fn update(
    app: &App,
    actor: &Actor,
    id: CartId,
    changes: &[LineChange],
) -> Result<cart::Model, CheckoutError> {
    bounded(changes.len(), "lines")?;
    let bounds = 0..=MAX_QUANTITY;
    let outside = changes.iter().enumerate().filter(|(_, change)| !bounds.contains(&change.quantity));
    refuse(outside.map(|(place, _)| quantity_problem(&format!("lines.{place}.quantity"), 0)).collect())?;
    let tx = Tx::begin(app).await?;
    let cart = access::open(&tx, actor, id).await?;
    let lines = of_cart(&tx, id).await?;
    let missing = changes.iter().enumerate().filter(|(_, change)| !lines.iter().any(|line| line.id == change.line_id));
    let no_line = |place: usize| Problem::at(Code::NotFound, &format!("lines.{place}.lineId"), "there is no such line");
    refuse(missing.map(|(place, _)| no_line(place)).collect())?;

    let wanted: HashMap<CartLineId, i64> = changes.iter().map(|change| (change.line_id, change.quantity)).collect();
    let removed: Vec<CartLineId> = wanted.iter().filter(|(_, quantity)| **quantity == 0).map(|(id, _)| *id).collect();
    if !removed.is_empty() {
        cart_line::Entity::delete_many().filter(cart_line::Column::Id.is_in(removed)).exec(&tx).await?;
    }
    let variants: Vec<VariantId> =
        lines.iter().filter(|line| wanted.contains_key(&line.id)).map(|line| line.variant_id).collect();
    let prices: HashMap<VariantId, VariantSnapshot> =
        catalog::snapshots(&tx, &variants).await?.into_iter().map(|it| (it.id, it)).collect();
    for line in lines {
        let Some(&quantity) = wanted.get(&line.id).filter(|quantity| **quantity > 0) else { continue };
        // Whoever changes a line sees its price.
        let price = prices.get(&line.variant_id).map_or(line.seen_price(), |snapshot| snapshot.price);
        let mut row = line.into_active_model();
        row.quantity = Set(quantity);
        row.seen_price_minor = Set(price.minor());
        row.seen_price_currency = Set(price.currency());
        row.update(&tx).await?;
    }
    let cart = access::change(&tx, cart, |_| {}).await?;
    tx.commit().await?;
    Ok(cart)
}

fn bounded(count: usize, path: &str) -> Result<(), CheckoutError> {
    if count > MAX_INPUT {
        return Err(VerbError::refused(Code::Invalid, path, format!("at most {MAX_INPUT} lines at once")));
    }
    Ok(())
}

fn quantity_problem(path: &str, least: i64) -> Problem<Code> {
    Problem::at(Code::Invalid, path, format!("a quantity is {least} to {MAX_QUANTITY}"))
}

fn refuse(problems: Vec<Problem<Code>>) -> Result<(), CheckoutError> {
    if problems.is_empty() { Ok(()) } else { Err(VerbError::Refused(problems)) }
}
