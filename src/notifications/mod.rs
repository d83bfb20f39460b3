//! Mails about what happened, once per event.
//!
//! An event that concerns a customer starts one [`Notify`] job. It writes a row, unique for the event
//! and the kind of mail, before it talks to the mail server, and marks it after; so a mail goes out
//! once, unless the process dies inside the SMTP exchange. While no mail server is configured or it
//! cannot be reached, the mail waits, with the reason on its row where the owner sees it.
//!
//! A mail speaks for the store alone: it never tells who supplies the goods.

mod compose;
pub mod entity;
mod forget;
pub mod graphql;
mod notify;
mod queries;
mod templates;

pub use self::entity::Model as Notification;
pub use self::forget::{ForgetCustomer, ForgetOrder};
pub use self::notify::Notify;
pub use self::queries::{about_orders, count, list, lookup, to_address};
