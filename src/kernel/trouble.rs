//! Which failures of a database pass by themselves.

use sea_orm::{DbErr, RuntimeErr, SqlxError};

/// Classes of PostgreSQL's error codes that say "not now": connection, transaction rollback (deadlock,
/// serialization), resources (disk full, too many connections), intervention (shutdown, cancelled).
/// See PostgreSQL's manual, appendix A.
const PASSING_CLASSES: [&str; 4] = ["08", "40", "53", "57"];

/// PostgreSQL: a lock was not to be had in time; the session had ended; read-only, such as a standby
/// after a failover.
const PASSING_CODES: [&str; 3] = ["55P03", "25P03", "25006"];

/// SQLite's primary result codes: busy, locked, read-only, input/output, full, cannot open. See
/// <https://sqlite.org/rescode.html>; an extended code has its primary one in the low byte.
const PASSING_RESULTS: [i32; 6] = [5, 6, 8, 10, 13, 14];

/// Whether the same statements may succeed a moment later, or once the database is well again. What
/// they had begun is rolled back; of a commit, it is not known.
pub fn passes(error: &DbErr) -> bool {
    match error {
        DbErr::ConnectionAcquire(_) => true,
        DbErr::Conn(error) | DbErr::Exec(error) | DbErr::Query(error) => match error {
            RuntimeErr::SqlxError(error) => passes_by_itself(error),
            RuntimeErr::Internal(_) => false,
        },
        _ => false,
    }
}

fn passes_by_itself(error: &SqlxError) -> bool {
    match error {
        SqlxError::Io(_)
        | SqlxError::Tls(_)
        | SqlxError::Protocol(_)
        | SqlxError::PoolTimedOut
        | SqlxError::PoolClosed
        | SqlxError::WorkerCrashed => true,
        SqlxError::Database(error) => error.code().is_some_and(|code| is_passing(&code)),
        _ => false,
    }
}

/// PostgreSQL's codes have five characters, SQLite's are numbers below 10,000.
fn is_passing(code: &str) -> bool {
    match code.parse::<i32>() {
        Ok(number) if code.len() < 5 => PASSING_RESULTS.contains(&(number & 0xff)),
        _ => PASSING_CODES.contains(&code) || PASSING_CLASSES.iter().any(|class| code.starts_with(class)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_and_what_does_not() {
        // Deadlock, serialization, shutdown, disk full; busy, busy snapshot, full.
        for code in ["40P01", "40001", "57P01", "53100", "5", "517", "13"] {
            assert!(is_passing(code), "{code}");
        }
        // Unique violation, undefined table, syntax; constraint, unique, corrupt.
        for code in ["23505", "42P01", "42601", "19", "2067", "11"] {
            assert!(!is_passing(code), "{code}");
        }
    }
}
