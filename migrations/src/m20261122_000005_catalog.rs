//! The tables of `catalog`, and the search index, which is the engine's own.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::ddl;

/// The step.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let (bytewise, search) = match manager.get_database_backend() {
            DbBackend::Postgres => ("text COLLATE \"C\"", POSTGRES_SEARCH),
            _ => ("text", SQLITE_SEARCH),
        };
        // `{key}` is text that sorts by its bytes, so that both engines agree on every order.
        ddl::run(manager, &TABLES.replace("{key}", bytewise)).await?;
        ddl::run(manager, search).await
    }
}

// `external_key` names a product at the place it was imported from. The price and stock columns of
// a product are facets of its variants, kept for filters and sorts. `catalog_state.version` counts
// the changes a reader could see, so that what was read under one version stays true under it.
const TABLES: &str = "
CREATE TABLE catalog_state (id bigint PRIMARY KEY CHECK (id = 1), version bigint NOT NULL);
INSERT INTO catalog_state (id, version) VALUES (1, 1);

CREATE TABLE product (
    id {uuid} PRIMARY KEY,
    slug {key} NOT NULL UNIQUE,
    title text NOT NULL,
    sort_title {key} NOT NULL,
    description text NOT NULL,
    status text NOT NULL,
    options {json} NOT NULL,
    media {json} NOT NULL,
    featured_url text,
    featured_alt text,
    currency text NOT NULL,
    min_price bigint NOT NULL CHECK (min_price >= 0),
    max_price bigint NOT NULL CHECK (max_price >= min_price),
    in_stock boolean NOT NULL,
    external_key text UNIQUE,
    created_at {time} NOT NULL,
    updated_at {time} NOT NULL
);
CREATE INDEX product_active_newest ON product (created_at DESC, id DESC) WHERE status = 'ACTIVE';
CREATE INDEX product_active_price ON product (min_price, id) WHERE status = 'ACTIVE';
CREATE INDEX product_active_title ON product (sort_title, id) WHERE status = 'ACTIVE';
CREATE INDEX product_newest ON product (created_at DESC, id DESC);
CREATE INDEX product_price ON product (min_price, id);
CREATE INDEX product_title ON product (sort_title, id);

CREATE TABLE variant (
    id {uuid} PRIMARY KEY,
    product_id {uuid} NOT NULL REFERENCES product (id),
    sku text NOT NULL,
    sku_key {key} NOT NULL UNIQUE,
    title text NOT NULL,
    selected_options {json} NOT NULL,
    currency text NOT NULL,
    price bigint NOT NULL CHECK (price >= 0),
    compare_at bigint CHECK (compare_at >= 0),
    active boolean NOT NULL,
    in_stock boolean NOT NULL,
    position integer NOT NULL,
    created_at {time} NOT NULL,
    updated_at {time} NOT NULL
);
CREATE INDEX variant_product ON variant (product_id, position, id);

CREATE TABLE collection (
    id {uuid} PRIMARY KEY,
    slug {key} NOT NULL UNIQUE,
    title text NOT NULL,
    sort_title {key} NOT NULL,
    description text NOT NULL,
    created_at {time} NOT NULL,
    updated_at {time} NOT NULL
);
CREATE INDEX collection_title ON collection (sort_title, id);

CREATE TABLE collection_product (
    collection_id {uuid} NOT NULL REFERENCES collection (id),
    product_id {uuid} NOT NULL REFERENCES product (id),
    PRIMARY KEY (collection_id, product_id)
);
CREATE INDEX collection_product_product ON collection_product (product_id);
";

const POSTGRES_SEARCH: &str = "
CREATE TABLE product_search (
    product_id {uuid} PRIMARY KEY REFERENCES product (id),
    document tsvector NOT NULL
);
CREATE INDEX product_search_document ON product_search USING gin (document);
";

// FTS5 knows a document by a number only; it keeps no copy of the text.
const SQLITE_SEARCH: &str = "
CREATE TABLE product_search (
    id integer PRIMARY KEY,
    product_id {uuid} NOT NULL UNIQUE REFERENCES product (id)
);
CREATE VIRTUAL TABLE product_search_index USING fts5 (
    title, body, content = '', contentless_delete = 1, prefix = '1 2 3', tokenize = 'unicode61 remove_diacritics 0'
);
";
