//! Telling the catalog what is in stock, for its filters.

use std::collections::BTreeMap;

use sea_orm::ConnectionTrait;

use super::queries::offers_of_variants;
use crate::app::App;
use crate::catalog;
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::VariantId;
use crate::kernel::problem::Fault;
use crate::platform::tx::Tx;

/// How often a look may find that stock moved meanwhile, before it is left to the one who moved it.
const LOOKS: usize = 5;

/// Brings the catalog's facets of these variants up to date.
///
/// No offer is locked for it, so that it stands in nobody's way. Instead it looks again after its
/// commit: whoever changes stock runs this after their own commit, and of several that run at once
/// the last to commit sees what all of them saw, or starts over.
pub(super) async fn refresh(app: &App, variants: &[VariantId]) -> Result<(), Fault> {
    if variants.is_empty() {
        return Ok(());
    }
    for _ in 0..LOOKS {
        let tx = Tx::begin(app).await?;
        // Under the lock, so that of two that look at once the later one sees no less than the other.
        catalog::lock_variants(&tx, variants).await?;
        let seen = in_stock(&tx, tx.now(), variants).await?;
        let changes: Vec<(VariantId, bool)> = seen.iter().map(|(&id, &available)| (id, available)).collect();
        catalog::record_availability(&tx, &changes).await?;
        tx.commit().await?;
        if in_stock(app.db.read(), app.clock.now(), variants).await? == seen {
            return Ok(());
        }
    }
    Ok(())
}

async fn in_stock(
    conn: &impl ConnectionTrait,
    now: Timestamp,
    variants: &[VariantId],
) -> Result<BTreeMap<VariantId, bool>, Fault> {
    let mut found: BTreeMap<VariantId, bool> = variants.iter().map(|&id| (id, false)).collect();
    for offer in offers_of_variants(conn, variants).await? {
        let available = offer.is_live() && offer.sellable(now) > 0;
        found.entry(offer.variant_id).and_modify(|any| *any |= available);
    }
    Ok(found)
}
