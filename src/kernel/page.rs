//! Pages of a list: keyset, never offset.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The most a page may hold.
pub const MAX_PAGE: usize = 100;

/// Which page is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// How many items; between 1 and [`MAX_PAGE`].
    pub size: usize,
    /// The cursor to start behind (or, going backward, before).
    pub cursor: Option<String>,
    /// Whether the page is taken from the end (`last` / `before`).
    pub backward: bool,
}

impl PageRequest {
    /// The first `size` items.
    pub fn first(size: usize) -> Self {
        Self { size, cursor: None, backward: false }
    }
}

/// A page of a list, in the list's order whichever way it was read.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The items, each with its cursor.
    pub items: Vec<(String, T)>,
    /// Whether items follow.
    pub has_next: bool,
    /// Whether items precede.
    pub has_previous: bool,
}

impl<T> Page<T> {
    /// Builds the page from rows read in the direction of `request`, one more than its size.
    pub fn from_rows(request: &PageRequest, rows: Vec<T>, cursor: impl Fn(&T) -> String) -> Self {
        let more = rows.len() > request.size;
        let mut items: Vec<(String, T)> = rows.into_iter().take(request.size).map(|row| (cursor(&row), row)).collect();
        let moved = request.cursor.is_some();
        if request.backward {
            items.reverse();
            return Self { items, has_next: moved, has_previous: more };
        }
        Self { items, has_next: more, has_previous: moved }
    }

    /// The same page with its items changed.
    pub fn map<U>(self, change: impl Fn(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(|(cursor, item)| (cursor, change(item))).collect(),
            has_next: self.has_next,
            has_previous: self.has_previous,
        }
    }
}

/// A cursor that this server did not make, or made for another list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cursor is not valid")]
pub struct CursorError;

/// Writes the key of a row as an opaque cursor; `list` names the order it belongs to.
pub fn encode_cursor<K: Serialize>(list: &str, key: &K) -> String {
    let text = serde_json::to_vec(&(list, key)).expect("cursor keys are plain values");
    URL_SAFE_NO_PAD.encode(text)
}

/// Reads a cursor of `list`; anything else is an error.
pub fn decode_cursor<K: DeserializeOwned>(list: &str, cursor: &str) -> Result<K, CursorError> {
    if cursor.len() > 1024 {
        return Err(CursorError);
    }
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| CursorError)?;
    let (name, key): (String, K) = serde_json::from_slice(&bytes).map_err(|_| CursorError)?;
    if name == list { Ok(key) } else { Err(CursorError) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_reads_back_and_only_in_its_own_list(key: (i64, String), list in "[a-z]{1,9}") {
            let cursor = encode_cursor(&list, &key);
            prop_assume!(cursor.len() <= 1024);
            prop_assert_eq!(decode_cursor::<(i64, String)>(&list, &cursor), Ok(key));
            prop_assert_eq!(decode_cursor::<(i64, String)>("another list", &cursor), Err(CursorError));
        }

        #[test]
        fn what_is_no_cursor_is_refused(text in "\\PC{0,200}|[A-Za-z0-9_-]{0,200}") {
            // No text of that kind is a cursor but by a chance that no test lives to see.
            prop_assert_eq!(decode_cursor::<(i64, String)>("orders", &text), Err(CursorError));
        }
    }
}
