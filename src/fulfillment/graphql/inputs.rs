//! What is said to and about supplier orders, and what is answered.

use async_graphql::{Enum, InputObject, SimpleObject};

use super::enums::SupplierRejectionOut;
use super::types::SupplierOrder;
use crate::fulfillment::{Acceptance, OrderAddressProblem, OrderCancelProblem, Relocation, SupplierOrderProblem};
use crate::graph::GlobalId;
use crate::identity::graphql::{visible_to_store, visible_to_supplier};
use crate::kernel::clock::Moment;
use crate::kernel::ids::{SupplierId, SupplierOrderLineId};
use crate::orders::graphql::Order;
use crate::user_error;

/// Why an order was not cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "OrderCancelProblem")]
pub enum OrderCancelErrorCode {
    /// A value is out of bounds.
    Invalid,
    /// There is no such order, or the token is not its.
    NotFound,
    /// Everything has left already.
    TooLate,
}

user_error!(OrderCancelUserError, OrderCancelErrorCode);

/// How an order is to be cancelled.
#[derive(Debug, Clone, InputObject)]
pub struct OrderCancelInput {
    /// Why, in at most 500 characters.
    pub reason: Option<String>,
    /// The order's tracking token, for those who are not signed in.
    pub token: Option<String>,
}

/// What became of a cancellation.
#[derive(SimpleObject)]
pub struct OrderCancelPayload {
    /// The order as it is now; null if nothing was done.
    pub order: Option<Order>,
    /// What is wrong; empty if it was done, or asked for.
    pub user_errors: Vec<OrderCancelUserError>,
}

/// Why an order does not go to another address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "OrderAddressProblem", visible = "visible_to_store")]
pub enum OrderShippingAddressUpdateErrorCode {
    /// No parcel can arrive there, or it is in another country than the one the order was paid for.
    AddressInvalid,
    /// There is no such order.
    NotFound,
    /// A supplier may send to the old address.
    WithSupplier,
    /// Nothing is left to be sent.
    TooLate,
}

user_error!(OrderShippingAddressUpdateUserError, OrderShippingAddressUpdateErrorCode, "visible_to_store");

/// What became of another address.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct OrderShippingAddressUpdatePayload {
    /// The order as it is now; null if nothing was done.
    pub order: Option<Order>,
    /// What is wrong; empty if it was done.
    pub user_errors: Vec<OrderShippingAddressUpdateUserError>,
}

/// Why something was not done with a supplier order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "SupplierOrderProblem", visible = "visible_to_supplier")]
pub enum SupplierOrderErrorCode {
    /// A value is out of bounds.
    Invalid,
    /// There is no such supplier order, or no such line of it.
    NotFound,
    /// Where the supplier order stands does not allow this.
    WrongState,
    /// Nobody else can send the goods.
    NoSupplier,
}

user_error!(SupplierOrderUserError, SupplierOrderErrorCode, "visible_to_supplier");

/// Units of one line.
#[derive(Debug, Clone, InputObject)]
#[graphql(visible = "visible_to_supplier")]
pub struct SupplierOrderLineInput {
    /// The line's id.
    pub id: GlobalId<SupplierOrderLineId>,
    /// How many units.
    pub quantity: i32,
}

impl SupplierOrderLineInput {
    /// The lines as the verbs take them.
    pub fn units(lines: Option<Vec<Self>>) -> Option<Vec<(SupplierOrderLineId, i64)>> {
        lines.map(|all| all.into_iter().map(|it| (it.id.0, i64::from(it.quantity))).collect())
    }
}

/// A supplier's yes.
#[derive(Debug, Clone, InputObject)]
#[graphql(visible = "visible_to_supplier")]
pub struct SupplierOrderAcceptInput {
    /// What the supplier calls the order, in at most 500 characters.
    supplier_reference: Option<String>,
    /// When it means to ship.
    estimated_ship_at: Option<Moment>,
    /// How many of which line, if not all of everything; lines left out are refused.
    #[graphql(validator(max_items = 250))]
    lines: Option<Vec<SupplierOrderLineInput>>,
}

impl From<SupplierOrderAcceptInput> for Acceptance {
    fn from(it: SupplierOrderAcceptInput) -> Self {
        Self {
            supplier_reference: it.supplier_reference,
            estimated_ship_at: it.estimated_ship_at.map(|it| it.0),
            lines: SupplierOrderLineInput::units(it.lines),
        }
    }
}

/// A supplier's no.
#[derive(Debug, Clone, InputObject)]
#[graphql(visible = "visible_to_supplier")]
pub struct SupplierOrderRejectInput {
    /// Why, for programs.
    pub reason: SupplierRejectionOut,
    /// Why, for people, in at most 500 characters.
    pub message: Option<String>,
}

/// A supplier's answer to a cancellation.
#[derive(Debug, Clone, InputObject)]
#[graphql(visible = "visible_to_supplier")]
pub struct SupplierOrderCancelAnswerInput {
    /// Whether it drops what has not left.
    pub accept: bool,
    /// Why, in at most 500 characters.
    pub reason: Option<String>,
}

/// How a supplier order is given to others.
#[derive(Debug, Clone, InputObject)]
#[graphql(visible = "visible_to_store")]
pub struct SupplierOrderRerouteInput {
    /// Why, in at most 500 characters.
    pub reason: Option<String>,
    /// Suppliers that shall not get it, beside those already tried: at most 50.
    #[graphql(validator(max_items = 50))]
    pub avoid_supplier_ids: Option<Vec<GlobalId<SupplierId>>>,
}

/// Why a supplier order is held back.
#[derive(Debug, Clone, InputObject)]
#[graphql(visible = "visible_to_supplier")]
pub struct SupplierOrderHoldInput {
    /// Why, in at most 500 characters.
    pub reason: String,
}

/// How a supplier order is called back.
#[derive(Debug, Clone, InputObject)]
#[graphql(visible = "visible_to_store")]
pub struct SupplierOrderRecallInput {
    /// Why, in at most 500 characters; its supplier is told.
    pub reason: Option<String>,
    /// Who shall send what comes back, as far as it can; whoever can, without.
    pub supplier_id: Option<GlobalId<SupplierId>>,
}

/// Where units are to go.
#[derive(Debug, Clone, InputObject)]
#[graphql(visible = "visible_to_store")]
pub struct SupplierOrderMoveInput {
    /// The supplier that shall send them.
    supplier_id: GlobalId<SupplierId>,
    /// How many of which line; all of them without. What its supplier refused goes all together.
    #[graphql(validator(max_items = 250))]
    lines: Option<Vec<SupplierOrderLineInput>>,
    /// Why, in at most 500 characters.
    reason: Option<String>,
}

impl From<SupplierOrderMoveInput> for Relocation {
    fn from(it: SupplierOrderMoveInput) -> Self {
        let lines = SupplierOrderLineInput::units(it.lines);
        Self { supplier_id: it.supplier_id.0, lines, reason: it.reason }
    }
}

/// What became of a supplier order.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_supplier")]
pub struct SupplierOrderPayload {
    /// The supplier order as it is now; null if nothing was done.
    pub supplier_order: Option<SupplierOrder>,
    /// What is wrong; empty if it was done.
    pub user_errors: Vec<SupplierOrderUserError>,
}

/// What became of a rerouting.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct SupplierOrderReroutePayload {
    /// The supplier order as it is now; null if nothing was done.
    pub supplier_order: Option<SupplierOrder>,
    /// The supplier orders that took its units over.
    pub replacements: Vec<SupplierOrder>,
    /// What is wrong; empty if it was done.
    pub user_errors: Vec<SupplierOrderUserError>,
}
