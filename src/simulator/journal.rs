//! The simulator's memory on disk: one JSON record per line, replayed at start.
//!
//! A record is a *command* that was executed (an order received, a step of its life, a
//! gateway call), not the state it led to. Executing a command is deterministic, so the
//! live path and the replay are the same code. A record is written before its effect is
//! answered; the write reaches the kernel at once, hence a killed simulator loses nothing
//! it had answered. Power loss may lose the end, which is fine for a test partner.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Mutex;

use anyhow::Context;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::config::{GatewaySettings, SupplierSettings};
use super::gateway::Call;
use super::locked;
use super::suppliers::{Intake, StockReport};

/// One executed command.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Record {
    /// The first line: what the chance of this journal was drawn from.
    Begun {
        seed: u64,
    },
    Supplier {
        supplier: String,
        settings: SupplierSettings,
    },
    Stock {
        supplier: String,
        report: StockReport,
    },
    Received {
        supplier: String,
        at: DateTime<Utc>,
        intake: Intake,
    },
    Repeated {
        supplier: String,
    },
    Stepped {
        supplier: String,
        order: usize,
        at: DateTime<Utc>,
    },
    Cancelled {
        supplier: String,
        order: usize,
        at: DateTime<Utc>,
    },
    Gateway {
        settings: GatewaySettings,
    },
    Called {
        at: DateTime<Utc>,
        key: String,
        call: Call,
    },
    Decided {
        authorization: usize,
        at: DateTime<Utc>,
    },
    Sent {
        message: String,
    },
    GaveUp {
        message: String,
    },
}

/// An append-only file, or nothing when the simulator keeps no state.
pub struct Journal {
    file: Option<Mutex<File>>,
    broken: Notify,
}

impl Journal {
    pub fn in_memory() -> Self {
        Self { file: None, broken: Notify::new() }
    }

    /// Opens (or begins) the journal in `dir` and hands every stored record to `replay`.
    pub fn open(dir: &Path, mut replay: impl FnMut(Record)) -> anyhow::Result<Self> {
        std::fs::create_dir_all(dir).with_context(|| format!("creating {}", dir.display()))?;
        let path = dir.join("journal.jsonl");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .with_context(|| format!("opening {}", path.display()))?;
        file.try_lock().map_err(|error| anyhow::anyhow!("another simulator is using {} ({error})", path.display()))?;
        let good = read_records(&file, &mut replay).with_context(|| format!("reading {}", path.display()))?;
        // A line cut short by a kill was never answered: the next record takes its place.
        file.set_len(good)?;
        file.seek(SeekFrom::Start(good))?;
        Ok(Self { file: Some(Mutex::new(file)), broken: Notify::new() })
    }

    /// Writes one record. A full or failing disk ends the simulator (see
    /// [`Journal::broken`]): going on would break the promise that a restart knows every
    /// answered order.
    pub fn append(&self, record: &Record) {
        let Some(file) = &self.file else { return };
        let mut line = serde_json::to_vec(record).expect("a record has only string keys");
        line.push(b'\n');
        if let Err(error) = locked(file).write_all(&line) {
            tracing::error!(%error, "the simulator cannot write its journal and stops");
            self.broken.notify_one();
        }
    }

    /// Waits until the journal could not be written.
    pub async fn broken(&self) {
        self.broken.notified().await;
    }
}

/// Hands over each whole line and returns the length of the good part.
fn read_records(file: &File, replay: &mut impl FnMut(Record)) -> anyhow::Result<u64> {
    let mut reader = BufReader::with_capacity(1 << 20, file);
    let (mut good, mut number, mut line) = (0, 0u64, Vec::new());
    loop {
        line.clear();
        let read = reader.read_until(b'\n', &mut line)?;
        if read == 0 || line.last() != Some(&b'\n') {
            return Ok(good);
        }
        number += 1;
        replay(serde_json::from_slice(&line).with_context(|| format!("line {number}"))?);
        good += read as u64;
    }
}
