//! Reading a cart.

use async_graphql::{Context, Object};

use super::Cart;
use crate::checkout;
use crate::graph::{ContextExt, GlobalId, Nullable, nullable};
use crate::kernel::ids::CartId;
use crate::kernel::problem::Fault;

/// The queries about carts.
#[derive(Default)]
pub struct CheckoutQuery;

#[Object]
impl CheckoutQuery {
    /// A cart; null if there is none with this id for whoever asks. After the checkout it tells what became
    /// of it.
    async fn cart(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cart's id.")] id: GlobalId<CartId>,
    ) -> Nullable<Cart> {
        nullable(find(ctx, id.0).await)
    }
}

async fn find(ctx: &Context<'_>, id: CartId) -> Result<Option<Cart>, Fault> {
    match checkout::lookup(ctx.app(), ctx.actor(), id).await? {
        Some(cart) => Ok(Some(Cart::load(ctx, cart).await?)),
        None => Ok(None),
    }
}
