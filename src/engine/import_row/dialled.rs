//! Which numbers a lead has once a row has changed some of its fields.

use std::collections::BTreeMap;

use super::is_separator;

/// The first number, how it was spelt, and all numbers of a lead's data. `codes` are its phone fields in
/// dialling order, `spelt` numbers with their spelling, the later first. `None`: there is no number.
#[must_use]
pub fn dialled(
    codes: &[String],
    data: &BTreeMap<String, String>,
    spelt: [(String, String); 2],
) -> Option<(String, String, Vec<String>)> {
    let mut phones: Vec<String> = Vec::new();
    let texts = codes.iter().filter_map(|code| data.get(code));
    for number in texts.flat_map(|text| text.split(is_separator)) {
        if !number.is_empty() && !phones.iter().any(|other| other == number) {
            phones.push(number.to_owned());
        }
    }
    let first = phones.first()?.clone();
    let raw = spelt.into_iter().find(|(number, _)| *number == first);
    let raw = raw.map_or_else(|| first.clone(), |(_, raw)| raw);
    Some((first, raw, phones))
}
