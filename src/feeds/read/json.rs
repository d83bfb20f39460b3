//! JSON: one array of objects, or one object a line.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{BufRead, BufReader, Read};

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::bounded::{BoundedReader, RowEnd};
use super::{Item, Out, Record, Unreadable};
use crate::feeds::mapping::Mapping;

pub(super) fn read<R: Read>(file: BoundedReader<R>, mapping: &Mapping, out: &mut Out) -> Result<(), String> {
    let row_end = file.row_end();
    let mut file = BufReader::new(file);
    let mut rows = Rows { mapping, fits: false, out, row_end };
    match first_byte(&mut file).map_err(|error| format!("the file cannot be read: {error}"))? {
        None => Err("the file is empty".to_owned()),
        Some(b'[') => array(file, &mut rows),
        Some(_) => lines(file, &mut rows),
    }
}

/// The first byte that says something; spaces before it are taken away.
fn first_byte(file: &mut impl BufRead) -> std::io::Result<Option<u8>> {
    loop {
        let buffer = file.fill_buf()?;
        let Some(&byte) = buffer.first() else { return Ok(None) };
        if !byte.is_ascii_whitespace() {
            return Ok(Some(byte));
        }
        file.consume(1);
    }
}

/// Rows on their way: objects become records.
struct Rows<'a> {
    mapping: &'a Mapping,
    /// Whether the mapping was held against the first object.
    fits: bool,
    out: &'a mut Out,
    row_end: RowEnd,
}

impl Rows<'_> {
    fn add(&mut self, line: u64, text: &str) -> Result<(), String> {
        self.row_end.reached();
        let item = match serde_json::from_str::<BTreeMap<String, Box<RawValue>>>(text) {
            Ok(object) => self.record(line, &object)?,
            // The parser's own words would repeat what it found.
            Err(error) => {
                let message = format!("not a JSON object (at column {})", error.column());
                Err(Unreadable { line, reason: "MALFORMED", message })
            }
        };
        self.out.push(item)
    }

    fn record(&mut self, line: u64, object: &BTreeMap<String, Box<RawValue>>) -> Result<Item, String> {
        if !self.fits {
            self.mapping.fits(&object.keys().cloned().collect::<Vec<_>>())?;
            self.fits = true;
        }
        let mut values = self.mapping.defaults.clone();
        for (key, raw) in object {
            let Some(field) = self.mapping.field_of(key) else { continue };
            match plain(raw) {
                Ok(None) => {}
                Ok(text) => values[field as usize] = text,
                Err(()) => {
                    let message = format!("\"{}\" is not a text or a number", field.name());
                    return Ok(Err(Unreadable { line, reason: "MALFORMED", message }));
                }
            }
        }
        Ok(Ok(Record { line, values }))
    }
}

/// The text of a value; nothing for null and the empty text. Numbers keep the digits they were
/// written with.
fn plain(raw: &RawValue) -> Result<Option<String>, ()> {
    let text = raw.get();
    match text.as_bytes().first() {
        Some(b'"') => {
            let text: String = serde_json::from_str(text).map_err(|_| ())?;
            Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty()))
        }
        Some(b'{' | b'[') | None => Err(()),
        Some(b'n') => Ok(None),
        Some(_) => Ok(Some(text.to_owned())),
    }
}

fn lines(mut file: impl BufRead, rows: &mut Rows<'_>) -> Result<(), String> {
    let mut buffer = Vec::new();
    for line in 1.. {
        buffer.clear();
        let count = file.read_until(b'\n', &mut buffer);
        if count.map_err(|error| format!("the file cannot be read at line {line}: {error}"))? == 0 {
            break;
        }
        match std::str::from_utf8(&buffer) {
            Ok(text) if text.trim().is_empty() => rows.row_end.reached(),
            Ok(text) => rows.add(line, text)?,
            Err(_) => {
                rows.row_end.reached();
                let message = "the line is not UTF-8".to_owned();
                rows.out.push(Err(Unreadable { line, reason: "ENCODING_INVALID", message }))?;
            }
        }
    }
    Ok(())
}

fn array(file: impl Read, rows: &mut Rows<'_>) -> Result<(), String> {
    let mut deserializer = serde_json::Deserializer::from_reader(file);
    let mut stopped = None;
    let seed = Elements { rows, stopped: &mut stopped };
    let result = seed.deserialize(&mut deserializer).and_then(|()| deserializer.end());
    match (stopped, result) {
        (Some(reason), _) => Err(reason),
        (None, Err(error)) => Err(format!("the file is not a JSON array: {error}")),
        (None, Ok(())) => Ok(()),
    }
}

/// Hands on the elements of an array one by one.
struct Elements<'a, 'b> {
    rows: &'a mut Rows<'b>,
    stopped: &'a mut Option<String>,
}

impl<'de> DeserializeSeed<'de> for Elements<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Elements<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let mut number = 0;
        while let Some(element) = elements.next_element::<Box<RawValue>>()? {
            number += 1;
            if let Err(reason) = self.rows.add(number, element.get()) {
                *self.stopped = Some(reason);
                return Err(A::Error::custom("stopped"));
            }
        }
        // Nothing is left; this only tells the compiler the type.
        elements.next_element::<IgnoredAny>().map(|_| ())
    }
}
