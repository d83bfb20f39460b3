//! A last look before a checkout: figures older than their supplier's limit are asked for anew, while the
//! buyer waits a little. What comes is a stock report like any other; what does not come in time changes
//! nothing, and the checkout goes by what is known.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::future::join_all;

use super::offer;
use super::queries::offers_of_variants;
use super::reports::{StockReport, report};
use crate::app::App;
use crate::kernel::ids::{SupplierId, VariantId};
use crate::kernel::problem::Fault;
use crate::suppliers::adapter::StockAccess;
use crate::suppliers::{self, supplier};

/// How long a buyer waits for all suppliers together.
const PATIENCE: Duration = Duration::from_secs(2);

/// Asks for the figures of these variants that are too old to be sold by.
pub async fn look(app: &App, variants: &[VariantId]) -> Result<(), Fault> {
    let offers = offers_of_variants(app.db.read(), variants).await?;
    let mut ids: Vec<SupplierId> = offers.iter().map(|offer| offer.supplier_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let suppliers = suppliers::load_many(app.db.read(), &ids).await?;
    let mut wanted: BTreeMap<SupplierId, Vec<String>> = BTreeMap::new();
    for offer in offers {
        let supplier = suppliers.iter().find(|it| it.id == offer.supplier_id);
        if supplier.is_some_and(|it| is_due(app, it, &offer)) {
            wanted.entry(offer.supplier_id).or_default().push(offer.supplier_sku);
        }
    }
    let asked = suppliers.iter().filter_map(|it| Some(ask(app, it, wanted.get(&it.id)?)));
    for outcome in join_all(asked).await {
        if let Err(fault) = outcome {
            tracing::warn!(error = ?fault, "a supplier's figures could not be looked at again");
        }
    }
    Ok(())
}

fn is_due(app: &App, supplier: &supplier::Model, offer: &offer::Model) -> bool {
    let Some(limit) = supplier.stock_live_seconds.filter(|_| supplier.is_active() && offer.is_live()) else {
        return false;
    };
    offer.as_of.is_none_or(|as_of| as_of + TimeDelta::seconds(limit) <= app.clock.now())
}

/// Asks one supplier, if it answers at all just now, and publishes what it says.
async fn ask(app: &App, supplier: &supplier::Model, skus: &[String]) -> Result<(), Fault> {
    let adapter = suppliers::adapter_for(app, supplier)?;
    let StockAccess::ByItem(many) = adapter.capabilities().stock else { return Ok(()) };
    let Ok(_place) = suppliers::enter(app, supplier.id) else { return Ok(()) };
    let as_of = app.clock.now();
    let answers = async {
        let mut items = Vec::new();
        for some in skus.chunks(many.max(1)) {
            items.extend(adapter.stock_of(some).await?);
        }
        Ok::<_, suppliers::adapter::AdapterError>(items)
    };
    match tokio::time::timeout(PATIENCE, answers).await {
        Ok(Ok(items)) => {
            suppliers::note_success(app, supplier.id).await?;
            report(app, supplier.id, StockReport { as_of, full: false, part: None, items }).await.map(drop)
        }
        Ok(Err(error)) => suppliers::note_error(app, supplier.id, &error.to_string()).await,
        // Slow for a buyer is not down: its orders go on.
        Err(_) => Ok(()),
    }
}
