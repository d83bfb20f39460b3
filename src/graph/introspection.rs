//! Who may ask for the schema. The names of types (`__typename`) are everybody's.

use async_graphql::ServerError;
use async_graphql::parser::types::{ExecutableDocument, OperationDefinition};

use super::errors::{Code, error};
use super::limits::structure;
use crate::identity::{Actor, Who};
use crate::platform::config::{Config, Introspection};

/// Refuses an operation that asks for the schema, if that is not for `actor`.
pub fn check(
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    config: &Config,
    actor: &Actor,
) -> Result<(), ServerError> {
    if is_for(config.introspection, actor) {
        return Ok(());
    }
    let asks = structure::measure(document, operation, &config.limits).is_none_or(|size| size.asks_for_schema);
    if asks { Err(error(Code::Forbidden, "the schema is not told here")) } else { Ok(()) }
}

fn is_for(introspection: Introspection, actor: &Actor) -> bool {
    match (introspection, &actor.who) {
        (Introspection::All, _) | (Introspection::Store, Who::Staff(_) | Who::Supplier(_) | Who::System(_)) => true,
        (Introspection::Store, Who::Anonymous | Who::Customer(_) | Who::Guest(_) | Who::OrderLink(_))
        | (Introspection::Off, _) => false,
    }
}
