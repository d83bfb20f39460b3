//! The GraphQL side of accounts, sessions and tokens.

pub mod account;
pub mod addresses;
pub mod audit;
pub mod credentials;
pub mod customer;
pub mod second_factor;
pub mod session;
pub mod staff;
pub mod tokens;

use async_graphql::{Context, MergedObject};

pub use self::account::AccountErrorCode;
pub use self::addresses::{CustomerAddress, CustomerErrorCode};
pub use self::customer::{Customer, CustomerLoader, find_customer};
pub use self::tokens::{ApiToken, find_token};
use super::{Actor, Who};

/// The queries about accounts.
#[derive(MergedObject, Default)]
pub struct IdentityQuery(customer::CustomerQuery, tokens::TokenQuery, audit::AuditQuery, staff::StaffQuery);

/// The mutations about accounts.
#[derive(MergedObject, Default)]
pub struct IdentityMutation(
    account::AccountMutation,
    credentials::CredentialMutation,
    addresses::ProfileMutation,
    session::SessionMutation,
    tokens::TokenMutation,
    staff::StaffMutation,
    staff::RoleMutation,
    second_factor::SecondFactorMutation,
);

/// For `visible`: whether the caller belongs to the store. Owner fields are hidden from everybody
/// else's introspection.
pub fn visible_to_store(ctx: &Context<'_>) -> bool {
    ctx.data_opt::<Actor>().is_some_and(|actor| matches!(actor.who, Who::Staff(_) | Who::System(_)))
}

/// For `visible`: whether the caller belongs to the store or is a supplier.
pub fn visible_to_supplier(ctx: &Context<'_>) -> bool {
    visible_to_store(ctx) || ctx.data_opt::<Actor>().is_some_and(Actor::is_supplier)
}
