//! The tables of `suppliers`.

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
CREATE TABLE supplier (
    id {uuid} PRIMARY KEY,
    name text NOT NULL,
    status text NOT NULL,
    adapter text NOT NULL,
    settings {json} NOT NULL,
    sealed_secrets text,
    currency text NOT NULL,
    auto_forward boolean NOT NULL,
    ships_from text NOT NULL,
    processing_days integer NOT NULL CHECK (processing_days >= 0),
    cutoff text,
    time_zone text,
    stock_confidence bigint NOT NULL CHECK (stock_confidence BETWEEN 0 AND 1000000),
    stock_ttl_seconds bigint CHECK (stock_ttl_seconds > 0),
    stale_policy text NOT NULL,
    stock_etag text,
    last_success_at {time},
    last_error_at {time},
    last_error text,
    created_at {time} NOT NULL,
    updated_at {time} NOT NULL
);
CREATE INDEX supplier_status ON supplier (status);

CREATE TABLE shipping_service (
    id {uuid} PRIMARY KEY,
    supplier_id {uuid} NOT NULL REFERENCES supplier (id),
    code text NOT NULL,
    name text NOT NULL,
    countries {json} NOT NULL,
    price_minor bigint NOT NULL CHECK (price_minor >= 0),
    price_per_item_minor bigint NOT NULL CHECK (price_per_item_minor >= 0),
    currency text NOT NULL,
    min_days integer NOT NULL CHECK (min_days >= 0),
    max_days integer NOT NULL CHECK (max_days >= min_days),
    UNIQUE (supplier_id, code)
);
";
