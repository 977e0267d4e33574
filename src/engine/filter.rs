//! Which leads of a batch a filter form selects (OUT-090 to OUT-103).
//!
//! A [`Form`] becomes a [`Tree`]; the worker runs it over columns, [`Tree::holds`] over one lead. The
//! two agree by test. Values are only ever compared: no text of a filter is run as anything.

use serde::{Deserialize, Serialize};

mod column;
mod compile;
mod form;
mod known;
mod relative;
mod value;
mod words;

pub use column::{Column, HISTORY, Kind, business_columns, columns, kind_of, name_of};
pub use compile::{BadCondition, Resolved, compile, resolve};
pub use form::{CONDITIONS_MAX, DEPTH_MAX, Form, Node};
pub use known::{Known, Trouble, known, troubles};
pub use relative::{days_since, today, wall_clock};
pub use value::Value;
pub use words::{Tongue, words};

/// One row of the filter form, as saved. Rows without field or operator are ignored (OUT-094).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Condition {
    /// A field code, or one of the columns that every lead has.
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

/// OUT-093, and days that are meant from today.
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
    NotIn,
    Between,
    IsNull,
    NotNull,
    Today,
    Yesterday,
    /// So many days, the last of them today.
    LastDays,
    /// So many days, the first of them today.
    NextDays,
    /// Monday to Sunday.
    ThisWeek,
    ThisMonth,
}

impl Op {
    pub const ALL: [Self; 20] = [
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
        Self::NotIn,
        Self::Between,
        Self::IsNull,
        Self::NotNull,
        Self::Today,
        Self::Yesterday,
        Self::LastDays,
        Self::NextDays,
        Self::ThisWeek,
        Self::ThisMonth,
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
            Self::NotIn => "not_in",
            Self::Between => "between",
            Self::IsNull => "is_null",
            Self::NotNull => "not_null",
            Self::Today => "today",
            Self::Yesterday => "yesterday",
            Self::LastDays => "last_days",
            Self::NextDays => "next_days",
            Self::ThisWeek => "this_week",
            Self::ThisMonth => "this_month",
        }
    }

    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|op| op.as_str() == name)
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
    /// A whole day beside values with a time: the day after it.
    pub until: Option<String>,
}

impl Literal {
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self {
            text: text.into(),
            number: number(text),
            until: None,
        }
    }
}

impl Literal {
    /// What a text is compared with and how: after a day is from the next day on.
    #[must_use]
    pub fn edge(&self, order: Order) -> (Order, &str) {
        match (order, &self.until) {
            (Order::Gt, Some(until)) => (Order::Ge, until),
            (Order::Le, Some(until)) => (Order::Lt, until),
            _ => (order, &self.text),
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
            _ => match &literal.until {
                Some(until) => literal.text.as_str() <= text && text < until.as_str(),
                None => text == literal.text,
            },
        }
    }

    fn compare(&self, text: &str, order: Order, literal: &Literal) -> bool {
        let as_text = || {
            let (order, wanted) = literal.edge(order);
            order.holds(text.cmp(wanted))
        };
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
