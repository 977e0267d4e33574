//! A field of a lead as the agent's screen shows it: the control, its choices, where it stands.

use serde::Serialize;

use crate::{
    dictionary::{Dictionary, Item},
    field::{Element, Field, Position},
};

/// The control that shows a field (OUT-197 to OUT-199).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Control {
    pub code: String,
    pub title: String,
    /// 元素类型 (OUT-043).
    pub element: Element,
    /// What may be chosen (OUT-053); none where the field has no dictionary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub choices: Option<Vec<Item>>,
    /// 显示位置 (OUT-055).
    pub positions: Vec<Position>,
    /// Agents may change it.
    pub editable: bool,
}

impl Control {
    #[must_use]
    pub fn of(field: &Field, dictionaries: &[Dictionary]) -> Self {
        let bound = field.dictionary.as_deref();
        let bound = bound.and_then(|id| dictionaries.iter().find(|one| one.id == id));
        Self {
            code: field.code.clone(),
            title: field.title.clone(),
            element: field.element,
            choices: bound.map(|dictionary| dictionary.items.clone()),
            positions: field.positions.clone(),
            editable: !field.is_phone && field.positions.contains(&Position::Edit),
        }
    }

    /// Whether a pop-up has the field: it is there to be read (详细) or to be changed (修改).
    #[must_use]
    pub fn pops_up(&self) -> bool {
        [Position::Detail, Position::Edit]
            .iter()
            .any(|at| self.positions.contains(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_of_lists_alone_does_not_pop_up() {
        let of = |positions: &[Position]| {
            let field = Field {
                positions: positions.to_vec(),
                dictionary: Some("dic_1".into()),
                ..Field::default()
            };
            let known = Dictionary {
                id: "dic_1".into(),
                items: vec![Item::default()],
            };
            Control::of(&field, &[known])
        };
        assert!(!of(&[Position::List, Position::Add]).pops_up());
        let read = of(&[Position::Detail]);
        assert!(read.pops_up() && !read.editable);
        assert!(of(&[Position::Edit]).editable);
        assert_eq!(read.choices.map(|items| items.len()), Some(1));
    }
}
