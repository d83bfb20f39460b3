//! Files of goods, as suppliers send them: rows by a mapping, whatever they are written in.
//!
//! Nothing is ever held whole, however large the file or one row of it may be. A row that cannot be read is
//! handed on with its line and the reason; a file that cannot be read to its end is one sentence, and none
//! of its rows is handed on.

pub mod cells;
mod google;
mod mapping;
mod read;

use serde::{Deserialize, Serialize};

pub use self::mapping::{FIELDS, Field, Mapping};
pub use self::read::{Batch, Batches, Item, MAX_ROWS, Record, Unreadable, start};

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Format {
    /// Rows of cells, the first row naming the columns.
    Csv,
    /// An array of objects, or one object a line.
    Json,
    /// Google's product feed: RSS or Atom.
    GoogleMerchant,
}

/// A row that is left out, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError {
    /// Where it is in the file: its line, or its number in a JSON array.
    pub line: u64,
    /// What it is about, if that could be read.
    pub sku: Option<String>,
    /// Why, for programs.
    pub reason: &'static str,
    /// Why, for people.
    pub message: String,
}
