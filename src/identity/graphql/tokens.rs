//! API tokens: made, listed and ended by the owner.

use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};

use super::visible_to_store;
use crate::graph::scalars::DateTime;
use crate::graph::{Connection, ContextExt, GlobalId, Nullable, PageArgs, payload, required};
use crate::identity::api_tokens::{self, CreatedToken, NewApiToken, TokenProblem, TokenScope};
use crate::identity::entity::api_token::{Model, ScopeKind};
use crate::identity::{self, Action};
use crate::kernel::ids::{ApiTokenId, SupplierId};
use crate::kernel::problem::{Fault, VerbError};
use crate::suppliers;
use crate::user_error;

/// What the owner can let a member of staff, or an API token, do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "identity::Permission", visible = "visible_to_store")]
pub enum Permission {
    /// Products, collections, imports, uploads.
    Catalog,
    /// Offers, stock, the ledger.
    Inventory,
    /// Orders and their customers' addresses; cancelling.
    Orders,
    /// Supplier orders, shipments, the exceptions queue.
    Fulfillment,
    /// Payments and refunds.
    Payments,
    /// Suppliers, their settings and tokens.
    Suppliers,
    /// Supplier cost and margin, and the prices that rules make of them.
    Costs,
    /// Customers and the mails they got.
    Customers,
    /// Discounts.
    Discounts,
    /// The store's settings, background jobs, API tokens.
    Settings,
}

/// Whose rights an API token carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "ScopeKind", visible = "visible_to_store")]
pub enum ApiTokenScope {
    /// The owner's: everything.
    Owner,
    /// Some of the store's permissions.
    Staff,
    /// One supplier's.
    Supplier,
}

/// What can be wrong with a request about an API token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "TokenProblem", visible = "visible_to_store")]
pub enum ApiTokenErrorCode {
    /// A field is empty, too long, out of range, or does not go with the scope.
    Invalid,
    /// There is no such token or supplier.
    NotFound,
    /// Nobody can give a right that they do not have.
    ScopeTooWide,
}

user_error!(ApiTokenCreateUserError, ApiTokenErrorCode, "visible_to_store");
user_error!(ApiTokenRevokeUserError, ApiTokenErrorCode, "visible_to_store");

/// A long-lived token; the token itself is not kept.
pub struct ApiToken(pub Model);

/// A long-lived token; the token itself is not kept.
#[Object(visible = "visible_to_store")]
impl ApiToken {
    /// The id.
    pub async fn id(&self) -> GlobalId<ApiTokenId> {
        GlobalId(self.0.id)
    }

    /// What it is for.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Whose rights it carries.
    async fn scope(&self) -> ApiTokenScope {
        self.0.scope.into()
    }

    /// Which permissions, if it carries some of the store's; else empty.
    async fn permissions(&self) -> Vec<Permission> {
        self.0.permissions.0.iter().copied().map(Permission::from).collect()
    }

    /// The supplier whose rights it carries; null for the store's own.
    async fn supplier_id(&self) -> Option<GlobalId<SupplierId>> {
        self.0.supplier_id.map(GlobalId)
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        self.0.created_at
    }

    /// When it ends by itself.
    async fn expires_at(&self) -> DateTime {
        self.0.expires_at
    }

    /// When it was ended by hand; null if it was not.
    async fn revoked_at(&self) -> Option<DateTime> {
        self.0.revoked_at
    }

    /// When it was last used, to the minute; null if never.
    async fn last_used_at(&self) -> Option<DateTime> {
        self.0.last_used_at
    }
}

/// A token about to be made.
#[derive(InputObject)]
#[graphql(visible = "visible_to_store")]
pub struct ApiTokenCreateInput {
    /// What it is for, in 1 to 100 characters.
    name: String,
    /// Whose rights it carries.
    scope: ApiTokenScope,
    /// Which permissions; for the scope `STAFF` only.
    permissions: Option<Vec<Permission>>,
    /// Which supplier; for the scope `SUPPLIER` only.
    supplier_id: Option<GlobalId<SupplierId>>,
    /// How many days it lives; 90 if not said.
    days: Option<u32>,
}

/// What became of a token about to be made.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct ApiTokenCreatePayload {
    /// What is kept; null if it was not made.
    api_token: Option<ApiToken>,
    /// The token itself, shown this once; null if it was not made.
    token: Option<String>,
    /// Why not.
    user_errors: Vec<ApiTokenCreateUserError>,
}

/// What became of the end of a token.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct ApiTokenRevokePayload {
    /// The token; null if there is none.
    api_token: Option<ApiToken>,
    /// Why not.
    user_errors: Vec<ApiTokenRevokeUserError>,
}

/// The token, for those who manage tokens.
pub async fn find_token(ctx: &Context<'_>, id: ApiTokenId) -> Result<Option<ApiToken>, Fault> {
    Ok(api_tokens::lookup(ctx.app(), ctx.actor(), id).await?.map(ApiToken))
}

/// The queries about tokens.
#[derive(Default)]
pub struct TokenQuery;

#[Object]
impl TokenQuery {
    /// The API tokens, newest first. For the owner, and staff who manage settings.
    #[graphql(visible = "visible_to_store")]
    async fn api_tokens(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start.")] first: Option<i32>,
        #[graphql(desc = "The cursor to start behind.")] after: Option<String>,
        #[graphql(desc = "How many from the end.")] last: Option<i32>,
        #[graphql(desc = "The cursor to end before.")] before: Option<String>,
    ) -> Nullable<Connection<ApiToken>> {
        required(list(ctx, PageArgs::new(first, after, last, before)).await)
    }
}

async fn list(ctx: &Context<'_>, args: PageArgs) -> Result<Connection<ApiToken>, Fault> {
    let page = api_tokens::list(ctx.app(), ctx.actor(), &args.request()?).await?.map(ApiToken);
    Connection::counted(ctx, page, api_tokens::count(ctx.app(), ctx.actor())).await
}

/// The mutations about tokens.
#[derive(Default)]
pub struct TokenMutation;

#[Object]
impl TokenMutation {
    /// Makes an API token. For the owner, and staff who manage settings; nobody can give a right that
    /// they do not have.
    #[graphql(visible = "visible_to_store")]
    async fn api_token_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token about to be made.")] input: ApiTokenCreateInput,
    ) -> Nullable<ApiTokenCreatePayload> {
        required(payload(create(ctx, input).await).map(|(made, user_errors)| {
            let (api_token, token) = made.map(|made| (ApiToken(made.token), made.plaintext)).unzip();
            ApiTokenCreatePayload { api_token, token, user_errors }
        }))
    }

    /// Ends an API token at once; streams opened with it close within seconds.
    #[graphql(visible = "visible_to_store")]
    async fn api_token_revoke(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which token.")] id: GlobalId<ApiTokenId>,
    ) -> Nullable<ApiTokenRevokePayload> {
        let result = api_tokens::revoke(ctx.app(), ctx.actor(), id.0).await;
        required(
            payload(result)
                .map(|(token, user_errors)| ApiTokenRevokePayload { api_token: token.map(ApiToken), user_errors }),
        )
    }
}

async fn create(ctx: &Context<'_>, input: ApiTokenCreateInput) -> Result<CreatedToken, VerbError<TokenProblem>> {
    // Before the supplier is looked up: whether it exists is not for everybody.
    ctx.actor().may(Action::ManageTokens)?;
    let scope = match (input.scope, input.permissions, input.supplier_id) {
        (ApiTokenScope::Owner, None, None) => TokenScope::Owner,
        (ApiTokenScope::Staff, Some(permissions), None) => {
            TokenScope::Staff(permissions.into_iter().map(identity::Permission::from).collect())
        }
        (ApiTokenScope::Supplier, None, Some(id)) => {
            if suppliers::lookup(ctx.app().db.read(), id.0).await?.is_none() {
                let message = "there is no such supplier";
                return Err(VerbError::refused(TokenProblem::NotFound, "input.supplierId", message));
            }
            TokenScope::Supplier(id.0)
        }
        _ => {
            let message = "STAFF goes with permissions, SUPPLIER with supplierId, OWNER with neither";
            return Err(VerbError::refused(TokenProblem::Invalid, "input.scope", message));
        }
    };
    let new = NewApiToken { name: input.name, scope, days: input.days };
    api_tokens::create(ctx.app(), ctx.actor(), new).await
}
