//! Which variants may be what a few hundred items are.
//!
//! By numbers and SKUs, in one statement each for all of them. Only items that none of these leads anywhere are
//! looked for by their titles, one by one, in the catalogue's own index.

use std::collections::{BTreeSet, HashMap};

use super::entity::item::{Suggestion, Suggestions};
use super::matching::{Features, compare};
use crate::app::App;
use crate::catalog::{self, KnownVariant, Names};
use crate::kernel::problem::Fault;

/// The most variants that are suggested for an item.
const MOST: usize = 5;
/// The most products that are looked at for a title.
const PRODUCTS: u64 = 5;
/// How many words of a title are looked for: the longest, which few titles have.
const WORDS: usize = 2;

/// The variants that may be what these items are, in the items' order.
pub(super) async fn suggest(app: &App, items: &[Features]) -> Result<Vec<Suggestions>, Fault> {
    let named = Candidates::named_like(app, items).await?;
    let mut all = Vec::with_capacity(items.len());
    for item in items {
        let mut found = best(item, named.of(item));
        if found.0.is_empty() {
            let titled = titled_like(app, item).await?;
            found = best(item, titled.iter());
        }
        all.push(found);
    }
    Ok(all)
}

fn best<'a>(item: &Features, variants: impl Iterator<Item = &'a Candidate>) -> Suggestions {
    let suggestion = |it: &Candidate| {
        let (score, reasons) = compare(item, &it.features)?;
        Some(Suggestion { variant_id: it.variant.id, score, reasons })
    };
    let mut found: Vec<Suggestion> = variants.filter_map(suggestion).collect();
    found.sort_by_key(|it| (std::cmp::Reverse(it.score), it.variant_id));
    found.truncate(MOST);
    Suggestions(found)
}

/// A variant, and what it is known by.
struct Candidate {
    variant: KnownVariant,
    features: Features,
}

impl From<KnownVariant> for Candidate {
    fn from(it: KnownVariant) -> Self {
        let (gtin, mpn, brand) = (it.gtin.as_deref(), it.mpn.as_deref(), it.brand.as_deref());
        let features = Features::of(gtin, mpn, brand, &it.sku, &it.product_title, &it.selected_options.0);
        Self { variant: it, features }
    }
}

/// The variants that share a number or a SKU with one of many items.
#[derive(Default)]
struct Candidates {
    all: Vec<Candidate>,
    by_name: HashMap<(Kind, String), Vec<usize>>,
}

/// What a name names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Gtin,
    Mpn,
    Sku,
}

/// What something is named, by kind.
fn names(it: &Features) -> impl Iterator<Item = (Kind, String)> {
    let gtin = it.gtin.as_ref().map(|it| (Kind::Gtin, it.to_string()));
    let mpn = it.mpn.clone().map(|it| (Kind::Mpn, it));
    let sku = Some((Kind::Sku, it.sku.clone())).filter(|(_, sku)| !sku.is_empty());
    [gtin, mpn, sku].into_iter().flatten()
}

impl Candidates {
    async fn named_like(app: &App, items: &[Features]) -> Result<Self, Fault> {
        let mut wanted = Names::default();
        for (kind, name) in items.iter().flat_map(names).collect::<std::collections::HashSet<_>>() {
            match kind {
                Kind::Gtin => wanted.gtins.push(name),
                Kind::Mpn => wanted.mpns.push(name),
                Kind::Sku => wanted.skus.push(name),
            }
        }
        let mut found = Self::default();
        for variant in catalog::variants_known_as(app.db.read(), &wanted).await? {
            let candidate = Candidate::from(variant);
            for name in names(&candidate.features) {
                found.by_name.entry(name).or_default().push(found.all.len());
            }
            found.all.push(candidate);
        }
        Ok(found)
    }

    /// Those that share a name with `item`, each once.
    fn of(&self, item: &Features) -> impl Iterator<Item = &Candidate> {
        let places: BTreeSet<usize> = names(item).filter_map(|it| self.by_name.get(&it)).flatten().copied().collect();
        places.into_iter().filter_map(|place| self.all.get(place))
    }
}

/// The variants of products that have the longest words of the item's title.
async fn titled_like(app: &App, item: &Features) -> Result<Vec<Candidate>, Fault> {
    let mut words: Vec<String> = item.words.iter().cloned().collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
    words.truncate(WORDS);
    let products = catalog::products_with_words(app.db.read(), &words, PRODUCTS).await?;
    if products.is_empty() {
        return Ok(Vec::new());
    }
    let variants = catalog::variants_for_matching(app.db.read(), &products).await?;
    Ok(variants.into_iter().map(Candidate::from).collect())
}
