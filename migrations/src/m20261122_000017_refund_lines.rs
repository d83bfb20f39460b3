//! Which units of an order's lines were paid back.

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
CREATE TABLE refund_line (
    refund_id {uuid} NOT NULL REFERENCES refund (id),
    order_line_id {uuid} NOT NULL,
    quantity bigint NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (refund_id, order_line_id)
);
CREATE INDEX refund_order ON refund (order_id);
";
