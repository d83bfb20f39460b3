//! What suppliers say they have.

use crate::app::App;
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::SupplierId;
use crate::kernel::problem::Fault;
use crate::suppliers::adapter::RemoteStock;

/// A report, or a part of one.
#[derive(Debug, Clone, PartialEq)]
pub struct StockReport {
    /// The moment the figures are true of.
    pub as_of: Timestamp,
    /// Whether all parts together are everything the supplier has.
    pub full: bool,
    /// Which part this is; `None`: the report has one part.
    pub part: Option<ReportPart>,
    /// The figures.
    pub items: Vec<RemoteStock>,
}

/// Which part of which report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportPart {
    /// The supplier's name for the report.
    pub id: String,
    /// Whether this is the last part.
    pub last: bool,
}

/// What became of a report.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReportOutcome {
    /// How many figures were understood, whether or not a newer one was known already.
    pub accepted: i64,
    /// The SKUs we do not know.
    pub unknown_skus: Vec<String>,
    /// Whether the report is held back until the owner decides.
    pub held: bool,
}

/// Takes in a report.
pub async fn report(_app: &App, _supplier_id: SupplierId, _report: StockReport) -> Result<ReportOutcome, Fault> {
    todo!()
}
