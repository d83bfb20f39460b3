//! The table of full stock reports, which come in parts and may be held back.

use sea_orm::entity::prelude::*;

use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{StockReportId, SupplierId};

/// Where a report stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReportState {
    /// Parts are coming in.
    Collecting,
    /// All of it counts.
    Published,
    /// It says that too much is gone; the owner decides.
    Held,
    /// The owner decided against it.
    Discarded,
}

/// One full report.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "stock_report")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: StockReportId,
    /// Who reports.
    pub supplier_id: SupplierId,
    /// The supplier's name for it.
    pub report_key: String,
    /// The moment it is true of.
    pub as_of: Timestamp,
    /// Where it stands.
    pub state: ReportState,
    /// Whether its last part is in.
    pub complete: bool,
    /// How many of the supplier's offers were in stock when it began.
    pub in_stock: i64,
    /// How many of those it has emptied so far.
    pub zeroed: i64,
    /// When its first part came, or it was approved without its last.
    pub received_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Reports have no relations outside this room.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
