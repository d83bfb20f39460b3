//! What routing reckons with: the owner's policy, suppliers' terms and reliability, customers' tags, and
//! why units went from one supplier to others.

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
CREATE TABLE routing_policy (
    id integer PRIMARY KEY CHECK (id = 1),
    policy {json} NOT NULL,
    version bigint NOT NULL,
    updated_at {time} NOT NULL
);
ALTER TABLE supplier ADD COLUMN handling_fee_minor bigint NOT NULL DEFAULT 0;
ALTER TABLE supplier ADD COLUMN preference bigint NOT NULL DEFAULT 1000000;
ALTER TABLE supplier ADD COLUMN due_orders bigint NOT NULL DEFAULT 0;
ALTER TABLE supplier ADD COLUMN late_orders bigint NOT NULL DEFAULT 0;
ALTER TABLE supplier ADD COLUMN answered_orders bigint NOT NULL DEFAULT 0;
ALTER TABLE supplier ADD COLUMN refused_orders bigint NOT NULL DEFAULT 0;
ALTER TABLE supplier ADD COLUMN measured_at {time};
ALTER TABLE shipping_service ADD COLUMN duty bigint NOT NULL DEFAULT 0;
ALTER TABLE customer ADD COLUMN tags {json} NOT NULL DEFAULT '[]';
CREATE TABLE routing_decision (
    id {uuid} PRIMARY KEY,
    order_id {uuid} NOT NULL REFERENCES orders (id),
    supplier_order_id {uuid} NOT NULL REFERENCES supplier_order (id),
    plan {json} NOT NULL,
    decided_at {time} NOT NULL
);
CREATE INDEX routing_decision_order ON routing_decision (order_id);
";
