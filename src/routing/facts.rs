//! Reading what routing needs: a constant number of statements, however many lines there are.

use std::collections::HashMap;

use chrono::NaiveTime;
use sea_orm::ConnectionTrait;

use super::policy::{self, RoutingPolicy};
use super::request::{Demand, PlanRequest, ServiceSnapshot, SupplierFacts};
use crate::catalog;
use crate::identity::customers;
use crate::inventory::{self, OfferSnapshot};
use crate::kernel::clock::Timestamp;
use crate::kernel::country::CountryCode;
use crate::kernel::ids::{CollectionId, CustomerId, ShippingServiceId, SupplierId, VariantId};
use crate::kernel::money::Currency;
use crate::kernel::problem::Fault;
use crate::pricing::rates::{self, Rates};
use crate::suppliers::{self, service, supplier};

/// Everything that is known about sending some variants.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The offers of the variants.
    pub offers: Vec<OfferSnapshot>,
    /// The services of their suppliers.
    pub services: Vec<ServiceSnapshot>,
    /// Their suppliers.
    pub suppliers: Vec<SupplierFacts>,
    /// Exchange rates into the store's currency; none, if nothing here is in another.
    pub rates: Rates,
    /// The owner's word.
    pub policy: RoutingPolicy,
    /// The collections of the variants, as far as rules ask for them.
    pub collections: HashMap<VariantId, Vec<CollectionId>>,
    /// The customer's tags, as far as rules ask for them.
    pub customer_tags: Vec<String>,
    /// The moment all this holds at.
    pub now: Timestamp,
}

/// Reads what is known about sending `variants` to `customer` (whoever, without) at `now`.
pub async fn load(
    conn: &impl ConnectionTrait,
    variants: &[VariantId],
    customer: Option<CustomerId>,
    currency: Currency,
    now: Timestamp,
) -> Result<Facts, Fault> {
    let (policy, _) = policy::read(conn).await?;
    let collections = if policy.rules.iter().any(|rule| !rule.collections.is_empty()) {
        catalog::collections_of_variants(conn, variants).await?
    } else {
        HashMap::new()
    };
    let customer = customer.filter(|_| policy.rules.iter().any(|rule| !rule.customer_tags.is_empty()));
    let customer_tags = match customer {
        Some(id) => customers::lookup(conn, id).await?.map(|row| row.tags.0).unwrap_or_default(),
        None => Vec::new(),
    };
    let offers = inventory::offers_for(conn, now, variants).await?;
    let mut ids: Vec<SupplierId> = offers.iter().map(|offer| offer.supplier_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let suppliers = suppliers::load_many(conn, &ids).await?;
    let services = suppliers::services_of(conn, &ids).await?;
    let services: Vec<ServiceSnapshot> =
        services.into_iter().map(ServiceSnapshot::try_from).collect::<Result<_, _>>()?;
    let costs = offers.iter().map(|offer| offer.cost);
    let prices = services.iter().flat_map(|service| [service.price, service.price_per_item]);
    let rates = if costs.chain(prices).all(|money| money.currency() == currency) {
        Rates::new(currency, HashMap::new())
    } else {
        rates::current(conn, currency, now).await?
    };
    let suppliers = suppliers.iter().map(SupplierFacts::try_from).collect::<Result<_, _>>()?;
    Ok(Facts { offers, services, suppliers, rates, policy, collections, customer_tags, now })
}

impl Facts {
    /// Asks for a plan with these facts, with the cheapest service for each parcel.
    pub fn request(self, demands: Vec<Demand>, destination: CountryCode, avoid: Vec<SupplierId>) -> PlanRequest {
        PlanRequest {
            demands,
            offers: self.offers,
            services: self.services,
            suppliers: self.suppliers,
            destination,
            avoid,
            policy: self.policy,
            collections: self.collections,
            customer_tags: self.customer_tags,
            deliver_by: None,
            rates: self.rates,
            now: self.now,
            selections: HashMap::new(),
        }
    }
}

impl PlanRequest {
    /// With the services the buyer picked.
    #[must_use]
    pub fn selecting(self, selections: HashMap<SupplierId, ShippingServiceId>) -> Self {
        Self { selections, ..self }
    }

    /// With what arrives by `deadline` only.
    #[must_use]
    pub fn by(self, deadline: Option<Timestamp>) -> Self {
        Self { deliver_by: deadline, ..self }
    }
}

impl TryFrom<&supplier::Model> for SupplierFacts {
    type Error = Fault;
    fn try_from(row: &supplier::Model) -> Result<Self, Fault> {
        Ok(Self {
            id: row.id,
            active: row.is_active(),
            processing_days: i64::from(row.processing_days),
            cutoff: row.cutoff.as_deref().and_then(|text| NaiveTime::parse_from_str(text, "%H:%M").ok()),
            time_zone: row.time_zone.as_deref().and_then(|name| name.parse().ok()).unwrap_or(chrono_tz::UTC),
            handling_fee: row.handling_fee()?,
            preference: row.preference,
            late_share: row.reliability().late_share(),
            refusal_share: row.reliability().refusal_share(),
        })
    }
}

impl TryFrom<service::Model> for ServiceSnapshot {
    type Error = Fault;
    fn try_from(row: service::Model) -> Result<Self, Fault> {
        Ok(Self {
            price: row.price()?,
            price_per_item: row.price_per_item()?,
            id: row.id,
            supplier_id: row.supplier_id,
            code: row.code,
            name: row.name,
            countries: row.countries.0,
            transit_min_days: i64::from(row.min_days),
            transit_max_days: i64::from(row.max_days),
            duty: row.duty,
        })
    }
}
