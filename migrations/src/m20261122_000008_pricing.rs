//! The tables of `pricing`.

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
CREATE TABLE discount (
    id {uuid} PRIMARY KEY,
    code text NOT NULL,
    percent_millionths bigint,
    amount_minor bigint,
    currency text,
    usage_limit bigint,
    used bigint NOT NULL,
    starts_at {time},
    ends_at {time},
    active boolean NOT NULL,
    created_at {time} NOT NULL,
    CONSTRAINT discount_one_kind CHECK ((percent_millionths IS NULL) <> (amount_minor IS NULL)),
    CONSTRAINT discount_percent CHECK (percent_millionths IS NULL OR percent_millionths > 0 AND percent_millionths <= 1000000),
    CONSTRAINT discount_amount CHECK (amount_minor IS NULL OR (amount_minor > 0 AND currency IS NOT NULL)),
    CONSTRAINT discount_used CHECK (used >= 0 AND (usage_limit IS NULL OR used <= usage_limit))
);
CREATE UNIQUE INDEX discount_code ON discount (code);

CREATE TABLE discount_redemption (
    id {uuid} PRIMARY KEY,
    discount_id {uuid} NOT NULL REFERENCES discount (id),
    attempt_id {uuid} NOT NULL,
    order_id {uuid},
    status text NOT NULL,
    created_at {time} NOT NULL,
    UNIQUE (attempt_id, discount_id)
);
CREATE INDEX discount_redemption_discount ON discount_redemption (discount_id);
CREATE INDEX discount_redemption_order ON discount_redemption (order_id);

CREATE TABLE exchange_rate (
    id {uuid} PRIMARY KEY,
    from_currency text NOT NULL,
    to_currency text NOT NULL,
    valid_from {time} NOT NULL,
    rate_billionths bigint NOT NULL CHECK (rate_billionths > 0),
    created_at {time} NOT NULL,
    UNIQUE (to_currency, from_currency, valid_from)
);
";
