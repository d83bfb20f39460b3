//! The GraphQL side of accounts.

use async_graphql::Context;

use super::{Actor, Who};

/// For `visible`: whether the caller belongs to the store. Owner fields are hidden from everybody
/// else's introspection.
pub fn visible_to_store(ctx: &Context<'_>) -> bool {
    ctx.data_opt::<Actor>().is_some_and(|actor| matches!(actor.who, Who::Staff(_) | Who::System(_)))
}

/// For `visible`: whether the caller belongs to the store or is a supplier.
pub fn visible_to_supplier(ctx: &Context<'_>) -> bool {
    visible_to_store(ctx) || ctx.data_opt::<Actor>().is_some_and(|actor| matches!(actor.who, Who::Supplier(_)))
}
