//! The way out: one HTTP client for adapters and gateways, which reaches the public internet and
//! the hosts the operator named, and nothing else.
