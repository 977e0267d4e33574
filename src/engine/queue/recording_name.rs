//! What the recordings of a queue are called (录音文件参数, VOX-048): a pattern of file names below the folder of
//! recordings, such as `archive/{year}/{month}/{queue}-{time}-{call_id}`.
//!
//! Whatever a caller's number says, a name stays below that folder and has the id of its call in it.

use std::str::FromStr;

use chrono::DateTime;
use chrono_tz::Tz;

use crate::{ids::CallId, time::Millis, window::Window};

/// Characters.
const LONGEST_PATTERN: usize = 200;
/// Whoever looks after the recordings looks eight folders deep.
const MOST_FOLDERS: usize = 6;
/// Bytes of a folder's or a file's name: file systems take 255, and the file's ending comes after it.
const LONGEST_PIECE: usize = 240;
/// Bytes of what a call says: ids and numbers are shorter.
const LONGEST_VALUE: usize = 40;
const LONGEST_ID: usize = 20;
/// What a call does not say, such as the agent of one that nobody took.
const NOTHING: &str = "none";

/// A recorded call, as its CDR has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded<'a> {
    pub call: CallId,
    pub queue: &'a str,
    /// The one who had it last.
    pub agent: Option<&'a str>,
    pub caller: &'a str,
    pub called: &'a str,
    /// When its recording began; in names on the clock of the default calling window.
    pub at: Millis,
}

/// Why a text is no pattern of file names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPattern {
    #[error("must be 1 to {LONGEST_PATTERN} characters")]
    Length,
    #[error(
        "must be a path below the recordings: no / at its beginning or end, and no two in a row"
    )]
    Path,
    #[error("the name of a folder or file neither begins nor ends with a dot or a space")]
    Dot,
    #[error("at most {MOST_FOLDERS} folders")]
    Depth,
    #[error(
        "{0:?} is not for names of files; besides letters and digits there are space and -_.+=@,()"
    )]
    Character(char),
    #[error("{{ without its }}")]
    Brace,
    #[error(
        "there is no {0:?}; there are year, month, day, time, queue, agent, caller, called and call_id"
    )]
    Placeholder(String),
    #[error("the name of a folder or file may come to more than {LONGEST_PIECE} bytes")]
    LongName,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fact {
    Year,
    Month,
    Day,
    Time,
    Queue,
    Agent,
    Caller,
    Called,
    CallId,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Fact(Fact),
}

/// A pattern of file names that was read and makes sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// Folders, then the file; of each what it is put together from.
    pieces: Vec<Vec<Part>>,
}

impl FromStr for Pattern {
    type Err = BadPattern;

    /// A `.wav` at the end may be there or not: the ending is the recording's own.
    fn from_str(text: &str) -> Result<Self, BadPattern> {
        if !(1..=LONGEST_PATTERN).contains(&text.chars().count()) {
            return Err(BadPattern::Length);
        }
        let path = text.strip_suffix(".wav").unwrap_or(text);
        let pieces = path.split('/').map(piece).collect::<Result<Vec<_>, _>>()?;
        if pieces.len() > MOST_FOLDERS + 1 {
            return Err(BadPattern::Depth);
        }
        let pattern = Self { pieces }.with_id();
        match pattern.pieces.iter().all(|parts| fits(parts)) {
            true => Ok(pattern),
            false => Err(BadPattern::LongName),
        }
    }
}

impl Pattern {
    /// The recording's name below the folder of recordings, without its ending; `None` for a time that no
    /// calendar has.
    #[must_use]
    pub fn name(&self, call: &Recorded<'_>) -> Option<String> {
        let at = Window::default().local(call.at)?;
        let pieces = self.pieces.iter();
        let names = pieces.map(|parts| {
            parts
                .iter()
                .map(|part| part.of(call, &at))
                .collect::<String>()
        });
        Some(names.collect::<Vec<_>>().join("/"))
    }

    /// Two calls never have one name.
    fn with_id(mut self) -> Self {
        let id = Part::Fact(Fact::CallId);
        let has_id = self.pieces.iter().flatten().any(|part| *part == id);
        if let Some(file) = self.pieces.last_mut().filter(|_| !has_id) {
            file.extend([Part::Text("-".into()), id]);
        }
        self
    }
}

/// A folder or the file.
fn piece(text: &str) -> Result<Vec<Part>, BadPattern> {
    if text.is_empty() {
        return Err(BadPattern::Path);
    }
    let bare = |c: char| c == '.' || c == ' ';
    if text.starts_with(bare) || text.ends_with(bare) {
        return Err(BadPattern::Dot);
    }
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (part, after) = match rest.strip_prefix('{') {
            Some(named) => {
                let (name, after) = named.split_once('}').ok_or(BadPattern::Brace)?;
                (Part::Fact(name.parse()?), after)
            }
            None => {
                let (plain, after) = rest.split_at(rest.find('{').unwrap_or(rest.len()));
                (Part::Text(literal(plain)?.into()), after)
            }
        };
        parts.push(part);
        rest = after;
    }
    Ok(parts)
}

fn literal(text: &str) -> Result<&str, BadPattern> {
    let stands = |c: &char| c.is_alphanumeric() || " -_.+=@,()".contains(*c);
    match text.chars().find(|c| !stands(c)) {
        Some(other) => Err(BadPattern::Character(other)),
        None => Ok(text),
    }
}

fn fits(parts: &[Part]) -> bool {
    parts.iter().map(Part::longest).sum::<usize>() <= LONGEST_PIECE
}

impl FromStr for Fact {
    type Err = BadPattern;

    fn from_str(name: &str) -> Result<Self, BadPattern> {
        Ok(match name {
            "year" => Self::Year,
            "month" => Self::Month,
            "day" => Self::Day,
            "time" => Self::Time,
            "queue" => Self::Queue,
            "agent" => Self::Agent,
            "caller" => Self::Caller,
            "called" => Self::Called,
            "call_id" => Self::CallId,
            other => return Err(BadPattern::Placeholder(other.into())),
        })
    }
}

impl Part {
    /// Bytes, at most.
    fn longest(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Fact(Fact::Year | Fact::Month | Fact::Day | Fact::Time) => "235959".len(),
            Self::Fact(Fact::Queue | Fact::Agent | Fact::Caller | Fact::Called) => LONGEST_VALUE,
            Self::Fact(Fact::CallId) => LONGEST_ID,
        }
    }

    fn of(&self, call: &Recorded<'_>, at: &DateTime<Tz>) -> String {
        let fact = match self {
            Self::Text(text) => return text.clone(),
            Self::Fact(fact) => fact,
        };
        match fact {
            Fact::Year => at.format("%Y").to_string(),
            Fact::Month => at.format("%m").to_string(),
            Fact::Day => at.format("%d").to_string(),
            Fact::Time => at.format("%H%M%S").to_string(),
            Fact::Queue => safe(call.queue),
            Fact::Agent => safe(call.agent.unwrap_or_default()),
            Fact::Caller => safe(call.caller),
            Fact::Called => safe(call.called),
            Fact::CallId => call.call.to_string(),
        }
    }
}

/// What stands in a call may be anything that a far end wrote: neither a dot nor a slash of it is kept.
fn safe(value: &str) -> String {
    let stands = |c: char| c.is_alphanumeric() || "-_+".contains(c);
    let mut kept = String::new();
    for c in value.chars().map(|c| if stands(c) { c } else { '_' }) {
        if kept.len() + c.len_utf8() > LONGEST_VALUE {
            break;
        }
        kept.push(c);
    }
    match kept.is_empty() {
        true => NOTHING.into(),
        false => kept,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-29 00:10:05 in Shanghai, the evening before in London.
    const AT: Millis = Millis(1_795_882_205_000);

    fn call() -> Recorded<'static> {
        Recorded {
            call: CallId(7),
            queue: "sales",
            agent: Some("1001"),
            caller: "13900001111",
            called: "4008001234",
            at: AT,
        }
    }

    fn name(pattern: &str, call: &Recorded<'_>) -> String {
        let pattern: Pattern = pattern.parse().unwrap();
        pattern.name(call).unwrap()
    }

    fn refused(pattern: &str) -> BadPattern {
        pattern.parse::<Pattern>().unwrap_err()
    }

    #[test]
    fn a_name_says_what_its_pattern_asks_for() {
        let pattern =
            "archive/{year}/{month}-{day}/{queue} {agent}/{time}_{caller}={called}@{call_id}";
        assert_eq!(
            name(pattern, &call()),
            "archive/2026/11-29/sales 1001/001005_13900001111=4008001234@cal_0000000000007"
        );
        let untaken = Recorded {
            agent: None,
            ..call()
        };
        assert_eq!(
            name("录音/{agent}/{call_id}", &untaken),
            "录音/none/cal_0000000000007"
        );
    }

    #[test]
    fn a_name_without_the_call_s_id_is_given_it_and_the_ending_is_the_recording_s_own() {
        assert_eq!(
            name("{year}/{time}.wav", &call()),
            "2026/001005-cal_0000000000007"
        );
        assert_eq!(
            name("{call_id}/{time}", &call()),
            "cal_0000000000007/001005"
        );
        assert_eq!(name("a.wav/b", &call()), "a.wav/b-cal_0000000000007");
    }

    #[test]
    fn what_a_far_end_says_of_itself_leads_nowhere() {
        for (caller, expected) in [
            ("..", "__/x-cal_0000000000007"),
            ("../../etc/passwd", "______etc_passwd/x-cal_0000000000007"),
            ("\u{0}\n\\:", "____/x-cal_0000000000007"),
            ("", "none/x-cal_0000000000007"),
            ("+4930", "+4930/x-cal_0000000000007"),
        ] {
            let call = Recorded { caller, ..call() };
            assert_eq!(name("{caller}/x", &call), expected);
        }
        let endless = "客".repeat(400);
        let call = Recorded {
            caller: &endless,
            ..call()
        };
        assert_eq!(
            name("{caller}/x", &call)
                .chars()
                .filter(|c| *c == '客')
                .count(),
            13
        );
    }

    #[test]
    fn what_would_lead_elsewhere_or_means_nothing_is_refused() {
        for pattern in ["/etc/{call_id}", "", "a//b", "a/", "/", ".wav"] {
            let bad = refused(pattern);
            assert!(
                matches!(bad, BadPattern::Path | BadPattern::Length),
                "{pattern}"
            );
        }
        for pattern in [
            "../{call_id}",
            "a/../b",
            "./a",
            ".hidden/a",
            "a. /b",
            "{year}./b",
            "a/ b",
        ] {
            assert_eq!(refused(pattern), BadPattern::Dot, "{pattern}");
        }
        for c in [
            '\n', '\u{0}', '\u{7f}', '\\', ':', '$', '}', '*', '~', '\u{202e}',
        ] {
            assert_eq!(refused(&format!("a{c}b")), BadPattern::Character(c));
        }
        assert_eq!(
            refused("{colour}"),
            BadPattern::Placeholder("colour".into())
        );
        assert_eq!(refused("{}"), BadPattern::Placeholder(String::new()));
        assert_eq!(refused("a/{year/b}"), BadPattern::Brace);
        assert_eq!(refused("a/b/c/d/e/f/g/h"), BadPattern::Depth);
        assert!("a/b/c/d/e/f/g".parse::<Pattern>().is_ok());
    }

    #[test]
    fn no_name_is_longer_than_a_file_system_takes() {
        assert_eq!(refused(&"a".repeat(201)), BadPattern::Length);
        assert_eq!(refused(&"客".repeat(81)), BadPattern::LongName);
        assert_eq!(
            refused("{caller}{called}{queue}{agent}{caller}{called}"),
            BadPattern::LongName
        );
        let pattern = "{caller}{called}{queue}{agent}{caller}";
        let long = "9".repeat(99);
        let call = Recorded {
            queue: &long,
            agent: Some(&long),
            caller: &long,
            called: &long,
            ..call()
        };
        assert_eq!(
            name(pattern, &call).len(),
            5 * 40 + "-cal_0000000000007".len()
        );
    }
}
