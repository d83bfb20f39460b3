//! What the verbs of this room refuse.

/// Why an order was not cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderCancelProblem {
    /// A value is out of bounds.
    Invalid,
    /// There is no such order.
    NotFound,
    /// Everything has left already.
    TooLate,
}

/// Why an order does not go to another address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderAddressProblem {
    /// No parcel can arrive there.
    AddressInvalid,
    /// There is no such order.
    NotFound,
    /// A supplier may send to the old address.
    WithSupplier,
    /// Nothing is left to be sent.
    TooLate,
}

/// Why something was not done with a supplier order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SupplierOrderProblem {
    /// A value is out of bounds.
    Invalid,
    /// There is no such supplier order, or no such line of it.
    NotFound,
    /// Where the supplier order stands does not allow this.
    WrongState,
    /// Nobody else can send the goods.
    NoSupplier,
}
