//! What else is known of a supplier order: why it is held, and what was asked over the wire.

use async_graphql::{Context, SimpleObject};

use super::enums::{SupplierRequestCall, SupplierRequestOutcome};
use crate::fulfillment::{self, request};
use crate::graph::scalars::DateTime;
use crate::graph::{Connection, ContextExt, PageArgs};
use crate::identity::graphql::{visible_to_store, visible_to_supplier};
use crate::kernel::ids::SupplierOrderId;
use crate::kernel::problem::Fault;

/// Why a supplier order is held back.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_supplier")]
pub struct SupplierOrderHold {
    /// Since when.
    pub(super) since: DateTime,
    /// Why; null once the words about its customer are forgotten.
    pub(super) reason: Option<String>,
}

/// One call to a supplier about a supplier order.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct SupplierRequest {
    /// What was asked.
    call: SupplierRequestCall,
    /// What came back.
    outcome: SupplierRequestOutcome,
    /// The key it was asked under: our reference, or the supplier's own id of the order.
    reference: String,
    /// The HTTP status of the last answer; null if there was none, or no HTTP.
    http_status: Option<i32>,
    /// How long it took, in milliseconds.
    milliseconds: i64,
    /// When it was asked.
    at: DateTime,
}

impl From<request::Model> for SupplierRequest {
    fn from(row: request::Model) -> Self {
        Self {
            call: row.call.into(),
            outcome: row.outcome.into(),
            reference: row.reference,
            http_status: row.http_status,
            milliseconds: row.took_ms,
            at: row.at,
        }
    }
}

/// A page of the calls about a supplier order, for whoever may see them.
pub(super) async fn page(
    ctx: &Context<'_>,
    id: SupplierOrderId,
    args: PageArgs,
) -> Result<Connection<SupplierRequest>, Fault> {
    let page = fulfillment::requests(ctx.app().db.read(), id, &args.request()?).await?;
    Ok(Connection::new(page.map(Into::into)))
}
