//! A reader that ends a row that does not end.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

/// How much a parser may have read ahead of the row it is at.
const READ_AHEAD: u64 = 256 * 1024;

/// Reads as long as rows end: [`RowEnd::reached`] starts the count again.
pub(super) struct BoundedReader<R> {
    inner: R,
    since_row: Rc<Cell<u64>>,
    line_end: LineEnd,
    most: u64,
}

/// Whether lines end in CR LF.
#[derive(Clone, Default)]
pub(super) struct LineEnd(Rc<Cell<bool>>);

impl LineEnd {
    pub(super) fn is_crlf(&self) -> bool {
        self.0.get()
    }
}

/// Tells the reader that a row ended.
#[derive(Clone)]
pub(super) struct RowEnd(Rc<Cell<u64>>);

impl RowEnd {
    pub(super) fn reached(&self) {
        self.0.set(0);
    }
}

impl<R: Read> BoundedReader<R> {
    pub(super) fn new(inner: R, most: u64) -> Self {
        Self { inner, since_row: Rc::default(), line_end: LineEnd::default(), most: most + READ_AHEAD }
    }

    pub(super) fn line_end(&self) -> LineEnd {
        self.line_end.clone()
    }

    pub(super) fn row_end(&self) -> RowEnd {
        RowEnd(Rc::clone(&self.since_row))
    }
}

impl<R: Read> Read for BoundedReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.since_row.get() > self.most {
            return Err(io::Error::other("a row is longer than 1 MiB; is a quotation mark or a bracket missing?"));
        }
        let count = self.inner.read(buffer)?;
        self.since_row.set(self.since_row.get() + count as u64);
        if !self.line_end.is_crlf() && buffer[..count].windows(2).any(|pair| pair == b"\r\n") {
            self.line_end.0.set(true);
        }
        Ok(count)
    }
}
