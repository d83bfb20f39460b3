//! The tables of `inventory`.

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
CREATE TABLE supplier_offer (
    id {uuid} PRIMARY KEY,
    supplier_id {uuid} NOT NULL REFERENCES supplier (id),
    variant_id {uuid} NOT NULL,
    supplier_sku text NOT NULL,
    cost_minor bigint NOT NULL CHECK (cost_minor >= 0),
    cost_currency text NOT NULL,
    minimum_quantity bigint NOT NULL CHECK (minimum_quantity >= 1),
    lead_time_days integer CHECK (lead_time_days >= 0),
    ships_to {json},
    priority integer NOT NULL,
    active boolean NOT NULL,
    suspended boolean NOT NULL,
    discontinued boolean NOT NULL,
    restock_at {time},
    reported bigint NOT NULL CHECK (reported BETWEEN 0 AND 1000000000),
    reserved bigint NOT NULL CHECK (reserved >= 0),
    committed bigint NOT NULL CHECK (committed >= 0),
    safety_buffer bigint NOT NULL CHECK (safety_buffer BETWEEN 0 AND 1000000000),
    confidence bigint NOT NULL CHECK (confidence BETWEEN 0 AND 1000000),
    as_of {time},
    stale_at {time},
    stale_stops boolean NOT NULL,
    stale_noted boolean NOT NULL,
    ledger_seq bigint NOT NULL,
    created_at {time} NOT NULL,
    updated_at {time} NOT NULL,
    UNIQUE (supplier_id, supplier_sku),
    UNIQUE (supplier_id, variant_id)
);
CREATE INDEX supplier_offer_variant ON supplier_offer (variant_id);
CREATE INDEX supplier_offer_going_stale ON supplier_offer (stale_at) WHERE stale_stops AND NOT stale_noted;

CREATE TABLE stock_ledger (
    id {uuid} PRIMARY KEY,
    offer_id {uuid} NOT NULL REFERENCES supplier_offer (id),
    seq bigint NOT NULL,
    kind text NOT NULL,
    reported_delta bigint NOT NULL,
    reserved_delta bigint NOT NULL,
    committed_delta bigint NOT NULL,
    reported bigint NOT NULL CHECK (reported >= 0),
    reserved bigint NOT NULL CHECK (reserved >= 0),
    committed bigint NOT NULL CHECK (committed >= 0),
    safety_buffer bigint NOT NULL,
    confidence bigint NOT NULL,
    as_of {time},
    holder {uuid},
    order_id {uuid},
    document text NOT NULL,
    occurred_at {time} NOT NULL,
    UNIQUE (offer_id, seq)
);

CREATE TABLE reservation (
    id {uuid} PRIMARY KEY,
    holder {uuid} NOT NULL,
    offer_id {uuid} NOT NULL REFERENCES supplier_offer (id),
    quantity bigint NOT NULL CHECK (quantity > 0),
    state text NOT NULL,
    order_id {uuid},
    expires_at {time} NOT NULL,
    created_at {time} NOT NULL,
    updated_at {time} NOT NULL,
    UNIQUE (holder, offer_id)
);
CREATE INDEX reservation_offer ON reservation (offer_id);

CREATE TABLE commitment (
    id {uuid} PRIMARY KEY,
    order_id {uuid} NOT NULL,
    offer_id {uuid} NOT NULL REFERENCES supplier_offer (id),
    quantity bigint NOT NULL CHECK (quantity > 0),
    released bigint NOT NULL CHECK (released >= 0),
    accepted bigint NOT NULL CHECK (accepted >= 0),
    absorbed bigint NOT NULL CHECK (absorbed >= 0 AND absorbed + released <= quantity),
    created_at {time} NOT NULL,
    updated_at {time} NOT NULL,
    UNIQUE (order_id, offer_id)
);
CREATE INDEX commitment_offer ON commitment (offer_id);

CREATE TABLE commitment_acceptance (
    id {uuid} PRIMARY KEY,
    commitment_id {uuid} NOT NULL REFERENCES commitment (id),
    offer_id {uuid} NOT NULL,
    quantity bigint NOT NULL CHECK (quantity > 0),
    accepted_at {time} NOT NULL,
    absorbed_at {time}
);
CREATE INDEX commitment_acceptance_commitment ON commitment_acceptance (commitment_id);
CREATE INDEX commitment_acceptance_waiting ON commitment_acceptance (offer_id) WHERE absorbed_at IS NULL;

CREATE TABLE stock_report (
    id {uuid} PRIMARY KEY,
    supplier_id {uuid} NOT NULL REFERENCES supplier (id),
    report_key text NOT NULL,
    as_of {time} NOT NULL,
    state text NOT NULL,
    complete boolean NOT NULL,
    in_stock bigint NOT NULL,
    zeroed bigint NOT NULL,
    received_at {time} NOT NULL,
    updated_at {time} NOT NULL,
    UNIQUE (supplier_id, report_key)
);

CREATE TABLE stock_report_part (
    id {uuid} PRIMARY KEY,
    report_id {uuid} NOT NULL REFERENCES stock_report (id),
    items {json} NOT NULL,
    published boolean NOT NULL
);
CREATE INDEX stock_report_part_report ON stock_report_part (report_id);
";
