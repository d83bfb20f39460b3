//! The tables of `identity`.

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
CREATE TABLE customer (
    id {uuid} PRIMARY KEY,
    email text NOT NULL,
    password_hash text NOT NULL,
    first_name text,
    last_name text,
    accepts_marketing boolean NOT NULL,
    created_at {time} NOT NULL
);
CREATE UNIQUE INDEX customer_email ON customer (email);

CREATE TABLE api_token (
    id {uuid} PRIMARY KEY,
    name text NOT NULL,
    token_hash {bytes} NOT NULL,
    scope text NOT NULL,
    permissions {json} NOT NULL,
    supplier_id {uuid},
    created_by text NOT NULL,
    created_at {time} NOT NULL,
    expires_at {time} NOT NULL,
    revoked_at {time},
    last_used_at {time},
    CHECK ((scope = 'SUPPLIER') = (supplier_id IS NOT NULL))
);
CREATE UNIQUE INDEX api_token_hash ON api_token (token_hash);
CREATE INDEX api_token_supplier ON api_token (supplier_id);
";
