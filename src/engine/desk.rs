//! What a tenant sets for the desks of its agents.

mod function;

use std::collections::BTreeSet;

pub use function::{Function, NoFunction};
use serde::{Deserialize, Serialize};

/// One tenant's settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Functions that agents at a phone of the house do not have (AGT-088).
    pub hidden: BTreeSet<Function>,
    /// Functions that agents at a telephone outside do not have (AGT-089).
    pub hidden_remote: BTreeSet<Function>,
    /// A number that is nobody's in the house is called outside where somebody gives it for an extension, or
    /// dials it at a phone, to transfer or to ask (AGT-144, `transtoout`).
    pub numbers_lead_outside: bool,
    /// A phone that sends its calls on (3xx) has the house do so, to whatever it may call itself.
    pub phones_forward: bool,
}

impl Default for Settings {
    /// Everything at a phone of the house; outside what AGT-090 lists is hidden. Numbers lead outside, where the
    /// routes and the limits on outside numbers let them.
    fn default() -> Self {
        use Function as F;
        Self {
            hidden: BTreeSet::new(),
            hidden_remote: [
                F::CallInside,
                F::Monitor,
                F::Hold,
                F::ConsultInside,
                F::ConsultOutside,
                F::OffHook,
                F::Release,
                F::Intercept,
                F::Barge,
            ]
            .into(),
            numbers_lead_outside: true,
            phones_forward: true,
        }
    }
}

impl Settings {
    /// What is hidden from an agent at such a device.
    #[must_use]
    pub fn hidden_at(&self, remote: bool) -> &BTreeSet<Function> {
        match remote {
            true => &self.hidden_remote,
            false => &self.hidden,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agents_at_outside_telephones_lack_what_the_row_lists() {
        let listed: BTreeSet<Function> = [4, 5, 6, 7, 8, 42, 25, 26, 27]
            .map(|id| Function::of_legacy(id).expect("a function of ours"))
            .into();
        let settings = Settings::default();
        assert_eq!(settings.hidden_at(true), &listed);
        assert!(settings.hidden_at(false).is_empty());
    }

    #[test]
    fn what_is_stored_may_say_less() {
        let settings: Settings = serde_json::from_str(r#"{"hidden": ["hold", 34]}"#).expect("JSON");
        assert_eq!(settings.hidden, [Function::Hold, Function::Ready].into());
        assert_eq!(settings.hidden_remote, Settings::default().hidden_remote);
    }
}
