//! Counts what comes in variables: lists and nesting.

use async_graphql::{ServerError, Value, Variables};

use super::super::errors::{Code, error};
use crate::platform::limits::Limits;

/// How deep a variable's value may nest: input objects are shallow, and free JSON has no need for more.
const NESTING: usize = 24;

/// Refuses variables with a list that is too long, a value that nests too deep or a text that no
/// database keeps.
pub fn check(variables: &Variables, limits: &Limits) -> Result<(), ServerError> {
    variables.values().try_for_each(|value| check_value(value, limits, NESTING))
}

fn check_value(value: &Value, limits: &Limits, levels: usize) -> Result<(), ServerError> {
    if levels == 0 {
        return Err(error(Code::BadUserInput, format!("a variable nests deeper than {NESTING} levels")));
    }
    match value {
        Value::List(items) if items.len() > limits.list_input => {
            Err(error(Code::BadUserInput, format!("a list has more than {} items", limits.list_input)))
        }
        Value::List(items) => items.iter().try_for_each(|item| check_value(item, limits, levels - 1)),
        Value::Object(fields) => fields.values().try_for_each(|field| check_value(field, limits, levels - 1)),
        // PostgreSQL has no such character in its texts.
        Value::String(text) if text.contains('\0') => Err(error(Code::BadUserInput, "a text has a NUL character")),
        _ => Ok(()),
    }
}
