//! What a filter is saved as: rows joined by AND and OR (OUT-091), or groups in groups.

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use super::{Condition, Connector};

/// Deepest group in a group.
pub const DEPTH_MAX: usize = 8;
/// Most conditions, and most groups, of a form.
pub const CONDITIONS_MAX: usize = 200;

/// In JSON a list is rows, an object is a group or a single condition.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Form {
    /// AND binds tighter than OR; the last row's connector says nothing (OUT-094).
    Rows(Vec<Condition>),
    Group(Node),
}

/// `{"all": [..]}`, `{"any": [..]}` or `{"field", "op", "value"}`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Node {
    All { all: Vec<Node> },
    Any { any: Vec<Node> },
    One(Condition),
}

/// A form as a tree of its conditions, each with the JSON pointer of where it stands. Rows without
/// field or operator are left out, and so are groups that say nothing.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Branch<'a> {
    All(Vec<Branch<'a>>),
    Any(Vec<Branch<'a>>),
    One(String, &'a Condition),
}

/// Nested too deeply, or too many conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLarge;

impl Default for Form {
    fn default() -> Self {
        Self::Rows(Vec::new())
    }
}

impl From<Vec<Condition>> for Form {
    fn from(rows: Vec<Condition>) -> Self {
        Self::Rows(rows)
    }
}

impl Form {
    /// Its conditions, complete or not.
    #[must_use]
    pub fn conditions(&self) -> Vec<&Condition> {
        match self {
            Self::Rows(rows) => rows.iter().collect(),
            Self::Group(node) => node.conditions(),
        }
    }

    /// The codes of the fields it asks about, each once.
    #[must_use]
    pub fn fields(&self) -> Vec<&str> {
        let mut codes: Vec<&str> = self
            .conditions()
            .into_iter()
            .filter_map(|condition| condition.said().map(|(field, _)| field))
            .collect();
        codes.sort_unstable();
        codes.dedup();
        codes
    }

    /// Where each complete condition stands, and the field it names.
    pub(super) fn places(&self) -> Vec<(String, String)> {
        let mut places = Vec::new();
        if let Ok(Some(branch)) = self.branch() {
            branch.places(&mut places);
        }
        places
    }

    /// The same form with every condition changed.
    #[must_use]
    pub fn map(&self, change: &impl Fn(&Condition) -> Condition) -> Self {
        match self {
            Self::Rows(rows) => Self::Rows(rows.iter().map(change).collect()),
            Self::Group(node) => Self::Group(node.map(change)),
        }
    }

    /// `None`: nothing is asked.
    pub(super) fn branch(&self) -> Result<Option<Branch<'_>>, TooLarge> {
        match self {
            form if form.conditions().len() > CONDITIONS_MAX => Err(TooLarge),
            Self::Rows(rows) => Ok(of_rows(rows)),
            Self::Group(node) => {
                let mut left = 2 * CONDITIONS_MAX;
                node.branch(String::new(), DEPTH_MAX, &mut left)
            }
        }
    }
}

impl Node {
    fn conditions(&self) -> Vec<&Condition> {
        match self {
            Self::All { all: parts } | Self::Any { any: parts } => {
                parts.iter().flat_map(Self::conditions).collect()
            }
            Self::One(condition) => vec![condition],
        }
    }

    fn map(&self, change: &impl Fn(&Condition) -> Condition) -> Self {
        let each = |parts: &[Self]| parts.iter().map(|part| part.map(change)).collect();
        match self {
            Self::All { all } => Self::All { all: each(all) },
            Self::Any { any } => Self::Any { any: each(any) },
            Self::One(condition) => Self::One(change(condition)),
        }
    }

    fn branch<'a>(
        &'a self,
        pointer: String,
        depth: usize,
        left: &mut usize,
    ) -> Result<Option<Branch<'a>>, TooLarge> {
        *left = left.checked_sub(1).ok_or(TooLarge)?;
        let (name, parts, join): (_, _, fn(Vec<Branch<'a>>) -> Branch<'a>) = match self {
            Self::One(condition) => {
                return Ok(condition.said().map(|_| Branch::One(pointer, condition)));
            }
            Self::All { all } => ("all", all, Branch::All),
            Self::Any { any } => ("any", any, Branch::Any),
        };
        let depth = depth.checked_sub(1).ok_or(TooLarge)?;
        let mut branches = Vec::new();
        for (at, part) in parts.iter().enumerate() {
            branches.extend(part.branch(format!("{pointer}/{name}/{at}"), depth, left)?);
        }
        Ok(joined(branches, join))
    }
}

impl Branch<'_> {
    fn places(&self, places: &mut Vec<(String, String)>) {
        match self {
            Self::All(parts) | Self::Any(parts) => {
                parts.iter().for_each(|part| part.places(places));
            }
            Self::One(pointer, condition) => {
                let field = condition.said().map_or("", |said| said.0);
                places.push((pointer.clone(), field.to_owned()));
            }
        }
    }
}

fn of_rows(rows: &[Condition]) -> Option<Branch<'_>> {
    let mut any: Vec<Vec<Branch<'_>>> = vec![Vec::new()];
    let mut joined_by = Connector::And;
    for (at, condition) in rows.iter().enumerate() {
        if condition.said().is_none() {
            continue;
        }
        if joined_by == Connector::Or {
            any.push(Vec::new());
        }
        let group = any.last_mut().expect("there is always one group");
        group.push(Branch::One(format!("/{at}"), condition));
        joined_by = condition.connector;
    }
    let groups = any
        .into_iter()
        .filter_map(|group| joined(group, Branch::All));
    joined(groups.collect(), Branch::Any)
}

fn joined<'a>(
    mut branches: Vec<Branch<'a>>,
    join: fn(Vec<Branch<'a>>) -> Branch<'a>,
) -> Option<Branch<'a>> {
    match branches.len() {
        0 => None,
        1 => branches.pop(),
        _ => Some(join(branches)),
    }
}

impl Condition {
    /// Field and operator; `None` while one of them is not chosen.
    #[must_use]
    pub fn said(&self) -> Option<(&str, &str)> {
        Some((given(&self.field)?, given(&self.op)?))
    }
}

fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty())
}

impl<'de> Deserialize<'de> for Form {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Json {
            Rows(Vec<Condition>),
            Group(Node),
            None(()),
        }
        Ok(match Json::deserialize(deserializer)? {
            Json::Rows(rows) => Self::Rows(rows),
            Json::Group(node) => Self::Group(node),
            Json::None(()) => Self::default(),
        })
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Json {
            all: Option<Vec<Node>>,
            any: Option<Vec<Node>>,
            field: Option<String>,
            op: Option<String>,
            #[serde(default)]
            value: super::Value,
            #[serde(default)]
            connector: Connector,
        }
        let json = Json::deserialize(deserializer)?;
        let is_condition = json.field.is_some() || json.op.is_some();
        match (json.all, json.any, is_condition) {
            (Some(all), None, false) => Ok(Self::All { all }),
            (None, Some(any), false) => Ok(Self::Any { any }),
            (None, None, _) => Ok(Self::One(Condition {
                field: json.field,
                op: json.op,
                value: json.value,
                connector: json.connector,
            })),
            _ => Err(D::Error::custom(
                "a group is either \"all\" or \"any\", and a condition is neither",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(field: &str) -> Node {
        Node::One(Condition {
            field: Some(field.into()),
            op: Some("is_null".into()),
            ..Condition::default()
        })
    }

    fn deep(depth: usize) -> Form {
        let node = (0..depth).fold(one("a"), |node, _| Node::All { all: vec![node] });
        Form::Group(node)
    }

    fn wide(count: usize) -> Form {
        Form::Group(Node::Any {
            any: vec![one("a"); count],
        })
    }

    #[test]
    fn depth_and_size_are_bounded() {
        assert!(deep(DEPTH_MAX).branch().is_ok());
        assert_eq!(deep(DEPTH_MAX + 1).branch(), Err(TooLarge));
        assert!(wide(CONDITIONS_MAX).branch().is_ok());
        assert_eq!(wide(CONDITIONS_MAX + 1).branch(), Err(TooLarge));
        let rows = Form::Rows(vec![Condition::default(); CONDITIONS_MAX + 1]);
        assert_eq!(rows.branch(), Err(TooLarge));
        let empty = vec![Node::All { all: Vec::new() }; 3 * CONDITIONS_MAX];
        assert_eq!(
            Form::Group(Node::Any { any: empty }).branch(),
            Err(TooLarge)
        );
    }

    #[test]
    fn what_says_nothing_is_left_out() {
        let nothing = Node::All { all: Vec::new() };
        let group = Form::Group(Node::Any {
            any: vec![nothing, Node::One(Condition::default())],
        });
        assert_eq!(group.branch(), Ok(None));
        assert_eq!(Form::default().branch(), Ok(None));
    }

    #[test]
    fn a_condition_is_found_by_its_pointer() {
        let group = Form::Group(Node::All {
            all: vec![
                one("a"),
                Node::Any {
                    any: vec![one("b"), one("c")],
                },
            ],
        });
        let Ok(Some(Branch::All(parts))) = group.branch() else {
            panic!("it is a group")
        };
        let Branch::Any(inner) = &parts[1] else {
            panic!("it is a group")
        };
        assert!(matches!(&inner[1], Branch::One(pointer, _) if pointer == "/all/1/any/1"));
        assert_eq!(group.fields(), ["a", "b", "c"]);
    }
}
