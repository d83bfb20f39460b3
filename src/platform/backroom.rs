//! Work that has to wait for everything else: what strangers make this process compute.
//!
//! Hashing a password, or reading a document that nobody sent before, takes a processor for
//! milliseconds. Done where requests are answered, a storm of it would slow everybody down; here it is
//! done by threads that only get the time nobody else wants, and give it back at once. So that nothing
//! waits for ever on a machine that has no time to spare, one more thread with the priority of
//! everything else does what is late, for a fiftieth of the time, or one job a second.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::kernel::problem::Fault;

/// The most threads there are: passwords take 19 MiB each while they are hashed.
const MOST: usize = 4;
/// A job that has waited so long is late.
const LATE: Duration = Duration::from_millis(500);
/// How long the thread that does what is late begins new work before it rests: short, since whoever is
/// answered beside it waits for so long.
const TURN: Duration = Duration::from_millis(5);
/// And for how many times the time it took it rests.
const REST: u32 = 49;
/// But not for longer: on a machine that never has time to spare, somebody signs in every second.
const LONGEST_REST: Duration = Duration::from_millis(500);

type Job = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Room {
    jobs: Mutex<VecDeque<(Instant, Job)>>,
    came: Condvar,
}

/// How many threads there are: half as many as cores. To the processes of a database beside this one,
/// the kernel may show no difference between its threads.
pub fn threads() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    (cores / 2).clamp(1, MOST)
}

/// One for the process: it is the machine that is shared.
static ROOM: LazyLock<Arc<Room>> = LazyLock::new(|| {
    let room = Arc::<Room>::default();
    for number in 0..threads() {
        room.open(format!("backroom-{number}"), Room::work);
    }
    room.open("backroom-late".to_owned(), Room::catch_up);
    room
});

/// Does `job` when there is time for it. Whoever stops waiting before it has begun takes it back.
pub async fn run<T: Send + 'static>(job: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
    let (tell, told) = oneshot::channel();
    ROOM.add(Box::new(move || {
        if !tell.is_closed() {
            // Whoever does not listen any more does not need to know.
            let _ = tell.send(job());
        }
    }));
    told.await.map_err(|_| Fault::internal("work in the backroom panicked"))
}

impl Room {
    fn open(self: &Arc<Self>, name: String, work: fn(&Self)) {
        let room = Arc::clone(self);
        if let Err(error) = std::thread::Builder::new().name(name).spawn(move || work(&room)) {
            tracing::error!(%error, "a thread of the backroom does not start");
        }
    }

    fn add(&self, job: Job) {
        self.jobs().push_back((Instant::now(), job));
        // Not one: it might be the thread that does not take what is not late.
        self.came.notify_all();
    }

    fn work(&self) {
        // Without it the work is done as well.
        if let Err(error) = yield_to_others() {
            tracing::warn!(%error, "the backroom has the priority of everything else");
        }
        loop {
            do_job(self.next());
        }
    }

    fn catch_up(&self) {
        loop {
            drop(self.wait());
            // What came meanwhile is not late before.
            std::thread::sleep(LATE);
            let began = Instant::now();
            while began.elapsed() < TURN
                && let Some(job) = self.late()
            {
                do_job(job);
            }
            std::thread::sleep((began.elapsed() * REST).min(LONGEST_REST));
        }
    }

    fn next(&self) -> Job {
        loop {
            if let Some((_, job)) = self.wait().pop_front() {
                return job;
            }
        }
    }

    fn late(&self) -> Option<Job> {
        let mut jobs = self.jobs();
        let (came, _) = jobs.front()?;
        if came.elapsed() < LATE { None } else { jobs.pop_front().map(|(_, job)| job) }
    }

    /// Waits until there is something to do.
    fn wait(&self) -> MutexGuard<'_, VecDeque<(Instant, Job)>> {
        let jobs = self.came.wait_while(self.jobs(), |jobs| jobs.is_empty());
        jobs.unwrap_or_else(PoisonError::into_inner)
    }

    fn jobs(&self) -> MutexGuard<'_, VecDeque<(Instant, Job)>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn do_job(job: Job) {
    // What a job's panic means is for whoever waits for it.
    let _ = catch_unwind(AssertUnwindSafe(job));
}

/// Gives this thread only the time that nobody else wants.
#[cfg(target_os = "linux")]
fn yield_to_others() -> Result<(), thread_priority::Error> {
    use thread_priority::{NormalThreadSchedulePolicy::Idle, ThreadPriority, ThreadSchedulePolicy::Normal};
    // A low priority alone would not do: who is awake then waits for the end of a slice.
    let own = thread_priority::thread_native_id();
    thread_priority::set_thread_priority_and_policy(own, ThreadPriority::Min, Normal(Idle))
}

/// Gives this thread less time than others have.
#[cfg(not(target_os = "linux"))]
fn yield_to_others() -> Result<(), thread_priority::Error> {
    thread_priority::set_current_thread_priority(thread_priority::ThreadPriority::Min)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_is_done_and_a_panic_is_its_own() {
        assert!(run(|| -> u8 { panic!("on purpose") }).await.is_err());
        assert_eq!(run(|| 7).await.ok(), Some(7));
    }
}
