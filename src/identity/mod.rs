//! Who is asking, and what they may do.
//!
//! Customers, guests, the owner, staff and suppliers all become one [`Actor`] here: from a session's
//! access token, from a long-lived API token, or from the link in a mail about one supplier order. What an actor may do is one match in `policy.rs`;
//! everything above asks it with [`Actor::may`] before loading and [`Actor::may_on`] after.
//!
//! Nothing here keeps a secret that it could show: passwords and tokens are hashed, and the tokens of
//! mails are made again when they are needed.

mod actor;
mod permission;
mod policy;

mod access_token;
mod accounts;
mod action_tokens;
pub mod addresses;
pub mod admin;
pub mod api_tokens;
pub mod audit;
mod authenticate;
pub mod credentials;
pub mod customers;
pub mod email_change;
pub mod entity;
pub mod erasure;
mod external;
pub mod graphql;
pub mod invitations;
pub mod jobs;
mod jwks;
mod names;
pub mod order_links;
mod passwords;
pub mod profile;
pub mod registrations;
pub mod roles;
mod session_keys;
pub mod sessions;
pub mod staff;
pub mod tags;
mod throttle;
pub mod totp;

pub use self::actor::{Actor, Credential, CredentialKind, OrderLink, Owned, Staff, Who};
pub use self::authenticate::{authenticate, still_valid};
pub use self::entity::api_token::{Model as ApiToken, ScopeKind};
pub use self::entity::customer::Model as Customer;
pub use self::entity::role::Model as Role;
pub use self::permission::Permission;
pub use self::policy::Action;
pub use self::session_keys::SessionKeys;
