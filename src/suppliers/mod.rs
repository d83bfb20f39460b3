//! Supplier records, their shipping services, and the adapters that speak to them.
