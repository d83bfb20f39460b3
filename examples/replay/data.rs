//! The transactions: what is goods, what it costs, and the baskets in order of date.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::Context;
use flate2::read::MultiGzDecoder;
use serde::Deserialize;

use super::random::Draw;

/// The suppliers of the replay.
pub const SUPPLIERS: usize = 3;
/// Lines asked for by the longest accepted quantity of one cart line.
const MAX_QUANTITY: i64 = 10_000;

#[derive(Debug, Deserialize)]
struct Row {
    #[serde(rename = "InvoiceNo")]
    invoice: String,
    #[serde(rename = "StockCode")]
    code: String,
    #[serde(rename = "Description")]
    description: String,
    #[serde(rename = "Quantity")]
    quantity: i64,
    #[serde(rename = "UnitPrice")]
    price: String,
    #[serde(rename = "Country")]
    country: String,
}

/// One thing that is sold.
#[derive(Debug, Clone)]
pub struct Good {
    /// The stock code, in capitals.
    pub code: String,
    /// A description.
    pub title: String,
    /// The median positive price, in pence.
    pub price: i64,
    /// Who offers it, at which cost in pence and with how much stock.
    pub offers: Vec<Offer>,
}

/// One supplier's offer.
#[derive(Debug, Clone, Copy)]
pub struct Offer {
    /// The supplier, from 0.
    pub supplier: usize,
    /// Pence.
    pub cost: i64,
    /// Units.
    pub stock: i64,
}

/// One basket.
#[derive(Debug, Clone)]
pub struct Invoice {
    /// The invoice's number.
    pub number: String,
    /// Where it goes.
    pub country: &'static str,
    /// Codes and quantities; a code may come twice.
    pub lines: Vec<(String, i64)>,
}

/// What a run replays.
pub struct Dataset {
    /// All goods of the file.
    pub goods: Vec<Good>,
    /// The first invoices, in order of date.
    pub invoices: Vec<Invoice>,
    /// What was left out, by reason.
    pub skipped: BTreeMap<&'static str, u64>,
}

/// Reads `path` (CSV, plain or gzip) and keeps the first `orders` invoices that can be replayed.
pub fn read(path: &Path, orders: usize, seed: u64) -> anyhow::Result<Dataset> {
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let reader: Box<dyn Read> = if path.extension().is_some_and(|it| it == "gz") {
        Box::new(MultiGzDecoder::new(file))
    } else {
        Box::new(file)
    };
    let mut collector = Collector { limit: orders, ..Collector::default() };
    for row in csv::Reader::from_reader(reader).deserialize() {
        collector.row(row.context("the file is not the expected CSV")?);
    }
    Ok(collector.finish(seed))
}

#[derive(Default)]
struct Collector {
    limit: usize,
    prices: HashMap<String, Vec<i64>>,
    titles: HashMap<String, String>,
    order: Vec<String>,
    invoices: Vec<Invoice>,
    index: HashMap<String, Option<usize>>,
    skipped: BTreeMap<&'static str, u64>,
}

impl Collector {
    fn row(&mut self, row: Row) {
        let code = row.code.trim().to_uppercase();
        let price = pence(&row.price);
        if is_goods(&code) && price > 0 {
            self.prices.entry(code.clone()).or_insert_with(|| {
                self.order.push(code.clone());
                Vec::new()
            });
            if let Some(prices) = self.prices.get_mut(&code) {
                prices.push(price);
            }
            let title = row.description.split_whitespace().collect::<Vec<_>>().join(" ");
            if !title.is_empty() {
                self.titles.entry(code.clone()).or_insert(title);
            }
        }
        let limit = self.limit;
        let known = self.index.get(&row.invoice).copied();
        if known.is_none() && self.invoices.len() >= limit {
            return;
        }
        if let Some(reason) = reason_to_skip(&row, &code, price) {
            *self.skipped.entry(reason).or_default() += 1;
            return;
        }
        let Some(country) = country_code(&row.country) else { return };
        let place = known.flatten().unwrap_or_else(|| {
            self.invoices.push(Invoice { number: row.invoice.clone(), country, lines: Vec::new() });
            self.invoices.len() - 1
        });
        self.index.insert(row.invoice, Some(place));
        self.invoices[place].lines.push((code, row.quantity));
    }

    fn finish(self, seed: u64) -> Dataset {
        let mut demand: HashMap<&str, i64> = HashMap::new();
        for (code, quantity) in self.invoices.iter().flat_map(|invoice| &invoice.lines) {
            *demand.entry(code).or_default() += quantity;
        }
        let goods = self
            .order
            .iter()
            .map(|code| {
                let mut prices = self.prices.get(code).cloned().unwrap_or_default();
                prices.sort_unstable();
                let price = prices[prices.len() / 2];
                let title = self.titles.get(code).cloned().unwrap_or_else(|| code.clone());
                let wanted = demand.get(code.as_str()).copied().unwrap_or_default();
                Good { code: code.clone(), title, price, offers: offers(code, price, wanted, seed) }
            })
            .collect();
        Dataset { goods, invoices: self.invoices, skipped: self.skipped }
    }
}

/// Each code is at 1–3 suppliers, at 40–70% of its price; about 3% of lines will run short, because
/// 5% of the codes have less stock than the replay wants.
fn offers(code: &str, price: i64, wanted: i64, seed: u64) -> Vec<Offer> {
    let mut draw = Draw::new(seed, code);
    let count = draw.between(1, 3);
    let first = draw.between(0, 2);
    let short = draw.between(0, 99) < 5;
    (0..count)
        .map(|step| {
            let supplier = usize::try_from((first + step) % 3).unwrap_or_default();
            let cost = (price * draw.between(40, 70) / 100).max(1);
            let stock = if short { wanted * 60 / 100 / count } else { wanted * 2 + 100 };
            Offer { supplier, cost, stock }
        })
        .collect()
}

fn reason_to_skip(row: &Row, code: &str, price: i64) -> Option<&'static str> {
    if row.invoice.starts_with('C') {
        return Some("cancellation");
    }
    if !row.invoice.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some("adjustment");
    }
    if !is_goods(code) {
        return Some("not goods");
    }
    if price <= 0 {
        return Some("no price");
    }
    if row.quantity <= 0 {
        return Some("no quantity");
    }
    if row.quantity > MAX_QUANTITY {
        return Some("quantity above 10,000");
    }
    if country_code(&row.country).is_none() {
        return Some("country cannot be mapped");
    }
    None
}

/// Goods have codes of five digits, perhaps with letters behind; the rest is postage, fees and notes.
fn is_goods(code: &str) -> bool {
    let digits = code.bytes().take_while(u8::is_ascii_digit).count();
    digits == 5 && code.bytes().skip(5).all(|byte| byte.is_ascii_alphabetic())
}

/// Reads a price in pounds without passing through a float.
fn pence(text: &str) -> i64 {
    let (pounds, rest) = text.split_once('.').unwrap_or((text, ""));
    let negative = pounds.starts_with('-');
    let digits: String = rest.chars().chain("00".chars()).take(2).collect();
    let value = pounds.trim_start_matches('-').parse::<i64>().unwrap_or(0) * 100 + digits.parse::<i64>().unwrap_or(0);
    if negative { -value } else { value }
}

/// The ISO code of a country as the file names it.
fn country_code(name: &str) -> Option<&'static str> {
    Some(match name {
        "United Kingdom" => "GB",
        "EIRE" => "IE",
        "Germany" => "DE",
        "France" => "FR",
        "Netherlands" => "NL",
        "Spain" => "ES",
        "Switzerland" => "CH",
        "Portugal" => "PT",
        "Belgium" => "BE",
        "Channel Islands" => "JE",
        "Sweden" => "SE",
        "Italy" => "IT",
        "Australia" => "AU",
        "Cyprus" => "CY",
        "Austria" => "AT",
        "Greece" => "GR",
        "United Arab Emirates" => "AE",
        "Denmark" => "DK",
        "Norway" => "NO",
        "Finland" => "FI",
        "USA" => "US",
        "Japan" => "JP",
        "Poland" => "PL",
        "Malta" => "MT",
        "Lithuania" => "LT",
        "Singapore" => "SG",
        "RSA" => "ZA",
        "Bahrain" => "BH",
        "Canada" => "CA",
        "Hong Kong" => "HK",
        "Thailand" => "TH",
        "Israel" => "IL",
        "Iceland" => "IS",
        "Korea" => "KR",
        "Brazil" => "BR",
        "Bermuda" => "BM",
        "Nigeria" => "NG",
        "Lebanon" => "LB",
        _ => return None,
    })
}

/// Every country of the replay.
pub const COUNTRIES: &[&str] = &[
    "GB", "IE", "DE", "FR", "NL", "ES", "CH", "PT", "BE", "JE", "SE", "IT", "AU", "CY", "AT", "GR", "AE", "DK", "NO",
    "FI", "US", "JP", "PL", "MT", "LT", "SG", "ZA", "BH", "CA", "HK", "TH", "IL", "IS", "KR", "BR", "BM", "NG", "LB",
];

/// An address that can be in `country`: city, region, postal code.
pub fn place_in(country: &str) -> (&'static str, Option<&'static str>, Option<&'static str>) {
    match country {
        "GB" => ("London", None, Some("EC1A 1BB")),
        "IE" => ("Dublin", None, Some("D02 AF30")),
        "DE" => ("Berlin", None, Some("10115")),
        "FR" => ("Paris", None, Some("75001")),
        "NL" => ("Amsterdam", None, Some("1012 JS")),
        "ES" => ("Madrid", Some("Madrid"), Some("28001")),
        "CH" => ("Zurich", None, Some("8001")),
        "PT" => ("Lisbon", None, Some("1100-148")),
        "BE" => ("Brussels", None, Some("1000")),
        "JE" => ("Saint Helier", None, Some("JE2 3AB")),
        "SE" => ("Stockholm", None, Some("111 22")),
        "IT" => ("Rome", Some("RM"), Some("00184")),
        "AU" => ("Sydney", Some("NSW"), Some("2000")),
        "CY" => ("Nicosia", None, Some("1010")),
        "AT" => ("Vienna", None, Some("1010")),
        "GR" => ("Athens", None, Some("105 57")),
        "DK" => ("Copenhagen", None, Some("1050")),
        "NO" => ("Oslo", None, Some("0150")),
        "FI" => ("Helsinki", None, Some("00100")),
        "US" => ("New York", Some("NY"), Some("10001")),
        "JP" => ("Tokyo", Some("Tokyo"), Some("100-0001")),
        "PL" => ("Warsaw", None, Some("00-001")),
        "MT" => ("Valletta", None, Some("VLT 1117")),
        "LT" => ("Vilnius", None, Some("LT-01100")),
        "SG" => ("Singapore", None, Some("018956")),
        "ZA" => ("Cape Town", Some("WC"), Some("8001")),
        "CA" => ("Toronto", Some("ON"), Some("M5V 2T6")),
        "TH" => ("Bangkok", Some("Bangkok"), Some("10200")),
        "IL" => ("Tel Aviv", None, Some("6100000")),
        "IS" => ("Reykjavik", None, Some("101")),
        "KR" => ("Seoul", Some("Seoul"), Some("04524")),
        "BR" => ("Sao Paulo", Some("SP"), Some("01310-100")),
        "AE" => ("Dubai", Some("Dubai"), None),
        "BH" => ("Manama", None, Some("317")),
        "HK" => ("Hong Kong", Some("Kowloon"), None),
        "BM" => ("Hamilton", None, Some("HM 11")),
        "NG" => ("Lagos", Some("Lagos"), Some("100001")),
        _ => ("Beirut", None, Some("1107 2020")),
    }
}
