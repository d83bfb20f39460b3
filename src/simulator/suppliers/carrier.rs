//! Carriers and tracking numbers that pass the carriers' own check digits.

use super::super::draw::Dice;

/// A carrier's label: who moves the parcel and under which number.
pub struct Label {
    pub carrier: &'static str,
    pub tracking_number: String,
    pub tracking_url: String,
}

/// The label of one parcel, from the origin's usual carriers.
pub fn label(dice: &Dice, origin: &str, path: &[&str]) -> Label {
    let carriers: &[&str] = match origin {
        "CN" | "HK" => &["yunexpress", "china-post"],
        "US" => &["ups", "dhl"],
        _ => &["dhl", "ups"],
    };
    let chosen = dice.below(carriers.len() as u64, &[path, &["carrier"]].concat());
    let carrier = carriers[chosen as usize];
    let path = &[path, &["tracking number"]].concat();
    let (tracking_number, page) = match carrier {
        "yunexpress" => (format!("YT{}", dice.digits(16, path)), "https://www.yuntrack.com/parcelTracking?id="),
        "china-post" => (s10(&dice.digits(8, path), "LP", "CN"), "https://t.17track.net/en#nums="),
        "ups" => (ups(&dice.digits(15, path)), "https://www.ups.com/track?tracknum="),
        _ => (dhl_express(&dice.digits(9, path)), "https://www.dhl.com/en/express/tracking.html?AWB="),
    };
    let tracking_url = format!("{page}{tracking_number}");
    Label { carrier, tracking_number, tracking_url }
}

/// UPU S10: eight digits, a weighted modulo-11 check digit, two letters either side.
fn s10(serial: &str, service: &str, country: &str) -> String {
    let weights = [8, 6, 4, 2, 3, 5, 9, 7];
    let sum: u32 = digits(serial).zip(weights).map(|(digit, weight)| digit * weight).sum();
    let check = match 11 - sum % 11 {
        10 => 0,
        11 => 5,
        it => it,
    };
    format!("{service}{serial}{check}{country}")
}

/// UPS `1Z`: fifteen characters, the even ones doubled, complement to ten.
fn ups(serial: &str) -> String {
    let sum: u32 = digits(serial).enumerate().map(|(n, digit)| if n % 2 == 1 { 2 * digit } else { digit }).sum();
    format!("1Z{serial}{}", (10 - sum % 10) % 10)
}

/// DHL Express waybill: nine digits and their remainder by seven.
fn dhl_express(serial: &str) -> String {
    let remainder = digits(serial).fold(0, |remainder, digit| (remainder * 10 + digit) % 7);
    format!("{serial}{remainder}")
}

fn digits(text: &str) -> impl Iterator<Item = u32> {
    text.chars().filter_map(|it| it.to_digit(10))
}

#[cfg(test)]
mod tests {
    use super::{dhl_express, s10, ups};

    #[test]
    fn check_digits_match_published_numbers() {
        assert_eq!(s10("47312482", "RB", "GB"), "RB473124829GB");
        assert_eq!(dhl_express("848713550"), "8487135506");
        // UPS' own sample 1Z999AA10123456784; a letter A counts as 2.
        assert_eq!(ups("999221012345678"), "1Z9992210123456784");
    }
}
