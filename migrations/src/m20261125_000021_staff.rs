//! Roles, invitations and second factors of those who work for the store.

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

// `staff.permissions` stays what requests are decided by: a copy of the role's, written with it. So the
// previous version, which knows no roles, goes on deciding right.
const TABLES: &str = "
CREATE TABLE role (
    id {uuid} PRIMARY KEY,
    name text NOT NULL,
    name_key text NOT NULL,
    permissions {json} NOT NULL,
    created_at {time} NOT NULL,
    updated_at {time} NOT NULL
);
CREATE UNIQUE INDEX role_name ON role (name_key);

ALTER TABLE staff ADD COLUMN name text;
ALTER TABLE staff ADD COLUMN role_id {uuid} REFERENCES role (id);
ALTER TABLE staff ADD COLUMN totp_sealed text;
ALTER TABLE staff ADD COLUMN totp_confirmed_at {time};
ALTER TABLE staff ADD COLUMN totp_step bigint;
CREATE INDEX staff_role ON staff (role_id);

CREATE TABLE recovery_code (
    code_hash {bytes} PRIMARY KEY,
    staff_id {uuid} NOT NULL REFERENCES staff (id) ON DELETE CASCADE
);
CREATE INDEX recovery_code_staff ON recovery_code (staff_id);

CREATE TABLE staff_invitation (
    id {uuid} PRIMARY KEY,
    email text NOT NULL,
    role_id {uuid} REFERENCES role (id),
    invited_by text NOT NULL,
    created_at {time} NOT NULL,
    expires_at {time} NOT NULL,
    used_at {time},
    revoked_at {time}
);
CREATE INDEX staff_invitation_email ON staff_invitation (email);
CREATE INDEX staff_invitation_role ON staff_invitation (role_id);
CREATE INDEX staff_invitation_expiry ON staff_invitation (expires_at);
";
