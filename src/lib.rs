//! Consign: a self-hosted GraphQL backend for headless dropshipping stores.
//!
//! ARCHITECTURE.md tells how the rooms hang together.

pub mod app;
pub mod kernel;
pub mod platform;
