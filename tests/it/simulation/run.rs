//! Telling many stories, and making a bad one short.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::plan::{Step, draw};
use super::shop::shop;
use super::story::{Told, Violation, tell};

/// Deep futures of an unoptimized build need much.
pub const STACK: usize = 16 * 1024 * 1024;
/// How often a long run tells how far it is.
const TELL_EVERY: Duration = Duration::from_secs(10);
/// How often a bad story is told again to make it short.
const TRIES: usize = 300;

/// A story that broke an invariant.
pub struct Broken {
    /// Its seed.
    pub seed: u64,
    /// What is left of its plan.
    pub plan: Vec<Step>,
    /// What it breaks.
    pub violation: Violation,
}

/// What a run came to.
#[derive(Default)]
pub struct Outcome {
    /// How many stories were told to their end.
    pub stories: usize,
    /// How many steps they had.
    pub steps: usize,
    /// How many orders.
    pub orders: usize,
    /// The first that broke an invariant, by seed.
    pub broken: Option<Broken>,
    /// How long it took.
    pub took: Duration,
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { stories, steps, orders, took, .. } = self;
        let violations = u8::from(self.broken.is_some());
        write!(f, "{stories} stories, {steps} steps, {orders} orders, {violations} violations in {took:.1?}")
    }
}

/// Tells the stories of these seeds, on all processors, until one breaks. `prepare` is called on each thread.
pub fn run(seeds: std::ops::Range<u64>, prepare: fn()) -> Outcome {
    shop();
    let (next, stop, told) = (AtomicU64::new(seeds.start), AtomicBool::new(false), AtomicUsize::new(0));
    let outcome = Mutex::new(Outcome::default());
    let began = Instant::now();
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let (next, stop, told, outcome, seeds) = (&next, &stop, &told, &outcome, &seeds);
            let work = move || {
                prepare();
                let mut spoke = Instant::now();
                while !stop.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    note(outcome, seed, tell(seed, &draw(seed)), stop);
                    let count = told.fetch_add(1, Ordering::Relaxed) + 1;
                    if thread == 0 && spoke.elapsed() > TELL_EVERY {
                        spoke = Instant::now();
                        println!("{count} stories of {} in {:?}", seeds.end - seeds.start, began.elapsed());
                    }
                }
            };
            std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work).expect("a thread starts");
        }
    });
    let outcome = outcome.into_inner().unwrap_or_else(PoisonError::into_inner);
    Outcome { took: began.elapsed(), ..outcome }
}

fn note(outcome: &Mutex<Outcome>, seed: u64, told: Result<Told, Violation>, stop: &AtomicBool) {
    let mut outcome = outcome.lock().unwrap_or_else(PoisonError::into_inner);
    match told {
        Ok(told) => {
            outcome.stories += 1;
            outcome.steps += told.steps;
            outcome.orders += told.orders;
        }
        Err(violation) => {
            stop.store(true, Ordering::Relaxed);
            if outcome.broken.as_ref().is_none_or(|it| it.seed > seed) {
                outcome.broken = Some(Broken { seed, plan: draw(seed), violation });
            }
        }
    }
}

/// Makes a bad story short: leaves out ever smaller parts of its plan as long as what is left breaks the
/// same invariant. `prepare` is called on the thread it is told on.
pub fn shrink(broken: Broken, prepare: fn()) -> Broken {
    let work = move || {
        prepare();
        shorten(broken)
    };
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(work).expect("a thread starts");
    thread.join().expect("a story is told")
}

fn shorten(mut broken: Broken) -> Broken {
    broken.plan.truncate(broken.violation.step + 1);
    let (mut part, mut tries) = (broken.plan.len().div_ceil(2), 0);
    while part > 0 {
        let mut from = 0;
        let before = broken.plan.len();
        while from < broken.plan.len() && tries < TRIES {
            tries += 1;
            let to = (from + part).min(broken.plan.len());
            let less: Vec<Step> = [&broken.plan[..from], &broken.plan[to..]].concat();
            match tell(broken.seed, &less) {
                Err(violation) if violation.kind() == broken.violation.kind() => {
                    broken.plan = less;
                    broken.violation = violation;
                }
                _ => from += part,
            }
        }
        if broken.plan.len() == before || tries >= TRIES {
            part /= 2;
        }
    }
    broken
}

impl Violation {
    /// Which invariant is broken first, by its number.
    pub fn kind(&self) -> &str {
        let first = self.found.first().map_or("", String::as_str);
        first.split(':').next().unwrap_or_default()
    }
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "the story of seed {} breaks:", self.seed)?;
        for what in &self.violation.found {
            writeln!(f, "  {what}")?;
        }
        writeln!(f, "after step {} of:", self.violation.step + 1)?;
        for (place, step) in self.plan.iter().enumerate() {
            writeln!(f, "  {:3}. {step:?}", place + 1)?;
        }
        let plan = serde_json::to_string(&self.plan).unwrap_or_default();
        writeln!(f, "the whole of it again:")?;
        writeln!(
            f,
            "  CONSIGN_SIMULATION_SEED={} cargo test --test it simulation::stories",
            self.seed
        )?;
        writeln!(f, "what is left of it:")?;
        write!(
            f,
            "  CONSIGN_SIMULATION_SEED={} CONSIGN_SIMULATION_PLAN='{plan}' cargo test --test it simulation::stories",
            self.seed
        )
    }
}
