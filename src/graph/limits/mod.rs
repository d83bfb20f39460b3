//! What a document may ask, counted before anything of it is validated or run.
//!
//! The library's validation takes exponential time on fragments that each spread the next one twice,
//! and its own limits come after that. So the text is counted first ([`text`]), then the parsed
//! document with all its fragments spread, each fragment counted once ([`structure`]) and the fields
//! that cannot be merged ([`merge`]), then its variables ([`values`]) and its cost ([`cost`]). All of
//! it takes time in proportion to the size of the text.

pub mod cost;
pub mod merge;
pub mod shape;
pub mod structure;
pub mod text;
pub mod values;

#[cfg(test)]
mod properties;

use async_graphql::ServerError;

use super::errors::{Code, error};

/// The refusal of a document that asks for too much.
fn too_much(what: &str, limit: usize) -> ServerError {
    error(Code::QueryTooComplex, format!("the document has too much of: {what} (at most {limit})"))
}
