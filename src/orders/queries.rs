//! Reading orders.

use sea_orm::ConnectionTrait;

use crate::app::App;
use crate::kernel::ids::OrderId;
use crate::kernel::problem::Fault;

use super::entity::{line, order};

/// The order, whoever asks.
pub async fn lookup(_conn: &impl ConnectionTrait, _id: OrderId) -> Result<Option<order::Model>, Fault> {
    todo!()
}

/// The order a tracking token belongs to.
pub async fn lookup_by_token(_app: &App, _token: &str) -> Result<Option<order::Model>, Fault> {
    todo!()
}

/// Orders by id, in no particular order.
pub async fn load_many(_conn: &impl ConnectionTrait, _ids: &[OrderId]) -> Result<Vec<order::Model>, Fault> {
    todo!()
}

/// The lines of orders, in their places.
pub async fn lines_of(_conn: &impl ConnectionTrait, _ids: &[OrderId]) -> Result<Vec<line::Model>, Fault> {
    todo!()
}

/// The order's tracking token in plain text, for mails and for checkout's answer.
pub fn tracking_token(_app: &App, _order: &order::Model) -> Result<String, Fault> {
    todo!()
}
