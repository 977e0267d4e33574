//! Which leads of a batch a filter form selects (OUT-090 to OUT-103).
//!
//! Condition rows become a [`Tree`]; the worker runs it over columns, [`Tree::holds`] over one lead.
//! The two agree by test. Values are only ever compared: no text of a filter is run as anything.

use serde::{Deserialize, Serialize};

use crate::field::{DataType, Field};

mod compile;
mod value;

pub use compile::{BadCondition, compile};
pub use value::Value;

/// One row of the filter form, as saved. Rows without field or operator are ignored (OUT-094).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Condition {
    /// A field code, or one of the columns in [`SYSTEM_COLUMNS`].
    pub field: Option<String>,
    /// Name of an [`Op`].
    pub op: Option<String>,
    pub value: Value,
    /// How the next row is joined; the last row's is ignored.
    pub connector: Connector,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Connector {
    /// Binds tighter.
    #[default]
    And,
    Or,
}

/// OUT-093.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
    Like,
    NotLike,
    Prefix,
    In,
    Between,
    IsNull,
    NotNull,
}

impl Op {
    pub const ALL: [Self; 13] = [
        Self::Eq,
        Self::Ne,
        Self::Gt,
        Self::Ge,
        Self::Lt,
        Self::Le,
        Self::Like,
        Self::NotLike,
        Self::Prefix,
        Self::In,
        Self::Between,
        Self::IsNull,
        Self::NotNull,
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Gt => "gt",
            Self::Ge => "ge",
            Self::Lt => "lt",
            Self::Le => "le",
            Self::Like => "like",
            Self::NotLike => "not_like",
            Self::Prefix => "prefix",
            Self::In => "in",
            Self::Between => "between",
            Self::IsNull => "is_null",
            Self::NotNull => "not_null",
        }
    }

    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|op| op.as_str() == name)
    }
}

/// A column a filter can ask about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub code: String,
    pub kind: Kind,
    /// Several values in one cell, separated by `,`: one that matches is enough (OUT-062).
    pub multi: bool,
}

/// How a column's values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// As numbers when both sides are numbers, otherwise as text (OUT-096).
    Text,
    Number,
    /// Dates (`String`: with or without a time) and booleans: kept in one canonical form, so text
    /// order is their order.
    Canonical(DataType),
}

/// Columns of every lead that a filter can ask about beside the batch's fields.
pub const SYSTEM_COLUMNS: [&str; 4] = ["id", "orgi", "creater", "phone"];

/// The columns of a batch with these fields.
#[must_use]
pub fn columns(fields: &[Field]) -> Vec<Column> {
    let system = SYSTEM_COLUMNS.map(|code| Column {
        code: code.into(),
        kind: Kind::Text,
        multi: false,
    });
    let own = fields.iter().map(|field| Column {
        code: field.code.clone(),
        kind: kind_of(field),
        multi: field.multi,
    });
    system.into_iter().chain(own).collect()
}

fn kind_of(field: &Field) -> Kind {
    match field.data_type {
        DataType::Int | DataType::Decimal => Kind::Number,
        DataType::String if field.to_date => Kind::Canonical(DataType::String),
        DataType::String => Kind::Text,
        other => Kind::Canonical(other),
    }
}

/// What a filter form means.
#[derive(Debug, Clone, PartialEq)]
pub enum Tree {
    /// No conditions: every lead (OUT-103).
    All,
    And(Vec<Tree>),
    Or(Vec<Tree>),
    Test(Test),
}

/// One comparison of one column.
#[derive(Debug, Clone, PartialEq)]
pub struct Test {
    pub code: String,
    pub kind: Kind,
    pub multi: bool,
    pub ask: Ask,
}

/// What is asked of a value. An empty cell is no value: it is null, it is not equal to anything,
/// and it is neither greater nor less.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    Null,
    NotNull,
    /// Equal to one of these.
    Any(Vec<Literal>),
    /// The opposite, so an empty cell is "not equal".
    None(Vec<Literal>),
    Compare(Order, Literal),
    /// Both ends included.
    Between(Literal, Literal),
    Contains(String),
    /// The opposite, so an empty cell "does not contain".
    Lacks(String),
    Prefix(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Gt,
    Ge,
    Lt,
    Le,
}

/// A value from the form: its text and, where it is one, its number.
#[derive(Debug, Clone, PartialEq)]
pub struct Literal {
    pub text: String,
    pub number: Option<f64>,
}

impl Literal {
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self {
            text: text.into(),
            number: number(text),
        }
    }
}

/// Reads a decimal number: sign, digits, at most one point. No exponent, no `inf`, no `nan`.
#[must_use]
pub fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, part) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (digits(whole) && digits(part))
        .then(|| text.parse().ok())
        .flatten()
}

impl Tree {
    /// Whether a lead is selected; `cell` gives the text of a column, `None` when it is empty.
    pub fn holds<'a>(&self, cell: &impl Fn(&str) -> Option<&'a str>) -> bool {
        match self {
            Self::All => true,
            Self::And(parts) => parts.iter().all(|part| part.holds(cell)),
            Self::Or(parts) => parts.iter().any(|part| part.holds(cell)),
            Self::Test(test) => test.holds(cell(&test.code)),
        }
    }

    /// Every comparison in it.
    #[must_use]
    pub fn tests(&self) -> Vec<&Test> {
        match self {
            Self::All => Vec::new(),
            Self::And(parts) | Self::Or(parts) => parts.iter().flat_map(Self::tests).collect(),
            Self::Test(test) => vec![test],
        }
    }
}

impl Test {
    /// Whether a cell passes.
    #[must_use]
    pub fn holds(&self, cell: Option<&str>) -> bool {
        let cell = cell.filter(|text| !text.is_empty());
        let any = |passes: &dyn Fn(&str) -> bool| match cell {
            None => false,
            Some(text) if self.multi => text.split(',').any(passes),
            Some(text) => passes(text),
        };
        match &self.ask {
            Ask::Null => cell.is_none(),
            Ask::NotNull => cell.is_some(),
            Ask::Any(literals) => any(&|text| literals.iter().any(|one| self.equal(text, one))),
            Ask::None(literals) => !any(&|text| literals.iter().any(|one| self.equal(text, one))),
            Ask::Compare(order, literal) => any(&|text| self.compare(text, *order, literal)),
            Ask::Between(low, high) => any(&|text| {
                self.compare(text, Order::Ge, low) && self.compare(text, Order::Le, high)
            }),
            Ask::Contains(part) => any(&|text| text.contains(part.as_str())),
            Ask::Lacks(part) => !any(&|text| text.contains(part.as_str())),
            Ask::Prefix(start) => any(&|text| text.starts_with(start.as_str())),
        }
    }

    fn equal(&self, text: &str, literal: &Literal) -> bool {
        match (self.kind, literal.number) {
            (Kind::Number, Some(wanted)) => number(text) == Some(wanted),
            _ => text == literal.text,
        }
    }

    fn compare(&self, text: &str, order: Order, literal: &Literal) -> bool {
        let as_text = || order.holds(text.cmp(literal.text.as_str()));
        let numbers = number(text).zip(literal.number);
        let as_numbers = numbers.and_then(|(value, wanted)| value.partial_cmp(&wanted));
        match self.kind {
            Kind::Text => as_numbers.map_or_else(as_text, |by| order.holds(by)),
            Kind::Number => as_numbers.is_some_and(|by| order.holds(by)),
            Kind::Canonical(_) => as_text(),
        }
    }
}

impl Order {
    fn holds(self, by: std::cmp::Ordering) -> bool {
        match self {
            Self::Gt => by.is_gt(),
            Self::Ge => by.is_ge(),
            Self::Lt => by.is_lt(),
            Self::Le => by.is_le(),
        }
    }
}
