//! A filter's tree as a lazy expression over the columns it asks about.

use std::collections::HashMap;

use engine::filter::{Ask, Kind, Literal, Order, Test, Tree};
use polars::prelude::*;

use super::Piece;
use crate::error::JobError;

const SELECTED: &str = "selected#";

/// Which rows pass; never null.
pub fn mask(pieces: &[Piece], rows: usize, tree: &Tree) -> Result<BooleanChunked, JobError> {
    let mut asked = Asked {
        pieces,
        rows,
        columns: Vec::new(),
        facts: HashMap::new(),
    };
    let selected = asked.expression(tree)?;
    let frame = DataFrame::new(rows, asked.columns)?;
    let mask = frame.lazy().select([selected.alias(SELECTED)]).collect()?;
    let mask = mask.column(SELECTED)?.bool()?.clone();
    // What asks no column is one value for all rows.
    Ok(if mask.len() == rows {
        mask
    } else {
        BooleanChunked::full(SELECTED.into(), mask.get(0).unwrap_or(false), rows)
    })
}

/// The columns a filter asks about, and the expression over them.
struct Asked<'a> {
    pieces: &'a [Piece],
    rows: usize,
    columns: Vec<Column>,
    facts: HashMap<String, Facts>,
}

/// What is known of a column before it is compared.
#[derive(Debug, Clone, Copy)]
struct Facts {
    /// Some text is a number.
    numbers: bool,
    /// Every text is.
    plain: bool,
}

impl Asked<'_> {
    fn expression(&mut self, tree: &Tree) -> Result<Expr, JobError> {
        Ok(match tree {
            Tree::All => lit(true),
            Tree::And(parts) => self.joined(parts, true, Expr::and)?,
            Tree::Or(parts) => self.joined(parts, false, Expr::or)?,
            Tree::Test(test) if test.multi => self.row_by_row(test)?,
            Tree::Test(test) => self.test(test)?,
        })
    }

    fn joined(
        &mut self,
        parts: &[Tree],
        nothing: bool,
        join: fn(Expr, Expr) -> Expr,
    ) -> Result<Expr, JobError> {
        let mut all: Option<Expr> = None;
        for part in parts {
            let part = self.expression(part)?;
            all = Some(match all {
                Some(all) => join(all, part),
                None => part,
            });
        }
        Ok(all.unwrap_or_else(|| lit(nothing)))
    }

    /// Never null: an empty cell passes or fails as [`Test::holds`] says.
    fn test(&mut self, test: &Test) -> Result<Expr, JobError> {
        let no = || lit(false);
        let passes = match &test.ask {
            Ask::Null => return Ok(self.text(test)?.is_null()),
            Ask::NotNull => return Ok(self.text(test)?.is_not_null()),
            Ask::Any(literals) => self.any(test, literals)?,
            Ask::None(literals) => return Ok(self.any(test, literals)?.fill_null(no()).not()),
            Ask::Compare(order, literal) => self.compare(test, *order, literal)?,
            Ask::Between(low, high) => {
                let from = self.compare(test, Order::Ge, low)?;
                from.and(self.compare(test, Order::Le, high)?)
            }
            Ask::Contains(part) => self.contains(test, part)?,
            Ask::Lacks(part) => return Ok(self.contains(test, part)?.fill_null(no()).not()),
            Ask::Prefix(start) => self.text(test)?.str().starts_with(lit(start.clone())),
        };
        Ok(passes.fill_null(no()))
    }

    fn contains(&mut self, test: &Test, part: &str) -> Result<Expr, JobError> {
        Ok(self
            .text(test)?
            .str()
            .contains_literal(lit(part.to_owned())))
    }

    fn any(&mut self, test: &Test, literals: &[Literal]) -> Result<Expr, JobError> {
        if test.kind == Kind::Number {
            let numbers = literals.iter().filter_map(|literal| literal.number);
            let numbers: Vec<f64> = numbers.collect();
            let column = self.number(test)?;
            return Ok(match numbers.as_slice() {
                [one] => column.eq(lit(*one)),
                _ => column.is_in(lit(Series::new("".into(), numbers)).implode(true), false),
            });
        }
        let column = self.text(test)?;
        let (days, texts): (Vec<&Literal>, Vec<&Literal>) =
            literals.iter().partition(|literal| literal.until.is_some());
        let texts: Vec<&str> = texts.into_iter().map(|one| one.text.as_str()).collect();
        let mut any = match texts.as_slice() {
            [] => lit(false),
            [one] => column.clone().eq(lit((*one).to_owned())),
            _ => {
                let texts = lit(Series::new("".into(), texts)).implode(true);
                column.clone().is_in(texts, false)
            }
        };
        for day in days {
            let from = by(Order::Ge, column.clone(), &day.text);
            let (order, until) = day.edge(Order::Le);
            any = any.or(from.and(by(order, column.clone(), until)));
        }
        Ok(any)
    }

    fn compare(&mut self, test: &Test, order: Order, literal: &Literal) -> Result<Expr, JobError> {
        let facts = self.facts(&test.code)?;
        let (text_order, wanted) = literal.edge(order);
        Ok(match (test.kind, literal.number) {
            (Kind::Text, Some(number)) if facts.plain => {
                by_number(order, self.number(test)?, number)
            }
            (Kind::Text, Some(number)) if facts.numbers => {
                let column = self.number(test)?;
                let is_number = column.clone().is_not_null();
                let as_number = is_number.clone().and(by_number(order, column, number));
                let as_text = by(text_order, self.text(test)?, wanted);
                as_number.or(is_number.not().and(as_text))
            }
            (Kind::Number, Some(number)) => by_number(order, self.number(test)?, number),
            (Kind::Number, None) => lit(false),
            (Kind::Text | Kind::Canonical(_), _) => by(text_order, self.text(test)?, wanted),
        })
    }

    /// Cells with several values are asked one by one.
    fn row_by_row(&mut self, test: &Test) -> Result<Expr, JobError> {
        let name = format!("{}#{}", test.code, self.columns.len());
        let mut passes = Vec::with_capacity(self.rows);
        for piece in self.pieces {
            let texts = &part(piece, &test.code)?.texts;
            passes.extend(texts.iter().map(|text| test.holds(text)));
        }
        let mask = BooleanChunked::from_slice(name.as_str().into(), &passes);
        self.columns.push(mask.into_series().into_column());
        Ok(col(name))
    }

    fn text(&mut self, test: &Test) -> Result<Expr, JobError> {
        let name = test.code.as_str();
        if self.is_new(name) {
            let mut chunks = self.pieces.iter().map(|piece| part(piece, &test.code));
            let mut texts = match chunks.next() {
                Some(first) => first?.texts.clone(),
                None => StringChunked::full_null(PlSmallStr::EMPTY, 0),
            };
            for chunk in chunks {
                texts.append(&chunk?.texts)?;
            }
            let texts = texts.with_name(name.into());
            self.columns.push(texts.into_series().into_column());
        }
        Ok(col(name))
    }

    /// The column's numbers, null where the text is none: the engine's reading, not polars'.
    fn number(&mut self, test: &Test) -> Result<Expr, JobError> {
        let name = format!("{}#", test.code);
        if self.is_new(&name) {
            let mut numbers = Float64Chunked::full_null(PlSmallStr::EMPTY, 0);
            for piece in self.pieces {
                let part = part(piece, &test.code)?;
                let nothing = || Float64Chunked::full_null(PlSmallStr::EMPTY, part.texts.len());
                numbers.append(&part.numbers.clone().unwrap_or_else(nothing))?;
            }
            let numbers = numbers.with_name(name.as_str().into());
            self.columns.push(numbers.into_series().into_column());
        }
        Ok(col(name))
    }

    fn is_new(&self, name: &str) -> bool {
        !self.columns.iter().any(|column| column.name() == name)
    }

    fn facts(&mut self, code: &str) -> Result<Facts, JobError> {
        if let Some(facts) = self.facts.get(code) {
            return Ok(*facts);
        }
        let mut facts = Facts {
            numbers: false,
            plain: true,
        };
        for piece in self.pieces {
            let part = part(piece, code)?;
            facts.numbers |= part.numbers.is_some();
            facts.plain &= part.plain;
        }
        self.facts.insert(code.into(), facts);
        Ok(facts)
    }
}

fn part<'a>(piece: &'a Piece, code: &str) -> Result<&'a super::Part, JobError> {
    let missing = || JobError::user("UNKNOWN_FIELD", format!("there is no field \"{code}\""));
    Ok(piece.parts.get(code).ok_or_else(missing)?)
}

fn by(order: Order, left: Expr, right: &str) -> Expr {
    ordered(order, left, lit(right.to_owned()))
}

fn by_number(order: Order, left: Expr, right: f64) -> Expr {
    ordered(order, left, lit(right))
}

fn ordered(order: Order, left: Expr, right: Expr) -> Expr {
    match order {
        Order::Gt => left.gt(right),
        Order::Ge => left.gt_eq(right),
        Order::Lt => left.lt(right),
        Order::Le => left.lt_eq(right),
    }
}
