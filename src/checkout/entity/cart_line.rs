//! The lines of carts.

use sea_orm::entity::prelude::*;

use crate::kernel::ids::{CartId, CartLineId, VariantId};
use crate::kernel::money::{Currency, Money};

/// One line: so many of one variant. A variant has at most one line in a cart.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "cart_line")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CartLineId,
    /// Of which cart.
    pub cart_id: CartId,
    /// What.
    pub variant_id: VariantId,
    /// Its place in the cart.
    pub position: i32,
    /// How many, from 1.
    pub quantity: i64,
    /// The price of one when the buyer last touched the line, in minor units.
    pub seen_price_minor: i64,
    /// That price's currency.
    pub seen_price_currency: Currency,
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Without the cart's id, which is a right.
        f.debug_struct("CartLine").field("id", &self.id).field("quantity", &self.quantity).finish_non_exhaustive()
    }
}

impl Model {
    /// The price of one when the buyer last touched the line.
    pub fn seen_price(&self) -> Money {
        Money::from_minor(self.seen_price_minor, self.seen_price_currency)
    }
}

/// Lines have no relations that queries follow.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
