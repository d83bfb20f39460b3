//! The tables of `webhooks`.

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
CREATE TABLE webhook_delivery (
    id {uuid} PRIMARY KEY,
    sender text NOT NULL,
    message_id text NOT NULL,
    status text NOT NULL,
    headers {json} NOT NULL,
    body {bytes} NOT NULL,
    attempts integer NOT NULL,
    last_error text,
    received_at {time} NOT NULL,
    processed_at {time},
    UNIQUE (sender, message_id)
);
CREATE INDEX webhook_delivery_status ON webhook_delivery (status, id);
CREATE INDEX webhook_delivery_age ON webhook_delivery (received_at);
";
