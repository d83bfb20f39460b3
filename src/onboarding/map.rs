//! The owner's word that items are what the store has: each becomes the supplier's offer of a variant.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::entity::item::{self, ItemState, Suggestions};
use super::error::OnboardingErrorCode::{self, AlreadyMapped, CostMissing, NotFound, Taken, TooMany};
use super::{Bulk, Refusal, queries};
use crate::app::App;
use crate::catalog;
use crate::identity::audit::Changes;
use crate::identity::{Action, Actor, audit};
use crate::inventory::{self, MAX_OFFERS, OfferSnapshot, OfferUpsert, PollStock};
use crate::kernel::ids::{SupplierId, SupplierItemId, VariantId};
use crate::kernel::money::Money;
use crate::kernel::problem::{Fault, Problem};
use crate::platform::jobs;
use crate::platform::tx::Tx;

/// What the owner says of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WantedMapping {
    /// The item.
    pub item_id: SupplierItemId,
    /// The variant it is.
    pub variant_id: VariantId,
    /// Whether the offer is used at once.
    pub active: bool,
}

/// An item that is an offer of a variant from now on.
pub(super) struct Confirmed {
    pub(super) item: item::Model,
    pub(super) variant: VariantId,
    /// The offer it becomes; none if it is there. That one knows better: its cost may be a newer one, and
    /// somebody may have switched it off.
    pub(super) offer: Option<NewOffer>,
}

/// What is told of an offer that is made.
pub(super) struct NewOffer {
    pub(super) cost: Money,
    pub(super) active: bool,
}

/// Makes items their suppliers' offers of variants. A repeat changes nothing. For the owner and staff.
pub async fn map_items(app: &App, actor: &Actor, wanted: &[WantedMapping]) -> Result<Bulk, Refusal> {
    actor.may(Action::ManageInventory)?;
    let tx = Tx::begin(app).await?;
    let mut known = Known::load(&tx, wanted).await?;
    let (mut done, mut confirmed) = (Bulk::default(), Vec::new());
    for (index, it) in wanted.iter().enumerate() {
        match known.judge(it) {
            Ok(Judged::AsItWas(item)) => done.items.push(item),
            Ok(Judged::New(new)) => confirmed.push(new),
            Err((code, field, message)) => {
                done.problems.push(Problem::at(code, &format!("input.{index}.{field}"), message));
            }
        }
    }
    done.items.extend(confirm(&tx, actor, "supplier.items_map", confirmed).await?);
    tx.commit().await?;
    let place = |item: &item::Model| wanted.iter().position(|it| it.item_id == item.id);
    done.items.sort_by_key(place);
    done.items.dedup_by_key(|it| it.id);
    Ok(done)
}

/// What a mapping would come to.
enum Judged {
    AsItWas(item::Model),
    New(Confirmed),
}

type No = (OnboardingErrorCode, &'static str, String);

/// What mappings are judged by.
struct Known {
    items: HashMap<SupplierItemId, item::Model>,
    variants: HashSet<VariantId>,
    offers: HashMap<VariantId, Vec<OfferSnapshot>>,
    /// What suppliers offer under the items' SKUs.
    offered: HashMap<(SupplierId, String), VariantId>,
    /// What was decided in this call: the places of suppliers among the offers of variants.
    places: HashSet<(SupplierId, VariantId)>,
}

impl Known {
    async fn load(tx: &Tx, wanted: &[WantedMapping]) -> Result<Self, Fault> {
        let items = queries::lock(tx, wanted.iter().map(|it| it.item_id)).await?;
        let ids: Vec<VariantId> = wanted.iter().map(|it| it.variant_id).collect();
        let variants = catalog::snapshots(tx, &ids).await?.into_iter().map(|it| it.id).collect();
        let mut offers: HashMap<VariantId, Vec<OfferSnapshot>> = HashMap::new();
        for offer in inventory::offers_for(tx, tx.now(), &ids).await? {
            offers.entry(offer.variant_id).or_default().push(offer);
        }
        let offered = offered(tx, &items).await?;
        let items = items.into_iter().map(|it| (it.id, it)).collect();
        Ok(Self { items, variants, offers, offered, places: HashSet::new() })
    }

    fn judge(&mut self, wanted: &WantedMapping) -> Result<Judged, No> {
        let no = |code, field, message: &str| (code, field, message.to_owned());
        let item = self.items.get(&wanted.item_id);
        let item = item.ok_or_else(|| no(NotFound, "itemId", "There is no such item."))?.clone();
        if !self.variants.contains(&wanted.variant_id) {
            return Err(no(NotFound, "variantId", "There is no such variant."));
        }
        if item.variant_id == Some(wanted.variant_id) {
            return Ok(Judged::AsItWas(item));
        }
        let offered = self.offered.get(&(item.supplier_id, item.supplier_sku.clone()));
        if item.variant_id.is_some() || offered.is_some_and(|it| *it != wanted.variant_id) {
            let message = "The item is an offer of another variant already; change that with supplierOfferSet.";
            return Err(no(AlreadyMapped, "itemId", message));
        }
        let there = self.offers.get(&wanted.variant_id).map(Vec::as_slice).unwrap_or_default();
        let own = there.iter().find(|it| it.supplier_id == item.supplier_id);
        if let Some(other) = own.filter(|it| it.supplier_sku != item.supplier_sku) {
            let message = format!("The supplier offers this variant already, as \"{}\".", other.supplier_sku);
            return Err((Taken, "variantId", message));
        }
        if own.is_none() && there.len() >= MAX_OFFERS {
            return Err(no(TooMany, "variantId", "A variant has at most 50 offers."));
        }
        let cost_missing = || {
            let message = "The supplier does not say what it costs; set the offer with supplierOfferSet.";
            no(CostMissing, "itemId", message)
        };
        let offer = match own {
            Some(_) => None,
            None => {
                let cost = item.cost().ok().flatten().ok_or_else(cost_missing)?;
                Some(NewOffer { cost, active: wanted.active })
            }
        };
        if !self.places.insert((item.supplier_id, wanted.variant_id)) {
            return Err(no(Taken, "variantId", "Another item of this supplier was made an offer of it just now."));
        }
        // Named a second time, it is what it has become by then.
        if let Some(known) = self.items.get_mut(&item.id) {
            known.variant_id = Some(wanted.variant_id);
            known.state = ItemState::Mapped;
        }
        Ok(Judged::New(Confirmed { item, variant: wanted.variant_id, offer }))
    }
}

/// What the items' suppliers offer under their SKUs already.
pub(super) async fn offered(tx: &Tx, items: &[item::Model]) -> Result<HashMap<(SupplierId, String), VariantId>, Fault> {
    let mut skus: BTreeMap<SupplierId, Vec<String>> = BTreeMap::new();
    for item in items {
        skus.entry(item.supplier_id).or_default().push(item.supplier_sku.clone());
    }
    let mut all = HashMap::new();
    for (supplier, skus) in skus {
        let found = inventory::variants_offered(tx, supplier, &skus).await?;
        all.extend(found.into_iter().map(|(sku, variant)| ((supplier, sku), variant)));
    }
    Ok(all)
}

/// Writes the offers, has their stock fetched, and notes that the items are mapped; the items as they are then.
pub(super) async fn confirm(
    tx: &Tx,
    actor: &Actor,
    action: &str,
    confirmed: Vec<Confirmed>,
) -> Result<Vec<item::Model>, Fault> {
    let mut by_supplier: BTreeMap<SupplierId, Vec<Confirmed>> = BTreeMap::new();
    for it in confirmed {
        by_supplier.entry(it.item.supplier_id).or_default().push(it);
    }
    let mut rows = Vec::new();
    for (supplier, confirmed) in by_supplier {
        let offers: Vec<OfferUpsert> = confirmed.iter().filter_map(offer).collect();
        inventory::upsert_offers(tx, supplier, tx.now(), &offers).await?;
        jobs::hasten(tx, &PollStock { supplier_id: supplier }).await?;
        let changes = confirmed
            .iter()
            .fold(Changes::none(), |changes, it| changes.given(&it.item.supplier_sku, it.variant.to_string()));
        audit::record(tx, actor, action, supplier, changes).await?;
        rows.extend(confirmed.into_iter().map(|it| item::Model {
            state: ItemState::Mapped,
            variant_id: Some(it.variant),
            suggestions: Suggestions::default(),
            updated_at: tx.now(),
            ..it.item
        }));
    }
    use item::Column as C;
    tx.save_all::<item::Entity>(rows.clone(), &[C::State, C::VariantId, C::Suggestions, C::UpdatedAt]).await?;
    Ok(rows)
}

fn offer(it: &Confirmed) -> Option<OfferUpsert> {
    let new = it.offer.as_ref()?;
    Some(OfferUpsert {
        variant_id: it.variant,
        supplier_sku: it.item.supplier_sku.clone(),
        cost: new.cost,
        quantity: None,
        lead_time_days: None,
        active: Some(new.active),
    })
}
