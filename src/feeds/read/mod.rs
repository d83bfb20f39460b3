//! Reading a file row by row: a thread parses, a few hundred rows at a time, and waits while they
//! are written. Nothing is ever held whole, however large the file or one row of it may be.
//!
//! It is read twice: only of a file that can be read to its end do any rows count.

mod bounded;
mod csv;
mod decode;
mod json;
mod xml;

use std::fs::File;
use std::path::{Path, PathBuf};

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use self::bounded::BoundedReader;
use self::decode::Decoding;
use super::Format;
use super::mapping::{FIELDS, Mapping};

/// The most bytes of one row.
const MAX_ROW: u64 = 1024 * 1024;
/// The most rows of one file: what is remembered of each stays bounded with it.
pub const MAX_ROWS: u64 = 2_000_000;
/// How many rows are written in one transaction.
const BATCH: usize = 500;
/// How many bytes of text rows have before they are written, however few they are.
const BATCH_BYTES: usize = 2 * 1024 * 1024;

/// A row as it was found.
#[derive(Debug)]
pub struct Record {
    /// Where it is in the file.
    pub line: u64,
    /// What it says, by field; what it leaves out is `None`.
    pub values: [Option<String>; FIELDS],
}

/// A row that could not even be read.
#[derive(Debug)]
pub struct Unreadable {
    /// Where it is in the file.
    pub line: u64,
    /// Why, for programs.
    pub reason: &'static str,
    /// Why, for people.
    pub message: String,
}

/// A row, or why it is none.
pub type Item = Result<Record, Unreadable>;

/// What the parsing thread sends: rows, or why it cannot go on.
pub type Batch = Result<Vec<Item>, String>;

/// The rows of a file, as they are read.
pub struct Batches {
    receiver: mpsc::Receiver<Batch>,
    /// The thread that reads; `None` once it has been heard to the end.
    reading: Option<JoinHandle<()>>,
}

impl Batches {
    /// The next rows; `None` at the end of the file.
    pub async fn next(&mut self) -> Option<Batch> {
        if let Some(batch) = self.receiver.recv().await {
            return Some(batch);
        }
        // A thread that died has not come to the end of its file.
        let ended = self.reading.as_mut()?.await;
        self.reading = None;
        ended.err().map(|error| {
            tracing::error!(%error, "the reader of a file died");
            Err("the reading of the file broke off".to_owned())
        })
    }
}

/// Starts reading the file; rows arrive as they are taken.
pub fn start(path: PathBuf, format: Format, mapping: Mapping) -> Batches {
    start_with(move |out| read(&path, format, &mapping, out))
}

/// Starts reading with `read`, which is called twice.
fn start_with(read: impl Fn(&mut Out) -> Result<(), String> + Send + 'static) -> Batches {
    let (sender, receiver) = mpsc::channel(2);
    // Ends by itself: at the end of the file, or once nobody takes its rows any more.
    let reading = tokio::task::spawn_blocking(move || {
        let mut out = Out { sender, is_trial: true, rows: Vec::new(), bytes: 0, count: 0 };
        let result = read(&mut out).and_then(|()| {
            (out.is_trial, out.count) = (false, 0);
            read(&mut out)?;
            out.flush()
        });
        if let Err(reason) = result {
            // Nobody may be listening any more; then nobody wants to know.
            let _ = out.sender.blocking_send(Err(reason));
        }
    });
    Batches { receiver, reading: Some(reading) }
}

fn read(path: &Path, format: Format, mapping: &Mapping, out: &mut Out) -> Result<(), String> {
    let file = File::open(path).map_err(|error| format!("the file cannot be opened: {error}"))?;
    let file = BoundedReader::new(Decoding::new(file, format, mapping.encoding)?, MAX_ROW);
    match format {
        Format::Csv => csv::read(file, mapping, out),
        Format::Json => json::read(file, mapping, out),
        Format::GoogleMerchant => xml::read(file, mapping, out),
    }
}

/// Where parsers put their rows.
struct Out {
    sender: mpsc::Sender<Batch>,
    /// Whether it is only seen that the file can be read to its end.
    is_trial: bool,
    rows: Vec<Item>,
    /// How many bytes of text they have.
    bytes: usize,
    count: u64,
}

impl Out {
    /// Adds a row; an error ends the reading.
    fn push(&mut self, item: Item) -> Result<(), String> {
        self.count += 1;
        if self.count > MAX_ROWS {
            return Err(format!("the file has more than {MAX_ROWS} rows"));
        }
        if self.sender.is_closed() {
            return Err(NOBODY.to_owned());
        }
        if self.is_trial {
            return Ok(());
        }
        self.bytes += size(&item);
        self.rows.push(item);
        if self.rows.len() >= BATCH || self.bytes >= BATCH_BYTES { self.flush() } else { Ok(()) }
    }

    /// Sends what was gathered.
    fn flush(&mut self) -> Result<(), String> {
        self.bytes = 0;
        let rows = std::mem::take(&mut self.rows);
        if rows.is_empty() {
            return Ok(());
        }
        self.sender.blocking_send(Ok(rows)).map_err(|_| NOBODY.to_owned())
    }
}

/// Why reading ends that nobody waits for.
const NOBODY: &str = "nobody reads on";

fn size(item: &Item) -> usize {
    match item {
        Ok(record) => record.values.iter().flatten().map(String::len).sum(),
        Err(unreadable) => unreadable.message.len(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn row(text: String) -> Item {
        let mut values: [Option<String>; FIELDS] = Default::default();
        values[0] = Some(text);
        Ok(Record { line: 1, values })
    }

    async fn all(mut batches: Batches) -> Vec<Result<usize, String>> {
        let mut seen = Vec::new();
        while let Some(batch) = batches.next().await {
            seen.push(batch.map(|rows| rows.len()));
        }
        seen
    }

    #[tokio::test]
    async fn a_reader_that_dies_is_no_end_of_a_file() {
        let batches = start_with(|out| {
            (0..BATCH).try_for_each(|_| out.push(row("x".to_owned())))?;
            assert!(out.is_trial, "what a test does to a reader");
            Ok(())
        });
        let seen = all(batches).await;
        assert_eq!(seen.len(), 2, "{seen:?}");
        assert_eq!((&seen[0], seen[1].is_err()), (&Ok(BATCH), true), "{seen:?}");
    }

    #[tokio::test]
    async fn batches_are_bounded_by_rows_and_by_bytes() {
        let few = all(start_with(|out| (0..4).try_for_each(|_| out.push(row("x".repeat(1024 * 1024)))))).await;
        assert_eq!(few, [Ok(2), Ok(2)]);
        let many = all(start_with(|out| (0..1_201).try_for_each(|_| out.push(row(String::new()))))).await;
        assert_eq!(many, [Ok(500), Ok(500), Ok(201)]);
    }

    async fn read_xml(text: &str) -> Vec<Batch> {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(text.as_bytes()).expect("written");
        let mapping = Mapping::read(None).expect("none");
        let mut batches = start(file.path().to_owned(), Format::GoogleMerchant, mapping);
        let mut seen = Vec::new();
        while let Some(batch) = batches.next().await {
            seen.push(batch);
        }
        seen
    }

    fn value(item: &Item, field: crate::feeds::Field) -> Option<&str> {
        item.as_ref().expect("a record").values[field as usize].as_deref()
    }

    #[tokio::test]
    async fn items_are_read_from_rss_and_atom() {
        use crate::feeds::Field::{CompareAt, Price, SupplierSku, Title};
        let rss = "<?xml version='1.0'?>\n<rss xmlns:g='http://base.google.com/ns/1.0' xmlns:media='m'><channel>\n\
            <title>Shop</title><item>\n<title>plain</title><g:title>Tom &amp; <![CDATA[<J>]]>&#33;</g:title>\n\
            <media:title>no</media:title><g:id> A-1 </g:id><g:price>15.00 USD</g:price>\n\
            <g:sale_price>12.00 USD</g:sale_price><g:shipping><g:price>3.00 USD</g:price></g:shipping></item>\n\
            <item><g:id/><g:price>1 USD</g:price><g:sale_price>0.5 USD</g:sale_price>\n\
            <g:sale_price_effective_date>2026</g:sale_price_effective_date></item></channel></rss>\n";
        let rows = read_xml(rss).await.remove(0).expect("rows");
        assert_eq!(value(&rows[0], SupplierSku), Some("A-1"));
        assert_eq!(value(&rows[0], Title), Some("Tom & <J>!"));
        assert_eq!((value(&rows[0], Price), value(&rows[0], CompareAt)), (Some("12.00 USD"), Some("15.00 USD")));
        assert_eq!((value(&rows[1], Price), value(&rows[1], CompareAt)), (Some("1 USD"), None));
        assert_eq!(value(&rows[1], SupplierSku), None);
        assert_eq!(
            (rows[0].as_ref().map(|it| it.line).ok(), rows[1].as_ref().map(|it| it.line).ok()),
            (Some(3), Some(7))
        );

        let atom = "<feed xmlns='http://www.w3.org/2005/Atom' xmlns:x='http://base.google.com/ns/1.0'>\
            <id>tag:shop</id><entry><id>http://shop/1</id><x:id>A-1</x:id><title>One</title></entry>\
            <entry><id>http://shop/2</id></entry></feed>";
        let rows = read_xml(atom).await.remove(0).expect("rows");
        assert_eq!((value(&rows[0], SupplierSku), value(&rows[0], Title)), (Some("A-1"), Some("One")));
        assert_eq!(value(&rows[1], SupplierSku), None, "an address is no SKU");
    }

    #[tokio::test]
    async fn what_is_no_feed_or_not_a_whole_one_has_no_rows() {
        let item = "<item><id>A</id></item>";
        let nested = format!("<rss>{}{}</rss>", "<a>".repeat(40), "</a>".repeat(40));
        for (file, part) in [
            (String::new(), "empty"),
            (format!("<rss><channel>{item}<item><id>B</id>"), "broke off"),
            (format!("<rss><channel>{item}<item><id>B</i"), "not well-formed"),
            (format!("<rss><channel>{item}</channel></rss><rss/>"), "not well-formed"),
            (format!("<rss><channel>{item}</channel></rss>rest"), "not well-formed"),
            (format!("<rss><channel>{item}<item><id>B</item></channel></rss>"), "not well-formed"),
            (format!("<html><body>{item}</body></html>"), "neither RSS nor Atom"),
            (format!("<!DOCTYPE rss [<!ENTITY a \"b\">]><rss><channel>{item}</channel></rss>"), "document type"),
            (
                format!("<!DOCTYPE rss SYSTEM 'file:///etc/passwd'><rss><channel>{item}</channel></rss>"),
                "document type",
            ),
            (nested, "more than 32 deep"),
            (
                format!("<rss><channel>{item}<!--{}--></channel></rss>", "x".repeat(3 * 1024 * 1024)),
                "longer than 1 MiB",
            ),
        ] {
            let seen = read_xml(&file).await;
            let first = seen.into_iter().next().expect("an answer").expect_err("no rows");
            assert!(first.contains(part), "{first}");
        }
    }

    #[tokio::test]
    async fn an_item_that_makes_no_sense_is_left_out_alone() {
        let long = "x".repeat(65 * 1024);
        let file = format!(
            "<rss><channel><item><id>A</id><title>{long}</title></item>\n<item><id>B&nbsp;</id></item>\n\
             <item><id>C</id><link>&nbsp;{long}</link></item></channel></rss>"
        );
        let rows = read_xml(&file).await.remove(0).expect("rows");
        let faults: Vec<Option<(u64, &str)>> =
            rows.iter().map(|it| it.as_ref().err().map(|it| (it.line, it.reason))).collect();
        assert_eq!(faults, [Some((1, "MALFORMED")), Some((2, "MALFORMED")), None]);
    }
}
