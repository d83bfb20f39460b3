//! Counts the text of a document without parsing it.

use async_graphql::ServerError;

use super::super::errors::{Code, error};
use super::too_much;
use crate::platform::limits::Limits;

/// How deep brackets may nest before the parser would have to recurse too far.
const NESTING: usize = 48;
/// What a block string begins and ends with.
const BLOCK: &[u8] = b"\"\"\"";
/// How a block string says what would end it.
const ESCAPED_BLOCK: &[u8] = b"\\\"\"\"";

/// Refuses a text that is too long, has too many tokens or nests too deep to be parsed.
pub fn check(text: &str, limits: &Limits) -> Result<(), ServerError> {
    if text.len() > limits.query_bytes {
        return Err(too_much("bytes", limits.query_bytes));
    }
    if text.contains('\0') || text.contains("\\u0000") {
        // PostgreSQL has no such character in its texts.
        return Err(error(Code::BadUserInput, "a text has a NUL character"));
    }
    let count = count(text);
    if count.tokens > limits.query_tokens {
        return Err(too_much("tokens", limits.query_tokens));
    }
    if count.nesting > NESTING {
        return Err(too_much("nested brackets", NESTING));
    }
    Ok(())
}

struct Count {
    tokens: usize,
    nesting: usize,
}

/// Counts tokens as the specification's lexical grammar has them; a text that breaks the grammar
/// still gets a count, and its error from the parser.
fn count(text: &str) -> Count {
    let bytes = text.as_bytes();
    let mut count = Count { tokens: 0, nesting: 0 };
    let (mut open, mut at) = (0_usize, 0);
    while let Some(&byte) = bytes.get(at) {
        let length = match byte {
            b' ' | b'\t' | b'\r' | b'\n' | b',' => {
                at += 1;
                continue;
            }
            b'#' => {
                at += rest(bytes, at, |byte| !matches!(byte, b'\n' | b'\r'));
                continue;
            }
            b'"' => string(bytes, at),
            b'.' if bytes[at..].starts_with(b"...") => 3,
            _ if is_word(byte) => rest(bytes, at, is_word),
            b'{' | b'[' | b'(' => {
                open += 1;
                count.nesting = count.nesting.max(open);
                1
            }
            b'}' | b']' | b')' => {
                open = open.saturating_sub(1);
                1
            }
            _ => 1,
        };
        count.tokens += 1;
        at += length;
    }
    count
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

fn rest(bytes: &[u8], at: usize, accept: impl Fn(u8) -> bool) -> usize {
    bytes[at..].iter().take_while(|&&byte| accept(byte)).count().max(1)
}

/// The length of the string that begins at `at`, to where the parser would give it up if it is not
/// closed. A string counted longer than it is would hide what follows it.
fn string(bytes: &[u8], at: usize) -> usize {
    if bytes[at..].starts_with(BLOCK) { block(bytes, at) } else { line(bytes, at) }
}

/// `"…"`: ends with its line at the latest; a backslash escapes what follows it.
fn line(bytes: &[u8], at: usize) -> usize {
    let mut end = at + 1;
    while let Some(byte) = bytes.get(end) {
        match byte {
            b'"' => return end + 1 - at,
            b'\n' | b'\r' => break,
            b'\\' => end += 2,
            _ => end += 1,
        }
    }
    end.min(bytes.len()) - at
}

/// `"""…"""`: a backslash means nothing in it but before three quotes.
fn block(bytes: &[u8], at: usize) -> usize {
    let mut end = at + BLOCK.len();
    while end < bytes.len() {
        if bytes[end..].starts_with(BLOCK) {
            return end + BLOCK.len() - at;
        }
        end += if bytes[end..].starts_with(ESCAPED_BLOCK) { ESCAPED_BLOCK.len() } else { 1 };
    }
    bytes.len() - at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_counted_as_the_grammar_has_them() {
        for (text, tokens, nesting) in [
            ("", 0, 0),
            ("{ a, b } # and {{{", 4, 1),
            ("query Q($a: [Int!]! = [1]) { a(b: $a) @skip(if: true) { ...F } }", 36, 2),
            (r#"{ a(b: "x\" {{{", c: """ " { """) }"#, 11, 2),
            ("{ a(b: \"", 6, 2),
            // Nothing hides behind a string that seems to go on.
            (r#"{ a(b: """\"""" """) { b } }"#, 11, 2),
            (r#"{ a(b: """\\""" """) { b } }"#, 11, 2),
            ("{ a(b: \"\n) { b { c } }", 13, 3),
        ] {
            let it = count(text);
            assert_eq!((it.tokens, it.nesting), (tokens, nesting), "{text}");
        }
    }
}
