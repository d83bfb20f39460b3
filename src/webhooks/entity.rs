//! The table of webhooks as they arrived.

use std::collections::BTreeMap;

use sea_orm::FromJsonQueryResult;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::kernel::clock::Timestamp;
use crate::kernel::ids::WebhookId;

/// What became of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeliveryStatus {
    /// It waits for the worker, or for what it is about.
    Pending,
    /// It was taken in.
    Processed,
    /// It is of a kind we do not know, and means nothing to us.
    Ignored,
    /// It cannot be read, or cannot be true, or what it is about never came.
    Quarantined,
}

/// The headers that were signed, in a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct Headers(pub BTreeMap<String, String>);

/// One webhook.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_delivery")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: WebhookId,
    /// Who sent it: `suppliers/sup_…` or `payments/test`.
    pub sender: String,
    /// The sender's name for it; a repeat has the same.
    pub message_id: String,
    /// What became of it.
    pub status: DeliveryStatus,
    /// What was signed with it.
    #[sea_orm(column_type = "JsonBinary")]
    pub headers: Headers,
    /// What it says.
    pub body: Vec<u8>,
    /// How often it was tried.
    pub attempts: i32,
    /// What kept it from being taken in.
    pub last_error: Option<String>,
    /// When it came.
    pub received_at: Timestamp,
    /// When it was decided.
    pub processed_at: Option<Timestamp>,
}

/// Webhooks have no relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
