//! Condition rows to a tree.

use super::{Ask, Column, Condition, Connector, Kind, Literal, Op, Order, Test, Tree};
use crate::{field::DataType, import_row};

/// A row that cannot be used; the filter does not run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("condition {row}: {message}")]
pub struct BadCondition {
    /// From 1, as the form shows it.
    pub row: usize,
    pub code: &'static str,
    pub message: String,
}

/// Most rows of a form.
pub const ROWS_MAX: usize = 100;
/// Most values of one `in`.
pub const LIST_MAX: usize = 10_000;

/// The tree of a form's rows over a batch's columns. AND binds tighter than OR.
///
/// # Errors
/// The first row with an unknown field or operator or a value that does not fit.
pub fn compile(conditions: &[Condition], columns: &[Column]) -> Result<Tree, BadCondition> {
    let mut any = vec![Vec::new()];
    let mut joined_by = Connector::And;
    for (at, condition) in conditions.iter().enumerate() {
        let bad = |code, message: String| BadCondition {
            row: at + 1,
            code,
            message,
        };
        if at >= ROWS_MAX {
            return Err(bad(
                "FILTER_TOO_LONG",
                format!("at most {ROWS_MAX} conditions"),
            ));
        }
        let (Some(field), Some(op)) = (given(&condition.field), given(&condition.op)) else {
            continue;
        };
        let column = columns.iter().find(|column| column.code == field);
        let column =
            column.ok_or_else(|| bad("UNKNOWN_FIELD", format!("there is no field \"{field}\"")))?;
        let op = Op::parse(op)
            .ok_or_else(|| bad("UNKNOWN_OPERATOR", format!("there is no operator \"{op}\"")))?;
        let ask = ask(op, condition, column)
            .map_err(|message| bad("FILTER_VALUE_INVALID", message.into()))?;
        if joined_by == Connector::Or {
            any.push(Vec::new());
        }
        let test = Test {
            code: column.code.clone(),
            kind: column.kind,
            multi: column.multi,
            ask,
        };
        any.last_mut()
            .expect("there is always one group")
            .push(Tree::Test(test));
        joined_by = condition.connector;
    }
    Ok(tree(any))
}

fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty())
}

fn tree(mut any: Vec<Vec<Tree>>) -> Tree {
    any.retain(|all| !all.is_empty());
    let mut groups: Vec<Tree> = any.into_iter().map(one_or(Tree::And)).collect();
    match groups.len() {
        0 => Tree::All,
        1 => groups.remove(0),
        _ => Tree::Or(groups),
    }
}

fn one_or(join: fn(Vec<Tree>) -> Tree) -> impl Fn(Vec<Tree>) -> Tree {
    move |mut parts| {
        if parts.len() == 1 {
            parts.remove(0)
        } else {
            join(parts)
        }
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
        Op::Between => match literals(condition, column)?.as_slice() {
            [low, high] => Ask::Between(low.clone(), high.clone()),
            _ => return Err("two values are needed: from and to"),
        },
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
            literal
                .number
                .map(|_| literal.clone())
                .ok_or("the field is a number")
        }
        Kind::Canonical(DataType::Bool) => import_row::truth(text)
            .map(|truth| Literal {
                text: truth.to_string(),
                number: None,
            })
            .ok_or("the field is yes or no"),
        Kind::Canonical(DataType::Date) => import_row::moment(text)
            .map(|moment| Literal {
                text: import_row::date_text(moment),
                number: None,
            })
            .ok_or("the field is a date"),
        Kind::Canonical(DataType::Datetime) => import_row::moment(text)
            .map(|moment| Literal {
                text: import_row::datetime_text(moment),
                number: None,
            })
            .ok_or("the field is a date and time"),
        Kind::Canonical(_) => import_row::moment(text)
            .map(|moment| Literal {
                text: import_row::moment_text(moment),
                number: None,
            })
            .ok_or("the field is a date"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        field::Field,
        filter::{Value, columns, number},
    };

    fn row(field: &str, op: &str, value: &str, connector: Connector) -> Condition {
        Condition {
            field: Some(field.into()),
            op: Some(op.into()),
            value: Value::One(value.into()),
            connector,
        }
    }

    fn batch() -> Vec<Column> {
        let age = Field {
            data_type: DataType::Int,
            ..Field::of_header("age", "年龄")
        };
        let tags = Field {
            multi: true,
            ..Field::of_header("tags", "标签")
        };
        let born = Field {
            data_type: DataType::Date,
            ..Field::of_header("born", "生日")
        };
        columns(&[Field::of_header("wish", "客户意向"), age, tags, born])
    }

    fn holds(conditions: &[Condition], cells: &[(&str, &str)]) -> bool {
        let tree = compile(conditions, &batch()).unwrap();
        tree.holds(&|code: &str| cells.iter().find(|cell| cell.0 == code).map(|cell| cell.1))
    }

    #[test]
    fn an_empty_form_selects_everything() {
        assert_eq!(compile(&[], &batch()), Ok(Tree::All));
        let blank = [
            Condition::default(),
            Condition {
                op: Some("eq".into()),
                ..Default::default()
            },
        ];
        assert_eq!(compile(&blank, &batch()), Ok(Tree::All));
    }

    #[test]
    fn and_binds_tighter_than_or() {
        let form = [
            row("wish", "eq", "a", Connector::Or),
            row("wish", "eq", "b", Connector::And),
            row("age", "gt", "3", Connector::Or),
        ];
        assert!(holds(&form, &[("wish", "a")]));
        assert!(holds(&form, &[("wish", "b"), ("age", "4")]));
        assert!(!holds(&form, &[("wish", "b"), ("age", "3")]));
    }

    #[test]
    fn text_that_is_a_number_is_compared_as_one() {
        let form = |value| [row("phone", "gt", value, Connector::And)];
        assert!(holds(&form("1"), &[("phone", "18618616001")]));
        assert!(holds(&form("9"), &[("phone", "10")]));
        assert!(!holds(&form("a9"), &[("phone", "10")]));
        assert!(
            holds(&form("1"), &[("phone", "unknown")]),
            "text beside a number stays text"
        );
        assert!(!holds(&form("1"), &[]));
    }

    #[test]
    fn an_empty_cell_is_unequal_and_lacks_everything() {
        for (op, expected) in [
            ("ne", true),
            ("not_like", true),
            ("eq", false),
            ("like", false),
            ("is_null", true),
        ] {
            let form = [row("wish", op, "x", Connector::And)];
            assert_eq!(holds(&form, &[("wish", "")]), expected, "{op}");
        }
    }

    #[test]
    fn lists_and_ranges_take_text_with_separators() {
        let listed = [row("wish", "in", "a、b, c", Connector::And)];
        assert!(holds(&listed, &[("wish", "c")]));
        assert!(!holds(&listed, &[("wish", "d")]));
        let between = [row("age", "between", "18;30", Connector::And)];
        assert!(holds(&between, &[("age", "30")]));
        assert!(!holds(&between, &[("age", "31")]));
    }

    #[test]
    fn one_of_several_values_is_enough() {
        let form = [row("tags", "eq", "vip", Connector::And)];
        assert!(holds(&form, &[("tags", "new,vip")]));
        let not = [row("tags", "ne", "vip", Connector::And)];
        assert!(!holds(&not, &[("tags", "new,vip")]));
    }

    #[test]
    fn dates_are_compared_in_any_spelling() {
        let form = [row("born", "lt", "2000/1/2", Connector::And)];
        assert!(holds(&form, &[("born", "2000-01-01")]));
        assert!(!holds(&form, &[("born", "2000-01-02")]));
    }

    #[test]
    fn what_cannot_be_asked_is_an_error_that_names_its_row() {
        let cases = [
            (row("nobody", "eq", "1", Connector::And), "UNKNOWN_FIELD"),
            (
                row("wish", "resembles", "1", Connector::And),
                "UNKNOWN_OPERATOR",
            ),
            (
                row("age", "gt", "old", Connector::And),
                "FILTER_VALUE_INVALID",
            ),
            (
                row("age", "between", "1", Connector::And),
                "FILTER_VALUE_INVALID",
            ),
            (
                row("born", "eq", "soon", Connector::And),
                "FILTER_VALUE_INVALID",
            ),
            (
                row("wish", "like", " ", Connector::And),
                "FILTER_VALUE_INVALID",
            ),
        ];
        for (condition, code) in cases {
            let error = compile(&[Condition::default(), condition], &batch()).unwrap_err();
            assert_eq!((error.row, error.code), (2, code));
        }
    }

    #[test]
    fn numbers_have_no_exponent() {
        assert_eq!(number("-1.50"), Some(-1.5));
        for text in ["", "1e5", "inf", "1.", ".5", "1,000", "0x1"] {
            assert_eq!(number(text), None, "{text}");
        }
    }
}
