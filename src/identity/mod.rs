//! Who is asking, and what they may do.
//!
//! Customers, guests, the owner, staff and suppliers all become one [`Actor`] here: from a session's
//! access token, or from a long-lived API token. What an actor may do is one match in `policy.rs`;
//! everything above asks it with [`Actor::may`] before loading and [`Actor::may_on`] after.

mod actor;
pub mod entity;
mod permission;
mod policy;

pub mod admin;
pub mod api_tokens;
mod authenticate;
pub mod graphql;

pub use self::actor::{Actor, Credential, CredentialKind, Owned, Staff, Who};
pub use self::authenticate::{authenticate, still_valid};
pub use self::permission::Permission;
pub use self::policy::Action;
