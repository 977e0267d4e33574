//! The cells of one column of a segment, as they are kept: texts one behind the other, and where
//! there are any the numbers that the engine reads in them.

use engine::filter::number;

/// A column. An empty cell and an empty text are the same.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cells {
    text: String,
    /// Where each row's text ends.
    ends: Vec<u32>,
    /// `NaN` where the text is no number; empty when none is.
    numbers: Vec<f64>,
}

impl Cells {
    /// Puts a text into a row; rows before it that have none are empty.
    pub fn put(&mut self, row: usize, text: &str) {
        self.fill(row);
        if let Some(number) = number(text) {
            self.numbers.resize(row, f64::NAN);
            self.numbers.push(number);
        }
        self.text.push_str(text);
        self.ends.push(self.end());
    }

    /// Makes it so many rows long.
    pub fn fill(&mut self, rows: usize) {
        let end = self.end();
        self.ends.resize(rows, end);
        if !self.numbers.is_empty() {
            self.numbers.resize(rows, f64::NAN);
        }
    }

    fn end(&self) -> u32 {
        // A segment has 65,536 rows of at most 2,000 characters a field.
        u32::try_from(self.text.len()).unwrap_or(u32::MAX)
    }

    #[must_use]
    pub fn rows(&self) -> usize {
        self.ends.len()
    }

    /// `None` when the cell is empty.
    #[must_use]
    pub fn text(&self, row: usize) -> Option<&str> {
        let start = row.checked_sub(1).map_or(0, |before| self.ends[before]);
        let text = self.text.get(start as usize..self.ends[row] as usize)?;
        (!text.is_empty()).then_some(text)
    }

    /// One number a row, `NaN` where the text is none; `None` when there is no number.
    #[must_use]
    pub fn numbers(&self) -> Option<&[f64]> {
        (!self.numbers.is_empty()).then_some(self.numbers.as_slice())
    }

    /// As bytes.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let size = 1 + 4 * self.ends.len() + 8 * self.numbers.len() + self.text.len();
        let mut bytes = Vec::with_capacity(size);
        bytes.push(u8::from(!self.numbers.is_empty()));
        bytes.extend(self.ends.iter().flat_map(|end| end.to_le_bytes()));
        bytes.extend(self.numbers.iter().flat_map(|number| number.to_le_bytes()));
        bytes.extend_from_slice(self.text.as_bytes());
        bytes
    }

    /// From bytes; `None` when they are not a column of so many rows.
    #[must_use]
    pub fn read(bytes: &[u8], rows: usize) -> Option<Self> {
        let (has_numbers, bytes) = bytes.split_first()?;
        let (ends, bytes) = bytes.split_at_checked(4 * rows)?;
        let counted = if *has_numbers == 1 { 8 * rows } else { 0 };
        let (numbers, text) = bytes.split_at_checked(counted)?;
        let (ends, _) = ends.as_chunks();
        let (numbers, _) = numbers.as_chunks();
        let cells = Self {
            text: String::from_utf8(text.to_vec()).ok()?,
            ends: ends.iter().map(|end| u32::from_le_bytes(*end)).collect(),
            numbers: numbers
                .iter()
                .map(|number| f64::from_le_bytes(*number))
                .collect(),
        };
        (cells.end() == cells.ends.last().copied().unwrap_or_default()).then_some(cells)
    }
}
