//! Consign: a self-hosted GraphQL backend for headless dropshipping stores.
//!
//! ARCHITECTURE.md tells how the rooms hang together.

pub mod app;
pub mod kernel;
pub mod platform;

pub mod feeds;
pub mod identity;

pub mod store;
pub mod workitems;

pub mod catalog;
pub mod suppliers;

pub mod inventory;
pub mod pricing;
pub mod routing;

pub mod payments;

pub mod orders;

pub mod checkout;
pub mod fulfillment;

pub mod shipments;

pub mod importing;
pub mod notifications;
pub mod onboarding;
pub mod webhooks;

pub mod operations;
pub mod privacy;

pub mod cli;
pub mod graph;
pub mod server;
pub mod simulator;
pub mod worker;
