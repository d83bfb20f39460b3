//! Links by which suppliers without an account answer one supplier order, and the cancellations that
//! suppliers are told of by a message.

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

// The previous version makes no links and takes no notice of them.
const TABLES: &str = "
CREATE TABLE order_link (
    id {uuid} PRIMARY KEY,
    supplier_order_id {uuid} NOT NULL REFERENCES supplier_order (id),
    supplier_id {uuid} NOT NULL REFERENCES supplier (id),
    token_hash {bytes} NOT NULL UNIQUE,
    created_at {time} NOT NULL,
    expires_at {time} NOT NULL,
    ended_at {time}
);
CREATE INDEX order_link_order ON order_link (supplier_order_id);
CREATE INDEX order_link_expiry ON order_link (expires_at);
ALTER TABLE supplier_order ADD COLUMN cancel_told_at {time};
";
