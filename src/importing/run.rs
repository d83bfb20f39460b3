//! A whole import, from a file on disk to the last row.

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;

use serde::Serialize;
use serde_json::Value;

use super::row::{Row, Rules};
use super::write;
use crate::app::App;
use crate::catalog;
use crate::feeds::{self, Format, Mapping, RowError};
use crate::kernel::clock::Timestamp;
use crate::kernel::event::{Audience, EventType};
use crate::kernel::ids::{ProductId, SupplierId};
use crate::kernel::problem::Fault;
use crate::platform::outbox::{self, NewEvent};
use crate::platform::tx::Tx;
use crate::{store, suppliers};

/// How many of the left-out rows the outcome shows.
const SHOWN_ERRORS: usize = 20;

/// A file to be imported.
#[derive(Debug, Clone)]
pub struct ImportFile {
    /// Whose goods they are.
    pub supplier_id: SupplierId,
    /// The moment its quantities are true of, at the latest.
    pub as_of: Timestamp,
    /// Where the file is.
    pub path: PathBuf,
    /// How it is written.
    pub format: Format,
    /// Which column is which of our fields.
    pub mapping: Option<Value>,
    /// Whether it was fetched from an address: then no sentence repeats what the mapping did not name.
    pub fetched: bool,
    /// Whether it is only tried: nothing is kept.
    pub dry_run: bool,
}

/// What came of an import.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// Whether it was only tried.
    pub dry_run: bool,
    /// How many rows the file has.
    pub rows: u64,
    /// How many of them became new variants.
    pub created: u64,
    /// How many changed something.
    pub updated: u64,
    /// How many told nothing new.
    pub unchanged: u64,
    /// How many were left out.
    pub skipped: u64,
    /// How many were left out for which reason.
    pub skipped_by_reason: BTreeMap<&'static str, u64>,
    /// The first of them.
    pub errors: Vec<ShownError>,
}

/// A row that was left out, as the outcome shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShownError {
    /// Where it is in the file.
    pub line: u64,
    /// What it is about, if that could be read.
    pub sku: Option<String>,
    /// Why, for programs.
    pub reason: &'static str,
    /// Why, for people.
    pub message: String,
}

/// Why an import ended before its file did.
#[derive(Debug)]
pub enum ImportFailure {
    /// The file or the mapping is wrong: a sentence for whoever sent it.
    Refused(String),
    /// Something else failed; trying again may help, and changes nothing twice.
    Fault(Fault),
}

impl<E: Into<Fault>> From<E> for ImportFailure {
    fn from(error: E) -> Self {
        Self::Fault(error.into())
    }
}

/// Told after every batch.
pub(super) trait Progress: Send {
    /// `rows` of the file are done; `errors` are those of the last batch.
    fn batch(&mut self, rows: u64, errors: &[RowError]) -> impl Future<Output = Result<(), Fault>> + Send;
}

/// Imports a file for whoever runs the program; `progress` is told the number of rows done.
pub async fn run_file(app: &App, file: ImportFile, progress: impl FnMut(u64) + Send) -> Result<Outcome, ImportFailure> {
    struct Told<F>(F);
    impl<F: FnMut(u64) + Send> Progress for Told<F> {
        async fn batch(&mut self, rows: u64, _: &[RowError]) -> Result<(), Fault> {
            (self.0)(rows);
            Ok(())
        }
    }
    run(app, file, &mut Told(progress)).await
}

/// Imports a file.
pub(super) async fn run(app: &App, file: ImportFile, progress: &mut impl Progress) -> Result<Outcome, ImportFailure> {
    let mut mapping = Mapping::read(file.mapping.as_ref()).map_err(ImportFailure::Refused)?;
    mapping.shows_columns = !file.fetched;
    let Some(supplier) = suppliers::lookup(app.db.read(), file.supplier_id).await? else {
        return Err(ImportFailure::Refused("there is no such supplier".to_owned()));
    };
    let store = store::settings(app.db.read()).await?.currency;
    let rules = Rules { mapping: &mapping, store, supplier: supplier.currency()? };
    let mut batches = feeds::start(file.path.clone(), file.format, mapping.clone());
    let mut outcome = Outcome { dry_run: file.dry_run, ..Outcome::default() };
    let mut seen = Seen::default();
    while let Some(batch) = batches.next().await {
        let items = batch.map_err(ImportFailure::Refused)?;
        outcome.rows += items.len() as u64;
        let mut errors = Vec::new();
        let mut rows: Vec<Row> = Vec::with_capacity(items.len());
        for item in items {
            match rules.read(item).and_then(|row| seen.first(row)) {
                Ok(row) => rows.push(row),
                Err(error) => errors.push(error),
            }
        }
        let written = write_batch(app, &file, rows, &mut seen.products).await?;
        outcome.created += written.created;
        outcome.updated += written.updated;
        outcome.unchanged += written.unchanged;
        errors.extend(written.errors);
        errors.sort_by_key(|error| error.line);
        outcome.note(&errors);
        progress.batch(outcome.rows, &errors).await?;
    }
    if !file.dry_run {
        finish(app, &file, &outcome).await?;
    }
    Ok(outcome)
}

async fn write_batch(
    app: &App,
    file: &ImportFile,
    rows: Vec<Row>,
    told: &mut HashSet<ProductId>,
) -> Result<write::Written, Fault> {
    if rows.is_empty() {
        return Ok(write::Written::default());
    }
    let tx = Tx::begin(app).await?;
    let written = write::write(&tx, file.supplier_id, file.as_of, rows, told).await?;
    // A trial does everything, and is then taken back.
    if !file.dry_run {
        tx.commit().await?;
    }
    Ok(written)
}

/// What this run has come across. Bounded by the number of rows a file may have.
#[derive(Default)]
struct Seen {
    /// The SKUs, as hashes: two that collide would cost one row of two million.
    skus: HashSet<u64>,
    products: HashSet<ProductId>,
}

impl Seen {
    /// The first good row of a SKU counts; were it the last, a second run would change it twice.
    fn first(&mut self, row: Row) -> Result<Row, RowError> {
        let mut hasher = DefaultHasher::new();
        catalog::sku_key(&row.sku).hash(&mut hasher);
        if self.skus.insert(hasher.finish()) {
            return Ok(row);
        }
        let message = "an earlier row has this SKU (in whatever case)".to_owned();
        Err(RowError { line: row.line, sku: Some(row.sku), reason: "DUPLICATE_SKU", message })
    }
}

impl Outcome {
    fn note(&mut self, errors: &[RowError]) {
        for error in errors {
            self.skipped += 1;
            *self.skipped_by_reason.entry(error.reason).or_default() += 1;
            if self.errors.len() < SHOWN_ERRORS {
                let RowError { line, sku, reason, message } = error.clone();
                self.errors.push(ShownError { line, sku, reason, message });
            }
        }
    }
}

async fn finish(app: &App, file: &ImportFile, outcome: &Outcome) -> Result<(), Fault> {
    let tx = Tx::begin(app).await?;
    let message = format!(
        "Import finished: {} rows, {} created, {} updated, {} left out",
        outcome.rows, outcome.created, outcome.updated, outcome.skipped
    );
    let stream = file.supplier_id.to_string();
    let event = NewEvent::of_stream(stream, EventType::ImportFinished, Audience::Store, message);
    outbox::append(&tx, event.data(serde_json::to_value(outcome)?)).await?;
    tx.commit().await
}
