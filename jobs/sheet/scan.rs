//! Looks through a worksheet's XML while it is measured: what stands behind the cells (merges) has to
//! be known before them, and hidden rows are not told by the reader of cells.

use memchr::memchr;

use super::merges::{MERGES_MAX, Merge};

/// Longest tag that is looked at.
const TAG_MAX: usize = 8 * 1024;

/// What a worksheet holds beside its cells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    pub hidden_rows: u32,
    pub hidden_columns: u32,
    pub merges: Vec<Merge>,
    /// Some cell has a value.
    pub is_filled: bool,
    /// Entries that a table of shared texts claims to have.
    pub strings: u64,
    /// Entries that it has, and bytes of their texts.
    pub texts: u64,
    pub text_bytes: u64,
    /// The sheets of an .ods, which are all in one part.
    pub tables: Vec<Table>,
    hidden_styles: Vec<String>,
    style: String,
}

/// A sheet of an .ods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub name: String,
    pub is_visible: bool,
    pub is_filled: bool,
}

/// Most sheets that are listed.
const TABLES_MAX: usize = 1_000;

/// Reads XML piece by piece.
#[derive(Debug, Default)]
pub struct Scan {
    /// A tag whose end lies in the next piece.
    open: Option<Vec<u8>>,
    /// Bytes since the last tag began.
    pub run: usize,
    /// The longest of them.
    pub longest: usize,
    pub seen: Seen,
}

impl Scan {
    pub fn feed(&mut self, mut rest: &[u8]) {
        if let Some(mut open) = self.open.take() {
            let end = memchr(b'>', rest);
            open.extend_from_slice(&rest[..end.unwrap_or(rest.len())]);
            match end {
                Some(_) => self.tag(&open),
                None if open.len() < TAG_MAX => self.open = Some(open),
                None => {}
            }
        }
        while let Some(at) = memchr(b'<', rest) {
            let run = self.run + at;
            self.longest = self.longest.max(run);
            self.run = 0;
            rest = &rest[at + 1..];
            match shared_text(rest) {
                Some(SharedText::Begins) => self.seen.texts += 1,
                Some(SharedText::Ends) => self.seen.text_bytes += run as u64,
                None => {}
            }
            if !is_of_interest(rest) {
                continue;
            }
            match memchr(b'>', rest) {
                Some(end) => self.tag(&rest[..end]),
                None => {
                    self.open = Some(rest.to_vec());
                    break;
                }
            }
        }
        self.run += rest.len();
        self.longest = self.longest.max(self.run);
    }

    fn tag(&mut self, tag: &[u8]) {
        let (name, attributes) = split(tag);
        match name {
            b"row" if is_hidden(attributes) => {
                self.seen.hidden_rows = self.seen.hidden_rows.saturating_add(1);
            }
            b"col" if is_hidden(attributes) => {
                let of = |name| attribute(attributes, name).and_then(number).unwrap_or(0);
                let (from, to) = (of(b"min"), of(b"max").min(16_384));
                let many = to.saturating_sub(from).saturating_add(1);
                self.seen.hidden_columns = self.seen.hidden_columns.saturating_add(many);
            }
            b"mergeCell" if self.seen.merges.len() < MERGES_MAX => {
                let merge = attribute(attributes, b"ref").and_then(area);
                self.seen.merges.extend(merge);
            }
            b"v" | b"is" => self.seen.is_filled = true,
            b"style" => self.seen.style = text(attributes, b"style:name"),
            b"table-properties" if attribute(attributes, b"table:display") == Some(b"false") => {
                let style = std::mem::take(&mut self.seen.style);
                self.seen.hidden_styles.push(style);
            }
            b"table" if self.seen.tables.len() < TABLES_MAX => {
                let style = text(attributes, b"table:style-name");
                self.seen.tables.push(Table {
                    name: text(attributes, b"table:name"),
                    is_visible: !self.seen.hidden_styles.contains(&style),
                    is_filled: false,
                });
            }
            b"table-cell" if attribute(attributes, b"office:value-type").is_some() => {
                if let Some(table) = self.seen.tables.last_mut() {
                    table.is_filled = true;
                }
            }
            b"sst" => {
                let count = attribute(attributes, b"uniqueCount");
                let count = count.and_then(|text| std::str::from_utf8(text).ok());
                let count = count.map_or(Some(0), |text| text.trim().parse().ok());
                self.seen.strings = count.unwrap_or(u64::MAX);
            }
            _ => {}
        }
    }
}

/// Where an entry of a table of shared texts begins, and where a piece of its text ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SharedText {
    Begins,
    Ends,
}

/// What follows a `<`, looked at as cheaply as can be. A tag that lies across two pieces is missed: one
/// in some thousands.
fn shared_text(rest: &[u8]) -> Option<SharedText> {
    let (name, found) = match rest {
        [b'/', name @ ..] => (name, SharedText::Ends),
        name => (name, SharedText::Begins),
    };
    match name {
        [b't', b'>', ..] if found == SharedText::Ends => return Some(found),
        [b's', b'i', b'>' | b' ' | b'/', ..] if found == SharedText::Begins => return Some(found),
        [b's' | b't' | b'c' | b'v' | b'r', ..] => return None,
        _ => {}
    }
    let end = name
        .iter()
        .take(16)
        .position(|byte| matches!(byte, b'>' | b' ' | b'/'))?;
    match (
        memchr(b':', &name[..end]).map(|at| &name[at + 1..end]),
        found,
    ) {
        (Some(b"t"), SharedText::Ends) | (Some(b"si"), SharedText::Begins) => Some(found),
        _ => None,
    }
}

/// Whether what follows a `<` may be one of the tags above.
fn is_of_interest(rest: &[u8]) -> bool {
    match rest {
        [b'/' | b'c' | b'f' | b't', b' ' | b'>' | b'/', ..] | [b'/', ..] => false,
        [] | [_] => true,
        _ => {
            let start = &rest[..rest.len().min(24)];
            let end = start
                .iter()
                .position(|byte| matches!(byte, b' ' | b'>' | b'/' | b'\n' | b'\t'));
            let name = &start[..end.unwrap_or(start.len())];
            end.is_none()
                || matches!(
                    local(name),
                    b"row"
                        | b"col"
                        | b"mergeCell"
                        | b"v"
                        | b"is"
                        | b"sst"
                        | b"table"
                        | b"table-cell"
                        | b"style"
                        | b"table-properties"
                )
        }
    }
}

fn split(tag: &[u8]) -> (&[u8], &[u8]) {
    let end = tag
        .iter()
        .position(|byte| byte.is_ascii_whitespace() || *byte == b'/');
    let end = end.unwrap_or(tag.len());
    (local(&tag[..end]), &tag[end..])
}

/// A name without its prefix.
fn local(name: &[u8]) -> &[u8] {
    memchr(b':', name).map_or(name, |at| &name[at + 1..])
}

fn is_hidden(attributes: &[u8]) -> bool {
    matches!(attribute(attributes, b"hidden"), Some(b"1" | b"true"))
}

/// The value of an attribute.
fn attribute<'a>(attributes: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let mut rest = attributes;
    loop {
        let at = memchr(b'=', rest)?;
        let key = rest[..at].trim_ascii();
        let key = key
            .iter()
            .rposition(u8::is_ascii_whitespace)
            .map_or(key, |blank| &key[blank + 1..]);
        let value = rest[at + 1..].trim_ascii_start();
        let quote = *value.first().filter(|byte| matches!(byte, b'"' | b'\''))?;
        let end = memchr(quote, &value[1..])? + 1;
        if key == name {
            return Some(&value[1..end]);
        }
        rest = &value[end + 1..];
    }
}

/// The text of an attribute, empty when it is not there.
fn text(attributes: &[u8], name: &[u8]) -> String {
    let raw = attribute(attributes, name)
        .map(String::from_utf8_lossy)
        .unwrap_or_default();
    quick_xml::escape::unescape(&raw).map_or_else(|_| raw.to_string(), |text| text.into_owned())
}

fn number(text: &[u8]) -> Option<u32> {
    std::str::from_utf8(text).ok()?.trim().parse().ok()
}

/// `B2:C7` as the rows and the first column of it.
pub fn area(text: &[u8]) -> Option<Merge> {
    let text = std::str::from_utf8(text).ok()?;
    let (from, to) = text.split_once(':')?;
    let ((left, top), (_, bottom)) = (place(from)?, place(to)?);
    Some(Merge { top, left, bottom })
}

/// `B2` as column and row, both from 0.
fn place(name: &str) -> Option<(u32, u32)> {
    let name = name.trim().replace('$', "");
    let digits = name.find(|char: char| char.is_ascii_digit())?;
    let mut column = 0_u32;
    for byte in name[..digits].bytes() {
        let letter = u32::from(byte.to_ascii_uppercase().checked_sub(b'A')?);
        column = column.checked_mul(26)?.checked_add(letter + 1)?;
    }
    Some((
        column.checked_sub(1)?,
        name[digits..].parse::<u32>().ok()?.checked_sub(1)?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHEET: &str = r#"<x:worksheet><cols><col min="2" max='4' hidden="1"/><col min="9" max="9"/></cols>
        <x:sheetData><x:row r="1" hidden = "true"><c r="A1" s="1"><v>1</v></c></x:row><row r="2"/></x:sheetData>
        <mergeCells count="2"><mergeCell ref="A2:A4"/><x:mergeCell ref="B1:C1"/></mergeCells></x:worksheet>"#;

    #[test]
    fn tags_are_found_wherever_the_pieces_end() {
        let mut whole = Scan::default();
        whole.feed(SHEET.as_bytes());
        assert_eq!((whole.seen.hidden_rows, whole.seen.hidden_columns), (1, 3));
        assert!(whole.seen.is_filled);
        let merges = [(1, 0, 3), (0, 1, 0)].map(|(top, left, bottom)| Merge { top, left, bottom });
        assert_eq!(whole.seen.merges, merges);
        for size in [1, 2, 3, 5, 7, 11] {
            let mut pieces = Scan::default();
            for piece in SHEET.as_bytes().chunks(size) {
                pieces.feed(piece);
            }
            assert_eq!(pieces.seen, whole.seen, "{size}");
        }
    }

    #[test]
    fn shared_texts_are_counted_with_their_bytes_and_without_their_tags() {
        let of = |text: &str| {
            let mut scan = Scan::default();
            scan.feed(text.as_bytes());
            (scan.seen.texts, scan.seen.text_bytes)
        };
        let one = r#"<si><t>abcdef</t><phoneticPr fontId="1" type="noConversion"/></si>"#;
        // Of each text the two letters of its tag are counted, too.
        assert_eq!(of(&format!("<sst>{}</sst>", one.repeat(3))), (3, 24));
        assert_eq!(of("<x:sst><x:si><x:t>ab</x:t></x:si></x:sst>"), (1, 6));
        assert_eq!(of("<sst><si/><si /></sst>"), (2, 0));
        assert_eq!(
            of("<sheetData><row r='1'><c t='s'><v>1</v></c></row></sheetData>"),
            (0, 0)
        );
    }

    #[test]
    fn a_claim_about_shared_texts_is_read() {
        let of = |text: &str| {
            let mut scan = Scan::default();
            scan.feed(text.as_bytes());
            scan.seen.strings
        };
        assert_eq!(of("<sst count='9' uniqueCount='7'>"), 7);
        assert_eq!(of("<sst>"), 0);
        assert_eq!(of("<sst uniqueCount='99999999999999999999999'>"), u64::MAX);
    }
}
