//! What variants are known by outside the store, and suppliers' goods as the suppliers show them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::ddl;

/// The step.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // `{key}` is text that sorts by its bytes, so that both engines find alike what begins so.
        let bytewise = match manager.get_database_backend() {
            DbBackend::Postgres => "text COLLATE \"C\"",
            _ => "text",
        };
        ddl::run(manager, &TABLES.replace("{key}", bytewise)).await
    }
}

// SKUs are compared without their spaces; few of them have any, so that is an index and no column. A GTIN is not
// unique: sets and refills are sold under the number of what is in them. An item's words are a table of their own,
// for a search that no list of goods is too long for.
const TABLES: &str = "
ALTER TABLE variant ADD COLUMN gtin text;
ALTER TABLE variant ADD COLUMN mpn text;
ALTER TABLE variant ADD COLUMN mpn_key text;
ALTER TABLE variant ADD COLUMN brand text;
CREATE INDEX variant_gtin ON variant (gtin) WHERE gtin IS NOT NULL;
CREATE INDEX variant_mpn ON variant (mpn_key) WHERE mpn_key IS NOT NULL;
CREATE INDEX variant_sku_plain ON variant (replace(sku_key, ' ', ''));

CREATE TABLE supplier_catalog_fetch (
    supplier_id {uuid} PRIMARY KEY REFERENCES supplier (id),
    query text,
    requested_at {time} NOT NULL,
    began_at {time},
    ended_at {time},
    items bigint NOT NULL,
    left_out bigint NOT NULL,
    failure text
);

CREATE TABLE supplier_catalog_left_out (
    supplier_id {uuid} NOT NULL REFERENCES supplier (id),
    line bigint NOT NULL,
    sku text,
    reason text NOT NULL,
    message text NOT NULL,
    PRIMARY KEY (supplier_id, line)
);

CREATE TABLE supplier_item (
    id {uuid} PRIMARY KEY,
    supplier_id {uuid} NOT NULL REFERENCES supplier (id),
    supplier_sku text NOT NULL,
    product_key text,
    title text NOT NULL,
    brand text,
    gtin text,
    gtin_told text,
    mpn text,
    cost_minor bigint CHECK (cost_minor >= 0),
    cost_currency text NOT NULL,
    stock text,
    image_url text,
    options {json} NOT NULL,
    state text NOT NULL,
    variant_id {uuid} REFERENCES variant (id),
    suggestions {json} NOT NULL,
    first_seen_at {time} NOT NULL,
    seen_at {time} NOT NULL,
    updated_at {time} NOT NULL,
    UNIQUE (supplier_id, supplier_sku),
    CHECK ((state = 'MAPPED') = (variant_id IS NOT NULL))
);
CREATE INDEX supplier_item_list ON supplier_item (supplier_id, id);
CREATE INDEX supplier_item_state ON supplier_item (supplier_id, state, id);

CREATE TABLE supplier_item_word (
    supplier_id {uuid} NOT NULL,
    word {key} NOT NULL,
    item_id {uuid} NOT NULL REFERENCES supplier_item (id),
    PRIMARY KEY (supplier_id, word, item_id)
);
CREATE INDEX supplier_item_word_item ON supplier_item_word (item_id);
";
