//! The demo store's goods, read from the file that lists them.

use anyhow::Context as _;
use figment::Figment;
use figment::providers::{Format as _, Toml};
use rust_decimal::Decimal;
use serde::Deserialize;

/// Who may have a product. The two suppliers' own numbers for it differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Nordlicht, in the north.
    North,
    /// Costa Verde, in the south.
    South,
}

/// All goods.
#[derive(Debug, Deserialize)]
pub struct Goods {
    /// The store's collections, in order.
    pub collections: Vec<Shelf>,
}

/// A collection and its products.
#[derive(Debug, Deserialize)]
pub struct Shelf {
    /// Its name in addresses.
    pub slug: String,
    /// Its name.
    pub title: String,
    /// What it is.
    pub text: String,
    /// What is in it.
    pub products: Vec<Product>,
}

/// One product: SKU, title, price, who has it, options, text.
#[derive(Debug, Deserialize)]
pub struct Product(pub String, pub String, Decimal, String, String, pub String);

/// One variant of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// The store's number.
    pub sku: String,
    /// What it costs, in euros.
    pub price: Decimal,
    /// The option's name and value, if the product has one.
    pub option: Option<(String, String)>,
}

impl Goods {
    /// Reads the list.
    pub fn read() -> anyhow::Result<Self> {
        Figment::from(Toml::string(include_str!("goods.toml")))
            .extract()
            .context("the list of demo goods is not readable")
    }

    /// Every variant with those who have it.
    pub fn variants(&self) -> impl Iterator<Item = (Variant, &Product)> {
        let products = self.collections.iter().flat_map(|shelf| &shelf.products);
        products.flat_map(|product| product.variants().into_iter().map(move |variant| (variant, product)))
    }
}

impl Product {
    /// Whether this side has it.
    pub fn is_had_by(&self, side: Side) -> bool {
        self.3.contains(side.letter())
    }

    /// Its variants: one, or one for each value of its option. A value may add to the price: `Large+12`.
    pub fn variants(&self) -> Vec<Variant> {
        let Some((name, values)) = self.4.split_once(": ") else {
            return vec![Variant { sku: self.0.clone(), price: self.2, option: None }];
        };
        let value = |(index, text): (usize, &str)| {
            let (text, more) = text.split_once('+').unwrap_or((text, "0"));
            Variant {
                sku: format!("{}-{}", self.0, index + 1),
                price: self.2 + more.parse::<Decimal>().unwrap_or_default(),
                option: Some((name.to_owned(), text.to_owned())),
            }
        };
        values.split('/').enumerate().map(value).collect()
    }
}

impl Variant {
    /// What a supplier calls it.
    pub fn supplier_sku(&self, side: Side) -> String {
        match side {
            Side::North => format!("NL{}", self.sku.replace('-', "")),
            Side::South => format!("cv/{}", self.sku.to_lowercase()),
        }
    }

    /// What a supplier asks for it.
    pub fn cost(&self, side: Side) -> Decimal {
        let share = match side {
            Side::North => Decimal::new(47, 2),
            Side::South => Decimal::new(44, 2),
        };
        (self.price * share).round_dp(2)
    }

    /// How many a supplier has: a spread that looks like a warehouse, and the same at every start.
    pub fn stock(&self, side: Side) -> i64 {
        let seed: i64 = self.supplier_sku(side).bytes().map(i64::from).sum();
        40 + seed * 7 % 160
    }
}

impl Side {
    /// Both.
    pub const ALL: [Self; 2] = [Self::North, Self::South];

    fn letter(self) -> char {
        match self {
            Self::North => 'N',
            Self::South => 'C',
        }
    }

    /// The supplier's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::North => "Nordlicht Atelier",
            Self::South => "Costa Verde Goods",
        }
    }

    /// The supplier's key at the simulator.
    pub fn key(self) -> &'static str {
        match self {
            Self::North => "nordlicht",
            Self::South => "costa-verde",
        }
    }

    /// Where its parcels start.
    pub fn country(self) -> &'static str {
        match self {
            Self::North => "DE",
            Self::South => "PT",
        }
    }

    /// Where its clock hangs.
    pub fn time_zone(self) -> &'static str {
        match self {
            Self::North => "Europe/Berlin",
            Self::South => "Europe/Lisbon",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_list_holds_what_the_demo_promises() {
        let goods = Goods::read().expect("readable");
        let products: Vec<&Product> = goods.collections.iter().flat_map(|shelf| &shelf.products).collect();
        assert!(products.len() >= 60, "{}", products.len());
        let only = |side, other| products.iter().filter(|it| it.is_had_by(side) && !it.is_had_by(other)).count();
        assert!(only(Side::North, Side::South) > 10 && only(Side::South, Side::North) > 10);
        assert!(products.iter().any(|it| it.is_had_by(Side::North) && it.is_had_by(Side::South)));
        let skus: HashSet<String> = goods.variants().map(|(variant, _)| variant.sku).collect();
        assert_eq!(skus.len(), goods.variants().count(), "each SKU is there once");
    }

    #[test]
    fn a_value_may_add_to_the_price() {
        let goods = Goods::read().expect("readable");
        let board = goods.variants().find(|(it, _)| it.sku == "KT-01-2").expect("there").0;
        assert_eq!((board.price, board.option), (Decimal::from(70), Some(("Size".to_owned(), "Large".to_owned()))));
    }
}
