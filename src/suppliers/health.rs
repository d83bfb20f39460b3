//! Whether a supplier answers.

use crate::app::App;
use crate::kernel::ids::SupplierId;
use crate::kernel::problem::Fault;

/// Notes that the supplier answered well.
pub async fn note_success(_app: &App, _id: SupplierId) -> Result<(), Fault> {
    todo!()
}

/// Notes that the supplier failed; `error` is in our words, without bodies or secrets.
pub async fn note_error(_app: &App, _id: SupplierId, _error: &str) -> Result<(), Fault> {
    todo!()
}
