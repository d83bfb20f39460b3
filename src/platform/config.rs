//! The configuration: defaults, then `consign.toml`, then `CONSIGN_*`, then flags.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The whole configuration.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Config {
    /// Where the database is.
    pub database_url: String,
    /// Where files are kept.
    pub data_dir: PathBuf,
    /// Divides business waits.
    pub time_scale: u32,
}
