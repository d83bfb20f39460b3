//! Which customer a person of the merchant's own identity provider is.

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
CREATE TABLE external_identity (
    issuer text NOT NULL,
    subject text NOT NULL,
    customer_id {uuid} NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
    created_at {time} NOT NULL,
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX external_identity_customer ON external_identity (customer_id);
";
