//! Rules that make prices from costs, what became of every price, the least a supplier lets be asked, and
//! costs that wait for the owner.

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

// A rule is for the whole store if it names neither a supplier nor a collection nor a product. One that is
// deleted stays, because the history of prices names it.
const TABLES: &str = "
CREATE TABLE price_rule (
    id {uuid} PRIMARY KEY,
    supplier_id {uuid} REFERENCES supplier (id),
    collection_id {uuid} REFERENCES collection (id),
    product_id {uuid} REFERENCES product (id),
    priority integer NOT NULL,
    markup_millionths bigint CHECK (markup_millionths >= 0),
    margin_millionths bigint CHECK (margin_millionths BETWEEN 0 AND 999999),
    currency text NOT NULL,
    fixed_fee bigint NOT NULL CHECK (fixed_fee >= 0),
    fee_millionths bigint NOT NULL CHECK (fee_millionths BETWEEN 0 AND 999999),
    rounding_step bigint CHECK (rounding_step > 0),
    rounding_ending bigint CHECK (rounding_ending >= 0),
    min_margin_millionths bigint NOT NULL CHECK (min_margin_millionths BETWEEN 0 AND 999999),
    min_price bigint CHECK (min_price >= 0),
    max_price bigint CHECK (max_price >= 0),
    max_change_millionths bigint CHECK (max_change_millionths > 0),
    automatic boolean NOT NULL,
    active boolean NOT NULL,
    created_at {time} NOT NULL,
    updated_at {time} NOT NULL,
    deleted_at {time},
    CONSTRAINT price_rule_one_profit CHECK ((markup_millionths IS NULL) <> (margin_millionths IS NULL)),
    CONSTRAINT price_rule_rounding CHECK ((rounding_step IS NULL) = (rounding_ending IS NULL))
);
CREATE INDEX price_rule_active ON price_rule (id) WHERE active;

CREATE TABLE price_change (
    id {uuid} PRIMARY KEY,
    variant_id {uuid} NOT NULL REFERENCES variant (id),
    currency text NOT NULL,
    from_price bigint NOT NULL,
    to_price bigint NOT NULL,
    cause text NOT NULL,
    reason text NOT NULL,
    changed_by text NOT NULL,
    changed_at {time} NOT NULL
);
CREATE INDEX price_change_variant ON price_change (variant_id, id);

ALTER TABLE supplier_offer ADD COLUMN map_minor bigint CHECK (map_minor >= 0);
ALTER TABLE supplier_offer ADD COLUMN held_cost_minor bigint CHECK (held_cost_minor >= 0);
ALTER TABLE supplier_offer ADD COLUMN refused_cost_minor bigint;
CREATE INDEX supplier_offer_held_cost ON supplier_offer (supplier_id) WHERE held_cost_minor IS NOT NULL;
";
