//! What passes as an e-mail address, for every room that takes one.
//!
//! Syntax only, and only what can be put into a mail's header without quoting: whether somebody reads
//! there is found out by writing to them.

/// The most an address may have (RFC 5321, 4.5.3.1.3, less the angle brackets).
const MAX_ADDRESS: usize = 254;
/// The most its part before the @ may have.
const MAX_LOCAL: usize = 64;
/// The most one label of its domain may have.
const MAX_LABEL: usize = 63;

/// Not an e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not an e-mail address")]
pub struct EmailError;

/// The address in `text` without spaces around it, its domain in small letters.
pub fn parse(text: &str) -> Result<String, EmailError> {
    let text = text.trim();
    let (local, domain) = text.rsplit_once('@').ok_or(EmailError)?;
    let domain = domain.to_ascii_lowercase();
    if text.len() <= MAX_ADDRESS && is_local(local) && is_domain(&domain) {
        Ok(format!("{local}@{domain}"))
    } else {
        Err(EmailError)
    }
}

/// The form in which two spellings of one address are equal.
pub fn key(address: &str) -> String {
    address.trim().to_lowercase()
}

fn is_local(local: &str) -> bool {
    let atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    local.len() <= MAX_LOCAL && local.split('.').all(|part| !part.is_empty() && part.bytes().all(atom))
}

fn is_domain(domain: &str) -> bool {
    let labels: Vec<&str> = domain.split('.').collect();
    let is_label = |label: &&str| {
        !label.is_empty()
            && label.len() <= MAX_LABEL
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let numeric_top = labels.last().is_some_and(|top| top.bytes().all(|byte| byte.is_ascii_digit()));
    labels.len() >= 2 && labels.iter().all(is_label) && !numeric_top
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_addresses_pass_with_their_domain_in_small_letters() {
        assert_eq!(parse(" Ann.Other+shop@Example.ORG ").as_deref(), Ok("Ann.Other+shop@example.org"));
        assert!(parse("o'neill@mail.example.co.uk").is_ok());
        assert_eq!(key("Ann@Example.org"), key("ann@example.ORG "));
    }

    #[test]
    fn everything_else_does_not() {
        let long = format!("{}@example.org", "a".repeat(65));
        for bad in [
            "",
            "ann",
            "@example.org",
            "ann@",
            "ann@localhost",
            "ann@example..org",
            "ann..other@example.org",
            "ann other@example.org",
            "ann@example.org\nBcc: x@example.org",
            "ann@example.org, bob@example.org",
            "<ann@example.org>",
            "ann@-example.org",
            "ann@127.0.0.1",
            "änn@example.org",
            long.as_str(),
        ] {
            assert_eq!(parse(bad), Err(EmailError), "{bad:?}");
        }
    }
}
