//! Supplier offers, stock reports, sellable quantity, reservations and their ledger.
