//! How a verb says no.
//!
//! A [`Problem`] is the caller's to mend and reaches them as a user error. A [`Fault`] is not: it
//! becomes a top-level error with one code of a closed list, and its inside is only ever logged.

use sea_orm::DbErr;

use crate::kernel::trouble;

/// One thing wrong with what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem<C> {
    /// What is wrong, for programs.
    pub code: C,
    /// The input field it is about, outermost first; empty if it is about the whole.
    pub field: Vec<String>,
    /// What is wrong, for people.
    pub message: String,
}

impl<C> Problem<C> {
    /// A problem with the field at `path` (names and indexes joined by dots, such as `lines.0.quantity`).
    pub fn at(code: C, path: &str, message: impl Into<String>) -> Self {
        let field = path.split('.').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        Self { code, field, message: message.into() }
    }
}

/// Why a verb did not do what was asked.
#[derive(Debug)]
pub enum VerbError<C> {
    /// The caller can mend this. Nothing was changed.
    Refused(Vec<Problem<C>>),
    /// The caller cannot mend this, or was not allowed to ask.
    Fault(Fault),
}

impl<C> VerbError<C> {
    /// A refusal for one reason.
    pub fn refused(code: C, path: &str, message: impl Into<String>) -> Self {
        Self::Refused(vec![Problem::at(code, path, message)])
    }
}

impl<C, E: Into<Fault>> From<E> for VerbError<C> {
    fn from(error: E) -> Self {
        Self::Fault(error.into())
    }
}

impl<C> From<Problem<C>> for VerbError<C> {
    fn from(problem: Problem<C>) -> Self {
        Self::Refused(vec![problem])
    }
}

/// What went wrong that no input field is to blame for.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// An argument is malformed: a bad cursor, an id of another kind.
    #[error("{0}")]
    BadInput(String),
    /// No credential, or one that is not valid.
    #[error("a valid credential is required")]
    Unauthenticated,
    /// The credential does not allow this.
    #[error("not allowed")]
    Forbidden,
    /// There is no such thing for this actor.
    #[error("not found")]
    NotFound,
    /// The deadline passed.
    #[error("the request took too long")]
    Timeout,
    /// Too many requests.
    #[error("too many requests")]
    RateLimited {
        /// When to try again, in seconds.
        retry_after: u64,
    },
    /// Something this depends on cannot be reached now; trying again may help.
    #[error("temporarily unavailable")]
    Unavailable(#[source] anyhow::Error),
    /// The database failed.
    #[error("database error")]
    Database(#[source] DbErr),
    /// A defect, or data that cannot be.
    #[error("internal error")]
    Internal(#[source] anyhow::Error),
}

impl Fault {
    /// A defect described by `message`, which is logged and never shown.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::Internal(anyhow::Error::msg(message.into()))
    }

    /// Whether the same call may succeed later.
    pub fn retryable(&self) -> bool {
        match self {
            Self::Timeout | Self::RateLimited { .. } | Self::Unavailable(_) | Self::Database(_) => true,
            Self::BadInput(_) | Self::Unauthenticated | Self::Forbidden | Self::NotFound | Self::Internal(_) => false,
        }
    }
}

impl From<DbErr> for Fault {
    fn from(error: DbErr) -> Self {
        if trouble::passes(&error) { Self::Unavailable(error.into()) } else { Self::Database(error) }
    }
}

impl From<crate::kernel::money::MoneyError> for Fault {
    fn from(error: crate::kernel::money::MoneyError) -> Self {
        Self::Internal(error.into())
    }
}

impl From<crate::kernel::page::CursorError> for Fault {
    fn from(error: crate::kernel::page::CursorError) -> Self {
        Self::BadInput(error.to_string())
    }
}

impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Self {
        Self::Internal(error.into())
    }
}
