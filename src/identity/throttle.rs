//! Slows down guessing.
//!
//! Tries are counted per account *and* address they come from, before the password is looked at, so
//! that tries sent side by side count too. Whoever guesses from one address waits longer and longer,
//! and cannot keep the account's holder out at another. The counts are in the database: any number of
//! replicas share them, and a restart forgets nothing.

use std::net::IpAddr;

use chrono::TimeDelta;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, Set};
use sha2::{Digest as _, Sha256};

use super::entity::sign_in_throttle::{ActiveModel, Column, Entity, Model};
use crate::app::App;
use crate::kernel::problem::Fault;
use crate::platform::cidr::subscriber;
use crate::platform::tx::Tx;

/// After so long without a try, all is forgotten.
const MEMORY: TimeDelta = TimeDelta::minutes(30);
/// The longest wait between two tries.
const LONGEST_WAIT: TimeDelta = TimeDelta::minutes(15);

/// How often a count is begun anew that others forget.
const RACES: usize = 10;

/// What is counted.
#[derive(Debug, Clone)]
pub(super) struct Key(Vec<u8>);

/// The tries at `what` (such as `sign-in`) for the account `email` from `address`.
pub(super) fn key(what: &str, email: &str, address: IpAddr) -> Key {
    let mut hasher = Sha256::new();
    for part in [what.as_bytes(), email.as_bytes()] {
        hasher.update(part);
        hasher.update([0]);
    }
    match subscriber(address) {
        IpAddr::V4(it) => hasher.update(it.octets()),
        IpAddr::V6(it) => hasher.update(it.octets()),
    }
    Key(hasher.finalize().to_vec())
}

/// All tries at `what` from `address`, whatever the account: one password tried at many.
pub(super) fn key_of_address(what: &str, address: IpAddr) -> Key {
    key(what, "", address)
}

/// Counts a try, of which `free` are free, since people mistype; how many seconds are left to wait if
/// it comes too early.
pub(super) async fn count(app: &App, key: &Key, free: u32) -> Result<Result<(), u64>, Fault> {
    let tx = Tx::begin(app).await?;
    let now = tx.now();
    let row = lock(&tx, key).await?;
    if row.blocked_until > now {
        let left = (row.blocked_until - now).num_seconds().unsigned_abs() + 1;
        return Ok(Err(left));
    }
    let attempts = if now - row.last_at > MEMORY { 1 } else { row.attempts.saturating_add(1) };
    let mut row = row.into_active_model();
    row.attempts = Set(attempts);
    row.blocked_until = Set(now + wait_after(attempts, free));
    row.last_at = Set(now);
    row.update(&tx).await?;
    tx.commit().await?;
    Ok(Ok(()))
}

/// The count under `key`, locked; a new one if there is none. One that is forgotten in between, by
/// somebody whose try was right, is begun anew.
async fn lock(tx: &Tx, key: &Key) -> Result<Model, Fault> {
    let now = tx.now();
    for _ in 0..RACES {
        let first =
            ActiveModel { key: Set(key.0.clone()), attempts: Set(0), blocked_until: Set(now), last_at: Set(now) };
        let conflict = OnConflict::column(Column::Key).do_nothing().to_owned();
        Entity::insert(first).on_conflict(conflict).exec_without_returning(tx).await?;
        if let Some(row) = Entity::find_by_id(key.0.clone()).lock_exclusive().one(tx).await? {
            return Ok(row);
        }
    }
    Err(Fault::Unavailable(anyhow::anyhow!("the count of tries is forgotten again and again")))
}

/// Forgets the tries: the last one was right.
pub(super) async fn forget(app: &App, key: &Key) -> Result<(), Fault> {
    Entity::delete_by_id(key.0.clone()).exec(app.db.write()).await?;
    Ok(())
}

/// Takes back one try: it was right, and says nothing about those before it.
pub(super) async fn take_back(app: &App, key: &Key) -> Result<(), Fault> {
    let update = Entity::update_many()
        .col_expr(Column::Attempts, Expr::cust("attempts - 1"))
        .col_expr(Column::BlockedUntil, Expr::value(app.clock.now()))
        .filter(Column::Key.eq(key.0.clone()))
        .filter(Column::Attempts.gt(0));
    update.exec(app.db.write()).await?;
    Ok(())
}

/// None for the free tries, then 2, 4, 8 … seconds.
fn wait_after(attempts: i32, free: u32) -> TimeDelta {
    let over = u32::try_from(attempts).unwrap_or_default().saturating_sub(free);
    if over == 0 {
        return TimeDelta::zero();
    }
    TimeDelta::seconds(1_i64.checked_shl(over.min(32)).unwrap_or(i64::MAX)).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_after_the_free_tries_up_to_a_limit() {
        let waits: Vec<i64> = (1..=8).map(|tries| wait_after(tries, 5).num_seconds()).collect();
        assert_eq!(waits, [0, 0, 0, 0, 0, 2, 4, 8]);
        assert_eq!(wait_after(i32::MAX, 5), LONGEST_WAIT);
    }

    #[test]
    fn one_ipv6_subscriber_is_one_source() {
        let address = |text: &str| text.parse().expect("an address");
        let one = key("sign-in", "a@example.com", address("2001:db8::1"));
        assert_eq!(one.0, key("sign-in", "a@example.com", address("2001:db8::ffff:2")).0);
        assert_ne!(one.0, key("sign-in", "a@example.com", address("2001:db8:0:1::1")).0);
        assert_ne!(one.0, key("sign-in", "b@example.com", address("2001:db8::1")).0);
        let mapped = key("sign-in", "a@example.com", address("::ffff:192.0.2.1"));
        assert_eq!(mapped.0, key("sign-in", "a@example.com", address("192.0.2.1")).0);
    }
}
