//! Events, jobs, idempotency records, uploads.

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
CREATE TABLE event_stream (stream text PRIMARY KEY, last_seq bigint NOT NULL);

CREATE TABLE event (
    id {uuid} PRIMARY KEY,
    stream text NOT NULL,
    seq bigint NOT NULL,
    position bigint,
    type text NOT NULL,
    audience text NOT NULL,
    message text NOT NULL,
    data {json} NOT NULL,
    order_id {uuid},
    supplier_order_id {uuid},
    shipment_id {uuid},
    work_item_id {uuid},
    occurred_at {time} NOT NULL,
    UNIQUE (stream, seq)
);
CREATE UNIQUE INDEX event_position ON event (position);
CREATE INDEX event_unnumbered ON event (occurred_at) WHERE position IS NULL;

CREATE TABLE job (
    id {uuid} PRIMARY KEY,
    kind text NOT NULL,
    payload {json} NOT NULL,
    dedupe_key text,
    status text NOT NULL,
    run_at {time} NOT NULL,
    attempts integer NOT NULL,
    max_attempts integer NOT NULL,
    lease_until {time},
    lease_token {uuid},
    last_error text,
    progress_done bigint NOT NULL,
    progress_total bigint,
    result {json},
    created_at {time} NOT NULL,
    finished_at {time}
);
CREATE UNIQUE INDEX job_dedupe_key ON job (dedupe_key);
CREATE INDEX job_queued ON job (run_at) WHERE status = 'QUEUED';
CREATE INDEX job_running ON job (lease_until) WHERE status = 'RUNNING';
CREATE INDEX job_failed ON job (finished_at) WHERE status = 'FAILED';

CREATE TABLE idempotency_record (
    scope text NOT NULL,
    operation text NOT NULL,
    key text NOT NULL,
    digest {bytes} NOT NULL,
    subject text NOT NULL,
    created_at {time} NOT NULL,
    PRIMARY KEY (scope, operation, key)
);
CREATE INDEX idempotency_record_age ON idempotency_record (created_at);
";
