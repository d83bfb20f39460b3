//! Attempts to be paid, movements of money, refunds.

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
CREATE TABLE payment_attempt (
    id {uuid} PRIMARY KEY,
    cart_id {uuid} NOT NULL,
    order_id {uuid},
    gateway text NOT NULL,
    test boolean NOT NULL,
    token text,
    status text NOT NULL,
    currency text NOT NULL,
    amount bigint NOT NULL CHECK (amount >= 0),
    authorized bigint NOT NULL CHECK (authorized >= 0),
    captured bigint NOT NULL CHECK (captured >= 0),
    voided bigint NOT NULL CHECK (voided >= 0),
    refunded bigint NOT NULL CHECK (refunded >= 0),
    provider_id text,
    decline_code text,
    created_at {time} NOT NULL,
    updated_at {time} NOT NULL,
    CHECK (authorized <= amount),
    CHECK (captured + voided <= authorized),
    CHECK (refunded <= captured)
);
CREATE INDEX payment_attempt_cart ON payment_attempt (cart_id);
CREATE UNIQUE INDEX payment_attempt_order ON payment_attempt (order_id);

CREATE TABLE payment_transaction (
    id {uuid} PRIMARY KEY,
    attempt_id {uuid} NOT NULL REFERENCES payment_attempt (id),
    order_id {uuid},
    kind text NOT NULL,
    status text NOT NULL,
    currency text NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    reason text NOT NULL,
    error text,
    submitted_at {time},
    created_at {time} NOT NULL,
    settled_at {time}
);
CREATE INDEX payment_transaction_attempt ON payment_transaction (attempt_id);
CREATE INDEX payment_transaction_order ON payment_transaction (order_id);

CREATE TABLE refund (
    id {uuid} PRIMARY KEY,
    order_id {uuid} NOT NULL,
    transaction_id {uuid} NOT NULL REFERENCES payment_transaction (id),
    key text NOT NULL,
    currency text NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    reason text NOT NULL,
    notify boolean NOT NULL,
    created_at {time} NOT NULL,
    UNIQUE (order_id, key)
);
CREATE INDEX refund_transaction ON refund (transaction_id);
";
