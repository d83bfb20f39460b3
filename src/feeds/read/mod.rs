//! Reading a file row by row: a thread parses, a few hundred rows at a time, and waits while they
//! are written. Nothing is ever held whole, however large the file or one row of it may be.

mod bounded;
mod csv;
mod json;

use std::fs::File;
use std::path::PathBuf;

use tokio::sync::mpsc;

use self::bounded::BoundedReader;
use super::Format;
use super::mapping::{FIELDS, Mapping};

/// The most bytes of one row.
const MAX_ROW: u64 = 1024 * 1024;
/// The most rows of one file: what is remembered of each stays bounded with it.
pub const MAX_ROWS: u64 = 2_000_000;
/// How many rows are written in one transaction.
const BATCH: usize = 500;

/// A row as it was found.
#[derive(Debug)]
pub struct Record {
    /// Where it is in the file.
    pub line: u64,
    /// What it says, by field; what it leaves out is `None`.
    pub values: [Option<String>; FIELDS],
}

/// A row that could not even be read.
#[derive(Debug)]
pub struct Unreadable {
    /// Where it is in the file.
    pub line: u64,
    /// Why, for programs.
    pub reason: &'static str,
    /// Why, for people.
    pub message: String,
}

/// A row, or why it is none.
pub type Item = Result<Record, Unreadable>;

/// What the parsing thread sends: rows, or why it cannot go on.
pub type Batch = Result<Vec<Item>, String>;

/// Starts reading the file; rows arrive as they are taken.
pub fn start(path: PathBuf, format: Format, mapping: Mapping) -> mpsc::Receiver<Batch> {
    let (sender, receiver) = mpsc::channel(2);
    // Ends by itself: at the end of the file, or once nobody takes its rows any more.
    tokio::task::spawn_blocking(move || {
        let mut out = Out { sender, rows: Vec::with_capacity(BATCH), count: 0 };
        let result = File::open(&path)
            .map_err(|error| format!("the file cannot be opened: {error}"))
            .map(|file| BoundedReader::new(file, MAX_ROW))
            .and_then(|file| match format {
                Format::Csv => csv::read(file, &mapping, &mut out),
                Format::Json => json::read(file, &mapping, &mut out),
                Format::GoogleMerchant => Err(super::NOT_AVAILABLE.to_owned()),
            });
        match result {
            Ok(()) => out.flush(),
            Err(reason) => {
                out.flush();
                // Nobody may be listening any more; then nobody wants to know.
                let _ = out.sender.blocking_send(Err(reason));
                false
            }
        }
    });
    receiver
}

/// Where parsers put their rows.
struct Out {
    sender: mpsc::Sender<Batch>,
    rows: Vec<Item>,
    count: u64,
}

impl Out {
    /// Adds a row; an error ends the reading.
    fn push(&mut self, item: Item) -> Result<(), String> {
        self.count += 1;
        if self.count > MAX_ROWS {
            return Err(format!("the file has more than {MAX_ROWS} rows"));
        }
        self.rows.push(item);
        if self.rows.len() >= BATCH && !self.flush() {
            return Err("nobody reads on".to_owned());
        }
        Ok(())
    }

    /// Sends what was gathered; false if nobody takes it any more.
    fn flush(&mut self) -> bool {
        let rows = std::mem::replace(&mut self.rows, Vec::with_capacity(BATCH));
        rows.is_empty() || self.sender.blocking_send(Ok(rows)).is_ok()
    }
}
