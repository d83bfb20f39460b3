//! Imports of catalogues: a supplier's file becomes products, variants and offers.
//!
//! The owner sends a file (or names an address), says which column is which of our fields, and
//! starts a job; on the command line the same runs at once. Rows are read and written a few hundred
//! at a time, through the verbs of the catalogue and the inventory. A bad row is left out and told
//! with its line and the reason; a bad file or mapping ends the import with one sentence. A second
//! run of the same file changes nothing.

mod entity;
mod fetch;
mod job;
mod queries;
mod row;
mod run;
mod upload;
mod write;

pub mod graphql;

pub use self::entity::Model as ImportError;
pub use self::job::{ImportCatalog, ImportSource, catalog_import};
pub use self::queries::import_errors;
pub use self::run::{ImportFailure, ImportFile, Outcome, ShownError, run_file};
pub use self::upload::uploads_router;

/// Why an import was not started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportErrorCode {
    /// A value is not acceptable.
    Invalid,
    /// There is no such thing.
    NotFound,
}
