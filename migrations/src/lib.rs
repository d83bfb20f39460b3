//! The tables, step by step. See README.md for the rules of a step.

pub use sea_orm_migration;
use sea_orm_migration::prelude::*;

mod ddl;
mod m20261122_000001_platform;

/// All steps, in order.
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(m20261122_000001_platform::Migration)]
    }
}
