//! The test payment gateway: a provider small enough that its books can be held against
//! the store's, in minor units, and hostile enough to be worth it.

pub mod http;

mod books;

pub use books::{Answer, Authorization, Books, Call, Summary};
