//! `consign secrets`: what is done after a secret was replaced.

use clap::Subcommand;

use crate::app::App;
use crate::identity::{erasure, totp};
use crate::{orders, payments, suppliers};

#[derive(Debug, Subcommand)]
pub enum SecretsCommand {
    /// Seal everything with CONSIGN_SECRET_KEY that CONSIGN_SECRET_KEY_PREVIOUS sealed. May be repeated, and
    /// run beside servers.
    Reseal,
}

/// Does what `consign secrets …` asks.
pub async fn run(app: App, command: SecretsCommand) -> anyhow::Result<()> {
    let SecretsCommand::Reseal = command;
    let mut unreadable = 0;
    for (what, done) in [
        ("secrets of suppliers", suppliers::reseal(&app).await?),
        ("tokens of suppliers' platforms", suppliers::reseal_sessions(&app).await?),
        ("second factors", totp::reseal(&app).await?),
        ("addresses of forgotten customers", erasure::reseal(&app).await?),
        ("tracking tokens", orders::reseal(&app).await?),
        ("payment tokens", payments::reseal(&app).await?),
    ] {
        println!("{what}: {} sealed anew", done.renewed);
        unreadable += done.unreadable;
    }
    if unreadable > 0 {
        anyhow::bail!(
            "{unreadable} secrets open with neither key: is CONSIGN_SECRET_KEY_PREVIOUS the one they were sealed with?"
        );
    }
    println!("done: the previous key is not needed any more");
    Ok(())
}
