//! Text as it is sorted, searched and put into addresses.
//!
//! Both engines get the same words from here: neither tokenizes by itself, so that a search finds
//! the same products on either, and no operator of a query language can come from a user's text.

/// The most characters of one word that count.
const MAX_WORD: usize = 40;
/// The most words of one search that count.
const MAX_SEARCH_WORDS: usize = 12;
/// The most words of one text that can be found.
const MAX_INDEX_WORDS: usize = 4_000;
/// The most characters of a slug made from a title.
const MAX_SLUG: usize = 80;

/// A title as it is sorted: without regard to case and accents.
pub(super) fn sort_key(title: &str) -> String {
    title.chars().flat_map(fold).collect()
}

/// A SKU without regard to case.
pub(super) fn sku_key(sku: &str) -> String {
    sku.trim().chars().flat_map(char::to_lowercase).collect()
}

/// A name of a thing as makers and suppliers write it, without regard to case, and to spaces and signs in it.
pub(super) fn plain_key(name: &str) -> String {
    name.chars().flat_map(fold).filter(|it| it.is_alphanumeric()).collect()
}

/// The words of a text, folded, in order. Ideographs are words of their own, since nothing
/// separates them.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut length = 0;
    for char in text.chars().flat_map(fold) {
        if words.len() >= MAX_INDEX_WORDS {
            return words;
        }
        let alone = is_ideograph(char);
        if (alone || !char.is_alphanumeric()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
            length = 0;
        }
        if alone {
            words.push(char.to_string());
        } else if char.is_alphanumeric() && length < MAX_WORD {
            word.push(char);
            length += 1;
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// The words of a search; nothing if there is none to look for.
pub(super) fn search_words(query: &str) -> Vec<String> {
    let bounded: String = query.chars().take(1_000).collect();
    let mut all = words(&bounded);
    all.truncate(MAX_SEARCH_WORDS);
    all
}

/// A title as it is written in an address, or `fallback` if nothing of it can be.
pub(super) fn slugify(title: &str, fallback: &str) -> String {
    let mut slug = String::new();
    for char in title.chars().flat_map(fold) {
        if slug.len() >= MAX_SLUG {
            break;
        }
        if char.is_ascii_alphanumeric() {
            slug.push(char);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { fallback.to_owned() } else { slug.to_owned() }
}

/// Whether `slug` may stand in an address as it is.
pub(super) fn is_slug(slug: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=120).contains(&slug.len()) && slug.bytes().all(plain) && !slug.starts_with('-') && !slug.ends_with('-')
}

/// Lower case without accents, for the letters of European languages; combining accents vanish.
fn fold(char: char) -> impl Iterator<Item = char> {
    let plain: &'static str = match char {
        '\u{300}'..='\u{36f}' => "",
        'à'..='å' | 'À'..='Å' | 'ā' | 'ă' | 'ą' | 'Ā' | 'Ă' | 'Ą' => "a",
        'æ' | 'Æ' => "ae",
        'ç' | 'Ç' | 'ć' | 'ĉ' | 'ċ' | 'č' | 'Ć' | 'Ĉ' | 'Ċ' | 'Č' => "c",
        'ď' | 'đ' | 'Ď' | 'Đ' => "d",
        'è'..='ë' | 'È'..='Ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' | 'Ē' | 'Ĕ' | 'Ė' | 'Ę' | 'Ě' => "e",
        'ĝ' | 'ğ' | 'ġ' | 'ģ' | 'Ĝ' | 'Ğ' | 'Ġ' | 'Ģ' => "g",
        'ì'..='ï' | 'Ì'..='Ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' | 'İ' | 'Ĩ' | 'Ī' | 'Ĭ' | 'Į' => "i",
        'ķ' | 'Ķ' => "k",
        'ĺ' | 'ļ' | 'ľ' | 'ł' | 'Ĺ' | 'Ļ' | 'Ľ' | 'Ł' => "l",
        'ñ' | 'ń' | 'ņ' | 'ň' | 'Ñ' | 'Ń' | 'Ņ' | 'Ň' => "n",
        'ò'..='ö' | 'ø' | 'Ò'..='Ö' | 'Ø' | 'ō' | 'ŏ' | 'ő' | 'Ō' | 'Ŏ' | 'Ő' => "o",
        'œ' | 'Œ' => "oe",
        'ŕ' | 'ŗ' | 'ř' | 'Ŕ' | 'Ŗ' | 'Ř' => "r",
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' | 'Ś' | 'Ŝ' | 'Ş' | 'Š' | 'Ș' => "s",
        'ß' | 'ẞ' => "ss",
        'ţ' | 'ť' | 'ț' | 'Ţ' | 'Ť' | 'Ț' => "t",
        'ù'..='ü' | 'Ù'..='Ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' | 'Ũ' | 'Ū' | 'Ŭ' | 'Ů' | 'Ű' | 'Ų' => {
            "u"
        }
        'ý' | 'ÿ' | 'Ý' | 'Ÿ' => "y",
        'ź' | 'ż' | 'ž' | 'Ź' | 'Ż' | 'Ž' => "z",
        _ => return Folded::Lower(char.to_lowercase()),
    };
    Folded::Plain(plain.chars())
}

enum Folded {
    Plain(std::str::Chars<'static>),
    Lower(std::char::ToLowercase),
}

impl Iterator for Folded {
    type Item = char;
    fn next(&mut self) -> Option<char> {
        match self {
            Self::Plain(chars) => chars.next(),
            Self::Lower(chars) => chars.next(),
        }
    }
}

fn is_ideograph(char: char) -> bool {
    matches!(char, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{20000}'..='\u{2ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_folded_and_free_of_operators() {
        assert_eq!(words("Café-Crème \"Größe\" L'été"), ["cafe", "creme", "grosse", "l", "ete"]);
        assert_eq!(words("a:* & b | !c <-> (d) NEAR/2 e^3"), ["a", "b", "c", "d", "near", "2", "e", "3"]);
        assert_eq!(words("🎁🎄"), Vec::<String>::new());
        assert_eq!(words("红杯 mug"), ["红", "杯", "mug"]);
    }

    #[test]
    fn a_long_search_is_bounded() {
        assert_eq!(search_words(&"x ".repeat(10_000)).len(), MAX_SEARCH_WORDS);
        assert_eq!(search_words(&"y".repeat(10_000)), ["y".repeat(MAX_WORD)]);
    }

    #[test]
    fn slugs_are_plain() {
        assert_eq!(slugify("  Crème brûlée, 2 pots!", "product"), "creme-brulee-2-pots");
        assert_eq!(slugify("🎁", "product"), "product");
        assert!(is_slug(&slugify(&"long title ".repeat(30), "product")));
        assert!(!is_slug("-a") && !is_slug("A") && !is_slug("") && is_slug("a-1"));
    }
}
