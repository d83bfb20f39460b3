//! A postal address and what a country asks of one.

use serde::{Deserialize, Serialize};

use super::country::CountryCode;
use super::postal::{self, PostalRule};
use super::problem::{Problem, VerbError};

/// Where something is sent, or billed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, sea_orm::FromJsonQueryResult)]
#[serde(rename_all = "camelCase")]
pub struct Address {
    /// The person.
    pub name: String,
    /// The company, if any.
    pub company: Option<String>,
    /// Street and number.
    pub address1: String,
    /// Apartment, floor.
    pub address2: Option<String>,
    /// City or town.
    pub city: String,
    /// State or province, where the country has them.
    pub region: Option<String>,
    /// Postal code, where the country has them.
    pub postal_code: Option<String>,
    /// The country.
    pub country_code: CountryCode,
    /// A telephone number for the carrier.
    pub phone: Option<String>,
}

/// The most a name, street, city, region or company may have: what carriers' labels and suppliers take.
const MAX_LINE: usize = 100;
/// The most a postal code may have.
const MAX_POSTAL_CODE: usize = 12;

/// What stands in the place of a person who was forgotten.
pub const ERASED: &str = "erased";

/// One thing wrong with an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressProblem {
    /// The field, by its name in the API.
    pub field: &'static str,
    /// What is wrong, for people.
    pub message: String,
}

impl Address {
    /// The same address without spaces around its parts and without empty ones.
    #[must_use]
    pub fn tidy(self) -> Self {
        let some = |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        Self {
            name: self.name.trim().to_owned(),
            company: some(self.company),
            address1: self.address1.trim().to_owned(),
            address2: some(self.address2),
            city: self.city.trim().to_owned(),
            region: some(self.region),
            postal_code: some(self.postal_code),
            country_code: self.country_code,
            phone: some(self.phone),
        }
    }

    /// What is left of an address whose person is to be forgotten: the country, which taxes hang on.
    #[must_use]
    pub fn erased(&self) -> Self {
        Self {
            name: ERASED.to_owned(),
            company: None,
            address1: ERASED.to_owned(),
            address2: None,
            city: ERASED.to_owned(),
            region: None,
            postal_code: None,
            country_code: self.country_code,
            phone: None,
        }
    }

    /// The same address, tidy, if a parcel can arrive there.
    ///
    /// # Errors
    /// `code` for each field that keeps one from arriving, at `address.<field>`.
    pub fn deliverable<C: Copy>(self, code: C) -> Result<Self, VerbError<C>> {
        let address = self.tidy();
        let problem = |it: AddressProblem| Problem::at(code, &format!("address.{}", it.field), it.message);
        let problems: Vec<_> = address.problems().into_iter().map(problem).collect();
        if problems.is_empty() { Ok(address) } else { Err(VerbError::Refused(problems)) }
    }

    /// Everything that keeps a parcel from arriving here, field by field; empty if nothing does.
    pub fn problems(&self) -> Vec<AddressProblem> {
        let lines = [
            ("name", Some(&self.name), true),
            ("company", self.company.as_ref(), false),
            ("address1", Some(&self.address1), true),
            ("address2", self.address2.as_ref(), false),
            ("city", Some(&self.city), true),
            ("region", self.region.as_ref(), postal::needs_region(&self.country_code.code())),
        ];
        let mut problems: Vec<AddressProblem> =
            lines.into_iter().filter_map(|(field, text, required)| line_problem(field, text, required)).collect();
        problems.extend(self.postal_code_problem());
        if self.phone.as_deref().is_some_and(|phone| !is_phone(phone)) {
            problems.push(AddressProblem { field: "phone", message: "this is not a telephone number".to_owned() });
        }
        problems
    }

    fn postal_code_problem(&self) -> Option<AddressProblem> {
        let problem = |message: String| Some(AddressProblem { field: "postalCode", message });
        let Some(code) = self.postal_code.as_deref().filter(|code| !code.trim().is_empty()) else {
            return match postal::postal_rule(&self.country_code.code()) {
                PostalRule::Patterns(_) => problem(format!("{} needs a postal code", self.country_code.name())),
                PostalRule::Absent | PostalRule::Unknown => None,
            };
        };
        if code.chars().count() > MAX_POSTAL_CODE || !is_printable(code) {
            return problem("this is not a postal code".to_owned());
        }
        match postal::postal_rule(&self.country_code.code()) {
            PostalRule::Patterns(patterns) if !postal::matches_any(code, patterns) => {
                problem(format!("this is not a postal code of {}", self.country_code.name()))
            }
            _ => None,
        }
    }
}

/// Whether `text` could be dialed: 5 to 15 digits (E.164) with the usual signs between them.
pub fn is_phone(text: &str) -> bool {
    let text = text.trim();
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let usual = text.strip_prefix('+').unwrap_or(text);
    let usual = usual.bytes().all(|byte| byte.is_ascii_digit() || b" ()-./".contains(&byte));
    usual && (5..=15).contains(&digits) && text.len() <= 32
}

fn line_problem(field: &'static str, text: Option<&String>, required: bool) -> Option<AddressProblem> {
    let text = text.map_or("", |text| text.as_str());
    let message = if text.trim().is_empty() {
        required.then_some("this must not be empty")?
    } else if text.chars().count() > MAX_LINE {
        "this is longer than 100 characters"
    } else if !is_printable(text) {
        "this must be one line of plain text"
    } else {
        return None;
    };
    Some(AddressProblem { field, message: message.to_owned() })
}

/// Neither control characters, line breaks among them, nor those that turn the direction of writing.
fn is_printable(text: &str) -> bool {
    !text.chars().any(|c| {
        c.is_control()
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(country: &str, postal_code: &str, region: Option<&str>) -> Address {
        Address {
            name: "Ann Other".to_owned(),
            company: None,
            address1: "1 Main Street".to_owned(),
            address2: None,
            city: "Town".to_owned(),
            region: region.map(str::to_owned),
            postal_code: (!postal_code.is_empty()).then(|| postal_code.to_owned()),
            country_code: country.parse().expect("a country"),
            phone: None,
        }
    }

    fn fields(address: &Address) -> Vec<&'static str> {
        address.problems().into_iter().map(|problem| problem.field).collect()
    }

    #[test]
    fn each_country_has_its_postal_codes() {
        let good = [
            ("DE", "10115"),
            ("GB", "SW1A 1AA"),
            ("GB", "m1 1ae"),
            ("NL", "1012 AB"),
            ("PL", "00-950"),
            ("SE", "111 22"),
            ("PT", "1000-001"),
            ("JP", "100-0001"),
            ("IE", "D02 X285"),
            ("IE", "D6W XY00"),
            ("HK", ""),
            ("IS", "anything"),
            ("BR", "01001-000"),
        ];
        for (country, code) in good {
            let region = super::postal::needs_region(country).then_some("Region");
            assert_eq!(fields(&address(country, code, region)), Vec::<&str>::new(), "{country} {code}");
        }
        for (country, code) in [("DE", "1011"), ("DE", ""), ("GB", "12345"), ("US", "1234"), ("FR", "7500A")] {
            let region = super::postal::needs_region(country).then_some("Region");
            assert_eq!(fields(&address(country, code, region)), ["postalCode"], "{country} {code}");
        }
    }

    #[test]
    fn some_countries_need_a_region() {
        assert_eq!(fields(&address("US", "94103", None)), ["region"]);
        assert!(fields(&address("US", "94103-1234", Some("CA"))).is_empty());
    }

    #[test]
    fn every_field_is_bounded_and_plain() {
        let mut bad = address("DE", "10115", None);
        bad.name = " ".to_owned();
        bad.address1 = "a".repeat(101);
        bad.city = "Town\nBcc: x".to_owned();
        bad.company = Some("\u{202e}gnp".to_owned());
        bad.phone = Some("call me".to_owned());
        assert_eq!(fields(&bad), ["name", "company", "address1", "city", "phone"]);
    }

    #[test]
    fn tidying_drops_what_is_empty() {
        let mut loose = address("DE", " 10115 ", Some("  "));
        loose.name = " Ann ".to_owned();
        let tidy = loose.tidy();
        assert_eq!((tidy.name.as_str(), tidy.postal_code.as_deref(), tidy.region), ("Ann", Some("10115"), None));
    }
}
