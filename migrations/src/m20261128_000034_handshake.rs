//! The handshake with suppliers: what is held, what is asked back, which deadline passed, what was said
//! over the wire; and who works an entry of the exceptions queue.

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

// All columns may be null: the version before goes on to write rows without them. A request's id sorts by
// time, so the sweep of old ones needs no index of its own.
const TABLES: &str = "
ALTER TABLE supplier_order ADD COLUMN held_at {time};
ALTER TABLE supplier_order ADD COLUMN hold_reason text;
ALTER TABLE supplier_order ADD COLUMN recalled_at {time};
ALTER TABLE supplier_order ADD COLUMN recall_to {uuid};
ALTER TABLE supplier_order ADD COLUMN accept_missed_at {time};
ALTER TABLE supplier_order ADD COLUMN ship_missed_at {time};
CREATE TABLE supplier_request (
    id {uuid} PRIMARY KEY,
    supplier_order_id {uuid} NOT NULL REFERENCES supplier_order (id),
    call text NOT NULL,
    outcome text NOT NULL,
    reference text NOT NULL,
    http_status integer,
    took_ms bigint NOT NULL,
    at {time} NOT NULL
);
CREATE INDEX supplier_request_order ON supplier_request (supplier_order_id, id);
ALTER TABLE work_item ADD COLUMN assignee_id {uuid};
CREATE INDEX work_item_assignee ON work_item (assignee_id, id);
CREATE INDEX work_item_open_due ON work_item (due_at) WHERE status = 'OPEN';
CREATE INDEX work_item_open_since ON work_item (created_at) WHERE status = 'OPEN';
";
