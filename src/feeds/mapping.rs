//! Which column of a file is which of our fields.
//!
//! A mapping is JSON: our field → their column, such as `{"sku": "StockCode", "price": "UnitPrice"}`.
//! Beside the fields it may say `defaults` (field → value for rows without one), `delimiter` (CSV),
//! `decimal` (`","` for 1,50), `encoding` (a label of the Encoding Standard, such as `utf-16` or
//! `windows-1252`) and `in_stock` (how many there are of what the file only says is in stock). Without
//! a mapping, columns that are called like our fields are taken; of Google's feeds always its own names
//! ([`super::google`]), which a mapping changes one by one.

use std::collections::BTreeMap;

use encoding_rs::Encoding;
use serde_json::Value;

use super::cells::MAX_QUANTITY;

/// How many fields there are.
pub const FIELDS: usize = 25;
/// How many there are of what a file only says is in stock: enough for any cart, as with makers to order.
const IN_STOCK: i64 = 100;

macro_rules! fields {
    ($($(#[$doc:meta])* $field:ident: $name:literal, $($alias:literal)|+;)*) => {
        /// One of our fields.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Field {
            $($(#[$doc])* $field,)*
        }

        impl Field {
            /// All of them.
            pub(super) const ALL: [Self; FIELDS] = [$(Self::$field),*];

            /// Its name.
            pub fn name(self) -> &'static str {
                match self { $(Self::$field => $name,)* }
            }

            /// The field of this name, or of another that feeds use for it.
            fn named(name: &str) -> Option<Self> {
                let plain: String = name.chars().filter(|char| char.is_ascii_alphanumeric()).collect();
                match plain.to_ascii_lowercase().as_str() {
                    $($($alias)|+ => Some(Self::$field),)*
                    _ => None,
                }
            }
        }
    };
}

fields! {
    /// The store's name for the variant.
    Sku: "sku", "sku";
    /// The supplier's name for it.
    SupplierSku: "supplier_sku", "suppliersku";
    /// What rows of one product share.
    Product: "product", "product" | "productkey" | "productid" | "groupid" | "itemgroupid" | "handle";
    /// The product's name.
    Title: "title", "title" | "name";
    /// The product's description.
    Description: "description", "description";
    /// The price, in the store's currency.
    Price: "price", "price";
    /// The price it is compared with, in the store's currency.
    CompareAt: "compare_at", "compareat" | "compareatprice" | "msrp";
    /// What one costs the store.
    Cost: "cost", "cost";
    /// The currency of the cost.
    Currency: "currency", "currency" | "costcurrency";
    /// How many the supplier has.
    Quantity: "quantity", "quantity" | "qty" | "stock";
    /// Whether the supplier has any, in a word.
    Availability: "availability", "availability" | "stockstatus";
    /// When it has some again.
    RestockAt: "restock_at", "restockat" | "restockdate" | "availabilitydate";
    /// Days until it is ready.
    LeadTime: "lead_time_days", "leadtimedays" | "leadtime";
    /// Collections the product goes into, separated by `|`.
    Collection: "collection", "collection" | "collections" | "category";
    /// Addresses of pictures, separated by `|` or spaces.
    Image: "image_url", "imageurl" | "image" | "images" | "imagelink";
    /// What the pictures show.
    ImageAlt: "image_alt", "imagealt" | "alttext";
    /// The GTIN: an EAN, UPC or wider.
    Gtin: "gtin", "gtin" | "ean" | "upc" | "barcode";
    /// The maker's name for the variant.
    Mpn: "mpn", "mpn" | "manufacturerpartnumber";
    /// The maker.
    Brand: "brand", "brand" | "manufacturer";
    /// A choice the product offers.
    Option1Name: "option1_name", "option1name";
    /// What the variant is of it.
    Option1Value: "option1_value", "option1value" | "option1";
    /// A second choice.
    Option2Name: "option2_name", "option2name";
    /// What the variant is of it.
    Option2Value: "option2_value", "option2value" | "option2";
    /// A third choice.
    Option3Name: "option3_name", "option3name";
    /// What the variant is of it.
    Option3Value: "option3_value", "option3value" | "option3";
}

/// Which column is which field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// The column of each field; `None` at all if columns are called like our fields.
    columns: Option<[Option<String>; FIELDS]>,
    /// What a field is in rows that say nothing.
    pub(super) defaults: [Option<String>; FIELDS],
    /// What separates the columns of a CSV file.
    pub(super) delimiter: u8,
    /// Whether decimals follow a comma.
    pub decimal_comma: bool,
    /// How bytes are letters, if it says so.
    pub(super) encoding: Option<&'static Encoding>,
    /// How many there are of what the file only says is in stock.
    pub in_stock: i64,
    /// Whether sentences may name the file's own columns. Not those of a file that was fetched: an
    /// address may point where its sender may not look.
    pub shows_columns: bool,
}

impl Mapping {
    /// Reads a mapping; the error is a sentence for whoever wrote it.
    pub fn read(json: Option<&Value>) -> Result<Self, String> {
        let mut mapping = Self {
            columns: None,
            defaults: Default::default(),
            delimiter: b',',
            decimal_comma: false,
            encoding: None,
            in_stock: IN_STOCK,
            shows_columns: true,
        };
        let entries = match json {
            None | Some(Value::Null) => return Ok(mapping),
            Some(Value::Object(entries)) => entries,
            Some(_) => return Err("the mapping is not a JSON object".to_owned()),
        };
        let mut columns: [Option<String>; FIELDS] = Default::default();
        for (key, value) in entries {
            match key.as_str() {
                "delimiter" => mapping.delimiter = delimiter(value)?,
                "decimal" => mapping.decimal_comma = decimal_comma(value)?,
                "encoding" => mapping.encoding = Some(encoding(value)?),
                "in_stock" => mapping.in_stock = in_stock(value)?,
                "defaults" => fill(&mut mapping.defaults, value, "defaults")?,
                "columns" => fill(&mut columns, value, "columns")?,
                _ => columns[field(key)? as usize] = Some(text(value, key)?),
            }
        }
        mapping.columns = columns.iter().any(Option::is_some).then_some(columns);
        Ok(mapping)
    }

    /// Where each field is among `columns`; the error names what is missing.
    pub(super) fn locate(&self, columns: &[String]) -> Result<[Option<usize>; FIELDS], String> {
        let mut places = [None; FIELDS];
        match &self.columns {
            Some(wanted) => {
                for field in Field::ALL {
                    let Some(column) = &wanted[field as usize] else { continue };
                    let place = find(columns, column).ok_or_else(|| self.missing(column, field, columns))?;
                    places[field as usize] = Some(place);
                }
            }
            None => {
                for (index, column) in columns.iter().enumerate() {
                    if let Some(field) = Field::named(column) {
                        places[field as usize].get_or_insert(index);
                    }
                }
            }
        }
        let has = |field: Field| places[field as usize].is_some() || self.defaults[field as usize].is_some();
        if has(Field::Sku) || has(Field::SupplierSku) {
            return Ok(places);
        }
        Err(self.no_sku(columns))
    }

    /// The field that the key of an object is; keys that are none are left alone.
    pub(super) fn field_of(&self, key: &str) -> Option<Field> {
        match &self.columns {
            Some(wanted) => Field::ALL.into_iter().find(|&field| wanted[field as usize].as_deref() == Some(key)),
            None => Field::named(key),
        }
    }

    /// Whether objects like the first, which has these keys, can be rows at all. Objects may leave
    /// out what they have nothing to say about, but not what makes a product.
    pub(super) fn fits(&self, keys: &[String]) -> Result<(), String> {
        if let Some(wanted) = &self.columns {
            for field in [Field::Sku, Field::SupplierSku, Field::Title, Field::Price] {
                if let Some(key) = wanted[field as usize].as_ref().filter(|key| !keys.contains(key)) {
                    return Err(self.missing(key, field, keys));
                }
            }
        }
        let has = |field: Field| {
            let key = keys.iter().any(|key| self.field_of(key) == Some(field));
            key || self.defaults[field as usize].is_some()
        };
        if has(Field::Sku) || has(Field::SupplierSku) {
            return Ok(());
        }
        Err(self.no_sku(keys))
    }

    /// The column that the mapping names for a field.
    pub(super) fn column(&self, field: Field) -> Option<&str> {
        self.columns.as_ref().and_then(|wanted| wanted[field as usize].as_deref())
    }

    fn missing(&self, column: &str, field: Field, columns: &[String]) -> String {
        let sentence = format!("the file has no column \"{column}\", which the mapping wants for {}", field.name());
        if self.shows_columns { format!("{sentence}; its columns are: {}", list(columns)) } else { sentence }
    }

    fn no_sku(&self, columns: &[String]) -> String {
        let sentence = "the mapping names no column for sku or supplier_sku".to_owned();
        if self.shows_columns { format!("{sentence}; the file's columns are: {}", list(columns)) } else { sentence }
    }
}

fn find(columns: &[String], wanted: &str) -> Option<usize> {
    let exact = columns.iter().position(|column| column == wanted);
    exact.or_else(|| columns.iter().position(|column| column.trim().eq_ignore_ascii_case(wanted.trim())))
}

/// Names for a message: no more than fit into a sentence.
fn list(columns: &[String]) -> String {
    let cut = |column: &String| column.chars().take(40).collect::<String>();
    let mut names: Vec<String> = columns.iter().take(30).map(cut).collect();
    if columns.len() > names.len() {
        names.push(format!("and {} more", columns.len() - names.len()));
    }
    names.join(", ")
}

fn fill(fields: &mut [Option<String>; FIELDS], value: &Value, name: &str) -> Result<(), String> {
    let entries: BTreeMap<String, Value> =
        serde_json::from_value(value.clone()).map_err(|_| format!("\"{name}\" of the mapping is not a JSON object"))?;
    for (key, value) in &entries {
        fields[field(key)? as usize] = Some(text(value, key)?);
    }
    Ok(())
}

fn field(name: &str) -> Result<Field, String> {
    Field::named(name).ok_or_else(|| {
        let names: Vec<&str> = Field::ALL.iter().map(|field| field.name()).collect();
        format!("the mapping names an unknown field \"{name}\"; the fields are: {}", names.join(", "))
    })
}

fn text(value: &Value, key: &str) -> Result<String, String> {
    match value {
        Value::String(text) if text.chars().count() <= 1_000 => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(format!("\"{key}\" of the mapping is not a text")),
    }
}

fn delimiter(value: &Value) -> Result<u8, String> {
    match value.as_str() {
        Some("tab" | "\t") => Ok(b'\t'),
        Some(text) if text.len() == 1 && text.is_ascii() && text != "\"" => Ok(text.as_bytes()[0]),
        _ => Err("\"delimiter\" of the mapping is not one sign, or \"tab\"".to_owned()),
    }
}

fn decimal_comma(value: &Value) -> Result<bool, String> {
    match value.as_str() {
        Some(",") => Ok(true),
        Some(".") => Ok(false),
        _ => Err("\"decimal\" of the mapping is neither \".\" nor \",\"".to_owned()),
    }
}

fn encoding(value: &Value) -> Result<&'static Encoding, String> {
    let label = match value.as_str() {
        // A name that the standard does not have, and many files do.
        Some(text) if text.eq_ignore_ascii_case("latin-1") => "latin1",
        text => text.unwrap_or_default(),
    };
    let known = Encoding::for_label_no_replacement(label.as_bytes());
    known.ok_or_else(|| "\"encoding\" of the mapping is none that is known, such as utf-8 or windows-1252".to_owned())
}

fn in_stock(value: &Value) -> Result<i64, String> {
    let count = value.as_i64().filter(|count| (1..=MAX_QUANTITY).contains(count));
    count.ok_or_else(|| format!("\"in_stock\" of the mapping is not a whole number between 1 and {MAX_QUANTITY}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn columns(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn a_missing_column_is_named_with_those_there_are() {
        let mapping = Mapping::read(Some(&json!({"sku": "StockCode", "price": "Price"}))).expect("a mapping");
        let error = mapping.locate(&columns(&["StockCode", "UnitPrice"])).expect_err("no Price");
        assert_eq!(
            error,
            "the file has no column \"Price\", which the mapping wants for price; its columns are: StockCode, UnitPrice"
        );
    }

    #[test]
    fn columns_called_like_fields_need_no_mapping() {
        let mapping = Mapping::read(None).expect("none");
        let places = mapping.locate(&columns(&["Supplier SKU", "compare_at", "qty"])).expect("a SKU is there");
        assert_eq!(places[Field::SupplierSku as usize], Some(0));
        assert_eq!(places[Field::CompareAt as usize], Some(1));
        assert_eq!(places[Field::Quantity as usize], Some(2));
        assert!(mapping.locate(&columns(&["title"])).is_err());
    }

    #[test]
    fn a_mapping_says_what_is_wrong_with_it() {
        for (json, part) in [
            (json!([]), "not a JSON object"),
            (json!({"colour": "x"}), "unknown field \"colour\""),
            (json!({"sku": {}}), "\"sku\" of the mapping is not a text"),
            (json!({"sku": "a", "delimiter": ";;"}), "delimiter"),
            (json!({"sku": "a", "encoding": "ebcdic"}), "encoding"),
            (json!({"sku": "a", "in_stock": 0}), "in_stock"),
        ] {
            let error = Mapping::read(Some(&json)).expect_err("a bad mapping");
            assert!(error.contains(part), "{error}");
        }
    }
}
