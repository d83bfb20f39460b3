//! Export and erasure, as customers and the store ask for them.

use async_graphql::{Context, InputObject, Object, SimpleObject};

use crate::graph::scalars::Json;
use crate::graph::{ContextExt, GlobalId, Nullable, nullable, payload, required};
use crate::identity::erasure;
use crate::identity::graphql::CustomerErrorCode;
use crate::kernel::ids::CustomerId;
use crate::kernel::problem::Fault;
use crate::orders;
use crate::user_error;

user_error!(CustomerEraseUserError, CustomerErrorCode);

/// A page of everything that is kept about a customer.
#[derive(SimpleObject)]
pub struct CustomerDataExport {
    /// What is kept: on the first page `customer`, `addresses`, `sessions`, `carts` and `mails` (at most
    /// 500 of each), on every page 20 `orders`, newest first, with lines, payments, refunds, parcels,
    /// events and mails.
    data: Json,
    /// What to hand to `after` for the next page; null if this was the last one.
    end_cursor: Option<String>,
}

/// How a customer is forgotten.
#[derive(InputObject)]
pub struct CustomerEraseInput {
    /// The account's password, if the customer asks; the store asks without.
    password: Option<String>,
}

/// What became of the wish to be forgotten.
#[derive(SimpleObject)]
pub struct CustomerErasePayload {
    /// Whether the account has ended, now or before. What else is kept about the customer follows within
    /// minutes, but for the orders that are on their way.
    erased: bool,
    /// How many orders are on their way: they must still arrive, and mails about them still go out. Each
    /// loses its buyer within six hours of its last parcel's arrival. Null if nothing was erased.
    orders_under_way: Option<i64>,
    /// Why not; empty if it was.
    user_errors: Vec<CustomerEraseUserError>,
}

/// The queries about what is kept.
#[derive(Default)]
pub struct PrivacyQuery;

#[Object]
impl PrivacyQuery {
    /// Everything that is kept about a customer, page by page, for themselves and for those of the store
    /// who see customers; null if there is no such customer for whoever asks. Secrets are left out.
    async fn customer_data_export(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The customer.")] id: GlobalId<CustomerId>,
        #[graphql(desc = "The `endCursor` of the page before; the first page without.")] after: Option<String>,
    ) -> Nullable<CustomerDataExport> {
        let found = super::export(ctx.app(), ctx.actor(), id.0, after).await;
        nullable(found.map(|page| page.map(|it| CustomerDataExport { data: it.data, end_cursor: it.next })))
    }
}

/// The mutations about what is kept.
#[derive(Default)]
pub struct PrivacyMutation;

#[Object]
impl PrivacyMutation {
    /// Forgets a customer: their account ends at once, its address may be registered again, and orders
    /// keep their figures but lose the person. For the customer themselves, with the password, and for
    /// those of the store who see customers. It cannot be undone.
    async fn customer_erase(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The customer.")] id: GlobalId<CustomerId>,
        #[graphql(desc = "How.")] input: CustomerEraseInput,
    ) -> Nullable<CustomerErasePayload> {
        required(erase(ctx, id.0, input.password).await)
    }
}

async fn erase(ctx: &Context<'_>, id: CustomerId, password: Option<String>) -> Result<CustomerErasePayload, Fault> {
    let app = ctx.app();
    let result = erasure::erase(app, ctx.actor(), id, password.as_deref(), ctx.address()).await;
    let (done, user_errors) = payload(result)?;
    let orders_under_way = match done {
        Some(()) => {
            let count = orders::count_under_way(app.db.read(), id, app.clock.now()).await?;
            Some(i64::try_from(count).unwrap_or(i64::MAX))
        }
        None => None,
    };
    Ok(CustomerErasePayload { erased: done.is_some(), orders_under_way, user_errors })
}
