//! An order as a page to print.
//!
//! It is set in Courier, which every reader of PDF files has, so that no font has to come with it. That font
//! has the letters of western Europe; where others are needed, there is no page, rather than one with an
//! address that nobody can read.

use pdf_writer::{Content, Finish as _, Name, Pdf, Rect, Ref, Str};

/// A4, in points.
const PAPER: Rect = Rect { x1: 0.0, y1: 0.0, x2: 595.0, y2: 842.0 };
/// Where the first line of a page begins, from the left and from below.
const START: (f32, f32) = (50.0, 780.0);
const SIZE: f32 = 10.0;
const LEADING: f32 = 13.0;
/// What fits onto a line and onto a page: Courier's letters are six tenths of their size wide.
const COLUMNS: usize = 82;
const ROWS: usize = 55;
const FONT: Name<'_> = Name(b"F1");

/// The letters of Windows' encoding from 0x80 on that are elsewhere in Unicode; blanks for those it has not.
const FROM_0X80: &str = "€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ";

/// Prints the lines; `None` if the font lacks a letter.
pub(super) fn print(lines: &[String]) -> Option<Vec<u8>> {
    let rows: Vec<Vec<u8>> = lines.iter().map(|line| encode(line)).collect::<Option<_>>()?;
    let rows: Vec<&[u8]> = rows.iter().flat_map(|row| wrapped(row)).collect();
    let pages: Vec<&[&[u8]]> = rows.chunks(ROWS).collect();
    let (catalog, tree, font) = (Ref::new(1), Ref::new(2), Ref::new(3));
    let id = |index: usize, which: i32| Ref::new(4 + 2 * i32::try_from(index).unwrap_or_default() + which);
    let mut pdf = Pdf::new();
    pdf.catalog(catalog).pages(tree);
    let count = i32::try_from(pages.len()).ok()?;
    pdf.pages(tree).kids((0..pages.len()).map(|index| id(index, 0))).count(count);
    pdf.type1_font(font).base_font(Name(b"Courier")).encoding_predefined(Name(b"WinAnsiEncoding"));
    for (index, rows) in pages.into_iter().enumerate() {
        let mut page = pdf.page(id(index, 0));
        page.media_box(PAPER).parent(tree).contents(id(index, 1));
        page.resources().fonts().pair(FONT, font);
        page.finish();
        pdf.stream(id(index, 1), &content(rows));
    }
    Some(pdf.finish())
}

fn content(rows: &[&[u8]]) -> Vec<u8> {
    let mut content = Content::new();
    content.begin_text().set_font(FONT, SIZE).set_leading(LEADING).next_line(START.0, START.1);
    for row in rows {
        content.show(Str(row)).next_line_using_leading();
    }
    content.end_text();
    content.finish().into_vec()
}

/// The row in pieces that fit; an empty one is a row, too.
fn wrapped(row: &[u8]) -> Vec<&[u8]> {
    if row.is_empty() { vec![row] } else { row.chunks(COLUMNS).collect() }
}

fn encode(line: &str) -> Option<Vec<u8>> {
    line.chars().map(letter).collect()
}

fn letter(letter: char) -> Option<u8> {
    match letter {
        ' '..='~' | '\u{a0}'..='\u{ff}' => u8::try_from(u32::from(letter)).ok(),
        _ => {
            let place = FROM_0X80.chars().position(|it| it == letter)?;
            u8::try_from(0x80 + place).ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_where_the_encoding_has_them() {
        let encoded = encode("Aé€Œž Ÿ").expect("western letters");
        assert_eq!(encoded, [0x41, 0xe9, 0x80, 0x8c, 0x9e, 0x20, 0x9f]);
        assert_eq!(encode("Łódź"), None);
        assert_eq!(encode("東京"), None);
    }

    #[test]
    fn what_is_long_goes_on() {
        let lines: Vec<String> = (0..60).map(|index| format!("{index} {}", "x".repeat(100))).collect();
        let pdf = print(&lines).expect("a page");
        assert!(pdf.starts_with(b"%PDF-"));
        let text = String::from_utf8_lossy(&pdf);
        assert_eq!(text.matches("/Parent").count(), 3, "120 rows");
        assert!(text.contains("(59 xxx"));
    }
}
