//! Carts, and the turning of a cart into an order.
