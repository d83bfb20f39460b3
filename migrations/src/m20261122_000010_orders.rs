//! Orders and their lines. Facts only ever grow; the statuses beside them are derived from them and
//! stored so that a list can be filtered.

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
CREATE TABLE order_counter (id integer PRIMARY KEY, last_number bigint NOT NULL);
INSERT INTO order_counter (id, last_number) VALUES (1, 1000);

CREATE TABLE orders (
    id {uuid} PRIMARY KEY,
    number bigint NOT NULL UNIQUE,
    cart_id {uuid} NOT NULL UNIQUE,
    attempt_id {uuid} NOT NULL,
    customer_id {uuid},
    email text NOT NULL,
    phone text,
    shipping_address {json} NOT NULL,
    billing_address {json} NOT NULL,
    currency text NOT NULL,
    subtotal bigint NOT NULL CHECK (subtotal >= 0),
    discount bigint NOT NULL CHECK (discount >= 0),
    shipping bigint NOT NULL CHECK (shipping >= 0),
    tax bigint NOT NULL CHECK (tax >= 0),
    total bigint NOT NULL CHECK (total >= 0),
    discount_codes {json} NOT NULL,
    plan {json} NOT NULL,
    is_test boolean NOT NULL,
    token_hash {bytes} NOT NULL UNIQUE,
    token_sealed text NOT NULL,
    promise_earliest {time},
    promise_latest {time},
    authorized bigint NOT NULL CHECK (authorized >= 0),
    captured bigint NOT NULL CHECK (captured >= 0 AND captured <= total),
    voided bigint NOT NULL CHECK (voided >= 0),
    refunded bigint NOT NULL CHECK (refunded >= 0 AND refunded <= captured),
    settled_due bigint CHECK (settled_due >= 0),
    payment_status text NOT NULL,
    fulfillment_status text NOT NULL,
    return_status text NOT NULL,
    search_text text NOT NULL,
    placed_at {time} NOT NULL,
    updated_at {time} NOT NULL
);
CREATE INDEX orders_customer ON orders (customer_id, placed_at, id);
CREATE INDEX orders_placed ON orders (placed_at, id);
CREATE INDEX orders_total ON orders (total, id);
CREATE INDEX orders_payment ON orders (payment_status, placed_at, id);
CREATE INDEX orders_fulfillment ON orders (fulfillment_status, placed_at, id);
CREATE INDEX orders_attempt ON orders (attempt_id);

CREATE TABLE order_line (
    id {uuid} PRIMARY KEY,
    order_id {uuid} NOT NULL REFERENCES orders (id),
    place integer NOT NULL,
    variant_id {uuid} NOT NULL,
    product_id {uuid} NOT NULL,
    title text NOT NULL,
    variant_title text NOT NULL,
    sku text NOT NULL,
    unit_price bigint NOT NULL CHECK (unit_price >= 0),
    subtotal bigint NOT NULL CHECK (subtotal >= 0),
    discount bigint NOT NULL CHECK (discount >= 0),
    tax bigint NOT NULL CHECK (tax >= 0),
    total bigint NOT NULL CHECK (total >= 0),
    planned_cost bigint NOT NULL CHECK (planned_cost >= 0),
    quantity bigint NOT NULL CHECK (quantity > 0),
    cancelled bigint NOT NULL CHECK (cancelled >= 0),
    forwarded bigint NOT NULL CHECK (forwarded >= 0),
    accepted bigint NOT NULL CHECK (accepted >= 0),
    shipped bigint NOT NULL CHECK (shipped >= 0),
    delivered bigint NOT NULL CHECK (delivered >= 0 AND delivered <= shipped),
    returned bigint NOT NULL CHECK (returned >= 0 AND returned <= quantity),
    UNIQUE (order_id, place),
    CHECK (shipped + cancelled <= quantity)
);
CREATE TABLE order_supplier (
    order_id {uuid} NOT NULL REFERENCES orders (id),
    supplier_id {uuid} NOT NULL,
    PRIMARY KEY (order_id, supplier_id)
);
CREATE INDEX order_supplier_supplier ON order_supplier (supplier_id, order_id);

CREATE INDEX order_line_variant ON order_line (variant_id);
";
