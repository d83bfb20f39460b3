//! CSV: a line of column names, then rows.

use std::io::Read;

use super::bounded::BoundedReader;
use super::{Out, Record, Unreadable};
use crate::feeds::mapping::{FIELDS, Mapping};

/// The most columns of a file.
const MAX_COLUMNS: usize = 1_000;

pub(super) fn read<R: Read>(file: BoundedReader<R>, mapping: &Mapping, out: &mut Out) -> Result<(), String> {
    let (row_end, line_end) = (file.row_end(), file.line_end());
    let mut reader = csv::ReaderBuilder::new().delimiter(mapping.delimiter).flexible(true).from_reader(file);
    let header = reader.byte_headers().map_err(|error| sentence(&error))?.clone();
    row_end.reached();
    if header.is_empty() {
        return Err("the file is empty".to_owned());
    }
    if header.len() > MAX_COLUMNS {
        return Err(format!("the file has more than {MAX_COLUMNS} columns; is the delimiter right?"));
    }
    let columns: Option<Vec<String>> = header.iter().map(|cell| text(cell).map(str::to_owned)).collect();
    let columns = columns.ok_or("the column names are not UTF-8; does the mapping say another encoding?")?;
    let places = mapping.locate(&columns)?;
    let mut row = csv::ByteRecord::new();
    loop {
        match reader.read_byte_record(&mut row) {
            Ok(false) => return Ok(()),
            Ok(true) => row_end.reached(),
            Err(error) => return Err(sentence(&error)),
        }
        // Of a CR LF the parser leaves the LF to the next row, which so begins a line too early.
        let line = row.position().map_or(0, csv::Position::line) + u64::from(line_end.is_crlf());
        // A line of nothing but separators, as spreadsheets leave behind.
        if row.iter().all(|cell| cell.trim_ascii().is_empty()) {
            continue;
        }
        let item = if row.len() > columns.len() {
            let message = format!("the row has {} cells, the file has {} columns", row.len(), columns.len());
            Err(Unreadable { line, reason: "MALFORMED", message })
        } else {
            let message = || "the row is not UTF-8".to_owned();
            record(line, &row, &places, mapping).ok_or_else(|| Unreadable {
                line,
                reason: "ENCODING_INVALID",
                message: message(),
            })
        };
        out.push(item)?;
    }
}

/// Nothing if a cell is not UTF-8.
fn record(line: u64, row: &csv::ByteRecord, places: &[Option<usize>; FIELDS], mapping: &Mapping) -> Option<Record> {
    let mut values = mapping.defaults.clone();
    for (value, place) in values.iter_mut().zip(places) {
        let Some(cell) = place.and_then(|place| row.get(place)) else { continue };
        let text = text(cell)?.trim();
        if !text.is_empty() {
            *value = Some(text.to_owned());
        }
    }
    Some(Record { line, values })
}

fn text(cell: &[u8]) -> Option<&str> {
    std::str::from_utf8(cell).ok()
}

fn sentence(error: &csv::Error) -> String {
    let place = error.position().map(|at| format!(" at line {}", at.line())).unwrap_or_default();
    match error.kind() {
        csv::ErrorKind::Io(error) => format!("the file cannot be read{place}: {error}"),
        _ => format!("the file is not CSV{place}: {error}"),
    }
}
