//! What the slices stand on: database, cache, bus, jobs, outbox, and the ways in and out.
//!
//! Nothing above this room knows whether it runs on SQLite or PostgreSQL, on memory or Redis.

pub mod config;
pub mod limits;
pub mod measures;
pub mod standard_webhooks;
pub mod telemetry;
pub mod traces;

pub mod copies;
pub mod db;
pub mod restoration;
pub mod tx;
pub mod uploads;

pub mod backroom;
pub mod body;
pub mod buckets;
pub mod bus;
pub mod cache;
pub mod news;
mod remote;

pub mod idempotency;
pub mod jobs;
pub mod outbox;

pub mod cidr;
pub mod download;
pub mod egress;
pub mod keys;
pub mod mail;
pub mod places;
pub mod reseal;
pub mod sftp;

pub mod planted;
pub mod stopping;
