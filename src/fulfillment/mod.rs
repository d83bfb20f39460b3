//! Supplier orders: forwarding, handshake, reconciliation, cancelling, re-planning.
