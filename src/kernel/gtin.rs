//! The numbers that name trade items worldwide: GTIN-8, -12 (UPC), -13 (EAN) and -14.
//!
//! Source: the GS1 General Specifications, of check digits and of restricted circulation numbers.

use std::fmt;

/// How many digits the widest form has; shorter ones are filled up with zeros in front.
const WIDTH: usize = 14;

/// What is said of a text that is no GTIN.
pub const RULE: &str = "a GTIN has 8, 12, 13 or 14 digits, of which the last is its check digit";

/// A GTIN whose check digit is right, as 14 digits: however it was written, equal goods have equal ones.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gtin(String);

impl Gtin {
    /// Reads a GTIN; spaces and dashes between its digits do not count. `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: String = text.chars().filter(|it| !matches!(it, ' ' | '-')).collect();
        let is_number = matches!(digits.len(), 8 | 12 | 13 | 14) && digits.bytes().all(|it| it.is_ascii_digit());
        // Zeros alone pass the check, and stand for nothing.
        if !is_number || digits.bytes().all(|it| it == b'0') {
            return None;
        }
        let full = format!("{digits:0>WIDTH$}");
        is_checked(&full).then_some(Self(full))
    }

    /// Its 14 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is a number that every company may use for itself (GS1 prefixes 02, 04 and 2): two companies'
    /// equal ones name different goods.
    pub fn is_restricted(&self) -> bool {
        matches!(&self.0[1..3], "02" | "04") || &self.0[1..2] == "2"
    }
}

impl fmt::Display for Gtin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// From the right, digits count three times and once in turns; all together are a multiple of ten.
fn is_checked(digits: &str) -> bool {
    let weighted = digits.bytes().rev().enumerate().map(|(place, digit)| {
        let weight = if place % 2 == 0 { 1 } else { 3 };
        u32::from(digit - b'0') * weight
    });
    weighted.sum::<u32>().is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The digits with the check digit that belongs to them.
    fn checked(digits: &str) -> String {
        (0..10).map(|it| format!("{digits}{it}")).find(|it| is_checked(it)).expect("one of ten fits")
    }

    #[test]
    fn numbers_of_every_width_are_read() {
        for (text, full) in [
            ("4006381333931", "04006381333931"),
            ("036000291452", "00036000291452"),
            ("9638 5074", "00000096385074"),
            ("978-3-16-148410-0", "09783161484100"),
            ("10614141000415", "10614141000415"),
        ] {
            assert_eq!(Gtin::parse(text).as_ref().map(Gtin::as_str), Some(full), "{text}");
        }
        for bad in ["", "4006381333932", "00000000", "123", "400638133393x", "4006381333931 1", "4,00638E+12"] {
            assert_eq!(Gtin::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn numbers_for_the_shelf_of_one_company_are_told_apart() {
        let restricted = |digits: &str| Gtin::parse(&checked(digits)).expect("a GTIN").is_restricted();
        assert!(restricted("200123456789") && restricted("29999999999") && restricted("021234567890"));
        assert!(!restricted("400638133393") && !restricted("978316148410") && !restricted("03600029145"));
    }

    proptest! {
        #[test]
        fn a_wrong_digit_is_always_found(digits in "[1-9][0-9]{11}", place in 0_usize..13, other in 1_u8..10) {
            let good = checked(&digits);
            prop_assert!(Gtin::parse(&good).is_some());
            let mut bytes = good.clone().into_bytes();
            bytes[place] = b'0' + (bytes[place] - b'0' + other) % 10;
            let wrong = String::from_utf8(bytes).expect("digits");
            prop_assert_eq!(Gtin::parse(&wrong), None);
        }

        #[test]
        fn zeros_in_front_change_nothing(digits in "[1-9][0-9]{10}") {
            let upc = checked(&digits);
            let wider = [format!("0{upc}"), format!("00{upc}")];
            for text in &wider {
                prop_assert_eq!(Gtin::parse(text), Gtin::parse(&upc));
            }
        }

        #[test]
        fn any_text_is_read_or_refused_and_what_is_read_reads_back(text in "\\PC{0,20}|[0-9 -]{0,20}") {
            if let Some(gtin) = Gtin::parse(&text) {
                prop_assert_eq!(Gtin::parse(gtin.as_str()), Some(gtin));
            }
        }
    }
}
