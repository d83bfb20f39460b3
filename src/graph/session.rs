//! The life of a credential that a stream was begun with.
//!
//! One task of the process looks after the credentials of all streams: thousands of them may belong to
//! few accounts, and none of them should have a timer of its own.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::sync::oneshot;

use crate::app::App;
use crate::identity::{self, Actor};

/// How often it is asked whether credentials still hold: a stream must end within 5 seconds.
const CHECK: Duration = Duration::from_secs(3);
/// How many are asked after at once.
const TOGETHER: usize = 4;

/// The credentials of this process' streams.
#[derive(Default)]
struct Watched(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    count: u64,
    streams: HashMap<u64, Stream>,
    /// Whether the task runs that looks after them.
    looking: bool,
}

struct Stream {
    actor: Actor,
    tell: oneshot::Sender<()>,
}

/// Ends when the actor's credential does; never, for those without one. A database that cannot be
/// asked ends nobody's stream.
pub async fn ended(app: &App, actor: &Actor) {
    if actor.credential.is_none() {
        return std::future::pending().await;
    }
    let watched = app.local::<Watched>();
    let (tell, told) = oneshot::channel();
    let _watch = Watch::begin(app, watched, Stream { actor: actor.clone(), tell });
    // The sender is dropped only with the watch.
    let _ = told.await;
}

/// A stream that is looked after; no longer when dropped.
struct Watch {
    watched: Arc<Watched>,
    number: u64,
}

impl Watch {
    fn begin(app: &App, watched: Arc<Watched>, stream: Stream) -> Self {
        let mut inner = watched.lock();
        inner.count += 1;
        let number = inner.count;
        inner.streams.insert(number, stream);
        if !std::mem::replace(&mut inner.looking, true) {
            tokio::spawn(look(app.clone(), Arc::clone(&watched)));
        }
        drop(inner);
        Self { watched, number }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.watched.lock().streams.remove(&self.number);
    }
}

impl Watched {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Each actor once: a credential whose rights have changed stands for two. `None` if there is none:
    /// then whoever asks does so for the last time.
    fn actors(&self) -> Option<Vec<Actor>> {
        let mut inner = self.lock();
        inner.looking = !inner.streams.is_empty();
        let actors: HashSet<&Actor> = inner.streams.values().map(|stream| &stream.actor).collect();
        inner.looking.then(|| actors.into_iter().cloned().collect())
    }

    fn end(&self, actor: &Actor) {
        let mut inner = self.lock();
        for (_, stream) in inner.streams.extract_if(|_, stream| stream.actor == *actor) {
            // Whoever does not listen any more has ended already.
            let _ = stream.tell.send(());
        }
    }
}

/// Ends the streams of credentials that ended, as long as there are streams.
async fn look(app: App, watched: Arc<Watched>) {
    loop {
        tokio::time::sleep(CHECK).await;
        let Some(actors) = watched.actors() else { return };
        let asked = futures_util::stream::iter(actors).map(|actor| ask(&app, actor)).buffer_unordered(TOGETHER);
        let ended: Vec<Actor> = asked.filter_map(std::future::ready).collect().await;
        ended.iter().for_each(|actor| watched.end(actor));
    }
}

/// `actor`, if their credential has ended or their rights are others now.
async fn ask(app: &App, actor: Actor) -> Option<Actor> {
    match identity::still_valid(app, &actor).await {
        Ok(true) => None,
        Ok(false) => Some(actor),
        Err(error) => {
            tracing::warn!(%error, "a stream's credential could not be checked; trying again");
            None
        }
    }
}
