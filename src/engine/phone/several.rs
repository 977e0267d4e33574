//! One cell, several numbers: `13800138000/13900139000`.

use super::{BadPhone, Phone, dialled, normalise, of_number, zero};
use crate::{
    field::LostZero,
    import_row::{Cell, clean},
};

/// The numbers of a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbers {
    /// The first that can be dialled, and the cell as the sheet had it.
    pub first: Phone,
    /// The others, in the order of the cell; none twice.
    pub others: Vec<String>,
    /// A number of the cell cannot be dialled and is left out.
    pub left_out: bool,
    /// A number looked like an area code without its zero.
    pub zero: bool,
}

/// Fewest digits of a number that blanks may separate from the next one: `138 0013 8000` is one.
const WHOLE: usize = 7;

/// Reads the numbers of a cell.
///
/// # Errors
/// Why the first one cannot be dialled, when none can.
pub fn numbers(cell: &Cell, lost: LostZero) -> Result<Numbers, BadPhone> {
    match cell {
        Cell::Number(number) => {
            let (number, zero) = zero(of_number(*number)?, lost, true)?;
            let raw = number.clone();
            Ok(Numbers::one(number, raw, zero))
        }
        Cell::Text(text) => of_text(text, lost),
        other => normalise(other).map(|phone| Numbers::one(phone.number, phone.raw, false)),
    }
}

impl Numbers {
    fn one(number: String, raw: String, zero: bool) -> Self {
        Self {
            first: Phone { number, raw },
            others: Vec::new(),
            left_out: false,
            zero,
        }
    }
}

fn of_text(text: &str, lost: LostZero) -> Result<Numbers, BadPhone> {
    let raw = text.trim();
    let plain = clean(raw);
    let parts = parts(&plain);
    if parts.is_empty() {
        let (number, zero) = zero(dialled(&plain)?, lost, false)?;
        return Ok(Numbers::one(number, raw.into(), zero));
    }
    let mut found: Option<Numbers> = None;
    let (mut first_fault, mut left_out) = (None, false);
    for part in parts {
        match dialled(part).and_then(|number| zero(number, lost, false)) {
            Err(BadPhone::Empty) => {}
            Err(why) => {
                left_out = true;
                first_fault.get_or_insert(why);
            }
            Ok((number, zero)) => match &mut found {
                None => found = Some(Numbers::one(number, raw.into(), zero)),
                Some(found) => {
                    found.zero |= zero;
                    if number != found.first.number && !found.others.contains(&number) {
                        found.others.push(number);
                    }
                }
            },
        }
    }
    found
        .map(|found| Numbers { left_out, ..found })
        .ok_or(first_fault.unwrap_or(BadPhone::Empty))
}

/// The parts of a cell that holds several numbers; empty when it holds one.
fn parts(raw: &str) -> Vec<&str> {
    if raw.bytes().all(|byte| byte.is_ascii_digit()) {
        return Vec::new();
    }
    let marks = |char| {
        matches!(
            char,
            ',' | ';' | '、' | '，' | '；' | '|' | '\n' | '\r' | '或'
        ) || is_slash(char)
    };
    if raw.contains(marks) && !has_area_and_slash(raw) {
        return raw.split(marks).flat_map(of_blanks).collect();
    }
    let blanks = of_blanks(raw);
    if blanks.len() > 1 { blanks } else { Vec::new() }
}

fn is_slash(char: char) -> bool {
    matches!(char, '/' | '／' | '\\')
}

/// `030/123456`: the slash stands between an area code and the number.
fn has_area_and_slash(raw: &str) -> bool {
    let Some((area, local)) = raw.split_once(is_slash) else {
        return false;
    };
    let area = area.trim();
    (area.starts_with(['0', '+', '(', '（'])) && digits(area) <= 5 && !local.contains(is_slash)
}

/// Split at blanks when every part could be a whole number.
fn of_blanks(text: &str) -> Vec<&str> {
    if text.contains(char::is_whitespace)
        && text.split_whitespace().all(|part| digits(part) >= WHOLE)
    {
        return text.split_whitespace().collect();
    }
    vec![text]
}

fn digits(text: &str) -> usize {
    text.chars().filter(|char| char.is_numeric()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<(String, Vec<String>, bool), BadPhone> {
        numbers(&Cell::Text(text.into()), LostZero::Refuse)
            .map(|found| (found.first.number, found.others, found.left_out))
    }

    #[test]
    fn several_numbers_of_a_cell_are_kept_in_order() {
        let two = |text| {
            let found = of(text).unwrap();
            assert_eq!(found.0, "13800138000", "{text}");
            assert_eq!(found.1, ["13900139000"], "{text}");
        };
        for text in [
            "13800138000,13900139000",
            "13800138000;13900139000",
            "13800138000/13900139000",
            "13800138000、13900139000",
            "13800138000 13900139000",
            "13800138000\n13900139000",
            "13800138000或13900139000",
            "138 0013 8000 / 139-0013-9000",
            "13800138000,13900139000,13800138000",
            "，13800138000，１３９００１３９０００",
        ] {
            two(text);
        }
        let (first, others, left_out) = of("12, 010-62345678; 13900139000").unwrap();
        assert_eq!((first.as_str(), left_out), ("01062345678", true));
        assert_eq!(others, ["13900139000"]);
    }

    #[test]
    fn blanks_and_slashes_within_one_number_do_not_split_it() {
        for (text, number) in [
            ("138 0013 8000", "13800138000"),
            ("021 62345678", "02162345678"),
            ("030/123456", "030123456"),
            ("+49 30 123456", "+4930123456"),
        ] {
            assert_eq!(of(text), Ok((number.into(), vec![], false)), "{text}");
        }
    }

    #[test]
    fn a_cell_without_any_number_says_why_of_the_first() {
        assert_eq!(of("call me/12"), Err(BadPhone::Characters));
        assert_eq!(of("1.38E+10, 12"), Err(BadPhone::Scientific));
        assert_eq!(of(" ; "), Err(BadPhone::Empty));
    }

    #[test]
    fn a_field_says_what_is_done_about_a_lost_zero() {
        let landline = Cell::Number(1_062_345_678.0);
        let text = Cell::Text("1062345678".into());
        let read = |cell, lost| numbers(cell, lost).map(|found| (found.first.number, found.zero));
        assert_eq!(
            read(&landline, LostZero::Refuse),
            Err(BadPhone::LeadingZeroLost)
        );
        for cell in [&landline, &text] {
            let restored = read(cell, LostZero::Restore);
            assert_eq!(restored, Ok(("01062345678".into(), true)));
            assert_eq!(read(cell, LostZero::Keep), Ok(("1062345678".into(), true)));
        }
        assert_eq!(
            read(&text, LostZero::Refuse),
            Ok(("1062345678".into(), true))
        );
        let abroad = Cell::Number(6_462_345_678.0);
        assert_eq!(
            read(&abroad, LostZero::Refuse),
            Ok(("6462345678".into(), false))
        );
    }

    #[test]
    fn what_was_read_is_read_again_as_the_same() {
        for text in [
            "+86 10 62345678",
            "(021)62345678",
            "０７５５-22345678",
            "+1 646 234 5678",
        ] {
            let once = of(text).unwrap().0;
            assert_eq!(of(&once).unwrap().0, once, "{text}");
        }
    }
}
