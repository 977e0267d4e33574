//! Rows as PostgreSQL's COPY takes them in binary form (its manual, COPY, "Binary Format"): nothing is
//! quoted, and nothing is looked through for what would have to be.

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
/// Flags and the length of what else the header holds.
const NO_EXTRAS: [u8; 8] = [0; 8];
const END: i16 = -1;

/// Rows one after the other, each begun and then filled field by field.
#[derive(Debug)]
pub struct Tuples(Vec<u8>);

impl Tuples {
    /// `hint`: bytes that are written before they are taken.
    pub fn new(hint: usize) -> Self {
        let mut bytes = Vec::with_capacity(hint);
        bytes.extend_from_slice(SIGNATURE);
        bytes.extend_from_slice(&NO_EXTRAS);
        Self(bytes)
    }

    /// Begins a row of so many fields.
    pub fn row(&mut self, fields: i16) {
        self.0.extend_from_slice(&fields.to_be_bytes());
    }

    pub fn text(&mut self, text: &str) {
        self.field(text.as_bytes());
    }

    /// A BIGINT.
    pub fn int(&mut self, number: i64) {
        self.field(&number.to_be_bytes());
    }

    /// A BOOLEAN.
    pub fn truth(&mut self, truth: bool) {
        self.field(&[u8::from(truth)]);
    }

    fn field(&mut self, bytes: &[u8]) {
        let length = i32::try_from(bytes.len()).expect("a field is far shorter than 2 GB");
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(bytes);
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// What was written since the last time.
    pub fn take(&mut self) -> Vec<u8> {
        let hint = self.0.capacity();
        std::mem::replace(&mut self.0, Vec::with_capacity(hint))
    }

    /// What is left, and the end.
    pub fn end(mut self) -> Vec<u8> {
        self.0.extend_from_slice(&END.to_be_bytes());
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_between_header_and_end_each_field_behind_its_length() {
        let mut tuples = Tuples::new(0);
        tuples.row(3);
        tuples.text("é");
        let first = tuples.take();
        tuples.int(-2);
        tuples.truth(true);
        assert_eq!(first[..19], *b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0");
        assert_eq!(first[19..], [0, 3, 0, 0, 0, 2, 0xc3, 0xa9]);
        let number = [0, 0, 0, 8, 255, 255, 255, 255, 255, 255, 255, 254];
        let rest = [&number[..], &[0, 0, 0, 1, 1], &[255, 255]].concat();
        assert_eq!(tuples.end(), rest);
    }
}
