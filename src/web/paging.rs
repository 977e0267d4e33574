//! Lists a page at a time (RST-002). A cursor names the last row seen, so rows that come or go in
//! the meantime neither repeat nor hide others.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::problem::Problem;

const DEFAULT: u32 = 50;
const MOST: u32 = 200;

/// Which page.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// Rows on the page, 1 to 200; 50 when not given.
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// One page.
#[derive(Debug, Serialize, ToSchema)]
pub struct List<T> {
    pub data: Vec<T>,
    pub next_cursor: Option<String>,
    pub has_more: bool,
    /// All rows, where asked for with `count=exact`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<i64>,
}

impl Paging {
    /// # Errors
    /// `INVALID` when the limit is out of range.
    pub fn limit(&self) -> Result<usize, Problem> {
        limit(self.limit)
    }

    /// The key of the last row seen.
    ///
    /// # Errors
    /// `BAD_CURSOR`.
    pub fn after(&self) -> Result<Option<String>, Problem> {
        self.cursor.as_deref().map(open).transpose()
    }
}

/// # Errors
/// `INVALID` when the limit is out of range.
pub fn limit(asked: Option<u32>) -> Result<usize, Problem> {
    match asked.unwrap_or(DEFAULT) {
        limit @ 1..=MOST => Ok(limit as usize),
        _ => Err(Problem::at("/limit", "range", "must be 1 to 200")),
    }
}

/// Makes a cursor of the key of the last row.
#[must_use]
pub fn seal(key: &str) -> String {
    URL_SAFE_NO_PAD.encode(key)
}

/// # Errors
/// `BAD_CURSOR`.
pub fn open(cursor: &str) -> Result<String, Problem> {
    let bad = || Problem::of("BAD_CURSOR");
    if cursor.len() > 400 {
        return Err(bad());
    }
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| bad())?;
    String::from_utf8(bytes).map_err(|_| bad())
}

impl<T> List<T> {
    /// A page of rows of which one more than `limit` was read.
    pub fn of<R>(
        mut rows: Vec<R>,
        limit: usize,
        key: impl Fn(&R) -> String,
        show: impl FnMut(R) -> T,
    ) -> Self {
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = has_more
            .then(|| rows.last().map(|last| seal(&key(last))))
            .flatten();
        Self {
            data: rows.into_iter().map(show).collect(),
            next_cursor,
            has_more,
            count: None,
        }
    }

    /// Everything there is, on one page.
    pub fn whole(data: Vec<T>) -> Self {
        Self {
            data,
            next_cursor: None,
            has_more: false,
            count: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_ends_where_the_next_begins() {
        let page = List::of(vec!["a", "b", "c"], 2, |row| (*row).into(), str::to_owned);
        assert_eq!(page.data, ["a", "b"]);
        assert!(page.has_more);
        assert_eq!(open(&page.next_cursor.unwrap()).unwrap(), "b");
        let last = List::of(vec!["c"], 2, |row| (*row).into(), str::to_owned);
        assert_eq!((last.has_more, last.next_cursor), (false, None));
        assert!(open("%%").is_err());
        assert!(limit(Some(0)).is_err());
        assert!(limit(Some(201)).is_err());
    }
}
