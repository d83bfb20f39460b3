//! The table of the parts of full stock reports: kept until the report is decided, because only all
//! parts together tell what is absent.

use sea_orm::FromJsonQueryResult;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::kernel::ids::{StockReportId, StockReportPartId};
use crate::suppliers::adapter::RemoteStock;

/// The figures of a part in a column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct Items(pub Vec<RemoteStock>);

/// One part.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "stock_report_part")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: StockReportPartId,
    /// Of which report.
    pub report_id: StockReportId,
    /// What it says.
    #[sea_orm(column_type = "JsonBinary")]
    pub items: Items,
    /// Whether its figures count already.
    pub published: bool,
}

/// Parts have no relations outside this room.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
