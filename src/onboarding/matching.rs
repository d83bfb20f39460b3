//! How likely it is that a supplier's item is a variant of the store: pure.
//!
//! Each thing that both are known by is evidence of some weight, in hundredths; what speaks for the same is added up
//! as independent chances are (`1 − Π(1 − weight)`), so that more evidence never makes it less likely and nothing
//! makes it certain. GTINs that differ speak against it whatever else is equal.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::catalog::{SelectedOption, plain_key, spaceless_sku, words};
use crate::kernel::gtin::Gtin;

/// The weight of an equal GTIN; of one that every company may use for itself it is that of a SKU.
const GTIN: i64 = 95;
/// Of a maker's number with its maker.
const MPN_AND_BRAND: i64 = 85;
/// Of a maker's number alone, if it is long enough to mean something, and if it is not.
const MPN: i64 = 60;
const SHORT_MPN: i64 = 25;
/// The fewest letters and digits of a maker's number that means something by itself.
const LONG_MPN: usize = 5;
/// Of an equal SKU: suppliers and stores name their goods by themselves.
const SKU: i64 = 55;
/// Of equal titles; less by how much they differ.
const TITLE: i64 = 40;
/// Titles that have less in common than this part, in hundredths, say nothing.
const LEAST_TITLE: i64 = 50;
/// The most that is believed where GTINs differ.
const CONTRADICTED: i64 = 30;
/// What is less likely is not worth a look.
const LEAST: i64 = 20;

/// What speaks for or against it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Reason {
    /// The GTINs are equal.
    Gtin,
    /// The makers' numbers are equal, and the makers.
    MpnAndBrand,
    /// The makers' numbers are equal; of the makers one is not known.
    Mpn,
    /// The SKUs are equal.
    Sku,
    /// The titles are alike.
    Title,
    /// Against it: the GTINs differ.
    GtinDiffers,
}

/// What something is known by, as it is compared: without regard to case, spaces and signs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Features {
    /// Its GTIN.
    pub gtin: Option<Gtin>,
    /// Its maker's name for it.
    pub mpn: Option<String>,
    /// Its maker.
    pub brand: Option<String>,
    /// Its SKU.
    pub sku: String,
    /// The words of its title and of what tells it from its siblings.
    pub words: BTreeSet<String>,
}

impl Features {
    /// What something is known by, as it is written.
    pub fn of(
        gtin: Option<&str>,
        mpn: Option<&str>,
        brand: Option<&str>,
        sku: &str,
        title: &str,
        options: &[SelectedOption],
    ) -> Self {
        let key = |text: Option<&str>| text.map(plain_key).filter(|it| !it.is_empty());
        let texts = std::iter::once(title).chain(options.iter().map(|it| it.value.as_str()));
        Self {
            gtin: gtin.and_then(Gtin::parse),
            mpn: key(mpn),
            brand: key(brand),
            sku: spaceless_sku(sku),
            words: texts.flat_map(words).collect(),
        }
    }
}

/// How likely the two are the same, from 1 to 100, and why; `None` if nothing worth a look speaks for it.
pub fn compare(one: &Features, other: &Features) -> Option<(i32, Vec<Reason>)> {
    let evidence = evidence(one, other);
    let unlikely = evidence.iter().fold(10_000, |left, (_, weight)| left * (100 - weight) / 100);
    let mut score = (10_000 - unlikely) / 100;
    let mut reasons: Vec<Reason> = evidence.into_iter().map(|(reason, _)| reason).collect();
    if one.gtin.is_some() && other.gtin.is_some() && one.gtin != other.gtin {
        score = score.min(CONTRADICTED);
        reasons.push(Reason::GtinDiffers);
    }
    let score = i32::try_from(score).unwrap_or_default();
    (i64::from(score) >= LEAST).then_some((score, reasons))
}

/// What speaks for it, and how much.
fn evidence(one: &Features, other: &Features) -> Vec<(Reason, i64)> {
    let mut found = Vec::new();
    if let Some(gtin) = one.gtin.as_ref().filter(|it| other.gtin.as_ref() == Some(it)) {
        found.push((Reason::Gtin, if gtin.is_restricted() { SKU } else { GTIN }));
    }
    if let Some(mpn) = one.mpn.as_ref().filter(|it| other.mpn.as_ref() == Some(it)) {
        match (&one.brand, &other.brand) {
            (Some(one), Some(other)) if one == other => found.push((Reason::MpnAndBrand, MPN_AND_BRAND)),
            // Two makers' numbers for two things.
            (Some(_), Some(_)) => {}
            _ => found.push((Reason::Mpn, if mpn.chars().count() >= LONG_MPN { MPN } else { SHORT_MPN })),
        }
    }
    if !one.sku.is_empty() && one.sku == other.sku {
        found.push((Reason::Sku, SKU));
    }
    let alike = likeness(&one.words, &other.words);
    if alike >= LEAST_TITLE {
        found.push((Reason::Title, TITLE * alike / 100));
    }
    found
}

/// How much two sets of words have in common, in hundredths (Sørensen–Dice).
fn likeness(one: &BTreeSet<String>, other: &BTreeSet<String>) -> i64 {
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let both = count(one.len() + other.len());
    if both == 0 { 0 } else { 200 * count(one.intersection(other).count()) / both }
}

#[cfg(test)]
mod tests {
    use proptest::option;
    use proptest::prelude::*;

    use super::*;

    const EAN: &str = "4006381333931";
    const OTHER_EAN: &str = "9783161484100";

    fn known(gtin: Option<&str>, mpn: Option<&str>, brand: Option<&str>, sku: &str, title: &str) -> Features {
        Features::of(gtin, mpn, brand, sku, title, &[])
    }

    #[test]
    fn what_is_written_otherwise_is_the_same() {
        let one = known(Some("0 4006381 333931"), Some("ab-12/3"), Some("ACME Inc."), "LAMP 1", "Blue Lamp");
        let other = known(Some(EAN), Some("AB 123"), Some("Acme Inc"), "lamp1", "lamp, BLUE");
        let (score, reasons) = compare(&one, &other).expect("the same");
        assert_eq!(reasons, [Reason::Gtin, Reason::MpnAndBrand, Reason::Sku, Reason::Title]);
        assert!(score >= 99, "{score}");
    }

    #[test]
    fn evidence_has_its_weight() {
        let score = |one: &Features, other: &Features| compare(one, other).map(|(score, _)| score);
        let gtin = known(Some(EAN), None, None, "A", "Lamp");
        assert_eq!(score(&gtin, &known(Some(EAN), None, None, "B", "Chair")), Some(95));
        let mpn = |brand| known(None, Some("X-1000"), brand, "A", "Lamp");
        let theirs = known(None, Some("x1000"), Some("Acme"), "B", "Chair");
        assert_eq!(score(&mpn(Some("ACME")), &theirs), Some(85));
        assert_eq!(score(&mpn(None), &theirs), Some(60));
        assert_eq!(score(&mpn(Some("Other")), &theirs), None, "two makers use one number");
        assert_eq!(score(&known(None, None, None, "a 1", "x"), &known(None, None, None, "A1", "y")), Some(55));
        let titles = |one, other| score(&known(None, None, None, "A", one), &known(None, None, None, "B", other));
        assert_eq!(titles("Blue lamp", "Lamp (blue)"), Some(40));
        assert_eq!(titles("Blue lamp 40 cm", "Lamp blue"), Some(26));
        assert_eq!(titles("Blue lamp", "Blue chair with arms"), None);
    }

    #[test]
    fn a_gtin_that_differs_speaks_against_everything() {
        let one = known(Some(EAN), Some("X-1000"), Some("Acme"), "A", "Lamp");
        let other = known(Some(OTHER_EAN), Some("X-1000"), Some("Acme"), "A", "Lamp");
        let (score, reasons) = compare(&one, &other).expect("still worth a look");
        assert_eq!((score, reasons.last()), (30, Some(&Reason::GtinDiffers)));
        // A number that any company may give itself names nothing for sure.
        let own = known(Some("2001234567893"), None, None, "A", "Lamp");
        assert!(own.gtin.is_some());
        assert_eq!(
            compare(&own, &Features { words: BTreeSet::new(), sku: String::new(), ..own.clone() }),
            Some((55, vec![Reason::Gtin]))
        );
    }

    fn features() -> impl Strategy<Value = Features> {
        let gtin = option::of(prop_oneof![Just(EAN), Just(OTHER_EAN)]);
        let text = option::of("[abAB -]{1,6}");
        (gtin, text.clone(), text, "[abAB ]{0,3}", "[a-d ]{0,12}")
            .prop_map(|(gtin, mpn, brand, sku, title)| known(gtin, mpn.as_deref(), brand.as_deref(), &sku, &title))
    }

    proptest! {
        #[test]
        fn it_does_not_matter_who_is_compared_with_whom(one in features(), other in features()) {
            prop_assert_eq!(compare(&one, &other), compare(&other, &one));
        }

        #[test]
        fn a_score_is_a_likelihood_with_reasons_and_never_certain(one in features(), other in features()) {
            if let Some((score, reasons)) = compare(&one, &other) {
                prop_assert!((20..100).contains(&score), "{}", score);
                prop_assert!(!reasons.is_empty() && reasons != [Reason::GtinDiffers]);
            }
        }

        #[test]
        fn an_equal_gtin_is_never_worth_less_than_without(one in features(), other in features()) {
            let ean = Gtin::parse(EAN);
            let with = |it: &Features| Features { gtin: ean.clone(), ..it.clone() };
            let without = |it: &Features| Features { gtin: None, ..it.clone() };
            let score = |one: &Features, other: &Features| compare(one, other).map_or(0, |(score, _)| score);
            prop_assert!(score(&with(&one), &with(&other)) >= 95);
            prop_assert!(score(&with(&one), &with(&other)) >= score(&without(&one), &without(&other)));
        }

        #[test]
        fn case_and_spaces_change_nothing(mpn in "[a-z0-9]{1,8}", sku in "[a-z0-9]{1,8}", title in "[a-z ]{1,20}") {
            let plain = known(None, Some(&mpn), None, &sku, &title);
            let spaced: String = mpn.to_uppercase().chars().flat_map(|it| [it, ' ']).collect();
            let loud = known(None, Some(&spaced), None, &format!(" {} ", sku.to_uppercase()), &title.to_uppercase());
            prop_assert_eq!(plain, loud);
        }
    }
}
