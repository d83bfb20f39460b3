//! Pages of products: filtered, searched, sorted, by keyset.
//!
//! Every sort has an index that ends in the id, so that a page costs the same wherever it is and
//! however many products there are. Only a search must look at all it finds, to rank it.

use sea_orm::{ConnectionTrait, FromQueryResult, Statement, Value};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::rows::{PRODUCT_COLUMNS, ProductRow, Sight};
use crate::catalog::entity::ProductStatus;
use crate::catalog::{search, text};
use crate::kernel::clock::Moment;
use crate::kernel::ids::{ProductId, TypedId};
use crate::kernel::page::{Page, PageRequest, decode_cursor, encode_cursor};
use crate::kernel::problem::Fault;

/// The order of a list of products; ties are broken by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum ProductSort {
    /// The best match of the search first; without a search, the newest.
    Relevance,
    /// The newest first.
    Newest,
    /// The lowest price first.
    PriceAsc,
    /// The highest lowest price first.
    PriceDesc,
    /// By title.
    Name,
}

/// Which products are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct ProductFilter {
    /// Of the collection with this slug.
    pub collection: Option<String>,
    /// That can be had, or cannot.
    pub in_stock: Option<bool>,
    /// Whose lowest price is at least this, in minor units.
    pub min_price: Option<i64>,
    /// Whose lowest price is at most this, in minor units.
    pub max_price: Option<i64>,
    /// With these ids.
    pub ids: Option<Vec<ProductId>>,
    /// With this status.
    pub status: Option<ProductStatus>,
}

/// A list of products that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListProducts {
    /// Words to be found.
    pub query: Option<String>,
    /// Which products.
    pub filter: ProductFilter,
    /// In which order; by default by relevance for a search, else the newest first.
    pub sort: Option<ProductSort>,
    /// Which part of the list.
    pub page: PageRequest,
    /// How much of the catalogue is looked at.
    pub sight: Sight,
}

/// One page of products.
pub async fn list_products(conn: &impl ConnectionTrait, list: &ListProducts) -> Result<Page<ProductRow>, Fault> {
    let Some(mut query) = Query::of(conn, list) else {
        return Ok(Page { items: vec![], has_next: false, has_previous: false });
    };
    let sort = list.order();
    let down = sort.descending() != list.page.backward;
    if let Some(cursor) = &list.page.cursor {
        let (key, id) = sort.decode(cursor)?;
        let (key, id) = (query.bind(key), query.bind(id));
        query.conditions.push(format!("({}, p.id) {} ({key}, {id})", sort.column(), if down { "<" } else { ">" }));
    }
    let direction = if down { "DESC" } else { "ASC" };
    let rank = if query.searching { "found.rank" } else { "0" };
    let sql = format!(
        "{}SELECT {PRODUCT_COLUMNS}, p.sort_title, CAST({rank} AS bigint) AS rank FROM {}{} ORDER BY {column} {direction}, p.id {direction} LIMIT {}",
        query.with,
        query.from,
        query.conditions(),
        list.page.size + 1,
        column = sort.column(),
    );
    let statement = Statement::from_sql_and_values(conn.get_database_backend(), sql, query.values);
    let rows = Listed::find_by_statement(statement).all(conn).await?;
    Ok(Page::from_rows(&list.page, rows, |row| sort.encode(row)).map(|row| row.product))
}

#[derive(FromQueryResult)]
struct Listed {
    #[sea_orm(nested)]
    product: ProductRow,
    sort_title: String,
    rank: i64,
}

impl ListProducts {
    /// The order this list has.
    fn order(&self) -> ProductSort {
        let searching = self.query.as_ref().is_some_and(|query| !query.trim().is_empty());
        match self.sort {
            None | Some(ProductSort::Relevance) if searching => ProductSort::Relevance,
            None | Some(ProductSort::Relevance) => ProductSort::Newest,
            Some(sort) => sort,
        }
    }
}

impl ProductSort {
    fn descending(self) -> bool {
        matches!(self, Self::Relevance | Self::Newest | Self::PriceDesc)
    }

    fn column(self) -> &'static str {
        match self {
            Self::Relevance => "found.rank",
            Self::Newest => "p.created_at",
            Self::PriceAsc | Self::PriceDesc => "p.min_price",
            Self::Name => "p.sort_title",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Relevance => "products:relevance",
            Self::Newest => "products:newest",
            Self::PriceAsc => "products:price-asc",
            Self::PriceDesc => "products:price-desc",
            Self::Name => "products:name",
        }
    }

    fn encode(self, row: &Listed) -> String {
        let id = row.product.id.uuid();
        match self {
            Self::Relevance => encode_cursor(self.name(), &(row.rank, id)),
            Self::Newest => encode_cursor(self.name(), &(row.product.created_at, id)),
            Self::PriceAsc | Self::PriceDesc => encode_cursor(self.name(), &(row.product.min_price, id)),
            Self::Name => encode_cursor(self.name(), &(&row.sort_title, id)),
        }
    }

    fn decode(self, cursor: &str) -> Result<(Value, Value), Fault> {
        fn keyed<K: for<'de> Deserialize<'de> + Into<Value>>(
            name: &str,
            cursor: &str,
        ) -> Result<(Value, Value), Fault> {
            let (key, id): (K, Uuid) = decode_cursor(name, cursor)?;
            Ok((key.into(), id.into()))
        }
        match self {
            Self::Newest => {
                let (key, id): (Moment, Uuid) = decode_cursor(self.name(), cursor)?;
                Ok((key.0.into(), id.into()))
            }
            Self::Relevance | Self::PriceAsc | Self::PriceDesc => keyed::<i64>(self.name(), cursor),
            Self::Name => {
                let (key, id): (String, Uuid) = decode_cursor(self.name(), cursor)?;
                // PostgreSQL keeps no NUL in a text, and takes a parameter with one for an error.
                Ok((key.replace('\0', "").into(), id.into()))
            }
        }
    }
}

/// The parts of a statement about the products a list is of.
pub(super) struct Query {
    pub(super) with: &'static str,
    pub(super) from: &'static str,
    pub(super) values: Vec<Value>,
    conditions: Vec<String>,
    searching: bool,
}

impl Query {
    /// Nothing if no product can be in the list.
    pub(super) fn of(conn: &impl ConnectionTrait, list: &ListProducts) -> Option<Self> {
        let from = "product p";
        let mut query = Self { with: "", from, values: Vec::new(), conditions: Vec::new(), searching: false };
        if let Some(wanted) = list.query.as_ref().filter(|query| !query.trim().is_empty()) {
            let words = text::search_words(wanted);
            // A search for signs only, which no product is found by.
            if words.is_empty() {
                return None;
            }
            let search = search::search(conn, &words);
            query.with = search.with;
            query.from = "found JOIN product p ON p.id = found.product_id";
            query.searching = true;
            query.values.push(search.terms.into());
        }
        // Literal, so that a cached plan may still use the partial indexes.
        if list.sight == Sight::Published {
            query.conditions.push("p.status = 'ACTIVE'".to_owned());
        }
        query.filter(conn, &list.filter)?;
        Some(query)
    }

    fn filter(&mut self, conn: &impl ConnectionTrait, filter: &ProductFilter) -> Option<()> {
        if let Some(slug) = &filter.collection {
            if !text::is_slug(slug) {
                return None;
            }
            let slug = self.bind(slug.clone());
            self.conditions.push(format!(
                "p.id IN (SELECT cp.product_id FROM collection_product cp JOIN collection c ON c.id = cp.collection_id WHERE c.slug = {slug})"
            ));
        }
        match filter.in_stock {
            Some(true) => self.conditions.push("p.in_stock".to_owned()),
            Some(false) => self.conditions.push("NOT p.in_stock".to_owned()),
            None => {}
        }
        if let Some(minor) = filter.min_price {
            let minor = self.bind(minor);
            self.conditions.push(format!("p.min_price >= {minor}"));
        }
        if let Some(minor) = filter.max_price {
            let minor = self.bind(minor);
            self.conditions.push(format!("p.min_price <= {minor}"));
        }
        if let Some(status) = filter.status {
            let status = self.bind(sea_orm::ActiveEnum::to_value(&status));
            self.conditions.push(format!("p.status = {status}"));
        }
        if let Some(ids) = &filter.ids {
            let ids = bind_ids(conn, &mut self.values, ids);
            self.conditions.push(format!("p.id {ids}"));
        }
        Some(())
    }

    fn bind(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    /// ` WHERE …`, or nothing.
    pub(super) fn conditions(&self) -> String {
        if self.conditions.is_empty() { String::new() } else { format!(" WHERE {}", self.conditions.join(" AND ")) }
    }
}

/// `= ANY(…)` or `IN (…)` over `ids`, whose parameters are added to `values`; as [`crate::platform::db::among`].
pub(in crate::catalog) fn bind_ids<I: TypedId>(
    conn: &impl ConnectionTrait,
    values: &mut Vec<Value>,
    ids: &[I],
) -> String {
    if crate::platform::db::is_postgres(conn) {
        let list: Vec<String> = ids.iter().map(|id| id.uuid().to_string()).collect();
        values.push(format!("{{{}}}", list.join(",")).into());
        return format!("= ANY((SELECT CAST(${} AS uuid[]))::uuid[])", values.len());
    }
    let mut places = Vec::with_capacity(ids.len());
    for id in ids {
        values.push(id.uuid().into());
        places.push(format!("${}", values.len()));
    }
    format!("IN ({})", places.join(", "))
}
