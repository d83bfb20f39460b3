//! The stories themselves.

use super::outside;
use super::plan::{Step, draw};
use super::run::{Broken, run, shrink};
use super::story::{Told, Violation, tell};

crate::plain_tests![break_no_invariant, that_broke_one_do_not_any_more, are_always_told_alike];

/// How many are told when nobody says.
const SAMPLE: u64 = 60;
/// Stories that once broke something, made short: the seed and the plan.
const REMEMBERED: [(u64, &str); 2] = [
    // The order is cancelled while nobody knows whether its money was taken.
    (
        320,
        r#"[{"Buy":{"lines":[[0,3]],"code":true,"fate":"Good"}},{"Job":{"fate":"Good","unrecorded":false}},
            {"Job":{"fate":"Good","unrecorded":false}},{"Job":{"fate":"Part","unrecorded":false}},
            {"Job":{"fate":"After","unrecorded":false}},{"Cancel":{"order":5}}]"#,
    ),
    // The supplier says yes to a part, which nobody hears before all of that has arrived.
    (
        21584,
        r#"[{"Buy":{"lines":[[1,1],[0,3]],"code":false,"fate":"Good"}},{"Job":{"fate":"Good","unrecorded":false}},
            {"Deliver":{"message":86,"arrival":"Once"}},{"Job":{"fate":"Good","unrecorded":false}},
            {"Job":{"fate":"Good","unrecorded":false}},{"Supplier":{"order":140,"act":"AcceptPart"}},
            {"Deliver":{"message":143,"arrival":"Never"}}]"#,
    ),
];

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
        if let Some(broken) = outcome.broken {
            fail(&shrink(broken, || {}));
        }
    })
    .await;
}

async fn that_broke_one_do_not_any_more() {
    outside(|| {
        for (seed, plan) in REMEMBERED {
            let plan: Vec<Step> = serde_json::from_str(plan).expect("a plan is a list of steps");
            tell(seed, &plan).map(drop).unwrap_or_else(|violation| fail(&Broken { seed, plan, violation }));
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
