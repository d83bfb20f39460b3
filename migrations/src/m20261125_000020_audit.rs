//! The audit log: who changed what.

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

// Read newest first (ids begin with their time), alone or by one of its sides.
const TABLES: &str = "
CREATE TABLE audit_entry (
    id {uuid} PRIMARY KEY,
    at {time} NOT NULL,
    actor text NOT NULL,
    actor_kind text NOT NULL,
    credential text,
    action text NOT NULL,
    subject text,
    changes {json} NOT NULL
);
CREATE INDEX audit_entry_subject ON audit_entry (subject, id);
CREATE INDEX audit_entry_actor ON audit_entry (actor, id);
CREATE INDEX audit_entry_action ON audit_entry (action, id);
CREATE INDEX audit_entry_at ON audit_entry (at, id);
";
