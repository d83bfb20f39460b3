//! Work that has to wait for everything else: what strangers make this process compute.
//!
//! Hashing a password, or reading a document that nobody sent before, takes a processor for
//! milliseconds. Done where requests are answered, a storm of it would slow everybody down; here it is
//! done by threads of a lower priority, which take mostly the time that nobody else wants.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, LazyLock, Mutex, PoisonError};

use tokio::sync::oneshot;

use crate::kernel::problem::Fault;

/// A third of the weight that others have: enough to go on while they are busy.
const PRIORITY: i32 = 5;
/// How many threads there are: passwords take 19 MiB each while they are hashed.
const THREADS: usize = 2;

type Job = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Room {
    jobs: Mutex<VecDeque<Job>>,
    came: Condvar,
}

/// One for the process: it is the machine that is shared.
static ROOM: LazyLock<Arc<Room>> = LazyLock::new(|| {
    let room = Arc::<Room>::default();
    for number in 0..THREADS {
        let work = Arc::clone(&room);
        let thread = std::thread::Builder::new().name(format!("backroom-{number}"));
        if let Err(error) = thread.spawn(move || work.work()) {
            tracing::error!(%error, "a thread of the backroom does not start");
        }
    }
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
    fn add(&self, job: Job) {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).push_back(job);
        self.came.notify_one();
    }

    fn work(&self) {
        // On Linux a priority is its thread's alone. Without it the work is done as well.
        if let Err(error) = rustix::process::setpriority_process(None, PRIORITY) {
            tracing::warn!(%error, "the backroom has the priority of everything else");
        }
        loop {
            // What a job's panic means is for whoever waits for it.
            let _ = catch_unwind(AssertUnwindSafe(self.next()));
        }
    }

    fn next(&self) -> Job {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(job) = jobs.pop_front() {
                return job;
            }
            jobs = self.came.wait(jobs).unwrap_or_else(PoisonError::into_inner);
        }
    }
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
