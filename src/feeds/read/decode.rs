//! Files that are not UTF-8, read as if they were.

use std::io::{self, Chain, Cursor, Read};

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};

use crate::feeds::Format;

/// How much is read before what it means is known: an XML declaration is never longer.
const HEAD: u64 = 1024;
/// How much is decoded at a time.
const CHUNK: usize = 16 * 1024;

/// The letters of a file, as UTF-8. What is UTF-8 already is handed on as it is, for the parsers to find what
/// is wrong with a row of it.
pub(super) struct Decoding<R> {
    file: Chain<Cursor<Vec<u8>>, R>,
    decoder: Option<Decoder>,
    raw: Vec<u8>,
    letters: Vec<u8>,
    taken: usize,
    ended: bool,
}

impl<R: Read> Decoding<R> {
    /// Finds out how the bytes of `file` are letters: a byte order mark says it, or the mapping (`told`), or
    /// an XML file itself.
    pub(super) fn new(mut file: R, format: Format, told: Option<&'static Encoding>) -> Result<Self, String> {
        let mut head = Vec::new();
        let read = file.by_ref().take(HEAD).read_to_end(&mut head);
        read.map_err(|error| format!("the file cannot be read: {error}"))?;
        let encoding = match (Encoding::for_bom(&head), told) {
            (Some((encoding, mark)), _) => {
                head.drain(..mark);
                encoding
            }
            (None, Some(encoding)) => encoding,
            (None, None) if format == Format::GoogleMerchant => declared(&head)?,
            (None, None) => UTF_8,
        };
        let decoder = (encoding != UTF_8).then(|| encoding.new_decoder_without_bom_handling());
        let file = Cursor::new(head).chain(file);
        Ok(Self { file, decoder, raw: vec![0; CHUNK], letters: Vec::new(), taken: 0, ended: false })
    }
}

impl<R: Read> Read for Decoding<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(decoder) = &mut self.decoder else { return self.file.read(buffer) };
        while self.taken == self.letters.len() && !self.ended {
            let count = self.file.read(&mut self.raw)?;
            let most = decoder.max_utf8_buffer_length_without_replacement(count);
            self.letters.resize(most.ok_or(io::ErrorKind::OutOfMemory)?, 0);
            let (result, _, written) =
                decoder.decode_to_utf8_without_replacement(&self.raw[..count], &mut self.letters, count == 0);
            if result != DecoderResult::InputEmpty {
                return Err(io::Error::other(format!("it is not in the encoding {}", decoder.encoding().name())));
            }
            self.letters.truncate(written);
            (self.taken, self.ended) = (0, count == 0);
        }
        let count = buffer.len().min(self.letters.len() - self.taken);
        buffer[..count].copy_from_slice(&self.letters[self.taken..self.taken + count]);
        self.taken += count;
        Ok(count)
    }
}

/// The encoding that an XML file without a byte order mark says it has.
fn declared(head: &[u8]) -> Result<&'static Encoding, String> {
    match head {
        [b'<', 0, b'?', 0, ..] => return Ok(UTF_16LE),
        [0, b'<', 0, b'?', ..] => return Ok(UTF_16BE),
        _ => {}
    }
    let end = head.windows(2).position(|pair| pair == b"?>").filter(|_| head.starts_with(b"<?xml"));
    let declaration = end.map(|end| String::from_utf8_lossy(&head[..end])).unwrap_or_default();
    let Some((_, value)) = declaration.split_once("encoding") else { return Ok(UTF_8) };
    let label = value.split(['"', '\'']).nth(1).unwrap_or_default();
    match Encoding::for_label_no_replacement(label.as_bytes()) {
        // It would not be readable so far; programs that wrote it as a text in memory say so all the same.
        Some(encoding) if encoding == UTF_16LE || encoding == UTF_16BE => Ok(UTF_8),
        Some(encoding) => Ok(encoding),
        None => Err("the file says that it has an encoding which is not known".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], format: Format, told: Option<&'static Encoding>) -> Result<String, String> {
        let mut text = String::new();
        let mut file = Decoding::new(bytes, format, told)?;
        file.read_to_string(&mut text).map_err(|error| error.to_string())?;
        Ok(text)
    }

    fn wide(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn files_say_how_their_bytes_are_letters() {
        let text = "<?xml version=\"1.0\"?>Straße 5 €, 😀";
        let csv = |bytes: &[u8]| read(bytes, Format::Csv, None).expect("letters");
        let xml = |bytes: &[u8]| read(bytes, Format::GoogleMerchant, None).expect("letters");
        assert_eq!(csv(format!("\u{feff}{text}").as_bytes()), text);
        assert_eq!(csv(&wide(&format!("\u{feff}{text}"), u16::to_le_bytes)), text);
        assert_eq!(csv(&wide(&format!("\u{feff}{text}"), u16::to_be_bytes)), text);
        assert_eq!(xml(&wide(text, u16::to_le_bytes)), text);
        assert_eq!(xml(&wide(text, u16::to_be_bytes)), text);
        assert_eq!(
            xml(b"<?xml version='1.0' encoding='windows-1252'?>\x80"),
            "<?xml version='1.0' encoding='windows-1252'?>€"
        );
        assert_eq!(xml(b"<?xml version='1.0' encoding='utf-16'?>"), "<?xml version='1.0' encoding='utf-16'?>");
        assert_eq!(read(b"5 \x80", Format::Csv, Some(encoding_rs::WINDOWS_1252)).expect("letters"), "5 €");
    }

    #[test]
    fn what_is_not_in_its_encoding_is_no_text() {
        let odd = read(b"\xff\xfea\0\0\xd8b\0", Format::Csv, None);
        assert!(odd.expect_err("half a pair").contains("UTF-16"));
        let cut = read(b"\xff\xfea\0b", Format::Csv, None);
        assert!(cut.is_err(), "half a letter");
        assert!(read(b"<?xml version='1.0' encoding='x-none'?>", Format::GoogleMerchant, None).is_err());
    }

    #[test]
    fn long_files_are_decoded_to_their_end() {
        let text = "aé€😀".repeat(20_000);
        assert_eq!(
            read(&wide(&format!("\u{feff}{text}"), u16::to_le_bytes), Format::Json, None).expect("letters"),
            text
        );
    }
}
