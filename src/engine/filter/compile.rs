//! A form to a tree.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use serde::{Deserialize, Serialize};

use super::{
    Ask, CONDITIONS_MAX, Column, Condition, DEPTH_MAX, Form, Kind, Literal, Op, Order, Test, Tree,
    Value,
    column::SINCE,
    form::{Branch, TooLarge},
    relative,
};
use crate::{field::DataType, import_row};

/// A condition that cannot be used; the filter does not run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (condition {pointer})")]
pub struct BadCondition {
    /// JSON pointer of the condition within the form.
    pub pointer: String,
    /// The field it names.
    pub field: String,
    pub code: &'static str,
    pub message: String,
}

/// Longest value, in characters: as long as a field can be.
const VALUE_MAX: usize = 2_000;
/// Most values of one `in`.
pub const LIST_MAX: usize = 10_000;

/// The tree of a form over a batch's columns.
///
/// # Errors
/// Every condition with an unknown field or operator or a value that does not fit.
pub fn compile(
    form: &Form,
    columns: &[Column],
    today: NaiveDate,
) -> Result<Tree, Vec<BadCondition>> {
    let branch = form.branch().map_err(|TooLarge| {
        let message =
            format!("at most {CONDITIONS_MAX} conditions, in groups at most {DEPTH_MAX} deep");
        vec![BadCondition {
            pointer: String::new(),
            field: String::new(),
            code: "FILTER_TOO_LONG",
            message,
        }]
    })?;
    let Some(branch) = branch else {
        return Ok(Tree::All);
    };
    let mut bad = Vec::new();
    let tree = tree(&branch, columns, today, &mut bad);
    if bad.is_empty() { Ok(tree) } else { Err(bad) }
}

fn tree(
    branch: &Branch<'_>,
    columns: &[Column],
    today: NaiveDate,
    bad: &mut Vec<BadCondition>,
) -> Tree {
    let mut each = |parts: &[Branch<'_>]| -> Vec<Tree> {
        let parts = parts.iter();
        parts.map(|part| tree(part, columns, today, bad)).collect()
    };
    match branch {
        Branch::All(parts) => Tree::And(each(parts)),
        Branch::Any(parts) => Tree::Or(each(parts)),
        Branch::One(pointer, condition) => match test(condition, columns, today) {
            Ok(test) => or_never(test),
            Err((code, message)) => {
                bad.push(BadCondition {
                    pointer: pointer.clone(),
                    field: condition.said().map_or("", |said| said.0).into(),
                    code,
                    message,
                });
                Tree::All
            }
        },
    }
}

/// Of days since something: what never was is among those of *at least so many days*.
fn or_never(test: Test) -> Tree {
    let is_open = matches!(test.ask, Ask::Compare(Order::Ge | Order::Gt, _));
    if !is_open || !SINCE.contains(&test.code.as_str()) {
        return Tree::Test(test);
    }
    let never = Test {
        ask: Ask::Null,
        ..test.clone()
    };
    Tree::Or(vec![Tree::Test(test), Tree::Test(never)])
}

type Wrong = (&'static str, String);

fn test(condition: &Condition, columns: &[Column], today: NaiveDate) -> Result<Test, Wrong> {
    let (field, op) = condition.said().unwrap_or_default();
    let column = columns
        .iter()
        .find(|column| column.code == field)
        .ok_or_else(|| ("UNKNOWN_FIELD", format!("there is no field \"{field}\"")))?;
    let op = Op::parse(op)
        .ok_or_else(|| ("UNKNOWN_OPERATOR", format!("there is no operator \"{op}\"")))?;
    let invalid = |message: &str| ("FILTER_VALUE_INVALID", message.to_owned());
    if condition.value.longest() > VALUE_MAX {
        return Err(invalid("a value has at most 2,000 characters"));
    }
    let fixed = fix(condition, op, column, today).map_err(invalid)?;
    let op = fixed.as_ref().map_or(op, |fixed| fixed.0);
    let condition = fixed.as_ref().map_or(condition, |fixed| &fixed.1);
    Ok(Test {
        code: column.code.clone(),
        kind: column.kind,
        multi: column.multi,
        ask: ask(op, condition, column).map_err(invalid)?,
    })
}

/// A form as one run of it was meant: its days are dates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Resolved {
    pub form: Form,
    pub today: NaiveDate,
}

/// The form with every day that is meant from today replaced by its date. What cannot be used stays
/// as it is.
#[must_use]
pub fn resolve(form: &Form, columns: &[Column], today: NaiveDate) -> Form {
    form.map(&|condition| {
        let fixed = condition.said().and_then(|(field, op)| {
            let column = columns.iter().find(|column| column.code == field)?;
            fix(condition, Op::parse(op)?, column, today).ok()?
        });
        fixed.map_or_else(|| condition.clone(), |fixed| fixed.1)
    })
}

/// The condition with its dates fixed, where it has any.
fn fix(
    condition: &Condition,
    op: Op,
    column: &Column,
    today: NaiveDate,
) -> Result<Option<(Op, Condition)>, &'static str> {
    let with = |op: Op, value| {
        let op_name = Some(op.as_str().to_owned());
        let fixed = Condition {
            op: op_name,
            value,
            ..condition.clone()
        };
        Ok(Some((op, fixed)))
    };
    let is_day = column.kind.is_day();
    match relative::range(op, condition, today)? {
        Some(_) if !is_day => Err("the operator is for dates"),
        Some((first, last)) => {
            let ends = [first, last].map(relative::text_of);
            with(Op::Between, Value::Many(ends.into()))
        }
        None if is_day => with(op, relative::fixed(&condition.value, today)),
        None => Ok(None),
    }
}

fn ask(op: Op, condition: &Condition, column: &Column) -> Result<Ask, &'static str> {
    let text = || condition.value.text().ok_or("a value is needed");
    let literal = || literal(text()?, column.kind);
    Ok(match op {
        Op::IsNull => Ask::Null,
        Op::NotNull => Ask::NotNull,
        Op::Eq => Ask::Any(vec![literal()?]),
        Op::Ne => Ask::None(vec![literal()?]),
        Op::Gt => Ask::Compare(Order::Gt, literal()?),
        Op::Ge => Ask::Compare(Order::Ge, literal()?),
        Op::Lt => Ask::Compare(Order::Lt, literal()?),
        Op::Le => Ask::Compare(Order::Le, literal()?),
        Op::Like => Ask::Contains(text()?.into()),
        Op::NotLike => Ask::Lacks(text()?.into()),
        Op::Prefix => Ask::Prefix(text()?.into()),
        Op::In => Ask::Any(literals(condition, column)?),
        Op::NotIn => Ask::None(literals(condition, column)?),
        Op::Between => match literals(condition, column)?.as_slice() {
            [low, high] => Ask::Between(low.clone(), high.clone()),
            _ => return Err("two values are needed: from and to"),
        },
        Op::Today | Op::Yesterday | Op::LastDays | Op::NextDays | Op::ThisWeek | Op::ThisMonth => {
            return Err("the operator is for dates");
        }
    })
}

fn literals(condition: &Condition, column: &Column) -> Result<Vec<Literal>, &'static str> {
    let list = condition.value.list();
    match list.len() {
        0 => Err("a value is needed"),
        1..=LIST_MAX => list
            .into_iter()
            .map(|text| literal(text, column.kind))
            .collect(),
        _ => Err("at most 10,000 values"),
    }
}

/// The form's text as the column keeps its values.
fn literal(text: &str, kind: Kind) -> Result<Literal, &'static str> {
    match kind {
        Kind::Text => Ok(Literal::new(text)),
        Kind::Number => {
            let literal = Literal::new(text);
            let number = literal.number.ok_or("the field is a number");
            number.map(|_| literal)
        }
        Kind::Canonical(DataType::Bool) => {
            let truth = import_row::truth(text).ok_or("the field is yes or no")?;
            Ok(as_text(truth.to_string()))
        }
        Kind::Canonical(kind) => {
            let moment = import_row::moment(text).ok_or("the field is a date")?;
            Ok(moment_literal(text, moment, kind))
        }
    }
}

fn moment_literal(text: &str, moment: NaiveDateTime, kind: DataType) -> Literal {
    if kind == DataType::Date {
        return as_text(import_row::date_text(moment));
    }
    let has_time = text.contains(':') || moment.time() != NaiveTime::MIN;
    if has_time {
        let texts = [import_row::moment_text, import_row::datetime_text];
        return as_text(texts[usize::from(kind == DataType::Datetime)](moment));
    }
    Literal {
        until: moment.date().succ_opt().map(relative::text_of),
        ..as_text(import_row::date_text(moment))
    }
}

fn as_text(text: String) -> Literal {
    Literal {
        text,
        number: None,
        until: None,
    }
}

#[cfg(test)]
mod tests;
