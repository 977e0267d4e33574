//! What the uploader should know about rows that were imported all the same.

use std::collections::BTreeMap;

/// Something about a cell that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Told {
    /// A number looks like an area code without its zero; it was kept.
    ZeroMissing,
    /// The same; the zero was put back.
    ZeroRestored,
    /// A cell of several numbers held one that cannot be dialled.
    NumberLeftOut,
    /// A number of more digits than a spreadsheet keeps.
    DigitsLost,
    /// A date field dropped the time of day.
    TimeDropped,
}

impl Told {
    fn words(self) -> &'static str {
        match self {
            Self::ZeroMissing => {
                "look like landline numbers without their leading zero and were kept"
            }
            Self::ZeroRestored => {
                "had lost the leading zero of a landline number, which was put back"
            }
            Self::NumberLeftOut => "held several numbers, of which some cannot be dialled",
            Self::DigitsLost => {
                "are numbers of more than 15 digits, whose last digits the spreadsheet has lost"
            }
            Self::TimeDropped => "held a time of day, which a date field does not keep",
        }
    }
}

/// How often each thing was seen in each column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally(BTreeMap<(usize, Told), u64>);

impl Tally {
    /// `column` counts from 0.
    pub fn tell(&mut self, column: usize, told: Told) {
        *self.0.entry((column, told)).or_default() += 1;
    }

    /// One sentence for each column and thing; `title` names a column.
    pub fn sentences(&self, title: impl Fn(usize) -> String) -> Vec<String> {
        self.0
            .iter()
            .map(|((column, told), count)| {
                format!(
                    "column \"{}\": {count} cells {}",
                    title(*column),
                    told.words()
                )
            })
            .collect()
    }
}
