//! When a variant would arrive: the soonest of its offers, each by its supplier's cheapest service.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;

use crate::app::App;
use crate::graph::{RequestLoader, SharedFault};
use crate::identity::Actor;
use crate::inventory::OfferSnapshot;
use crate::kernel::country::CountryCode;
use crate::kernel::ids::VariantId;
use crate::routing::{self, DeliveryWindow, Facts, SupplierFacts};
use crate::store;

/// Loads when variants would arrive.
pub struct DeliveryLoader(App);

impl RequestLoader for DeliveryLoader {
    fn new(app: &App, _: &Actor) -> Self {
        Self(app.clone())
    }
}

impl Loader<(VariantId, CountryCode)> for DeliveryLoader {
    type Value = DeliveryWindow;
    type Error = SharedFault;

    async fn load(
        &self,
        keys: &[(VariantId, CountryCode)],
    ) -> Result<HashMap<(VariantId, CountryCode), DeliveryWindow>, SharedFault> {
        let settings = store::cached(&self.0).await?;
        let sold = |key: &&(VariantId, CountryCode)| settings.country(key.1).is_some();
        let keys: Vec<(VariantId, CountryCode)> = keys.iter().filter(sold).copied().collect();
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        let mut variants: Vec<VariantId> = keys.iter().map(|key| key.0).collect();
        variants.sort_unstable();
        variants.dedup();
        let now = self.0.clock.now();
        let facts = routing::load(self.0.db.read(), &variants, None, settings.currency, now).await?;
        Ok(keys.into_iter().filter_map(|key| Some((key, soonest(&facts, key)?))).collect())
    }
}

fn soonest(facts: &Facts, (variant, country): (VariantId, CountryCode)) -> Option<DeliveryWindow> {
    let offers = facts.offers.iter().filter(|offer| offer.variant_id == variant);
    offers.filter_map(|offer| window(facts, offer, country)).min_by_key(|window| (window.latest, window.earliest))
}

/// When an offer would arrive, if it can be had and sent there.
fn window(facts: &Facts, offer: &OfferSnapshot, country: CountryCode) -> Option<DeliveryWindow> {
    let goes = offer.ships_to.as_ref().is_none_or(|countries| countries.contains(&country));
    if !offer.active || offer.sellable < offer.minimum_quantity.max(1) || !goes {
        return None;
    }
    let supplier = facts.suppliers.iter().find(|it| it.id == offer.supplier_id && it.active)?;
    let services = facts.services.iter().filter(|it| it.supplier_id == offer.supplier_id);
    let service = services.filter(|it| it.countries.contains(&country)).min_by_key(|it| (it.price.minor(), it.id))?;
    let processing_days = offer.lead_time_days.map_or(supplier.processing_days, i64::from);
    let supplier = SupplierFacts { processing_days, ..supplier.clone() };
    Some(routing::estimate(&supplier, service, facts.now))
}
