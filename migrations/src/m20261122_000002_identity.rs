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

CREATE TABLE staff (
    id {uuid} PRIMARY KEY,
    email text NOT NULL,
    password_hash text NOT NULL,
    owner boolean NOT NULL,
    permissions {json} NOT NULL,
    created_at {time} NOT NULL
);
CREATE UNIQUE INDEX staff_email ON staff (email);

CREATE TABLE registration (
    id {uuid} PRIMARY KEY,
    email text NOT NULL,
    password_hash text NOT NULL,
    first_name text,
    last_name text,
    accepts_marketing boolean NOT NULL,
    created_at {time} NOT NULL,
    expires_at {time} NOT NULL,
    used_at {time}
);
CREATE INDEX registration_expiry ON registration (expires_at);

CREATE TABLE session (
    id {uuid} PRIMARY KEY,
    customer_id {uuid} REFERENCES customer (id) ON DELETE CASCADE,
    staff_id {uuid} REFERENCES staff (id) ON DELETE CASCADE,
    created_at {time} NOT NULL,
    expires_at {time} NOT NULL,
    ended_at {time},
    CHECK ((customer_id IS NULL) <> (staff_id IS NULL))
);
CREATE INDEX session_customer ON session (customer_id);
CREATE INDEX session_staff ON session (staff_id);
CREATE INDEX session_expiry ON session (expires_at);

CREATE TABLE refresh_token (
    token_hash {bytes} PRIMARY KEY,
    session_id {uuid} NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    created_at {time} NOT NULL,
    expires_at {time} NOT NULL,
    used_at {time}
);
CREATE INDEX refresh_token_session ON refresh_token (session_id);

CREATE TABLE sign_in_throttle (
    key {bytes} PRIMARY KEY,
    attempts integer NOT NULL,
    blocked_until {time} NOT NULL,
    last_at {time} NOT NULL
);
CREATE INDEX sign_in_throttle_age ON sign_in_throttle (last_at);

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
