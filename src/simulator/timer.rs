//! One heap of everything that is due later: steps of orders, decisions, deliveries.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::Notify;

use super::{clock, locked};

/// What is to be done when its time comes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Task {
    /// The next step in the life of a supplier's order.
    Step { supplier: Arc<str>, order: usize },
    /// A pending authorization is decided.
    Decide { authorization: usize },
    /// A webhook message may be sent (again).
    Send { message: String },
}

/// When, the how-manieth, what: ties go by the order of scheduling.
type Entry = (DateTime<Utc>, u64, Task);

/// The heap, earliest first.
#[derive(Default)]
pub struct Timer {
    heap: Mutex<BinaryHeap<Reverse<Entry>>>,
    scheduled: AtomicU64,
    earlier: Notify,
}

impl Timer {
    pub fn schedule(&self, due: DateTime<Utc>, task: Task) {
        let mut heap = locked(&self.heap);
        let number = self.scheduled.fetch_add(1, Ordering::Relaxed);
        let first = heap.peek().is_none_or(|Reverse((earliest, ..))| due < *earliest);
        heap.push(Reverse((due, number, task)));
        drop(heap);
        if first {
            self.earlier.notify_one();
        }
    }

    /// Waits until something is due and takes it.
    pub async fn next(&self) -> Task {
        loop {
            let wait = match self.take_due(clock::now()) {
                Ok(task) => return task,
                Err(wait) => wait,
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.earlier.notified() => {}
            }
        }
    }

    /// The task that is due, or how long the earliest still takes.
    fn take_due(&self, now: DateTime<Utc>) -> Result<Task, Duration> {
        // A look at least once a minute keeps the timer right when the clock is set.
        let idle = Duration::from_secs(60);
        let mut heap = locked(&self.heap);
        match heap.peek() {
            None => Err(idle),
            Some(Reverse((due, ..))) if *due > now => {
                Err((*due - now).to_std().unwrap_or_default().clamp(Duration::from_millis(1), idle))
            }
            Some(_) => heap.pop().map(|Reverse((_, _, task))| task).ok_or(idle),
        }
    }
}
