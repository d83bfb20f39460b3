//! Stories drawn from seeds: buyers, the owner, suppliers, the payment provider, the mail server, the
//! background work and the time take turns, things go wrong, and after every step nothing that the store
//! promises may be broken. `docs/simulation.md` says how to read and to replay one.

mod clock;
mod plan;
mod shop;

mod adapter;
mod net;
mod post;
mod provider;
mod supplier;

mod buyers;
mod owner;
mod partners;

mod doom;
mod process;
mod story;

mod books;
mod ending;
mod oracle;
mod rules;

mod run;
mod stories;

#[cfg(feature = "planted-bugs")]
mod planted;

/// The tests; those of planted bugs where there are any to plant.
pub fn tests() -> Vec<crate::support::Test> {
    [stories::tests(), of_planted_bugs()].concat()
}

#[cfg(feature = "planted-bugs")]
fn of_planted_bugs() -> Vec<crate::support::Test> {
    planted::tests()
}

#[cfg(not(feature = "planted-bugs"))]
fn of_planted_bugs() -> Vec<crate::support::Test> {
    Vec::new()
}

/// Does `work` on a thread of its own: stories have runtimes, which do not start inside of another one.
async fn outside(work: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(run::STACK).spawn(work).expect("a thread starts");
    let joined = tokio::task::spawn_blocking(move || thread.join()).await.expect("the wait ends");
    if let Err(panic) = joined {
        std::panic::resume_unwind(panic);
    }
}
