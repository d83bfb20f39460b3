//! The stories themselves.

use super::outside;
use super::plan::{Step, draw};
use super::run::{Broken, run, shrink};
use super::story::{Told, Violation, tell};

crate::plain_tests![break_no_invariant, are_always_told_alike];

/// How many are told when nobody says.
const SAMPLE: u64 = 60;
/// The seeds of stories that once broke something, which are told as well.
const REMEMBERED: [u64; 2] = [43, 320];

/// What the environment asks for.
fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

async fn break_no_invariant() {
    outside(|| {
        let seed = asked("CONSIGN_SIMULATION_SEED");
        if let (Some(seed), Ok(plan)) = (seed, std::env::var("CONSIGN_SIMULATION_PLAN")) {
            let plan: Vec<Step> = serde_json::from_str(&plan).expect("a plan is a list of steps");
            return tell(seed, &plan).map(drop).unwrap_or_else(|violation| fail(&Broken { seed, plan, violation }));
        }
        let first = seed.or(asked("CONSIGN_SIMULATION_FIRST")).unwrap_or_default();
        let count = seed.map_or_else(|| asked("CONSIGN_SIMULATION_STORIES").unwrap_or(SAMPLE), |_| 1);
        let outcome = run(first..first + count, || {});
        println!("{outcome}");
        let mut remembered = REMEMBERED.into_iter().filter(|_| first == 0 && count == SAMPLE);
        let broken = outcome.broken.or_else(|| remembered.find_map(|seed| run(seed..seed + 1, || {}).broken));
        if let Some(broken) = broken {
            fail(&shrink(broken, || {}));
        }
    })
    .await;
}

fn fail(broken: &Broken) {
    panic!("{broken}");
}

/// A failing seed is worth something only if it fails again.
async fn are_always_told_alike() {
    outside(|| {
        for seed in 0..4 {
            let told = || -> Result<Told, Violation> { tell(seed, &draw(seed)) };
            let (once, again) = (told().expect("no violation"), told().expect("no violation"));
            assert_eq!(once, again, "the story of seed {seed}");
        }
    })
    .await;
}
