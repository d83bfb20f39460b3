//! The version of the catalogue: it counts the changes that a reader could see.
//!
//! What was read under one version stays true under it, at every replica, so that a reader may
//! remember it and only has to ask for the version. Stock is not part of it: it changes with every
//! order, and would take everybody's memory away.

use sea_orm::{ConnectionTrait, FromQueryResult, Statement};

use crate::kernel::problem::Fault;
use crate::platform::news;
use crate::platform::tx::Tx;

#[derive(FromQueryResult)]
struct Version {
    version: i64,
}

/// The version now.
pub(super) async fn version(conn: &impl ConnectionTrait) -> Result<i64, Fault> {
    let sql = "SELECT version FROM catalog_state WHERE id = 1";
    let statement = Statement::from_string(conn.get_database_backend(), sql);
    let row = Version::find_by_statement(statement).one(conn).await?;
    Ok(row.ok_or_else(|| Fault::internal("the catalogue has no version"))?.version)
}

/// Counts a change. Called at the end of a verb: the row stays locked until the transaction ends.
pub(super) async fn bump(tx: &Tx) -> Result<(), Fault> {
    tx.execute_unprepared("UPDATE catalog_state SET version = version + 1 WHERE id = 1").await?;
    tx.tell(news::SHOP);
    Ok(())
}
