//! Errors in one voice: every top-level error has one code of a closed list, and nothing of the
//! inside shows.

use std::fmt;
use std::sync::Arc;

use async_graphql::{ErrorExtensionValues, Response, ServerError, Value};

use crate::kernel::problem::Fault;

/// How many errors an answer without data has.
const MOST_ERRORS: usize = 20;
/// How long the library's own words may be: they repeat names of the document.
const LONGEST_MESSAGE: usize = 300;
/// How the library goes on where it tells whoever guesses what there is.
const SUGGESTION: &str = " Did you mean";

/// The codes of top-level errors. There are no others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// The document is not GraphQL.
    GraphqlParseFailed,
    /// The document does not fit the schema.
    GraphqlValidationFailed,
    /// An argument is malformed.
    BadUserInput,
    /// No credential, or one that is not valid.
    Unauthenticated,
    /// The credential does not allow this.
    Forbidden,
    /// There is no such thing for this actor.
    NotFound,
    /// The document asks for too much.
    QueryTooComplex,
    /// Too many requests.
    RateLimited,
    /// The deadline passed.
    Timeout,
    /// The hash of a persisted query is not known here.
    PersistedQueryNotFound,
    /// Something this depends on cannot be reached now.
    Unavailable,
    /// A defect.
    Internal,
}

impl Code {
    /// The code as clients read it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GraphqlParseFailed => "GRAPHQL_PARSE_FAILED",
            Self::GraphqlValidationFailed => "GRAPHQL_VALIDATION_FAILED",
            Self::BadUserInput => "BAD_USER_INPUT",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::NotFound => "NOT_FOUND",
            Self::QueryTooComplex => "QUERY_TOO_COMPLEX",
            Self::RateLimited => "RATE_LIMITED",
            Self::Timeout => "TIMEOUT",
            Self::PersistedQueryNotFound => "PERSISTED_QUERY_NOT_FOUND",
            Self::Unavailable => "UNAVAILABLE",
            Self::Internal => "INTERNAL",
        }
    }

    /// The code of a fault.
    pub fn of(fault: &Fault) -> Self {
        match fault {
            Fault::BadInput(_) => Self::BadUserInput,
            Fault::Unauthenticated => Self::Unauthenticated,
            Fault::Forbidden => Self::Forbidden,
            Fault::NotFound => Self::NotFound,
            Fault::Timeout => Self::Timeout,
            Fault::RateLimited { .. } => Self::RateLimited,
            Fault::Unavailable(_) => Self::Unavailable,
            Fault::Database(_) | Fault::Internal(_) => Self::Internal,
        }
    }
}

/// A fault that several fields share, as those of one batch do.
#[derive(Clone)]
pub struct SharedFault(pub Arc<Fault>);

impl From<Fault> for SharedFault {
    fn from(fault: Fault) -> Self {
        Self(Arc::new(fault))
    }
}

impl From<sea_orm::DbErr> for SharedFault {
    fn from(error: sea_orm::DbErr) -> Self {
        Fault::from(error).into()
    }
}

impl fmt::Display for SharedFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for SharedFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// An error of this `code`.
pub fn error(code: Code, message: impl Into<String>) -> ServerError {
    coded(ServerError::new(message, None), code)
}

/// The error a fault becomes when it ends the whole request.
pub fn of_fault(fault: Fault, request_id: &str) -> ServerError {
    let pos = async_graphql::Pos::default();
    let mut it = async_graphql::Error::new_with_source(fault).into_server_error(pos);
    it.locations.clear();
    finish_error(&mut it, request_id);
    it
}

/// Gives every error of `response` its code. What is not meant for clients is logged here, once, and
/// replaced by `request_id`, which finds it in the log.
pub fn finish(response: &mut Response, request_id: &str) {
    // What is wrong with a document is said a few times, not once for each of its two thousand words.
    if response.data == Value::Null {
        response.errors.truncate(MOST_ERRORS);
    }
    for error in &mut response.errors {
        finish_error(error, request_id);
    }
}

/// Whether the whole request was refused before it ran.
pub fn is_refusal(response: &Response) -> bool {
    let early = response.data == Value::Null && response.errors.iter().all(|error| error.path.is_empty());
    early && !response.errors.is_empty()
}

fn finish_error(error: &mut ServerError, request_id: &str) {
    if error.extensions.as_ref().is_some_and(|it| it.get("code").is_some()) {
        return;
    }
    if let Some(fault) = fault_of(error) {
        let code = Code::of(fault);
        if let Fault::RateLimited { retry_after } = fault {
            let retry_after = *retry_after;
            extensions(error).set("retryAfter", retry_after);
        }
        if matches!(code, Code::Internal | Code::Unavailable) {
            tracing::error!(request.id = request_id, path = ?error.path, fault = ?fault_of(error), "a request failed");
            extensions(error).set("requestId", request_id);
        }
        if code == Code::Internal {
            "internal error".clone_into(&mut error.message);
        }
        mark(error, code);
        return;
    }
    let code = code_of_library_error(error);
    if let Some(end) = error.message.find(SUGGESTION) {
        error.message.truncate(end);
    }
    if let Some((end, _)) = error.message.char_indices().nth(LONGEST_MESSAGE) {
        error.message.truncate(end);
        error.message.push('…');
    }
    if code == Code::Internal {
        tracing::error!(request.id = request_id, path = ?error.path, reason = error.message, "a request failed");
        "internal error".clone_into(&mut error.message);
        extensions(error).set("requestId", request_id);
    }
    mark(error, code);
}

fn fault_of(error: &ServerError) -> Option<&Fault> {
    let source = error.source.as_ref()?;
    source.downcast_ref::<Fault>().or_else(|| source.downcast_ref::<SharedFault>().map(|it| &*it.0))
}

/// The library marks none of its own errors. Those without a path come from before the execution;
/// those with one, from reading an argument.
fn code_of_library_error(error: &ServerError) -> Code {
    let message = error.message.as_str();
    if error.source.is_some() {
        Code::Internal
    } else if message == "PersistedQueryNotFound" {
        Code::PersistedQueryNotFound
    } else if is_about_input(message) {
        Code::BadUserInput
    } else if error.path.is_empty() {
        Code::GraphqlValidationFailed
    } else {
        Code::Internal
    }
}

/// How async-graphql begins the messages about values that do not fit their type.
fn is_about_input(message: &str) -> bool {
    // Variables in quotes are those of the document, whatever their values.
    if message.starts_with("Variable \"") {
        return false;
    }
    const BEGINNINGS: [&str; 5] = [
        "Failed to parse \"",
        "Expected input type \"",
        "Invalid value for argument",
        "Variable ",
        "Variable is required",
    ];
    BEGINNINGS.iter().any(|beginning| message.starts_with(beginning))
}

fn coded(mut error: ServerError, code: Code) -> ServerError {
    mark(&mut error, code);
    error
}

fn mark(error: &mut ServerError, code: Code) {
    extensions(error).set("code", code.as_str());
}

fn extensions(error: &mut ServerError) -> &mut ErrorExtensionValues {
    error.extensions.get_or_insert_default()
}
