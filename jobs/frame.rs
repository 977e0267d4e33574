//! A batch's columns, compared with polars. The only place that knows polars; a frame never leaves it.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex},
};

use engine::filter::{Ask, Kind, Literal, Order, Test, Tree, number};
use polars::prelude::*;

use crate::error::JobError;

/// The columns of a batch as they were at one snapshot.
#[derive(Debug)]
pub struct Snapshot {
    /// Leads in order of creation.
    positions: Vec<i64>,
    columns: HashMap<String, Column>,
    bytes: usize,
}

/// Fills a [`Snapshot`] row by row.
pub struct Builder {
    positions: Vec<i64>,
    codes: Vec<String>,
    texts: Vec<StringChunkedBuilder>,
    bytes: usize,
}

/// The snapshot of the batch that was filtered last, when it is not too large to keep.
#[derive(Debug, Clone, Default)]
pub struct Snapshots(Arc<Mutex<Option<Kept>>>);

#[derive(Debug)]
struct Kept {
    batch: String,
    version: i64,
    snapshot: Arc<Snapshot>,
}

/// Largest snapshot that is kept between two filter runs, in bytes of text.
const KEPT_MAX: usize = 96 * 1024 * 1024;

impl Builder {
    /// A snapshot with these columns.
    #[must_use]
    pub fn new(codes: Vec<String>) -> Self {
        let texts = codes
            .iter()
            .map(|code| StringChunkedBuilder::new(code.into(), 0))
            .collect();
        Self {
            positions: Vec::new(),
            codes,
            texts,
            bytes: 0,
        }
    }

    /// Adds a lead; `cell` gives the text of a column.
    pub fn push<'a>(&mut self, position: i64, cell: impl Fn(&str) -> Option<&'a str>) {
        self.bytes += 8;
        for (code, texts) in self.codes.iter().zip(&mut self.texts) {
            let text = cell(code).filter(|text| !text.is_empty());
            self.bytes += text.map_or(0, str::len) + 16;
            texts.append_option(text);
        }
        self.positions.push(position);
    }

    #[must_use]
    pub fn build(self) -> Snapshot {
        let columns = self.codes.into_iter().zip(self.texts);
        let columns =
            columns.map(|(code, texts)| (code, texts.finish().into_series().into_column()));
        Snapshot {
            positions: self.positions,
            columns: columns.collect(),
            bytes: self.bytes,
        }
    }
}

impl Snapshot {
    /// The leads that a filter selects, in order of creation. Blocks.
    ///
    /// # Errors
    /// When a column is not there or polars refuses.
    pub fn select(&self, tree: &Tree) -> Result<Vec<i64>, JobError> {
        if *tree == Tree::All {
            return Ok(self.positions.clone());
        }
        let mut asked = Asked {
            snapshot: self,
            columns: Vec::new(),
            named: HashSet::new(),
        };
        // A condition that asks no column is one value; beside a column it becomes one a lead.
        let each = BooleanChunked::full(EACH.into(), true, self.positions.len());
        asked.columns.push(each.into_series().into_column());
        let selected = col(EACH).and(asked.expression(tree)?).alias(SELECTED);
        let frame = DataFrame::new(self.positions.len(), asked.columns)?;
        let mask = frame.lazy().select([selected]).collect()?;
        let mask = mask.column(SELECTED)?.bool()?;
        let chosen = mask
            .iter()
            .zip(&self.positions)
            .filter(|(chosen, _)| *chosen == Some(true));
        Ok(chosen.map(|(_, position)| *position).collect())
    }
}

impl Snapshots {
    /// The batch's snapshot of this version, when it was kept.
    #[must_use]
    pub fn get(&self, batch: &str, version: i64) -> Option<Arc<Snapshot>> {
        let kept = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let kept = kept.as_ref()?;
        (kept.batch == batch && kept.version == version).then(|| Arc::clone(&kept.snapshot))
    }

    /// Keeps a snapshot in place of the last one.
    pub fn put(&self, batch: &str, version: i64, snapshot: &Arc<Snapshot>) {
        let small = snapshot.bytes <= KEPT_MAX;
        let snapshot = Arc::clone(snapshot);
        let kept = small.then(|| Kept {
            batch: batch.into(),
            version,
            snapshot,
        });
        *self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = kept;
    }
}

impl From<PolarsError> for JobError {
    fn from(error: PolarsError) -> Self {
        Self::Columns(Box::new(error))
    }
}

const EACH: &str = "each#";
const SELECTED: &str = "selected#";

/// The columns a filter asks about, and the expression over them.
struct Asked<'a> {
    snapshot: &'a Snapshot,
    columns: Vec<Column>,
    named: HashSet<String>,
}

impl Asked<'_> {
    fn expression(&mut self, tree: &Tree) -> Result<Expr, JobError> {
        Ok(match tree {
            Tree::All => lit(true),
            Tree::And(parts) => {
                let mut all = lit(true);
                for part in parts {
                    all = all.and(self.expression(part)?);
                }
                all
            }
            Tree::Or(parts) => {
                let mut any = lit(false);
                for part in parts {
                    any = any.or(self.expression(part)?);
                }
                any
            }
            Tree::Test(test) if test.multi => self.row_by_row(test)?,
            Tree::Test(test) => self.test(test)?,
        })
    }

    /// Never null: an empty cell passes or fails as [`Test::holds`] says.
    fn test(&mut self, test: &Test) -> Result<Expr, JobError> {
        let text = self.text(test)?;
        let passes = match &test.ask {
            Ask::Null => return Ok(text.is_null()),
            Ask::NotNull => return Ok(text.is_not_null()),
            Ask::Any(literals) => self.any(test, literals)?,
            Ask::None(literals) => {
                return Ok(self.any(test, literals)?.fill_null(lit(false)).not());
            }
            Ask::Compare(order, literal) => self.compare(test, *order, literal)?,
            Ask::Between(low, high) => {
                let from = self.compare(test, Order::Ge, low)?;
                from.and(self.compare(test, Order::Le, high)?)
            }
            Ask::Contains(part) => text.str().contains_literal(lit(part.clone())),
            Ask::Lacks(part) => {
                let contains = text.str().contains_literal(lit(part.clone()));
                return Ok(contains.fill_null(lit(false)).not());
            }
            Ask::Prefix(start) => text.str().starts_with(lit(start.clone())),
        };
        Ok(passes.fill_null(lit(false)))
    }

    fn any(&mut self, test: &Test, literals: &[Literal]) -> Result<Expr, JobError> {
        if test.kind == Kind::Number {
            let wanted: Vec<f64> = literals
                .iter()
                .filter_map(|literal| literal.number)
                .collect();
            let wanted = lit(Series::new("".into(), wanted)).implode(true);
            return Ok(self.number(test)?.is_in(wanted, false));
        }
        let wanted: Vec<&str> = literals
            .iter()
            .map(|literal| literal.text.as_str())
            .collect();
        let wanted = lit(Series::new("".into(), wanted)).implode(true);
        Ok(self.text(test)?.is_in(wanted, false))
    }

    fn compare(&mut self, test: &Test, order: Order, literal: &Literal) -> Result<Expr, JobError> {
        let by = |left: Expr, right: Expr| match order {
            Order::Gt => left.gt(right),
            Order::Ge => left.gt_eq(right),
            Order::Lt => left.lt(right),
            Order::Le => left.lt_eq(right),
        };
        let as_text = by(self.text(test)?, lit(literal.text.clone()));
        Ok(match (test.kind, literal.number) {
            (Kind::Text, Some(wanted)) => {
                let number = self.number(test)?;
                let is_number = number.clone().is_not_null();
                let as_number = is_number.clone().and(by(number, lit(wanted)));
                as_number.or(is_number.not().and(as_text))
            }
            (Kind::Number, Some(wanted)) => by(self.number(test)?, lit(wanted)),
            (Kind::Number, None) => lit(false),
            (Kind::Text | Kind::Canonical(_), _) => as_text,
        })
    }

    /// Cells with several values are asked one by one.
    fn row_by_row(&mut self, test: &Test) -> Result<Expr, JobError> {
        let name = format!("{}#{}", test.code, self.columns.len());
        let texts = self.column(&test.code)?.str()?;
        let mask: BooleanChunked = texts.iter().map(|text| Some(test.holds(text))).collect();
        self.columns.push(
            mask.with_name(name.as_str().into())
                .into_series()
                .into_column(),
        );
        Ok(col(name))
    }

    fn text(&mut self, test: &Test) -> Result<Expr, JobError> {
        if self.named.insert(test.code.clone()) {
            let column = self.column(&test.code)?.clone();
            self.columns.push(column);
        }
        Ok(col(test.code.as_str()))
    }

    /// The column's numbers, null where the text is none: the engine's reading, not polars'.
    fn number(&mut self, test: &Test) -> Result<Expr, JobError> {
        let name = format!("{}#", test.code);
        if self.named.insert(name.clone()) {
            let texts = self.column(&test.code)?.str()?;
            let numbers: Float64Chunked = texts.iter().map(|text| text.and_then(number)).collect();
            let numbers = numbers.with_name(name.as_str().into());
            self.columns.push(numbers.into_series().into_column());
        }
        Ok(col(name))
    }

    fn column(&self, code: &str) -> Result<&Column, JobError> {
        let missing = || JobError::user("UNKNOWN_FIELD", format!("there is no field \"{code}\""));
        self.snapshot.columns.get(code).ok_or_else(missing)
    }
}

#[cfg(test)]
mod tests;
