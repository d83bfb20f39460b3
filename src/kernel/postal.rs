//! What countries ask of an address: a data table, checked by `address.rs`.
//!
//! Postal codes are written as patterns: `9` is a digit, `A` a letter, `X` either, everything
//! else itself. They are compared after spaces, dots and dashes are gone, since people write them as they
//! like.

/// The patterns of a country's postal codes; a country that is not listed is not checked, and one with
/// an empty list has no postal codes.
const POSTAL_CODES: &[(&str, &[&str])] = &[
    ("AE", &[]),
    ("AR", &["9999", "A9999AAA"]),
    ("AT", &["9999"]),
    ("AU", &["9999"]),
    ("BE", &["9999"]),
    ("BG", &["9999"]),
    ("BR", &["99999999"]),
    ("CA", &["A9A9A9"]),
    ("CH", &["9999"]),
    ("CL", &["9999999"]),
    ("CN", &["999999"]),
    ("CY", &["9999"]),
    ("CZ", &["99999"]),
    ("DE", &["99999"]),
    ("DK", &["9999"]),
    ("EE", &["99999"]),
    ("ES", &["99999"]),
    ("FI", &["99999"]),
    ("FR", &["99999"]),
    ("GB", &["A99AA", "A999AA", "AA99AA", "AA999AA", "A9A9AA", "AA9A9AA"]),
    ("GR", &["99999"]),
    ("HK", &[]),
    ("HR", &["99999"]),
    ("HU", &["9999"]),
    ("IE", &["A99XXXX", "D6WXXXX"]),
    ("IN", &["999999"]),
    ("IT", &["99999"]),
    ("JP", &["9999999"]),
    ("KR", &["99999"]),
    ("LT", &["99999", "LT99999"]),
    ("LU", &["9999", "L9999"]),
    ("LV", &["9999", "LV9999"]),
    ("MT", &["AAA9999"]),
    ("MX", &["99999"]),
    ("NL", &["9999AA"]),
    ("NO", &["9999"]),
    ("NZ", &["9999"]),
    ("PL", &["99999"]),
    ("PT", &["9999999"]),
    ("RO", &["999999"]),
    ("SE", &["99999"]),
    ("SG", &["999999"]),
    ("SI", &["9999", "SI9999"]),
    ("SK", &["99999"]),
    ("TR", &["99999"]),
    ("US", &["99999", "999999999"]),
    ("ZA", &["9999"]),
];

/// Countries whose addresses name a state, province or prefecture.
const WITH_REGION: &[&str] = &["AU", "BR", "CA", "CN", "IN", "JP", "MX", "US"];

/// What a country's postal codes are like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PostalRule {
    /// There are none.
    Absent,
    /// One of these patterns.
    Patterns(&'static [&'static str]),
    /// Nothing is known.
    Unknown,
}

/// The rule of the country with this code.
pub(super) fn postal_rule(country: &str) -> PostalRule {
    match POSTAL_CODES.iter().find(|(code, _)| *code == country) {
        None => PostalRule::Unknown,
        Some((_, [])) => PostalRule::Absent,
        Some((_, patterns)) => PostalRule::Patterns(patterns),
    }
}

/// Whether addresses in the country with this code name a region.
pub(super) fn needs_region(country: &str) -> bool {
    WITH_REGION.contains(&country)
}

/// Whether `code` is like one of `patterns`.
pub(super) fn matches_any(code: &str, patterns: &[&str]) -> bool {
    let bare: Vec<u8> =
        code.bytes().filter(|byte| !matches!(byte, b' ' | b'-' | b'.')).map(|byte| byte.to_ascii_uppercase()).collect();
    patterns.iter().any(|pattern| {
        pattern.len() == bare.len()
            && pattern.bytes().zip(&bare).all(|(wanted, &byte)| match wanted {
                b'9' => byte.is_ascii_digit(),
                b'A' => byte.is_ascii_uppercase(),
                b'X' => byte.is_ascii_alphanumeric(),
                other => other == byte,
            })
    })
}
