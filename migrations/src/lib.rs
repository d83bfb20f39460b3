//! The tables, step by step. See README.md for the rules of a step.

pub use sea_orm_migration;
use sea_orm_migration::prelude::*;

mod ddl;
mod m20261122_000001_platform;
mod m20261122_000002_identity;
mod m20261122_000003_store;
mod m20261122_000004_workitems;
mod m20261122_000005_catalog;
mod m20261122_000006_suppliers;
mod m20261122_000007_inventory;
mod m20261122_000008_pricing;
mod m20261122_000009_payments;
mod m20261122_000010_orders;
mod m20261122_000011_checkout;
mod m20261122_000012_fulfillment;
mod m20261122_000013_shipments;
mod m20261122_000014_notifications;
mod m20261122_000015_webhooks;
mod m20261122_000016_importing;
mod m20261122_000017_refund_lines;
mod m20261125_000018_job_rank;
mod m20261125_000019_accounts;
mod m20261125_000020_audit;
mod m20261125_000021_staff;
mod m20261125_000022_external_identity;
mod m20261128_000023_job_lane;
mod m20261128_000024_restoration;
mod m20261128_000026_job_lists;
mod m20261128_000027_job_trace;
mod m20261128_000028_supplier_session;
mod m20261128_000029_supplier_fetch;
mod m20261128_000030_order_link;
mod m20261128_000032_price_rules;
mod m20261128_000033_onboarding;
mod m20261128_000034_handshake;
mod m20261128_000035_routing;
mod m20261128_000036_live_stock;
mod m20261129_000037_stale_confidence;
mod m20261129_000038_low_stock;
mod m20261129_000039_corrected_address;
mod m20261129_000040_offer_room;
mod m20261129_000041_payment_retries;

/// All steps, in order.
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261122_000001_platform::Migration),
            Box::new(m20261122_000002_identity::Migration),
            Box::new(m20261122_000003_store::Migration),
            Box::new(m20261122_000004_workitems::Migration),
            Box::new(m20261122_000005_catalog::Migration),
            Box::new(m20261122_000006_suppliers::Migration),
            Box::new(m20261122_000007_inventory::Migration),
            Box::new(m20261122_000008_pricing::Migration),
            Box::new(m20261122_000009_payments::Migration),
            Box::new(m20261122_000010_orders::Migration),
            Box::new(m20261122_000011_checkout::Migration),
            Box::new(m20261122_000012_fulfillment::Migration),
            Box::new(m20261122_000013_shipments::Migration),
            Box::new(m20261122_000014_notifications::Migration),
            Box::new(m20261122_000015_webhooks::Migration),
            Box::new(m20261122_000016_importing::Migration),
            Box::new(m20261122_000017_refund_lines::Migration),
            Box::new(m20261125_000018_job_rank::Migration),
            Box::new(m20261125_000019_accounts::Migration),
            Box::new(m20261125_000020_audit::Migration),
            Box::new(m20261125_000021_staff::Migration),
            Box::new(m20261125_000022_external_identity::Migration),
            Box::new(m20261128_000023_job_lane::Migration),
            Box::new(m20261128_000024_restoration::Migration),
            Box::new(m20261128_000026_job_lists::Migration),
            Box::new(m20261128_000027_job_trace::Migration),
            Box::new(m20261128_000028_supplier_session::Migration),
            Box::new(m20261128_000029_supplier_fetch::Migration),
            Box::new(m20261128_000035_routing::Migration),
            Box::new(m20261128_000036_live_stock::Migration),
            Box::new(m20261129_000037_stale_confidence::Migration),
            Box::new(m20261129_000038_low_stock::Migration),
            Box::new(m20261129_000039_corrected_address::Migration),
            Box::new(m20261129_000040_offer_room::Migration),
            Box::new(m20261129_000041_payment_retries::Migration),
            Box::new(m20261128_000030_order_link::Migration),
            Box::new(m20261128_000033_onboarding::Migration),
            Box::new(m20261128_000032_price_rules::Migration),
            Box::new(m20261128_000034_handshake::Migration),
        ]
    }
}
