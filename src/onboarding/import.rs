//! The owner's word that items are new to the store: each becomes a variant of a draft product, and an offer of it.

use std::collections::{HashMap, HashSet};

use rust_decimal::{Decimal, RoundingStrategy};

use super::entity::item;
use super::error::OnboardingErrorCode::{
    self, CostMissing, Invalid, NotFound, RateMissing, Taken, TitleMissing, TooMany,
};
use super::map::{self, Confirmed, NewOffer};
use super::{Bulk, Refusal, queries};
use crate::app::App;
use crate::catalog::{
    self, CatalogError, Identity, Imported, MAX_PRICE, MAX_VARIANTS, Media, NewProduct, NewVariant, ProductStatus,
    is_public_https,
};
use crate::identity::{Action, Actor};
use crate::kernel::gtin::Gtin;
use crate::kernel::ids::{ProductId, SupplierId, SupplierItemId, VariantId};
use crate::kernel::money::Money;
use crate::kernel::problem::{Fault, Problem, VerbError};
use crate::platform::tx::Tx;
use crate::pricing::rates::{self, Rates};
use crate::store;

/// The highest markup, in hundredths of the cost.
const MAX_MARKUP: i64 = 10_000;

/// Items about to become drafts.
#[derive(Debug, Clone)]
pub struct NewDrafts {
    /// The items.
    pub ids: Vec<SupplierItemId>,
    /// By how many hundredths of their cost their prices are higher.
    pub markup_percent: Decimal,
    /// Whether the offers are used at once: drafts are not for sale anyway.
    pub active: bool,
}

/// Makes items variants of draft products, and offers of them. Items of one product of the supplier's become
/// variants of one product, also if they come one after the other. An item that is an offer already stays what it
/// is, so a repeat makes nothing twice. For the owner and staff.
pub async fn import_items(app: &App, actor: &Actor, new: &NewDrafts) -> Result<Bulk, Refusal> {
    // What is asked for makes products, offers of them, and prices that tell what they cost.
    for action in [Action::ImportCatalog, Action::ManageInventory, Action::ReadCost] {
        actor.may(action)?;
    }
    if new.markup_percent.is_sign_negative() || new.markup_percent > Decimal::from(MAX_MARKUP) {
        return Err(Refusal::refused(Invalid, "input.markupPercent", "Between 0 and 10,000 percent."));
    }
    let tx = Tx::begin(app).await?;
    let rows = queries::lock(&tx, new.ids.iter().copied()).await?;
    let mut known = Known::load(&tx, &rows, new.markup_percent).await?;
    let mut rows: HashMap<SupplierItemId, item::Model> = rows.into_iter().map(|it| (it.id, it)).collect();
    let (mut done, mut drafts, mut named) = (Bulk::default(), Vec::new(), HashSet::new());
    for (index, id) in new.ids.iter().enumerate().filter(|(_, id)| named.insert(**id)) {
        let judged = match rows.remove(id) {
            None => Err((NotFound, "There is no such item.".to_owned())),
            Some(row) if row.variant_id.is_some() => {
                done.items.push(row);
                continue;
            }
            Some(row) => known.draft(row),
        };
        match judged {
            Ok(draft) => drafts.push(draft),
            Err((code, message)) => done.problems.push(Problem::at(code, &format!("ids.{index}"), message)),
        }
    }
    let made = make(&tx, drafts).await?;
    let confirm = |(draft, variant): (Draft, VariantId)| Confirmed {
        item: draft.item,
        variant,
        offer: Some(NewOffer { cost: draft.cost, active: new.active }),
    };
    let made = made.into_iter().map(confirm).collect();
    done.items.extend(map::confirm(&tx, actor, "supplier.items_import", made).await?);
    tx.commit().await?;
    done.items.sort_by_key(|item| new.ids.iter().position(|id| *id == item.id));
    Ok(done)
}

type No = (OnboardingErrorCode, String);

/// An item, and the variant it becomes.
struct Draft {
    item: item::Model,
    cost: Money,
    variant: NewVariant,
    /// The product it joins.
    product: Option<ProductId>,
    /// The name of the product it shares with others.
    key: Option<String>,
}

/// What items are judged by.
struct Known {
    rates: Rates,
    markup: Decimal,
    /// The SKUs that the store has, by [`catalog::sku_key`].
    skus: HashSet<String>,
    /// What suppliers offer under the items' SKUs.
    offered: HashMap<(SupplierId, String), VariantId>,
    /// The products that items of these keys became.
    products: HashMap<String, Imported>,
    /// How many variants products of these keys get in this call.
    joined: HashMap<String, usize>,
}

impl Known {
    async fn load(tx: &Tx, rows: &[item::Model], markup_percent: Decimal) -> Result<Self, Fault> {
        let currency = store::settings(tx).await?.currency;
        let skus: Vec<String> = rows.iter().map(|it| it.supplier_sku.clone()).collect();
        let keys: HashSet<String> = rows.iter().filter_map(product_key).collect();
        Ok(Self {
            rates: rates::current(tx, currency, tx.now()).await?,
            markup: Decimal::ONE + markup_percent / Decimal::ONE_HUNDRED,
            skus: catalog::variants_by_skus(tx, &skus).await?.into_keys().collect(),
            offered: map::offered(tx, rows).await?,
            products: locked_products(tx, keys.into_iter().collect()).await?,
            joined: HashMap::new(),
        })
    }

    fn draft(&mut self, item: item::Model) -> Result<Draft, No> {
        let no = |code, message: &str| (code, message.to_owned());
        if item.title.is_empty() {
            return Err(no(TitleMissing, "The supplier does not say what it is called."));
        }
        if self.offered.contains_key(&(item.supplier_id, item.supplier_sku.clone())) {
            return Err(no(Taken, "The supplier has an offer under this SKU already; fetch its goods again."));
        }
        let cost = item.cost().ok().flatten();
        let cost = cost.ok_or_else(|| no(CostMissing, "The supplier does not say what it costs."))?;
        let price = self.price(cost)?;
        let key = product_key(&item);
        let product = key.as_ref().and_then(|key| self.products.get(key)).copied();
        if product.is_some_and(|it| !it.draft) {
            let message = "Its product is not a draft any more: add a variant there, and map the item to it.";
            return Err(no(Taken, message));
        }
        let joined = key.as_ref().and_then(|key| self.joined.get(key)).copied().unwrap_or_default();
        if product.map_or(0, |it| it.variants) + joined >= MAX_VARIANTS {
            return Err((TooMany, format!("A product has at most {MAX_VARIANTS} variants.")));
        }
        if !self.skus.insert(catalog::sku_key(&item.supplier_sku)) {
            let message = "The store has a variant with this SKU: map the item to it, or to another.";
            return Err(no(Taken, message));
        }
        if let Some(key) = &key {
            *self.joined.entry(key.clone()).or_default() += 1;
        }
        let variant = new_variant(&item, price);
        Ok(Draft { item, cost, variant, product: product.map(|it| it.id), key })
    }

    /// The cost in the store's currency, and the markup.
    fn price(&self, cost: Money) -> Result<Money, No> {
        let rate_missing = || {
            let message = format!("There is no exchange rate for {}: set one with exchangeRateSet.", cost.currency());
            (RateMissing, message)
        };
        let own = self.rates.to_store(cost).ok_or_else(rate_missing)?;
        let decimals = own.currency().decimals();
        let marked = own.amount().checked_mul(self.markup);
        let rounded = marked.map(|it| it.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero));
        let price = rounded.and_then(|it| Money::from_decimal(it, own.currency()).ok());
        let beyond = || (Invalid, "Its price would be beyond reason.".to_owned());
        price.filter(|it| it.minor() <= MAX_PRICE).ok_or_else(beyond)
    }
}

/// The products of these names, locked: a draft stays one until its new variants are in.
async fn locked_products(tx: &Tx, keys: Vec<String>) -> Result<HashMap<String, Imported>, Fault> {
    let seen = catalog::products_by_external_keys(tx, &keys).await?;
    catalog::lock_products(tx, seen.values().map(|it| it.id).collect()).await?;
    catalog::products_by_external_keys(tx, &keys).await
}

/// The name of an item's product, as imports of files write it too.
fn product_key(item: &item::Model) -> Option<String> {
    item.product_key.as_ref().map(|key| format!("{}:{key}", item.supplier_id))
}

fn new_variant(item: &item::Model, price: Money) -> NewVariant {
    // Variants of one product that are told apart by nothing are by their SKUs.
    let title = (item.product_key.is_some() && item.options.0.is_empty()).then(|| item.supplier_sku.clone());
    NewVariant {
        sku: item.supplier_sku.clone(),
        title,
        options: item.options.0.clone(),
        price,
        compare_at: None,
        identity: Identity {
            gtin: item.gtin.as_deref().and_then(Gtin::parse),
            mpn: item.mpn.clone(),
            brand: item.brand.clone(),
        },
    }
}

/// Makes the variants, of products that are there or of new ones; each with the draft it was made of.
async fn make(tx: &Tx, drafts: Vec<Draft>) -> Result<Vec<(Draft, VariantId)>, Fault> {
    let (joining, fresh): (Vec<Draft>, Vec<Draft>) = drafts.into_iter().partition(|it| it.product.is_some());
    let mut made = Vec::new();
    if !joining.is_empty() {
        let new = joining.iter().filter_map(|it| Some((it.product?, it.variant.clone()))).collect();
        let ids = catalog::add_variants(tx, new).await.map_err(defect)?;
        made.extend(joining.into_iter().zip(ids));
    }
    let mut groups: Vec<Vec<Draft>> = Vec::new();
    let mut group_of: HashMap<String, usize> = HashMap::new();
    for draft in fresh {
        let known = draft.key.as_ref().and_then(|key| group_of.get(key)).copied();
        match known.and_then(|index| groups.get_mut(index)) {
            Some(group) => group.push(draft),
            None => {
                group_of.extend(draft.key.clone().map(|key| (key, groups.len())));
                groups.push(vec![draft]);
            }
        }
    }
    let new = groups.iter().filter_map(|group| new_product(group)).collect();
    let created = catalog::create_products(tx, new).await.map_err(defect)?;
    for (created, group) in created.into_iter().zip(groups) {
        made.extend(group.into_iter().zip(created.variants));
    }
    Ok(made)
}

fn new_product(group: &[Draft]) -> Option<NewProduct> {
    let first = group.first()?;
    let image = first.item.image_url.clone().filter(|it| is_public_https(it));
    Some(NewProduct {
        title: first.item.title.clone(),
        slug: None,
        description: String::new(),
        status: ProductStatus::Draft,
        media: image.map(|url| Media { url, alt: None }).into_iter().collect(),
        variants: group.iter().map(|it| it.variant.clone()).collect(),
        external_key: first.key.clone(),
    })
}

/// Items were checked before: what the catalogue still refuses is a race, and trying again helps.
fn defect(error: CatalogError) -> Fault {
    match error {
        VerbError::Fault(fault) => fault,
        VerbError::Refused(problems) => {
            let first = problems.first().map(|it| format!("{}: {}", it.field.join("."), it.message));
            Fault::Unavailable(anyhow::Error::msg(format!("the catalogue refused: {}", first.unwrap_or_default())))
        }
    }
}
