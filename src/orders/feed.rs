//! What happens to an order, read once for all who follow it in this process.
//!
//! One task per followed order waits for hints, reads what is new, and keeps the last few events for
//! its followers; whoever is behind them reads the table itself. Hints may get lost, so one more task
//! looks now and then which of the followed orders went on, for many of them by one query.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::timeline::visible;
use crate::app::App;
use crate::kernel::ids::OrderId;
use crate::kernel::problem::Fault;
use crate::platform::bus::Hints;
use crate::platform::outbox;
use crate::platform::outbox::entity::{Column, Model};

/// How many of an order's latest events are kept for its followers.
const KEPT: usize = 32;
/// How often all followed orders are looked at without being told: hints may get lost.
const IDLE: Duration = Duration::from_secs(5);
/// How many of them by one query.
const TOGETHER: usize = 500;
/// How long a read that failed waits before it is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// The followed orders of this process.
#[derive(Default)]
pub struct Feeds(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    feeds: HashMap<OrderId, Feed>,
    /// Whether the task runs that looks without being told.
    looking: bool,
}

struct Feed {
    latest: Arc<watch::Sender<Latest>>,
    task: AbortHandle,
}

/// The last events of an order, once they were read.
#[derive(Clone, Default)]
struct Latest {
    /// Every event behind this number is in `events`.
    start: Option<i64>,
    events: Vec<Arc<Model>>,
}

/// Follows one order.
pub struct Follower {
    feeds: Arc<Feeds>,
    order_id: OrderId,
    latest: watch::Receiver<Latest>,
}

/// What a follower learns.
pub enum News {
    /// These events, which are all there are behind the last it knew.
    Events(Vec<Arc<Model>>),
    /// That it has to read the table.
    TooMany,
}

/// Follows an order from now on: every event that is not in the table yet will be news.
pub fn follow(app: &App, order_id: OrderId) -> Follower {
    let feeds = app.local::<Feeds>();
    let mut inner = feeds.lock();
    let feed = inner.feeds.entry(order_id).or_insert_with(|| Feed::start(app, order_id));
    let latest = feed.latest.subscribe();
    if !std::mem::replace(&mut inner.looking, true) {
        tokio::spawn(look(app.clone(), Arc::clone(&feeds)));
    }
    drop(inner);
    Follower { feeds, order_id, latest }
}

impl Follower {
    /// Waits for what is behind the event number `last`.
    pub async fn wait(&mut self, last: i64) -> News {
        loop {
            if let Some(news) = self.latest.borrow_and_update().behind(last) {
                return news;
            }
            if self.latest.changed().await.is_err() {
                // The sender lives as long as a follower does.
                std::future::pending::<()>().await;
            }
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let mut inner = self.feeds.lock();
        if inner.feeds.get(&self.order_id).is_some_and(|feed| feed.latest.receiver_count() <= 1) {
            inner.feeds.remove(&self.order_id);
        }
    }
}

impl Latest {
    fn behind(&self, last: i64) -> Option<News> {
        if self.start? > last {
            return Some(News::TooMany);
        }
        let events = &self.events[self.events.partition_point(|event| event.seq <= last)..];
        (!events.is_empty()).then(|| News::Events(events.to_vec()))
    }

    fn end(&self) -> Option<i64> {
        self.events.last().map(|event| event.seq).or(self.start)
    }

    fn add(&mut self, events: Vec<Model>) {
        self.events.extend(events.into_iter().map(Arc::new));
        if let Some(surplus) = self.events.len().checked_sub(KEPT).filter(|surplus| *surplus > 0) {
            self.start = self.events.drain(..surplus).next_back().map(|event| event.seq);
        }
    }
}

impl Feeds {
    /// The last event that was read of each followed order. `None` if there is none: then whoever asks
    /// does so for the last time.
    fn read_so_far(&self) -> Option<HashMap<String, Option<i64>>> {
        let mut inner = self.lock();
        inner.looking = !inner.feeds.is_empty();
        let end = |(id, feed): (&OrderId, &Feed)| (id.to_string(), feed.latest.borrow().end());
        inner.looking.then(|| inner.feeds.iter().map(end).collect())
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Feed {
    fn start(app: &App, order_id: OrderId) -> Self {
        // Before the first read: what happens after that read is told by a hint.
        let hints = app.bus.subscribe(&order_id.to_string());
        let latest = Arc::new(watch::Sender::default());
        let task = tokio::spawn(read(app.clone(), order_id, hints, Arc::clone(&latest))).abort_handle();
        Self { latest, task }
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Reads what is new whenever there is a hint.
async fn read(app: App, order_id: OrderId, mut hints: Hints, latest: Arc<watch::Sender<Latest>>) {
    loop {
        // Boxed: an order is quiet most of the time, and the memory of a query is large.
        match Box::pin(read_once(&app, order_id, &latest)).await {
            Ok(()) => hints.wait().await,
            Err(error) => {
                tracing::warn!(?error, order.id = %order_id, "a followed order could not be read; trying again");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn read_once(app: &App, order_id: OrderId, latest: &watch::Sender<Latest>) -> Result<(), Fault> {
    let end = latest.borrow().end();
    let Some(end) = end else {
        let newest = visible(order_id).order_by_desc(Column::Seq).one(app.db.read()).await?;
        latest.send_modify(|it| it.start = Some(newest.map_or(0, |event| event.seq)));
        return Ok(());
    };
    // One more than is kept: then some are missing, and followers read the table.
    let query = visible(order_id).filter(Column::Seq.gt(end)).order_by_desc(Column::Seq).limit(KEPT as u64 + 1);
    let mut events = query.all(app.db.read()).await?;
    events.reverse();
    if events.is_empty() {
        return Ok(());
    }
    latest.send_modify(|it| {
        if events.len() > KEPT {
            it.events.clear();
        }
        it.add(events);
    });
    Ok(())
}

/// Wakes the feeds whose orders went on, until nobody follows any.
async fn look(app: App, feeds: Arc<Feeds>) {
    let mut known: HashMap<String, i64> = HashMap::new();
    loop {
        tokio::time::sleep(IDLE).await;
        let Some(read) = feeds.read_so_far() else { return };
        let streams: Vec<&str> = read.keys().map(String::as_str).collect();
        let mut found = HashMap::with_capacity(streams.len());
        for some in streams.chunks(TOGETHER) {
            match outbox::ends(app.db.read(), some).await {
                Ok(ends) => found.extend(ends),
                Err(error) => tracing::warn!(?error, "followed orders could not be looked at; trying again"),
            }
        }
        for (stream, end) in &found {
            // The last event may be none of the customer's: then it is read for once.
            let is_read = read.get(stream).is_some_and(|read| *read >= Some(*end));
            if !is_read && known.get(stream) != Some(end) {
                app.bus.remind(stream);
            }
        }
        known = found;
    }
}
