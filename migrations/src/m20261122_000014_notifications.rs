//! The tables of `notifications`.

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
CREATE TABLE notification (
    id {uuid} PRIMARY KEY,
    event_id {uuid} NOT NULL,
    kind text NOT NULL,
    recipient text NOT NULL,
    order_id {uuid},
    status text NOT NULL,
    last_error text,
    created_at {time} NOT NULL,
    sent_at {time},
    UNIQUE (event_id, kind)
);
CREATE INDEX notification_order ON notification (order_id);
";
