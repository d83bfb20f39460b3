//! `consign import`: a supplier's file becomes products and offers, at once and without a server.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use serde_json::Value;

use crate::app::App;
use crate::feeds;
use crate::importing::{self, ImportFailure, ImportFile, Outcome};
use crate::kernel::ids::SupplierId;

/// What can be said to `consign import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The file
    file: PathBuf,
    /// Whose goods they are
    #[arg(long, value_name = "ID")]
    supplier: SupplierId,
    /// A JSON file that says which column is which of our fields
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// How the file is written [default: what its name says]
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Read and check everything, keep nothing
    #[arg(long)]
    dry_run: bool,
}

/// How a file is written.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// Rows of cells, the first row naming the columns
    Csv,
    /// An array of objects, or one object a line
    Json,
    /// Google's product feed: RSS or Atom
    GoogleMerchant,
}

/// Imports the file and prints what came of it.
pub async fn run(app: App, args: ImportArgs) -> anyhow::Result<()> {
    let format = args.format.or_else(|| by_name(&args.file)).context("name the file's format with --format")?;
    let mapping = args.mapping.as_deref().map(read_mapping).transpose()?;
    anyhow::ensure!(args.file.is_file(), "there is no file {}", args.file.display());
    let file = ImportFile {
        supplier_id: args.supplier,
        as_of: app.clock.now(),
        path: args.file,
        format: match format {
            Format::Csv => feeds::Format::Csv,
            Format::Json => feeds::Format::Json,
            Format::GoogleMerchant => feeds::Format::GoogleMerchant,
        },
        mapping,
        fetched: false,
        dry_run: args.dry_run,
    };
    let terminal = std::io::stderr().is_terminal();
    let progress = |rows: u64| {
        if terminal {
            // Nobody is told that a terminal cannot be written to.
            let _ = write!(std::io::stderr(), "\r{rows} rows");
        }
    };
    match importing::run_file(&app, file, progress).await {
        Ok(outcome) => {
            if terminal {
                eprintln!();
            }
            print(&outcome);
            let nothing = outcome.rows > 0 && outcome.skipped == outcome.rows;
            anyhow::ensure!(!nothing, "nothing was imported: all {} rows were left out", outcome.rows);
            Ok(())
        }
        Err(ImportFailure::Refused(sentence)) => anyhow::bail!(sentence),
        Err(ImportFailure::Fault(fault)) => Err(fault.into()),
    }
}

fn by_name(file: &std::path::Path) -> Option<Format> {
    let ending = file.extension()?.to_str()?.to_ascii_lowercase();
    match ending.as_str() {
        "csv" | "tsv" | "txt" => Some(Format::Csv),
        "json" | "jsonl" | "ndjson" => Some(Format::Json),
        "xml" | "rss" | "atom" => Some(Format::GoogleMerchant),
        _ => None,
    }
}

fn read_mapping(file: &std::path::Path) -> anyhow::Result<Value> {
    let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not JSON", file.display()))
}

fn print(outcome: &Outcome) {
    let Outcome { rows, created, updated, unchanged, skipped, .. } = outcome;
    let tried = if outcome.dry_run { "tried: nothing was kept; " } else { "" };
    println!("{tried}{rows} rows: {created} new, {updated} changed, {unchanged} unchanged, {skipped} left out");
    for (reason, count) in &outcome.skipped_by_reason {
        println!("  {count} × {reason}");
    }
    for error in &outcome.errors {
        println!("  line {}: {} {}", error.line, error.sku.as_deref().unwrap_or_default(), error.message);
    }
}
