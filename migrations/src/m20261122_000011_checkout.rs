//! The tables of `checkout`.

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
CREATE TABLE cart (
    id {uuid} PRIMARY KEY,
    customer_id {uuid},
    status text NOT NULL,
    email text,
    phone text,
    country text,
    shipping_address {json},
    billing_address {json},
    discount_codes {json} NOT NULL,
    selections {json} NOT NULL,
    attempt_id {uuid},
    order_id {uuid},
    failure {json},
    created_at {time} NOT NULL,
    updated_at {time} NOT NULL,
    expires_at {time} NOT NULL
);
CREATE INDEX cart_customer ON cart (customer_id);
CREATE INDEX cart_age ON cart (expires_at) WHERE status = 'OPEN';

CREATE TABLE cart_line (
    id {uuid} PRIMARY KEY,
    cart_id {uuid} NOT NULL REFERENCES cart (id),
    variant_id {uuid} NOT NULL,
    position integer NOT NULL,
    quantity bigint NOT NULL CHECK (quantity > 0),
    seen_price_minor bigint NOT NULL CHECK (seen_price_minor >= 0),
    seen_price_currency text NOT NULL,
    UNIQUE (cart_id, variant_id)
);
CREATE INDEX cart_line_variant ON cart_line (variant_id);

CREATE TABLE checkout_hold (
    attempt_id {uuid} PRIMARY KEY,
    cart_id {uuid} NOT NULL REFERENCES cart (id),
    status text NOT NULL,
    contents {json} NOT NULL,
    problems {json} NOT NULL,
    order_id {uuid},
    created_at {time} NOT NULL,
    ended_at {time}
);
CREATE INDEX checkout_hold_cart ON checkout_hold (cart_id);
CREATE INDEX checkout_hold_open ON checkout_hold (created_at) WHERE status = 'HELD';
";
