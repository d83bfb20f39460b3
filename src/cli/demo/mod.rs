//! `consign demo`.
use super::args::Settings;
use clap::Args;
#[derive(Debug, Args)]
pub struct DemoArgs {}
pub async fn run(_settings: Settings, _args: DemoArgs) -> anyhow::Result<()> {
    Ok(())
}
