//! What became of prices, as the store sees it.

use async_graphql::{Context, Enum, Object};

use crate::catalog::{self, PriceCause};
use crate::graph::scalars::DateTime;
use crate::graph::{Connection, ContextExt, PageArgs};
use crate::identity::graphql::visible_to_store;
use crate::kernel::ids::VariantId;
use crate::kernel::money::Money;
use crate::kernel::problem::Fault;

/// What made a price change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "PriceCause", name = "PriceChangeCause", visible = "visible_to_store")]
pub enum PriceChangeCause {
    /// Somebody set it.
    ByHand,
    /// An import brought it.
    Import,
    /// A rule made it of a cost.
    Rule,
}

/// One change of a variant's price.
pub struct PriceChange(catalog::PriceChange);

/// One change of a variant's price.
#[Object(visible = "visible_to_store")]
impl PriceChange {
    /// When it changed.
    async fn at(&self) -> DateTime {
        self.0.changed_at
    }

    /// The price before.
    async fn from(&self) -> Money {
        self.0.before()
    }

    /// The price after.
    async fn to(&self) -> Money {
        self.0.after()
    }

    /// What made it change.
    async fn cause(&self) -> PriceChangeCause {
        self.0.cause.into()
    }

    /// Why it is what it is: of a rule's price, every step from the cost to it.
    async fn reason(&self) -> &str {
        &self.0.reason
    }

    /// Who did it, as the audit log names them.
    async fn by(&self) -> &str {
        &self.0.changed_by
    }
}

/// What became of a variant's price.
pub(super) async fn history(
    ctx: &Context<'_>,
    id: VariantId,
    page: PageArgs,
) -> Result<Connection<PriceChange>, Fault> {
    let page = catalog::price_history(ctx.app(), ctx.actor(), id, &page.request()?).await?;
    Ok(Connection::new(page.map(PriceChange)))
}
