//! What customers do with their accounts: reset a password, change an address, keep postal addresses,
//! claim what they bought as guests, be forgotten.

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

// An action whose address has no account belongs to nobody; without a foreign key, writing it takes as
// long as any other.
const TABLES: &str = "
CREATE TABLE account_action (
    id {uuid} PRIMARY KEY,
    purpose text NOT NULL,
    email text NOT NULL,
    customer_id {uuid},
    staff_id {uuid},
    created_at {time} NOT NULL,
    expires_at {time} NOT NULL,
    used_at {time}
);
CREATE INDEX account_action_email ON account_action (email);
CREATE INDEX account_action_customer ON account_action (customer_id);
CREATE INDEX account_action_staff ON account_action (staff_id);
CREATE INDEX account_action_expiry ON account_action (expires_at);

CREATE TABLE customer_address (
    id {uuid} PRIMARY KEY,
    customer_id {uuid} NOT NULL REFERENCES customer (id),
    address {json} NOT NULL,
    created_at {time} NOT NULL,
    updated_at {time} NOT NULL
);
CREATE INDEX customer_address_customer ON customer_address (customer_id, id);

ALTER TABLE customer ADD COLUMN default_address_id {uuid};
ALTER TABLE customer ADD COLUMN erased_at {time};
ALTER TABLE customer ADD COLUMN erased_email text;
CREATE INDEX customer_erased ON customer (erased_at) WHERE erased_email IS NOT NULL;

ALTER TABLE orders ADD COLUMN erased_at {time};
CREATE INDEX orders_guest_email ON orders (lower(email)) WHERE customer_id IS NULL;
CREATE INDEX notification_recipient ON notification (recipient);
";
