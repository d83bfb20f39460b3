//! `consign owner`: the account that may do everything. Whoever may run commands here owns the store.

use std::io::Read as _;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Subcommand};

use crate::app::App;
use crate::identity::admin;
use crate::kernel::problem::VerbError;

#[derive(Debug, Subcommand)]
pub enum OwnerCommand {
    /// Make the owner's account, or give it a new password.
    Create(OwnerCreate),
    /// Take the second factor away from somebody of the store who has lost it.
    ResetSecondFactor(SecondFactorReset),
}

#[derive(Debug, Args)]
pub struct OwnerCreate {
    /// The owner's address; signs in with it
    #[arg(long, value_name = "ADDRESS")]
    email: String,
    #[command(flatten)]
    password: PasswordSource,
}

#[derive(Debug, Args)]
pub struct SecondFactorReset {
    /// The address they sign in with
    #[arg(long, value_name = "ADDRESS")]
    email: String,
}

/// Never a flag: other users of the machine see flags, and shells remember them.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct PasswordSource {
    /// Read the password from standard input
    #[arg(long)]
    password_stdin: bool,
    /// Read the password from a file
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

/// Does what `consign owner …` asks.
pub async fn run(app: App, command: OwnerCommand) -> anyhow::Result<()> {
    match command {
        OwnerCommand::Create(args) => {
            let password = args.password.read()?;
            admin::create_owner(&app, &args.email, &password).await.map_err(sentence)?;
            println!("the owner's account {} is ready", args.email.trim());
        }
        OwnerCommand::ResetSecondFactor(args) => {
            admin::reset_second_factor(&app, &args.email).await.map_err(sentence)?;
            println!("{} signs in with the password alone now", args.email.trim());
        }
    }
    Ok(())
}

impl PasswordSource {
    fn read(&self) -> anyhow::Result<String> {
        let mut text = String::new();
        match &self.password_file {
            Some(file) => {
                text = std::fs::read_to_string(file)
                    .with_context(|| format!("the password file {} cannot be read", file.display()))?;
            }
            None => {
                std::io::stdin()
                    .read_to_string(&mut text)
                    .context("the password cannot be read from standard input")?;
            }
        }
        // The line's end is the shell's, not the password's.
        let password = text.strip_suffix('\n').unwrap_or(&text);
        Ok(password.strip_suffix('\r').unwrap_or(password).to_owned())
    }
}

/// A verb's refusal as one sentence.
pub fn sentence<C>(error: VerbError<C>) -> anyhow::Error {
    match error {
        VerbError::Refused(problems) => {
            let messages: Vec<String> = problems.into_iter().map(|problem| problem.message).collect();
            anyhow::anyhow!("{}", messages.join("; "))
        }
        VerbError::Fault(fault) => fault.into(),
    }
}
