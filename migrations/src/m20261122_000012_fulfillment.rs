//! Supplier orders: what is asked of one supplier for one order, and the path each has taken.

use sea_orm_migration::prelude::*;

use crate::ddl;

/// The step.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, TABLES).await
    }
}

const TABLES: &str = "
CREATE TABLE supplier_order (
    id {uuid} PRIMARY KEY,
    order_id {uuid} NOT NULL REFERENCES orders (id),
    supplier_id {uuid} NOT NULL,
    status text NOT NULL,
    request_status text NOT NULL,
    attempt integer NOT NULL CHECK (attempt > 0),
    tried {json} NOT NULL,
    replaces {uuid},
    service_code text NOT NULL,
    currency text NOT NULL,
    shipping_cost bigint NOT NULL CHECK (shipping_cost >= 0),
    store_shipping_cost bigint NOT NULL CHECK (store_shipping_cost >= 0),
    remote_id text,
    supplier_reference text,
    accept_by {time} NOT NULL,
    ship_by {time} NOT NULL,
    estimated_ship_at {time},
    sent_at {time},
    sendings integer NOT NULL,
    asked_at {time},
    submitted_at {time},
    acknowledged_at {time},
    rejection_code text,
    rejection_message text,
    cancel_reason text,
    cancel_requested_at {time},
    note text,
    steps integer NOT NULL,
    created_at {time} NOT NULL,
    updated_at {time} NOT NULL
);
CREATE INDEX supplier_order_order ON supplier_order (order_id, id);
CREATE INDEX supplier_order_supplier ON supplier_order (supplier_id, created_at, id);
CREATE INDEX supplier_order_status ON supplier_order (status, id);
CREATE INDEX supplier_order_replaces ON supplier_order (replaces);

CREATE TABLE supplier_order_line (
    id {uuid} PRIMARY KEY,
    supplier_order_id {uuid} NOT NULL REFERENCES supplier_order (id),
    order_line_id {uuid} NOT NULL REFERENCES order_line (id),
    offer_id {uuid} NOT NULL,
    variant_id {uuid} NOT NULL,
    supplier_sku text NOT NULL,
    title text NOT NULL,
    quantity bigint NOT NULL CHECK (quantity > 0),
    accepted bigint NOT NULL CHECK (accepted >= 0),
    refused bigint NOT NULL CHECK (refused >= 0),
    settled bigint NOT NULL CHECK (settled >= 0 AND settled <= refused),
    cancelled bigint NOT NULL CHECK (cancelled >= 0),
    shipped bigint NOT NULL CHECK (shipped >= 0),
    delivered bigint NOT NULL CHECK (delivered >= 0 AND delivered <= shipped),
    unit_cost bigint NOT NULL CHECK (unit_cost >= 0),
    store_unit_cost bigint NOT NULL CHECK (store_unit_cost >= 0),
    reason_code text,
    reason_message text,
    CHECK (accepted + refused <= quantity),
    CHECK (shipped + refused + cancelled <= quantity)
);
CREATE INDEX supplier_order_line_order ON supplier_order_line (supplier_order_id, id);
CREATE INDEX supplier_order_line_order_line ON supplier_order_line (order_line_id);
CREATE INDEX supplier_order_line_offer ON supplier_order_line (offer_id);

CREATE TABLE supplier_order_transition (
    supplier_order_id {uuid} NOT NULL REFERENCES supplier_order (id),
    seq integer NOT NULL,
    from_status text NOT NULL,
    to_status text NOT NULL,
    reason text NOT NULL,
    at {time} NOT NULL,
    PRIMARY KEY (supplier_order_id, seq)
);
";
