//! What the cells of a column look like.

use super::Reason;
use crate::{
    field::{self, DataType, Field, LostZero},
    import_row::{Cell, moment, show},
    phone,
};

/// Fewest cells that say anything, and the share of them that has to agree, in percent.
const CELLS_MIN: usize = 3;
const SHARE_MIN: usize = 60;

/// The field that a column's cells fit, with the reason and how sure that is, 0 to 100.
pub fn fit(sample: &[Vec<Cell>], at: usize, free: &[&Field]) -> Option<(String, Reason, u8)> {
    let cells: Vec<&Cell> = sample
        .iter()
        .filter_map(|row| row.get(at))
        .filter(|cell| !cell.is_blank())
        .collect();
    if cells.len() < CELLS_MIN {
        return None;
    }
    let share = |like: fn(&Cell) -> bool| {
        let agree = cells.iter().filter(|cell| like(cell)).count();
        agree * 100 / cells.len()
    };
    let owned: Vec<Field> = free.iter().map(|field| (*field).clone()).collect();
    let found = |code: &str, what, share: usize| {
        let small = |percent: usize| u8::try_from(percent).unwrap_or(100);
        let percent = small(share);
        let reason = Reason::Cells { what, percent };
        Some((code.to_owned(), reason, small(share * 3 / 5)))
    };
    let mobile = share(is_mobile);
    if let (Some(&nth), true) = (field::phones(&owned).first(), mobile >= SHARE_MIN) {
        return found(&free[nth].code, "mobile numbers", mobile);
    }
    let dated: Vec<&&Field> = free.iter().filter(|field| is_dated(field)).collect();
    let dates = share(is_date);
    match dated.as_slice() {
        [field] if dates >= SHARE_MIN => found(&field.code, "dates", dates),
        _ => None,
    }
}

/// A mobile number of China: eleven digits from 13 to 19.
pub fn is_mobile(cell: &Cell) -> bool {
    phone::numbers(cell, LostZero::Refuse).is_ok_and(|found| {
        let number = found.first.number;
        number.len() == 11 && number.starts_with('1') && number.as_bytes()[1] >= b'3'
    })
}

fn is_date(cell: &Cell) -> bool {
    match cell {
        Cell::Moment(_) => true,
        Cell::Text(_) => show(cell)
            .is_some_and(|text| text.contains(['-', '/', '年', '.']) && moment(&text).is_some()),
        _ => false,
    }
}

fn is_dated(field: &Field) -> bool {
    field.is_dated() || matches!(field.data_type, DataType::Date | DataType::Datetime)
}
