//! What a person may ask of the store about themselves: to get everything that is kept about them, and
//! to be forgotten.
//!
//! Each room knows what it keeps and how it forgets; this one, above them all, puts their answers
//! together. docs/privacy.md says what is kept where, and for how long.

mod export;
pub mod graphql;

pub use self::export::{Export, export};
