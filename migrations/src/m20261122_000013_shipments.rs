//! Shipments and what carriers say of them.

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
CREATE TABLE shipment (
    id {uuid} PRIMARY KEY,
    order_id {uuid} NOT NULL REFERENCES orders (id),
    supplier_order_id {uuid} NOT NULL REFERENCES supplier_order (id),
    supplier_id {uuid} NOT NULL,
    external_id text NOT NULL,
    carrier text NOT NULL,
    tracking_number text,
    tracking_url text,
    status text NOT NULL,
    status_at {time},
    shipped_at {time} NOT NULL,
    delivered_at {time},
    estimated_earliest {time},
    estimated_latest {time},
    created_at {time} NOT NULL,
    UNIQUE (supplier_order_id, external_id)
);
CREATE INDEX shipment_order ON shipment (order_id, id);
CREATE INDEX shipment_external ON shipment (supplier_id, external_id);

CREATE TABLE shipment_line (
    id {uuid} PRIMARY KEY,
    shipment_id {uuid} NOT NULL REFERENCES shipment (id),
    supplier_order_line_id {uuid} NOT NULL REFERENCES supplier_order_line (id),
    order_line_id {uuid} NOT NULL REFERENCES order_line (id),
    quantity bigint NOT NULL CHECK (quantity > 0)
);
CREATE INDEX shipment_line_shipment ON shipment_line (shipment_id, id);
CREATE INDEX shipment_line_supplier_order_line ON shipment_line (supplier_order_line_id);
CREATE INDEX shipment_line_order_line ON shipment_line (order_line_id);

CREATE TABLE shipment_event (
    id {uuid} PRIMARY KEY,
    shipment_id {uuid} NOT NULL REFERENCES shipment (id),
    external_id text NOT NULL,
    status text,
    raw_status text NOT NULL,
    occurred_at {time} NOT NULL,
    description text,
    location text,
    received_at {time} NOT NULL,
    UNIQUE (shipment_id, external_id)
);
CREATE INDEX shipment_event_time ON shipment_event (shipment_id, occurred_at, id);
";
