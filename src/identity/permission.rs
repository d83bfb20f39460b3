//! What the owner can let a member of staff, or an API token, do.

use serde::{Deserialize, Serialize};

/// One area of the store's work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Permission {
    /// Products, collections, imports, uploads.
    Catalog,
    /// Offers, stock, the ledger.
    Inventory,
    /// Orders and their customers' addresses; cancelling.
    Orders,
    /// Supplier orders, shipments, the exceptions queue.
    Fulfillment,
    /// Payments and refunds.
    Payments,
    /// Suppliers, their settings and tokens.
    Suppliers,
    /// Supplier cost and margin, and the prices that rules make of them.
    Costs,
    /// Customers.
    Customers,
    /// Discounts.
    Discounts,
    /// The store's settings, background jobs, API tokens.
    Settings,
}

impl Permission {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Catalog,
        Self::Inventory,
        Self::Orders,
        Self::Fulfillment,
        Self::Payments,
        Self::Suppliers,
        Self::Costs,
        Self::Customers,
        Self::Discounts,
        Self::Settings,
    ];
}
