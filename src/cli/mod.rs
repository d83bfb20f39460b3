//! The command line: what an operator starts, and the small errands done once.
//!
//! An error is one sentence on standard error and a non-zero exit.

mod args;
mod backup;
mod demo;
mod doctor;
mod import;
mod owner;
mod process;
mod recover;
mod secrets;
mod token;

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{CommandFactory as _, Parser as _};

use self::args::{Arguments, Command, Settings, Simulate};
use crate::app::{self, App};
use crate::platform::config::{Config, LogFormat};
use crate::platform::db::FileLock;
use crate::platform::telemetry;
use crate::{graph, simulator};

/// Runs the program with `args`, the first of which is its name. Called by `main`, and by programs
/// that start themselves again as `consign`.
///
/// # Errors
/// Each is one sentence for the operator.
pub fn main(args: impl IntoIterator<Item = OsString>) -> anyhow::Result<()> {
    match Arguments::try_parse_from(args) {
        Ok(arguments) => start(arguments),
        // Help and version are "errors" of clap that go to standard output; a wrong flag exits with 2.
        Err(error) => error.exit(),
    }
}

/// Not generic, so that the whole program is compiled once and not again in each binary.
fn start(arguments: Arguments) -> anyhow::Result<()> {
    // The first line of all: whatever speaks TLS asks for the process's provider, once.
    // It fails only if there is one already, which is then as good.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let Some(command) = arguments.command else {
        return Arguments::command().print_help().context("the help could not be printed");
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.context("the runtime could not be started")?;
    let result = runtime.block_on(run(arguments.settings, command));
    // Whatever still runs in the background is cut off: each command has waited for what matters.
    runtime.shutdown_background();
    result
}

/// What `main` ends with: an error is printed as one sentence.
pub fn exit_code(result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("consign: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(settings: Settings, command: Command) -> anyhow::Result<()> {
    match command {
        Command::Simulate(command) => simulate(command).await,
        Command::Schema => {
            print!("{}", graph::sdl());
            Ok(())
        }
        Command::Demo(args) => demo::run(settings, args).await,
        command => run_configured(settings.load()?, command).await,
    }
}

async fn run_configured(config: Config, command: Command) -> anyhow::Result<()> {
    match command {
        Command::Config => show(&config),
        Command::Serve => process::run(config, process::Role::Serve).await,
        Command::Work => process::run(config, process::Role::Work).await,
        Command::All => process::run(config, process::Role::All).await,
        Command::Migrate => migrate(&config).await,
        Command::Backup(args) => backup::take(&config, args).await,
        Command::Restore(args) => backup::restore(&config, args).await,
        Command::Doctor(args) => doctor::run(config, args).await,
        Command::Recover(args) => recover::run(errand(config).await?, args).await,
        Command::Owner(command) => owner::run(errand(config).await?, command).await,
        Command::Import(args) => import::run(errand(config).await?, args).await,
        Command::Token(command) => token::run(errand(config).await?, command).await,
        Command::Secrets(command) => secrets::run(errand(config).await?, command).await,
        Command::Simulate(_) | Command::Schema | Command::Demo(_) => unreachable!("these need no configuration"),
    }
}

async fn simulate(command: Simulate) -> anyhow::Result<()> {
    telemetry::init_logs(LogFormat::Text);
    let end = async {
        tokio::select! {
            () = process::asked_to_end() => {}
            () = stdin_closed(), if command.until_stdin_closes => {}
        }
    };
    simulator::serve(command.args.into_config()?, end).await
}

/// Waits until nobody holds the other end of standard input. A thread of its own reads it: the
/// process does not wait for that one.
async fn stdin_closed() {
    let (closed, wait) = tokio::sync::oneshot::channel::<()>();
    std::thread::spawn(move || {
        let _closed = closed;
        // Whatever comes is dropped; an error is an end as well.
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
    });
    // The sender says nothing: it is dropped.
    let _ = wait.await;
}

/// The program for an errand at the database, with only its warnings logged.
async fn errand(config: Config) -> anyhow::Result<App> {
    telemetry::init_warnings(config.log_format);
    App::start(config).await
}

fn show(config: &Config) -> anyhow::Result<()> {
    print!("{}", config.masked());
    for defect in config.check() {
        eprintln!("a server would not start: {defect}");
    }
    Ok(())
}

/// Needs the database and nothing else, so that a deployment may migrate before it has its secrets.
async fn migrate(config: &Config) -> anyhow::Result<()> {
    telemetry::init_warnings(config.log_format);
    anyhow::ensure!(
        crate::platform::db::engine_of(&config.database_url).is_some(),
        "CONSIGN_DATABASE_URL must begin with sqlite:// or postgres://"
    );
    let _lock = FileLock::take(&config.database_url)?;
    let db = app::connect(config).await?;
    db.migrate().await.context("the database's tables cannot be brought up to date")?;
    db.close().await;
    println!("the database is up to date");
    Ok(())
}
