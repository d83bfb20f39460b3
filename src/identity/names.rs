//! What passes as a part of a person's name.

/// The longest.
const MAX_NAME: usize = 100;

/// What is wrong with `name`, for people.
pub(super) fn problem(name: &str) -> Option<String> {
    let bad = name.chars().count() > MAX_NAME || name.chars().any(char::is_control);
    bad.then(|| format!("a name has at most {MAX_NAME} characters, in one line"))
}

/// The name without spaces around it; an empty one is none.
pub(super) fn tidy(name: Option<String>) -> Option<String> {
    name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty())
}
