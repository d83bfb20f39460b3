//! `consign token`: API tokens. The plaintext goes to standard output once, alone on its line, so
//! that a script can take it; everything else goes to standard error.

use clap::{Args, Subcommand};
use serde::Deserialize as _;
use serde::de::IntoDeserializer as _;
use serde::de::value::{Error, StrDeserializer};

use super::owner::sentence;
use crate::app::App;
use crate::identity::api_tokens::{self, NewApiToken, TokenScope};
use crate::identity::{Actor, Permission};
use crate::kernel::ids::{ApiTokenId, SupplierId};
use crate::kernel::page::{MAX_PAGE, PageRequest};
use crate::suppliers;

#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token and print it, this once.
    Create(TokenCreate),
    /// List the tokens, newest first.
    List,
    /// End a token.
    Revoke {
        /// The token's id, as `list` shows it
        id: ApiTokenId,
    },
}

#[derive(Debug, Args)]
pub struct TokenCreate {
    /// What it is for
    #[arg(long)]
    name: String,
    #[command(flatten)]
    scope: Scope,
    /// How many days it lives [default: 90]
    #[arg(long)]
    days: Option<u32>,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Scope {
    /// It may do everything
    #[arg(long)]
    owner: bool,
    /// It may do what this supplier may
    #[arg(long, value_name = "ID")]
    supplier: Option<SupplierId>,
    /// It may do what these permissions allow, such as ORDERS,FULFILLMENT
    #[arg(long, value_name = "PERMISSIONS", value_delimiter = ',', value_parser = permission)]
    staff: Option<Vec<Permission>>,
}

/// Does what `consign token …` asks.
pub async fn run(app: App, command: TokenCommand) -> anyhow::Result<()> {
    let actor = Actor::system("command line");
    match command {
        TokenCommand::Create(args) => create(&app, &actor, args).await,
        TokenCommand::List => list(&app, &actor).await,
        TokenCommand::Revoke { id } => {
            api_tokens::revoke(&app, &actor, id).await.map_err(sentence)?;
            eprintln!("{id} is revoked");
            Ok(())
        }
    }
}

async fn create(app: &App, actor: &Actor, args: TokenCreate) -> anyhow::Result<()> {
    let scope = match (args.scope.supplier, args.scope.staff) {
        (Some(id), _) => {
            anyhow::ensure!(suppliers::lookup(app.db.read(), id).await?.is_some(), "there is no supplier {id}");
            TokenScope::Supplier(id)
        }
        (None, Some(permissions)) => TokenScope::Staff(permissions),
        (None, None) => TokenScope::Owner,
    };
    let new = NewApiToken { name: args.name, scope, days: args.days };
    let created = api_tokens::create(app, actor, new).await.map_err(sentence)?;
    eprintln!("{} is good until {}; it is shown this once:", created.token.id, created.token.expires_at);
    println!("{}", created.plaintext);
    Ok(())
}

async fn list(app: &App, actor: &Actor) -> anyhow::Result<()> {
    let mut request = PageRequest::first(MAX_PAGE);
    loop {
        let page = api_tokens::list(app, actor, &request).await?;
        for (_, token) in &page.items {
            let state = match token.revoked_at {
                Some(at) => format!("revoked {at}"),
                None if token.expires_at <= app.clock.now() => format!("expired {}", token.expires_at),
                None => format!("good until {}", token.expires_at),
            };
            println!("{}  {:?}  {state}  {}", token.id, token.scope, token.name);
        }
        match page.items.last() {
            Some((cursor, _)) if page.has_next => request.cursor = Some(cursor.clone()),
            _ => return Ok(()),
        }
    }
}

fn permission(text: &str) -> Result<Permission, String> {
    let name = text.trim().to_ascii_uppercase();
    let name: StrDeserializer<'_, Error> = name.as_str().into_deserializer();
    Permission::deserialize(name).map_err(|_| format!("there is no permission {text}"))
}
