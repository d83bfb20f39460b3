//! The tables of `workitems`.

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
CREATE TABLE work_item (
    id {uuid} PRIMARY KEY,
    kind text NOT NULL,
    severity text NOT NULL,
    status text NOT NULL,
    subject text NOT NULL,
    order_id {uuid},
    supplier_order_id {uuid},
    message text NOT NULL,
    actions {json} NOT NULL,
    due_at {time},
    dedupe_key text,
    snoozed_until {time},
    resolution text,
    note text,
    resolved_by text,
    resolved_at {time},
    created_at {time} NOT NULL
);
CREATE UNIQUE INDEX work_item_dedupe_key ON work_item (dedupe_key);
CREATE INDEX work_item_status ON work_item (status, id);
CREATE INDEX work_item_kind ON work_item (kind, id);
CREATE INDEX work_item_severity ON work_item (severity, id);
CREATE INDEX work_item_order ON work_item (order_id);
CREATE INDEX work_item_supplier_order ON work_item (supplier_order_id);
CREATE INDEX work_item_snoozed ON work_item (snoozed_until) WHERE status = 'SNOOZED';
";
