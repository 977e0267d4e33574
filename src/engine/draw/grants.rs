//! Who may give leads to whom (OUT-131, OUT-155, OUT-156).
//!
//! An administrator may give to everybody. Everybody else may give to their own department, to its
//! members, and to what their roles are granted. A role that was never granted or refused anything
//! does not narrow an account without a department: a new house works before anybody fills in
//! grants.

use serde::{Deserialize, Serialize};

use super::TargetType;

/// One target that a role may give leads to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    pub target_type: TargetType,
    /// `*`: every target of this type. A department's grant includes its members.
    pub target_id: String,
}

/// Who gives.
#[derive(Debug, Clone, Default)]
pub struct Account<'a> {
    pub is_admin: bool,
    pub department: Option<&'a str>,
    /// What the account's roles are granted, a list a role; `None`: never set for that role.
    pub grants: Vec<Option<Vec<Grant>>>,
}

/// Who would get.
#[derive(Debug, Clone, Copy)]
pub struct Receiver<'a> {
    pub target_type: TargetType,
    pub target_id: &'a str,
    /// An agent's department; a department itself.
    pub department: Option<&'a str>,
}

impl Account<'_> {
    /// Whether leads may be given so. The grants of all roles are united.
    #[must_use]
    pub fn may_give(&self, to: Receiver<'_>) -> bool {
        let is_own = self.department.is_some() && self.department == to.department;
        self.is_admin
            || (is_own && matches!(to.target_type, TargetType::Agent | TargetType::Department))
            || (self.department.is_none() && self.grants.iter().all(Option::is_none))
            || self
                .grants
                .iter()
                .flatten()
                .flatten()
                .any(|grant| grant.includes(to))
    }
}

impl Grant {
    fn includes(&self, to: Receiver<'_>) -> bool {
        let named = |id: &str| self.target_id == "*" || self.target_id == id;
        (self.target_type == to.target_type && named(to.target_id))
            || (self.target_type == TargetType::Department && to.department.is_some_and(named))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agent<'a>(id: &'a str, department: Option<&'a str>) -> Receiver<'a> {
        Receiver {
            target_type: TargetType::Agent,
            target_id: id,
            department,
        }
    }

    fn queue(id: &str) -> Receiver<'_> {
        Receiver {
            target_type: TargetType::Queue,
            target_id: id,
            department: None,
        }
    }

    fn grant(target_type: TargetType, id: &str) -> Grant {
        Grant {
            target_type,
            target_id: id.into(),
        }
    }

    #[test]
    fn without_a_grant_only_the_own_department_and_its_members() {
        let account = Account {
            department: Some("d1"),
            grants: vec![None],
            ..Account::default()
        };
        let department = Receiver {
            target_type: TargetType::Department,
            target_id: "d1",
            department: Some("d1"),
        };
        assert!(account.may_give(department));
        assert!(account.may_give(agent("1", Some("d1"))));
        assert!(!account.may_give(agent("2", Some("d2"))));
        assert!(!account.may_give(agent("3", None)));
        assert!(!account.may_give(queue("q")));
    }

    #[test]
    fn grants_of_all_roles_are_united() {
        let account = Account {
            department: Some("d1"),
            grants: vec![
                Some(vec![grant(TargetType::Queue, "q1")]),
                None,
                Some(vec![
                    grant(TargetType::Department, "d2"),
                    grant(TargetType::Robot, "*"),
                ]),
            ],
            ..Account::default()
        };
        assert!(account.may_give(queue("q1")));
        assert!(!account.may_give(queue("q2")));
        assert!(account.may_give(agent("2", Some("d2"))), "a member of d2");
        assert!(!account.may_give(agent("3", Some("d3"))));
        let robot = Receiver {
            target_type: TargetType::Robot,
            target_id: "any",
            department: None,
        };
        assert!(account.may_give(robot));
    }

    #[test]
    fn a_new_house_works_until_somebody_sets_grants() {
        let fresh = Account {
            grants: vec![None],
            ..Account::default()
        };
        assert!(fresh.may_give(queue("q")));
        let set = Account {
            grants: vec![Some(Vec::new())],
            ..Account::default()
        };
        assert!(!set.may_give(queue("q")), "an empty list is a list");
        let admin = Account {
            is_admin: true,
            grants: vec![Some(Vec::new())],
            ..Account::default()
        };
        assert!(admin.may_give(queue("q")));
    }
}
