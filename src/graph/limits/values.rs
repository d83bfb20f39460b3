//! Counts values, in a document and in its variables: lists, nesting, texts.

use async_graphql::{ServerError, Value, Variables};

use super::super::errors::{Code, error};
use crate::platform::limits::Limits;

/// How deep a value may nest: input objects are shallow, and free JSON has no need for more.
const NESTING: usize = 24;

/// Refuses variables with a list or a text that is too long, a value that nests too deep or a text
/// that no database keeps.
pub fn check(variables: &Variables, limits: &Limits) -> Result<(), ServerError> {
    variables.values().try_for_each(|value| count(value, limits).map(|_| ()))
}

/// How many values `value` is; refused if it is too large in one of its parts.
pub fn count(value: &Value, limits: &Limits) -> Result<usize, ServerError> {
    count_within(value, limits, NESTING)
}

fn count_within(value: &Value, limits: &Limits, levels: usize) -> Result<usize, ServerError> {
    let refused = |message: String| Err(error(Code::BadUserInput, message));
    if levels == 0 {
        return refused(format!("a value nests deeper than {NESTING} levels"));
    }
    let and = |sum: usize, value: &Value| Ok(sum + count_within(value, limits, levels - 1)?);
    match value {
        Value::List(items) if items.len() > limits.list_input => {
            refused(format!("a list has more than {} items", limits.list_input))
        }
        Value::List(items) => items.iter().try_fold(1, and),
        Value::Object(fields) => fields.values().try_fold(1, and),
        // PostgreSQL has no such character in its texts.
        Value::String(text) if text.contains('\0') => refused("a text has a NUL character".to_owned()),
        // Fields have bounds of their own; nobody's is above this.
        Value::String(text) if is_longer(text, limits.text_characters) => {
            refused(format!("a text has more than {} characters", limits.text_characters))
        }
        _ => Ok(1),
    }
}

fn is_longer(text: &str, characters: usize) -> bool {
    text.len() > characters && text.chars().count() > characters
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_counted_with_all_that_is_in_them() {
        let limits = Limits::default();
        let count = |json: serde_json::Value| {
            let value = Value::from_json(json).expect("a value");
            count(&value, &limits).map_err(|error| error.message)
        };
        assert_eq!(count(json!({ "a": [1, 2, { "b": null }], "c": "d" })), Ok(7));
        assert_eq!(count(json!("ä".repeat(30_000))), Ok(1));
        let nested = (0..30).fold(json!(1), |inner, _| json!([inner]));
        for (value, reason) in [
            (json!(vec![1; 251]), "items"),
            (nested, "levels"),
            (json!(["a\0b"]), "NUL"),
            (json!({ "a": "x".repeat(30_001) }), "characters"),
        ] {
            assert!(count(value).is_err_and(|message| message.contains(reason)), "{reason}");
        }
    }
}
