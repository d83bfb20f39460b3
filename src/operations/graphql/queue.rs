//! How much there is to do, and how the lanes stand.

use std::collections::HashMap;

use async_graphql::{Context, Enum, Object, SimpleObject};

use crate::graph::scalars::DateTime;
use crate::graph::{ContextExt, Nullable, required};
use crate::identity::graphql::visible_to_store;
use crate::kernel::problem::Fault;
use crate::operations;
use crate::platform::jobs::lanes::{self, LaneView};
use crate::platform::jobs::{Census, Waiting};

/// So many lanes are shown: those in which most waits, and then those with trouble.
const MAX_LANES: usize = 100;

/// Whether a lane lets jobs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "lanes::LaneState", visible = "visible_to_store")]
pub enum LaneState {
    /// It does.
    Open,
    /// All its places are taken.
    Full,
    /// Call after call failed: it lets nobody in for a while.
    Closed,
    /// The while is over: one job tries whether calls go well again.
    Trying,
}

/// Jobs that wait for one partner: a supplier, a payment provider, the mail server.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct Lane {
    /// The partner: the id of a supplier, `gateway:` and a payment provider's name, or `mail`.
    name: String,
    /// How many jobs of all processes were found waiting for a place in it.
    waiting: i64,
    /// Since when the oldest of them could have been begun; null if none waits.
    oldest_due_at: Option<DateTime>,
    /// Whether it lets jobs in. Each process has lanes of its own: this, and what follows, is of the one that
    /// answers.
    state: LaneState,
    /// How many jobs it may have at once.
    places: i64,
    /// How many it has.
    taken: i64,
    /// How many calls failed in a row.
    failures: i64,
    /// Until when it lets nobody in; null unless it is closed.
    closed_until: Option<DateTime>,
}

impl Lane {
    fn new(view: LaneView, waiting: Option<&Waiting>) -> Self {
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        Self {
            waiting: waiting.map_or(0, |it| it.count),
            oldest_due_at: waiting.map(|it| it.oldest_due_at),
            state: view.state.into(),
            places: number(view.places),
            taken: number(view.taken),
            failures: i64::from(view.failures),
            closed_until: view.closed_until,
            name: view.name,
        }
    }
}

/// How much background work there is.
pub struct Queue(Census);

/// How much background work there is. What is done is not counted.
#[Object(visible = "visible_to_store")]
impl Queue {
    /// How many jobs could run now and wait for a place.
    async fn waiting(&self) -> i64 {
        self.0.waiting()
    }

    /// How many of them wait for a place in their lane.
    async fn held(&self) -> i64 {
        self.0.held()
    }

    /// How many wait for their time.
    async fn scheduled(&self) -> i64 {
        self.0.scheduled
    }

    /// How many are being done.
    async fn running(&self) -> i64 {
        self.0.running
    }

    /// How many were given up, and wait for somebody to decide.
    async fn dead(&self) -> i64 {
        self.0.dead
    }

    /// Since when the oldest waiting job could have been begun; null if none waits.
    async fn oldest_due_at(&self) -> Option<DateTime> {
        self.0.oldest_due_at()
    }

    /// The lanes, at most 100: those in which most waits, and then those with trouble.
    async fn lanes(&self, ctx: &Context<'_>) -> Vec<Lane> {
        let app = ctx.app();
        let waiting: HashMap<&str, &Waiting> =
            self.0.due.iter().filter_map(|it| Some((it.lane.as_deref()?, it))).collect();
        let mut views = lanes::views(app);
        let unused: Vec<_> = waiting.keys().filter(|name| views.iter().all(|it| it.name != ***name)).collect();
        views.extend(unused.into_iter().map(|name| lanes::unused(app, name)));
        let lane = |view: LaneView| {
            let waiting = waiting.get(view.name.as_str()).copied();
            Lane::new(view, waiting)
        };
        let mut all: Vec<Lane> = views.into_iter().map(lane).collect();
        all.sort_by(|a, b| (b.waiting, b.failures, &a.name).cmp(&(a.waiting, a.failures, &b.name)));
        all.truncate(MAX_LANES);
        all
    }
}

/// The query about all of it.
#[derive(Default)]
pub struct QueueQuery;

#[Object]
impl QueueQuery {
    /// How much background work there is. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    async fn queue(&self, ctx: &Context<'_>) -> Nullable<Queue> {
        required(load(ctx).await)
    }
}

async fn load(ctx: &Context<'_>) -> Result<Queue, Fault> {
    Ok(Queue(operations::queue(ctx.app(), ctx.actor()).await?))
}
