//! The harness: tests as values, an engine's database for each, and what tests act with.

pub mod app;
pub mod engines;
pub mod gql;
pub mod live;
pub mod own_redis;
pub mod program;
pub mod served;
pub mod shelf;
pub mod shop;
pub mod smtp;
pub mod stock;
pub mod trade;

use std::future::Future;
use std::pin::Pin;

use libtest_mimic::{Arguments, Failed, Trial};

use self::app::TestApp;
use self::engines::{Engine, Site};

type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A test.
#[derive(Clone)]
pub enum Test {
    /// Gets a store, and runs once per engine.
    OnEngines(&'static str, fn(TestApp) -> Running),
    /// Gets a store whose database and cache are servers; there is none on a machine without them.
    OnServers(&'static str, fn(TestApp) -> Running),
    /// Needs no store, and runs once.
    Plain(&'static str, fn() -> Running),
}

/// Lists a module's tests that act on a store: `engine_tests![a_guest_buys, …]`, each an
/// `async fn(TestApp)`.
#[macro_export]
macro_rules! engine_tests {
    ($($name:ident),* $(,)?) => {
        pub fn tests() -> Vec<$crate::support::Test> {
            vec![$($crate::support::Test::OnEngines(
                concat!(module_path!(), "::", stringify!($name)),
                |app| Box::pin($name(app)),
            )),*]
        }
    };
}

/// Lists a module's tests that are about servers of databases and caches: `server_tests![…]`, each an
/// `async fn(TestApp)`.
#[macro_export]
macro_rules! server_tests {
    ($($name:ident),* $(,)?) => {
        pub fn tests() -> Vec<$crate::support::Test> {
            vec![$($crate::support::Test::OnServers(
                concat!(module_path!(), "::", stringify!($name)),
                |app| Box::pin($name(app)),
            )),*]
        }
    };
}

/// Lists a module's tests that need no store: `plain_tests![…]`, each an `async fn()`.
#[macro_export]
macro_rules! plain_tests {
    ($($name:ident),* $(,)?) => {
        pub fn tests() -> Vec<$crate::support::Test> {
            vec![$($crate::support::Test::Plain(
                concat!(module_path!(), "::", stringify!($name)),
                || Box::pin($name()),
            )),*]
        }
    };
}

/// Declares modules of tests and gathers what they list.
#[macro_export]
macro_rules! modules {
    ($($name:ident),* $(,)?) => {
        $(mod $name;)*

        fn tests() -> Vec<$crate::support::Test> {
            let mut all = Vec::new();
            $(all.extend($name::tests());)*
            all
        }
    };
}

/// Runs the tests that the command line asks for, and leaves with the result.
pub fn run(tests: Vec<Test>) -> ! {
    let mut arguments = Arguments::from_args();
    // Tests mostly wait: for a database, for the simulator.
    arguments.test_threads.get_or_insert(6);
    let engines = Engine::available();
    if !arguments.list {
        let names: Vec<&str> = engines.iter().map(Engine::name).collect();
        println!("engines: {}", names.join(", "));
        if engines.len() == 1 {
            println!("(PostgreSQL and Redis: set CONSIGN_TEST_DATABASE_URL and CONSIGN_TEST_REDIS_URL)");
        }
    }
    let trials = tests.into_iter().flat_map(|test| trials(test, &engines)).collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    runtime().block_on(engines::clean_up());
    conclusion.exit()
}

fn trials(test: Test, engines: &[Engine]) -> Vec<Trial> {
    match test {
        Test::Plain(name, run) => vec![Trial::test(short(name), move || runtime().block_on(outcome(run())))],
        Test::OnEngines(name, run) => on_engines(name, run, engines.iter()),
        Test::OnServers(name, run) => on_engines(name, run, engines.iter().filter(|it| it.is_server())),
    }
}

fn on_engines<'a>(
    name: &'static str,
    run: fn(TestApp) -> Running,
    engines: impl Iterator<Item = &'a Engine>,
) -> Vec<Trial> {
    let trial = |engine: &Engine| {
        let engine = engine.clone();
        let name = format!("{} [{}]", short(name), engine.name());
        Trial::test(name, move || runtime().block_on(on_engine(&engine, run)))
    };
    engines.map(trial).collect()
}

async fn on_engine(engine: &Engine, run: fn(TestApp) -> Running) -> Result<(), Failed> {
    let site = Site::make(engine).await;
    let app = TestApp::start(&site).await;
    let parts = app.parts();
    let result = outcome(run(app)).await;
    parts.stop().await;
    site.remove().await;
    result
}

/// In a task of its own, so that a panic is this test's and what follows still happens.
async fn outcome(running: Running) -> Result<(), Failed> {
    tokio::spawn(running).await.map_err(|_| "the test panicked: see above".into())
}

fn runtime() -> tokio::runtime::Runtime {
    // Deep futures of large GraphQL operations need more stack when built without optimization.
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_stack_size(8 * 1024 * 1024)
        .enable_all()
        .build()
        .expect("a runtime starts")
}

fn short(name: &'static str) -> &'static str {
    name.strip_prefix("it::").unwrap_or(name)
}
