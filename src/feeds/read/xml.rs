//! Google's product feeds in XML: RSS with `<item>`, or Atom with `<entry>`, one element a field.
//!
//! Nothing is ever expanded or fetched: a file with a document type is refused, so there are no entities but
//! those of XML itself. At any moment one item is held at most, and of it what the mapping wants.

use std::cell::Cell;
use std::io::{BufRead, BufReader, Read};
use std::rc::Rc;

use quick_xml::NsReader;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};

use super::bounded::{BoundedReader, RowEnd};
use super::{Out, Record, Unreadable};
use crate::feeds::google;
use crate::feeds::mapping::Mapping;

/// The namespace of Google's elements.
const GOOGLE: Namespace<'static> = Namespace("http://base.google.com/ns/1.0");
/// Those whose own elements say something too.
const PLAIN: [Namespace<'static>; 2] =
    [Namespace("http://www.w3.org/2005/Atom"), Namespace("http://purl.org/rss/1.0/")];
/// How deep elements may be inside each other.
const MAX_DEPTH: usize = 32;
/// How deep items are at most: in a channel of the root.
const ITEM_DEPTH: usize = 3;
/// The most bytes of one field.
const MAX_FIELD: usize = 64 * 1024;

pub(super) fn read<R: Read>(file: BoundedReader<R>, mapping: &Mapping, out: &mut Out) -> Result<(), String> {
    let (row_end, line) = (file.row_end(), Rc::new(Cell::new(1)));
    let mut reader = NsReader::from_reader(Lines { inner: BufReader::new(file), line: Rc::clone(&line) });
    reader.config_mut().expand_empty_elements = true;
    let mut document = Document { mapping, out, row_end, line, depth: 0, item_name: None, item: None };
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        let event = reader.read_resolved_event_into(&mut buffer);
        let (namespace, event) = event.map_err(|error| document.sentence(&error))?;
        match event {
            Event::Start(tag) => document.open(Kin::of(&namespace), &tag)?,
            Event::End(_) => document.close()?,
            Event::Text(text) => document.text(&text)?,
            Event::CData(text) => document.text(&text)?,
            Event::GeneralRef(reference) => document.reference(&reference),
            Event::DocType(_) => {
                return Err("the file has a document type (DOCTYPE), which is not read: no entities".to_owned());
            }
            Event::Eof => return document.end(),
            Event::Empty(_) | Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
        }
    }
}

/// Whose an element is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kin {
    /// Google's.
    Google,
    /// That of the format itself.
    Plain,
    /// Somebody else's, whatever it is called.
    Foreign,
}

impl Kin {
    fn of(namespace: &ResolveResult<'_>) -> Self {
        match namespace {
            ResolveResult::Bound(GOOGLE) => Self::Google,
            // The prefix everybody uses, in a file that forgot to say what it means.
            ResolveResult::Unknown(prefix) if prefix == "g" => Self::Google,
            ResolveResult::Unbound => Self::Plain,
            ResolveResult::Bound(namespace) if PLAIN.contains(namespace) => Self::Plain,
            ResolveResult::Bound(_) | ResolveResult::Unknown(_) => Self::Foreign,
        }
    }
}

/// Where the reader is in the file.
struct Document<'a> {
    mapping: &'a Mapping,
    out: &'a mut Out,
    row_end: RowEnd,
    line: Rc<Cell<u64>>,
    /// How many elements are open.
    depth: usize,
    /// What an item is called; nothing before the root was seen.
    item_name: Option<&'static str>,
    /// The item that is open.
    item: Option<OpenItem>,
}

/// An item on its way.
struct OpenItem {
    line: u64,
    depth: usize,
    fields: Vec<Said>,
    /// The field that is open.
    current: Option<Said>,
    /// What is wrong with the item.
    fault: Option<&'static str>,
}

/// What an element says.
struct Said {
    name: String,
    kin: Kin,
    text: String,
}

impl Document<'_> {
    fn open(&mut self, kin: Kin, tag: &BytesStart<'_>) -> Result<(), String> {
        let name = tag.local_name();
        let name: &str = name.as_ref();
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(format!("elements are more than {MAX_DEPTH} deep in each other at line {}", self.line.get()));
        }
        let Some(item_name) = self.item_name else {
            self.item_name = match name {
                "rss" | "RDF" => Some("item"),
                "feed" => Some("entry"),
                _ => return Err("the file is neither RSS nor Atom".to_owned()),
            };
            return Ok(());
        };
        match &mut self.item {
            // An Atom entry's own id is an address, and no SKU.
            Some(item)
                if self.depth == item.depth + 1 && !(item_name == "entry" && kin == Kin::Plain && name == "id") =>
            {
                let wanted = kin != Kin::Foreign && google::is_wanted(self.mapping, name);
                item.current = wanted.then(|| Said { name: name.to_owned(), kin, text: String::new() });
            }
            Some(_) => {}
            None if self.depth == 1 => return Err(self.ill_formed()),
            None if name == item_name && self.depth <= ITEM_DEPTH => {
                let (line, depth) = (self.line.get(), self.depth);
                self.item = Some(OpenItem { line, depth, fields: Vec::new(), current: None, fault: None });
            }
            None => {}
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), String> {
        let depth = self.depth;
        self.depth = depth.checked_sub(1).ok_or_else(|| self.ill_formed())?;
        if let Some(item) = self.item.as_mut().filter(|item| depth == item.depth + 1) {
            let said = item.current.take();
            item.fields.extend(said.filter(|said| !said.text.trim().is_empty()));
        }
        let Some(item) = self.item.take_if(|item| depth == item.depth) else { return Ok(()) };
        self.row_end.reached();
        self.out.push(item.record(self.mapping))
    }

    fn text(&mut self, text: &str) -> Result<(), String> {
        match &mut self.item {
            Some(item) if self.depth == item.depth + 1 => item.add(text),
            _ if self.depth == 0 && !text.trim().is_empty() => return Err(self.ill_formed()),
            _ => {}
        }
        Ok(())
    }

    fn reference(&mut self, reference: &BytesRef<'_>) {
        let depth = self.depth;
        let Some(item) = self.item.as_mut().filter(|item| depth == item.depth + 1) else { return };
        match (reference.resolve_char_ref(), &**reference) {
            (Ok(Some(letter)), _) => item.add(letter.encode_utf8(&mut [0; 4])),
            (Ok(None), "lt") => item.add("<"),
            (Ok(None), "gt") => item.add(">"),
            (Ok(None), "amp") => item.add("&"),
            (Ok(None), "quot") => item.add("\""),
            (Ok(None), "apos") => item.add("'"),
            _ if item.current.is_some() => item.fault = Some("a field has an entity that XML does not know"),
            _ => {}
        }
    }

    fn end(&self) -> Result<(), String> {
        match self.item_name {
            None => Err("the file is empty".to_owned()),
            Some(_) if self.depth > 0 => Err(format!("the file broke off at line {}", self.line.get())),
            Some(_) => Ok(()),
        }
    }

    /// The parser's own words would repeat what it found.
    fn sentence(&self, error: &quick_xml::Error) -> String {
        match error {
            quick_xml::Error::Io(error) => format!("the file cannot be read at line {}: {error}", self.line.get()),
            quick_xml::Error::Encoding(_) => format!("the file is not UTF-8 at line {}", self.line.get()),
            _ => self.ill_formed(),
        }
    }

    fn ill_formed(&self) -> String {
        format!("the file is not well-formed XML at line {}", self.line.get())
    }
}

impl OpenItem {
    fn add(&mut self, text: &str) {
        let Some(said) = &mut self.current else { return };
        if said.text.len() + text.len() > MAX_FIELD {
            self.fault = Some("a field is longer than 64 KiB");
            self.current = None;
        } else {
            said.text.push_str(text);
        }
    }

    fn record(self, mapping: &Mapping) -> super::Item {
        if let Some(fault) = self.fault {
            return Err(Unreadable { line: self.line, reason: "MALFORMED", message: fault.to_owned() });
        }
        // What Google's own element says counts before one of the format that is called alike.
        let find = |name: &str, kin: Kin| self.fields.iter().find(|it| it.kin == kin && it.name == name);
        let said = |name: &str| find(name, Kin::Google).or_else(|| find(name, Kin::Plain)).map(|it| it.text.trim());
        Ok(Record { line: self.line, values: google::values(mapping, said) })
    }
}

/// Counts the lines of what was taken.
struct Lines<R> {
    inner: R,
    line: Rc<Cell<u64>>,
}

impl<R: BufRead> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Lines<R> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        if amount == 0 {
            return;
        }
        // What is taken was filled in before, so this reads nothing.
        if let Some(taken) = self.inner.fill_buf().ok().and_then(|buffer| buffer.get(..amount)) {
            let ends = taken.iter().filter(|&&byte| byte == b'\n').count();
            self.line.set(self.line.get() + ends as u64);
        }
        self.inner.consume(amount);
    }
}
