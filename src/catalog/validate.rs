//! What a product may look like.

use url::Url;

use super::entity::{Media, SelectedOption};
use super::error::CatalogErrorCode::{self, CurrencyMismatch, Invalid, TooMany};
use super::products::{NewProduct, NewVariant};
use super::text;
use crate::kernel::money::{Currency, Money};
use crate::kernel::problem::Problem;

/// The most variants of a product.
pub const MAX_VARIANTS: usize = 100;
/// The most choices a product offers.
pub const MAX_OPTIONS: usize = 3;
/// The most pictures of a product.
pub const MAX_MEDIA: usize = 50;
/// The most characters of a title.
pub const MAX_TITLE: usize = 255;
/// The most characters of a description.
pub const MAX_DESCRIPTION: usize = 20_000;
/// The most characters of a SKU.
pub const MAX_SKU: usize = 100;
/// The most characters of a maker's number, and of a maker's name.
pub const MAX_IDENTITY: usize = 100;
/// The highest price, in minor units: sums of many stay far from the end of the number range.
pub const MAX_PRICE: i64 = 1_000_000_000_000;

/// Gathers what is wrong, under a common path.
pub(super) struct Check {
    problems: Vec<Problem<CatalogErrorCode>>,
    currency: Currency,
}

impl Check {
    pub(super) fn new(currency: Currency) -> Self {
        Self { problems: Vec::new(), currency }
    }

    /// What is wrong, if anything.
    pub(super) fn finish(self) -> Result<(), super::error::CatalogError> {
        if self.problems.is_empty() { Ok(()) } else { Err(super::error::CatalogError::Refused(self.problems)) }
    }

    pub(super) fn product(&mut self, at: &str, product: &NewProduct) {
        self.title(&join(at, "title"), &product.title);
        self.description(&join(at, "description"), &product.description);
        if let Some(slug) = &product.slug {
            self.slug(&join(at, "slug"), slug);
        }
        self.media(&join(at, "media"), &product.media);
        if product.variants.is_empty() {
            self.add(Invalid, &join(at, "variants"), "a product has at least one variant");
        }
        if product.variants.len() > MAX_VARIANTS {
            self.add(TooMany, &join(at, "variants"), format!("a product has at most {MAX_VARIANTS} variants"));
        }
        for (index, variant) in product.variants.iter().enumerate() {
            self.variant(&join(at, &format!("variants.{index}")), variant);
        }
    }

    pub(super) fn variant(&mut self, at: &str, variant: &NewVariant) {
        self.line(&join(at, "sku"), "a SKU", &variant.sku, MAX_SKU);
        if let Some(title) = &variant.title {
            self.title(&join(at, "title"), title);
        }
        self.options(&join(at, "options"), &variant.options);
        self.price(&join(at, "price"), variant.price);
        if let Some(compare_at) = variant.compare_at {
            self.price(&join(at, "compareAtPrice"), compare_at);
        }
        if let Some(mpn) = &variant.identity.mpn {
            self.line(&join(at, "mpn"), "a maker's number", mpn, MAX_IDENTITY);
        }
        if let Some(brand) = &variant.identity.brand {
            self.line(&join(at, "brand"), "a brand", brand, MAX_IDENTITY);
        }
    }

    pub(super) fn title(&mut self, at: &str, title: &str) {
        self.line(at, "a title", title, MAX_TITLE);
    }

    pub(super) fn description(&mut self, at: &str, description: &str) {
        if description.chars().count() > MAX_DESCRIPTION {
            self.add(Invalid, at, format!("a description has at most {MAX_DESCRIPTION} characters"));
        }
        if description.chars().any(|char| char.is_control() && !matches!(char, '\n' | '\r' | '\t')) {
            self.add(Invalid, at, "a description is plain text");
        }
    }

    pub(super) fn slug(&mut self, at: &str, slug: &str) {
        if !text::is_slug(slug) {
            self.add(Invalid, at, "a slug has 1 to 120 of the characters a–z, 0–9 and - (not at its ends)");
        }
    }

    pub(super) fn media(&mut self, at: &str, media: &[Media]) {
        if media.len() > MAX_MEDIA {
            self.add(TooMany, at, format!("a product has at most {MAX_MEDIA} pictures"));
        }
        for (index, it) in media.iter().enumerate() {
            if !is_public_https(&it.url) {
                self.add(Invalid, &join(at, &format!("{index}.url")), "a picture has an https address");
            }
            if let Some(alt) = &it.alt {
                self.line(&join(at, &format!("{index}.altText")), "an alternative text", alt, MAX_TITLE);
            }
        }
    }

    pub(super) fn price(&mut self, at: &str, price: Money) {
        if price.currency() != self.currency {
            self.add(CurrencyMismatch, at, format!("prices are in {}", self.currency));
        }
        if !(0..=MAX_PRICE).contains(&price.minor()) {
            self.add(Invalid, at, "a price is not negative and not beyond reason");
        }
    }

    fn options(&mut self, at: &str, options: &[SelectedOption]) {
        if options.len() > MAX_OPTIONS {
            self.add(TooMany, at, format!("a product offers at most {MAX_OPTIONS} choices"));
        }
        for (index, option) in options.iter().enumerate() {
            self.line(&join(at, &format!("{index}.name")), "the name of an option", &option.name, 50);
            self.line(&join(at, &format!("{index}.value")), "the value of an option", &option.value, 100);
            if options[..index].iter().any(|it| it.name == option.name) {
                self.add(Invalid, &join(at, &format!("{index}.name")), "an option is named once");
            }
        }
    }

    fn line(&mut self, at: &str, what: &str, value: &str, most: usize) {
        if value.trim().is_empty() || value.chars().count() > most {
            self.add(Invalid, at, format!("{what} has 1 to {most} characters"));
        } else if value.chars().any(char::is_control) {
            self.add(Invalid, at, format!("{what} is one line of plain text"));
        }
    }

    pub(super) fn add(&mut self, code: CatalogErrorCode, at: &str, message: impl Into<String>) {
        self.problems.push(Problem::at(code, at, message));
    }
}

/// Whether `address` is one a browser may be sent to: https, with a host, without credentials.
pub fn is_public_https(address: &str) -> bool {
    let plain = address.len() <= 2_048 && !address.chars().any(|char| char.is_control() || char.is_whitespace());
    plain
        && Url::parse(address).is_ok_and(|url| {
            url.scheme() == "https" && url.host().is_some() && url.username().is_empty() && url.password().is_none()
        })
}

fn join(at: &str, field: &str) -> String {
    if at.is_empty() { field.to_owned() } else { format!("{at}.{field}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_https_addresses_are_pictures() {
        assert!(is_public_https("https://cdn.example/a.jpg?x=1"));
        for bad in
            ["http://a.example/x", "javascript:alert(1)", "https://u:p@a.example/", "https://", "", "https://a b/"]
        {
            assert!(!is_public_https(bad), "{bad}");
        }
    }
}
