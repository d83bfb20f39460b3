//! Full-text search: what can be found of a product, and the finding.
//!
//! Words are made by `text.rs` alike for both engines. A search finds the products that have, for
//! every word of it, a word that begins so; those with it in their title come first.

use sea_orm::{ConnectionTrait, FromQueryResult, Statement, Value};

use super::text;
use crate::kernel::ids::{ProductId, TypedId};
use crate::kernel::problem::Fault;
use crate::platform::db::is_postgres;
use crate::platform::tx::Tx;

/// The highest position PostgreSQL keeps of a word.
const LAST_POSITION: usize = 16_383;

/// What can be found of a product.
pub(super) struct Document {
    product: ProductId,
    title: Vec<String>,
    body: Vec<String>,
}

impl Document {
    /// A product is found by its title first, then by its SKUs and description.
    pub(super) fn of<'a>(
        product: ProductId,
        title: &str,
        description: &str,
        skus: impl Iterator<Item = &'a str>,
    ) -> Self {
        let mut body: Vec<String> = skus.flat_map(text::words).collect();
        body.extend(text::words(description));
        Self { product, title: text::words(title), body }
    }

    /// As PostgreSQL writes a document: `'word':position` and a weight. The words are letters and
    /// digits only, so that nothing needs escaping.
    fn tsvector(&self) -> String {
        let mut out = String::new();
        let weighted = self.title.iter().map(|it| (it, "A")).chain(self.body.iter().map(|it| (it, "D")));
        for (position, (word, weight)) in (1..=LAST_POSITION).zip(weighted) {
            out.push_str(&format!("'{word}':{position}{weight} "));
        }
        out
    }
}

/// Makes these products findable by these documents and no longer by earlier ones.
pub(super) async fn write(tx: &Tx, documents: Vec<Document>) -> Result<(), Fault> {
    for documents in documents.chunks(super::products::ROWS) {
        if is_postgres(tx) { write_postgres(tx, documents).await? } else { write_sqlite(tx, documents).await? }
    }
    Ok(())
}

async fn write_postgres(tx: &Tx, documents: &[Document]) -> Result<(), Fault> {
    let places = places(documents.len(), |index| format!("(${}, CAST(${} AS tsvector))", 2 * index + 1, 2 * index + 2));
    let sql = format!(
        "INSERT INTO product_search (product_id, document) VALUES {places} \
         ON CONFLICT (product_id) DO UPDATE SET document = excluded.document"
    );
    let values: Vec<Value> = documents.iter().flat_map(|it| [it.product.uuid().into(), it.tsvector().into()]).collect();
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct Numbered {
    id: i64,
    product_id: ProductId,
}

async fn write_sqlite(tx: &Tx, documents: &[Document]) -> Result<(), Fault> {
    let backend = tx.get_database_backend();
    let sql = format!(
        "INSERT INTO product_search (product_id) VALUES {} \
         ON CONFLICT (product_id) DO UPDATE SET product_id = excluded.product_id RETURNING id, product_id",
        places(documents.len(), |_| "(?)".to_owned())
    );
    let ids: Vec<Value> = documents.iter().map(|it| it.product.uuid().into()).collect();
    let numbered = Numbered::find_by_statement(Statement::from_sql_and_values(backend, sql, ids)).all(tx).await?;
    let numbers: std::collections::HashMap<_, _> = numbered.into_iter().map(|it| (it.product_id, it.id)).collect();
    let sql = format!(
        "INSERT OR REPLACE INTO product_search_index (rowid, title, body) VALUES {}",
        places(documents.len(), |_| "(?, ?, ?)".to_owned())
    );
    let values: Vec<Value> = documents
        .iter()
        .filter_map(|it| {
            Some([(*numbers.get(&it.product)?).into(), it.title.join(" ").into(), it.body.join(" ").into()])
        })
        .flatten()
        .collect();
    tx.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
    Ok(())
}

fn places(count: usize, place: impl Fn(usize) -> String) -> String {
    (0..count).map(place).collect::<Vec<_>>().join(", ")
}

/// A common table `found (product_id, rank)` of what a search finds, and its one parameter `$1`. A
/// rank is a whole number, so that a cursor can hold it: the higher the better.
pub(super) struct Search {
    /// The table, to be put before the query.
    pub(super) with: &'static str,
    /// The words, as the engine wants them.
    pub(super) terms: String,
}

/// The search for `words`, which are letters and digits and not none.
pub(super) fn search(conn: &impl ConnectionTrait, words: &[String]) -> Search {
    if is_postgres(conn) {
        let terms: Vec<String> = words.iter().map(|word| format!("'{word}':*")).collect();
        return Search { with: POSTGRES_FOUND, terms: terms.join(" & ") };
    }
    let terms: Vec<String> = words.iter().map(|word| format!("\"{word}\"*")).collect();
    Search { with: SQLITE_FOUND, terms: terms.join(" ") }
}

const POSTGRES_FOUND: &str = "WITH found AS MATERIALIZED (\
    SELECT product_id, CAST(1000000 * ts_rank(document, CAST($1 AS tsquery)) AS bigint) AS rank \
    FROM product_search WHERE document @@ CAST($1 AS tsquery)) ";

const SQLITE_FOUND: &str = "WITH found AS MATERIALIZED (\
    SELECT s.product_id, CAST(-1000000 * bm25(product_search_index, 10.0, 1.0) AS integer) AS rank \
    FROM product_search_index JOIN product_search s ON s.id = product_search_index.rowid \
    WHERE product_search_index MATCH $1) ";
