//! A text as a workbook writes it: plain, or in pieces of several looks; without how it is pronounced.

use std::{borrow::Cow, io::BufRead};

use quick_xml::{Reader, escape::resolve_xml_entity, events::Event};

use super::super::damaged;
use crate::error::JobError;

/// Kept from text to text.
#[derive(Default)]
pub struct Buffers {
    event: Vec<u8>,
    piece: String,
    text: String,
}

/// The text of the element that has begun, to its end.
pub fn read<'a>(
    xml: &mut Reader<impl BufRead>,
    element: &str,
    buffers: &'a mut Buffers,
) -> Result<&'a str, JobError> {
    let Buffers { event, piece, text } = buffers;
    text.clear();
    let mut is_spoken = false;
    loop {
        event.clear();
        let keeps_blanks = match xml.read_event_into(event).map_err(damaged)? {
            Event::Start(tag) => match tag.local_name().as_ref() {
                "rPh" => {
                    is_spoken = true;
                    continue;
                }
                "t" if !is_spoken => tag
                    .attributes()
                    .with_checks(false)
                    .flatten()
                    .any(|one| one.key.as_ref() == "xml:space" && one.value == "preserve"),
                _ => continue,
            },
            Event::End(tag) if tag.local_name().as_ref() == "rPh" => {
                is_spoken = false;
                continue;
            }
            Event::End(tag) if tag.local_name().as_ref() == element => return Ok(text),
            Event::Eof => return Err(damaged("a text has no end")),
            _ => continue,
        };
        piece.clear();
        content(xml, "t", event, piece)?;
        let shown = match keeps_blanks {
            true => piece.as_str(),
            false => piece.trim_matches([' ', '\t', '\r', '\n']),
        };
        text.push_str(&unescape(shown));
    }
}

/// Adds what stands in the element that has begun.
pub fn content(
    xml: &mut Reader<impl BufRead>,
    element: &str,
    event: &mut Vec<u8>,
    into: &mut String,
) -> Result<(), JobError> {
    loop {
        event.clear();
        match xml.read_event_into(event).map_err(damaged)? {
            Event::Text(text) => into.push_str(&text.xml10_content()),
            Event::CData(text) => into.push_str(&text.xml10_content()),
            Event::GeneralRef(entity) => {
                let named = resolve_xml_entity(entity.as_ref());
                match entity.resolve_char_ref().map_err(damaged)? {
                    Some(char) => into.push(char),
                    None => into.push_str(named.ok_or_else(|| damaged("an unknown entity"))?),
                }
            }
            Event::End(tag) if tag.local_name().as_ref() == element => return Ok(()),
            Event::Eof => return Err(damaged("a text has no end")),
            _ => {}
        }
    }
}

/// Bytes of an escape.
const ESCAPE: usize = "_x000D_".len();

/// `_x000D_` as the character that it stands for: four digits of UTF-16 (ECMA-376 part 1, 22.9.2.19).
pub fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains("_x") {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let mut units = Vec::new();
        while let Some(unit) = escaped(rest) {
            units.push(unit);
            rest = &rest[ESCAPE..];
        }
        if units.is_empty() {
            plain.push('_');
            rest = &rest[1..];
        }
        let chars = char::decode_utf16(units);
        plain.extend(chars.map(|char| char.unwrap_or(char::REPLACEMENT_CHARACTER)));
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

fn escaped(text: &str) -> Option<u16> {
    let digits = text.get(..ESCAPE)?.strip_prefix("_x")?.strip_suffix('_')?;
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    u16::from_str_radix(digits, 16).ok().filter(|_| is_hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escape_is_four_digits_of_utf_16() {
        for (escaped, plain) in [
            ("a_x000D_b", "a\rb"),
            ("_x005F_x000D_", "_x000D_"),
            ("_xD83D__xDCF7_", "📷"),
            ("_xD83D_ _xDCF7_", "\u{fffd} \u{fffd}"),
            ("_x00_x000d_", "_x00\r"),
            ("_x+00D_ _x中文", "_x+00D_ _x中文"),
            ("none", "none"),
        ] {
            assert_eq!(unescape(escaped), plain);
        }
    }
}
