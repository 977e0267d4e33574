//! Phone numbers as spreadsheets hold them (OUT-078, OUT-079).

mod area;
mod several;
mod spellings;

use std::borrow::Cow;

pub use several::{Numbers, numbers};
pub use spellings::spellings;

use crate::{field::LostZero, import_row::Cell};

/// Before the number of a telephone outside at which an agent works (AGT-114).
pub const REMOTE: &str = "RP_";

/// A number that can be dialled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phone {
    /// 3 to 20 digits, with a leading `+` when it is a foreign number.
    pub number: String,
    /// As the sheet had it.
    pub raw: String,
}

/// Why a cell holds no number to dial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPhone {
    #[error("the phone number is empty")]
    Empty,
    #[error(
        "the cell shows scientific notation, so digits are lost; format the column as text and enter the number again"
    )]
    Scientific,
    #[error("the cell is a number with a fraction or a sign, not a phone number")]
    NotWhole,
    #[error(
        "the cell is a number of more than 15 digits, of which a spreadsheet keeps only 15; format the column as text"
    )]
    DigitsLost,
    #[error(
        "the cell is a number and looks like an area code without its leading zero; format the column as text and enter the number again, or let the field put zeros back or keep such numbers as they are"
    )]
    LeadingZeroLost,
    #[error("the cell is a date, not a phone number; format the column as text")]
    Date,
    #[error("the phone number has characters that cannot be dialled")]
    Characters,
    #[error("a phone number has 3 to 20 digits")]
    Length,
}

impl BadPhone {
    /// Stable code of a reject.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "PHONE_EMPTY",
            Self::Scientific => "PHONE_SCIENTIFIC",
            Self::NotWhole => "PHONE_NOT_WHOLE",
            Self::DigitsLost => "PHONE_DIGITS_LOST",
            Self::LeadingZeroLost => "PHONE_LEADING_ZERO_LOST",
            Self::Date => "PHONE_IS_DATE",
            Self::Characters => "PHONE_CHARACTERS",
            Self::Length => "PHONE_LENGTH",
        }
    }
}

/// Reads a cell as one number to dial in China: a leading `+86` or `0086` goes. A number that has
/// lost a zero is refused.
///
/// # Errors
/// Why it is none.
pub fn normalise(cell: &Cell) -> Result<Phone, BadPhone> {
    match cell {
        Cell::Empty => Err(BadPhone::Empty),
        Cell::Number(number) => match of_number(*number)? {
            number if lost_its_zero(&number) => Err(BadPhone::LeadingZeroLost),
            number => Ok(Phone {
                raw: number.clone(),
                number,
            }),
        },
        Cell::Text(text) => of_text(text),
        Cell::Moment(_) => Err(BadPhone::Date),
        Cell::Bool(_) | Cell::Error(_) => Err(BadPhone::Characters),
    }
}

/// Reads text as a number to dial.
///
/// # Errors
/// Why it is none.
pub fn of_text(raw: &str) -> Result<Phone, BadPhone> {
    Ok(Phone {
        number: dialled(raw)?,
        raw: raw.trim().into(),
    })
}

/// The number that a text spells.
fn dialled(raw: &str) -> Result<String, BadPhone> {
    let text = spelled(raw);
    // A leading apostrophe is how spreadsheets mark a number kept as text.
    let text = text.strip_prefix('\'').unwrap_or(&text);
    if text.is_empty() {
        return Err(BadPhone::Empty);
    }
    if is_scientific(text) {
        return Err(BadPhone::Scientific);
    }
    let text = without_fraction(text);
    let text = if text.contains('.') {
        Cow::Owned(text.replace('.', ""))
    } else {
        Cow::Borrowed(text)
    };
    let number = domestic(&text);
    let digits = number.strip_prefix('+').unwrap_or(&number);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(BadPhone::Characters);
    }
    if !(3..=20).contains(&digits.len()) {
        return Err(BadPhone::Length);
    }
    Ok(number)
}

/// A numeric cell's digits.
fn of_number(number: f64) -> Result<String, BadPhone> {
    if number < 0.0 || number.fract() != 0.0 || !number.is_finite() {
        return Err(BadPhone::NotWhole);
    }
    if number >= 1e15 {
        return Err(BadPhone::DigitsLost);
    }
    dialled(&format!("{number:.0}"))
}

/// Without what is written between digits, in plain digits.
fn spelled(raw: &str) -> Cow<'_, str> {
    if raw.bytes().all(|byte| byte.is_ascii_digit()) {
        return Cow::Borrowed(raw);
    }
    let kept = raw.chars().filter(|char| !is_filler(*char));
    Cow::Owned(kept.map(half_width).collect())
}

/// Ten or eleven digits that are no mobile and no 400 or 800 number: an area code of China and a
/// local number, whose zero the spreadsheet dropped.
fn lost_its_zero(digits: &str) -> bool {
    let service = digits.len() == 10 && (digits.starts_with("400") || digits.starts_with("800"));
    !service && area::begins(digits)
}

/// What is done about a domestic number without its zero. `true`: something was, or had to be.
fn zero(number: String, lost: LostZero, is_numeric: bool) -> Result<(String, bool), BadPhone> {
    if !lost_its_zero(&number) {
        return Ok((number, false));
    }
    match lost {
        LostZero::Refuse if is_numeric => Err(BadPhone::LeadingZeroLost),
        LostZero::Refuse | LostZero::Keep => Ok((number, true)),
        LostZero::Restore => Ok((format!("0{number}"), true)),
    }
}

/// The number as it is dialled inside the country. A landline gets back the zero that the country
/// code stood for.
fn domestic(mut number: &str) -> String {
    let mut is_prefixed = false;
    while let Some(rest) = number
        .strip_prefix("+86")
        .or_else(|| number.strip_prefix("0086"))
    {
        (number, is_prefixed) = (rest, true);
    }
    if is_prefixed && lost_its_zero(number) {
        return format!("0{number}");
    }
    number.into()
}

/// `1.38E+10`: a whole mantissa with its exponent, nothing else.
fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else {
        return false;
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits(&mantissa.replace('.', "")) && digits(exponent.trim_start_matches('+'))
}

/// `13800138000.0` is what some tools write for a whole number.
fn without_fraction(text: &str) -> &str {
    match text.split_once('.') {
        Some((whole, zeros)) if whole.len() > 2 && !zeros.is_empty() => {
            if zeros.bytes().all(|byte| byte == b'0') && zeros.len() <= 2 {
                whole
            } else {
                text
            }
        }
        _ => text,
    }
}

/// White space, brackets, dashes and characters without a shape.
fn is_filler(char: char) -> bool {
    char.is_whitespace()
        || char.is_control()
        || matches!(char, '-' | '(' | ')' | '/' | '（' | '）' | '－' | '−')
        || matches!(char, '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2010}'..='\u{2015}')
        || matches!(char, '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn half_width(char: char) -> char {
    match char {
        '０'..='９' | '＋' | '．' | 'Ｅ' | 'ｅ' => {
            char::from_u32(u32::from(char) - 0xfee0).unwrap_or(char)
        }
        other => other,
    }
}

/// First three and last four characters of a number; nothing of one with fewer than eight
/// (OUT-052).
#[must_use]
pub fn mask(number: &str) -> String {
    let chars: Vec<char> = number.chars().collect();
    if chars.len() < 8 {
        return "****".into();
    }
    let head: String = chars[..3].iter().collect();
    let tail: String = chars[chars.len() - 4..].iter().collect();
    format!("{head}****{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_number_are_one_number() {
        for text in [
            "13800138000",
            " 138-0013-8000 ",
            "(138) 0013 8000",
            "１３８００１３８０００",
            "+86 138 0013 8000",
            "008613800138000",
            "+86-138-0013-8000",
            "\u{202d}13800138000\u{202c}",
            "138\u{200b}0013\u{a0}8000\u{feff}",
            "'13800138000",
            "13800138000.0",
            "138.0013.8000",
            "（＋８６）13800138000",
        ] {
            assert_eq!(
                of_text(text).map(|phone| phone.number),
                Ok("13800138000".into()),
                "{text}"
            );
        }
    }

    #[test]
    fn numeric_cells_are_whole_numbers() {
        let phone = normalise(&Cell::Number(18_618_616_001.0)).unwrap();
        assert_eq!(
            (phone.number.as_str(), phone.raw.as_str()),
            ("18618616001", "18618616001")
        );
        assert_eq!(
            normalise(&Cell::Number(4_001_234_567.0)).unwrap().number,
            "4001234567"
        );
        assert_eq!(normalise(&Cell::Number(95_588.0)).unwrap().number, "95588");
    }

    #[test]
    fn landlines_keep_or_get_back_their_zero() {
        assert_eq!(of_text("010-1234 5678").unwrap().number, "01012345678");
        assert_eq!(of_text("+86 10 62345678").unwrap().number, "01062345678");
        assert_eq!(of_text("+86 755 22345678").unwrap().number, "075522345678");
        assert_eq!(of_text("+86 400 123 4567").unwrap().number, "4001234567");
    }

    #[test]
    fn foreign_numbers_keep_their_plus() {
        assert_eq!(of_text("+49 30 123456").unwrap().number, "+4930123456");
    }

    #[test]
    fn what_cannot_be_dialled_says_why() {
        let text = |text: &str| Cell::Text(text.into());
        let cases = [
            (Cell::Empty, BadPhone::Empty),
            (text(" \u{200b}"), BadPhone::Empty),
            (text("1.38E+10"), BadPhone::Scientific),
            (text("1.38e10"), BadPhone::Scientific),
            (Cell::Number(1.5), BadPhone::NotWhole),
            (Cell::Number(-13_800_138_000.0), BadPhone::NotWhole),
            (Cell::Number(f64::NAN), BadPhone::NotWhole),
            (Cell::Number(1.234_567_890_123_456e16), BadPhone::DigitsLost),
            (Cell::Number(1_062_345_678.0), BadPhone::LeadingZeroLost),
            (Cell::Number(2_162_345_678.0), BadPhone::LeadingZeroLost),
            (Cell::Number(75_522_345_678.0), BadPhone::LeadingZeroLost),
            (Cell::Error("#REF!"), BadPhone::Characters),
            (text("call me"), BadPhone::Characters),
            (text("13800138000转8"), BadPhone::Characters),
            (text("138+0013"), BadPhone::Characters),
            (text("12"), BadPhone::Length),
            (text("123456789012345678901"), BadPhone::Length),
            (text("+"), BadPhone::Length),
        ];
        for (cell, why) in cases {
            assert_eq!(normalise(&cell).unwrap_err(), why, "{cell:?}");
        }
    }
}
