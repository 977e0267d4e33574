//! Everything a tenant has set, level by level: the narrowest level that sets a value wins (OUT-154).

use std::collections::BTreeMap;

use super::{Overrides, Settings, effective};
use crate::{campaign::Mode, survey};

/// The levels of one tenant. What is not there sets nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Levels {
    pub tenant: Overrides,
    /// By department id.
    pub departments: BTreeMap<String, Overrides>,
    /// By campaign id.
    pub campaigns: BTreeMap<String, Overrides>,
}

/// How wide a setting reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Tenant,
    Department,
    Campaign,
}

/// A limit on calls that several campaigns share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ceiling {
    /// Calls up at once.
    pub most: u32,
    /// Whose calls are counted: those of the level that set the limit.
    pub among: Level,
}

/// What the settings say where a campaign stands, for the floor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    pub tenant: String,
    /// The department of whoever made the campaign.
    pub department: Option<String>,
    /// OUT-149 for previews, OUT-150 for robots; predictive campaigns have none.
    pub ceiling: Option<Ceiling>,
    /// The pop-up of a call that its agent dialled opens at the dial; otherwise at the answer.
    pub popup_on_dial: bool,
    /// What the campaign itself says of numbers; `None`: what is set for the agent counts.
    pub phone_mask: Option<bool>,
    /// What the tenant asks after conversations of which neither campaign nor queue says so (VOX-209).
    pub survey: survey::Choice,
}

impl Levels {
    /// The settings that hold for this department and campaign.
    #[must_use]
    pub fn at(&self, department: Option<&str>, campaign: Option<&str>) -> Settings {
        let levels = self
            .over(department, campaign)
            .map(|(_, level)| level.clone());
        effective(&levels.collect::<Vec<_>>())
    }

    /// What the levels above a campaign of this department set, the widest first.
    #[must_use]
    pub fn above(&self, department: Option<&str>) -> Vec<Overrides> {
        let levels = self.over(department, None);
        levels.map(|(_, level)| level.clone()).collect()
    }

    /// What the floor needs to know of a campaign.
    #[must_use]
    pub fn rules(
        &self,
        tenant: &str,
        department: Option<&str>,
        campaign: &str,
        mode: Mode,
    ) -> Rules {
        let own = self.campaigns.get(campaign);
        Rules {
            tenant: tenant.into(),
            department: department.map(Into::into),
            ceiling: self.ceiling(department, campaign, mode),
            popup_on_dial: self.at(department, Some(campaign)).popup_on_dial,
            phone_mask: own.and_then(|level| level.phone_mask),
            survey: survey::Choice::None,
        }
    }

    /// Whether any level sets this.
    pub fn any(&self, sets: impl Fn(&Overrides) -> bool) -> bool {
        let narrow = self.departments.values().chain(self.campaigns.values());
        narrow.chain([&self.tenant]).any(sets)
    }

    fn ceiling(&self, department: Option<&str>, campaign: &str, mode: Mode) -> Option<Ceiling> {
        let settings = self.at(department, Some(campaign));
        let (is_on, most) = match mode {
            Mode::Preview => (
                settings.agent_concurrency_enabled,
                settings.agent_concurrency,
            ),
            Mode::Robot => (
                settings.robot_concurrency_enabled,
                settings.robot_concurrency,
            ),
            Mode::Predictive => return None,
        };
        let sets = |level: &Overrides| match mode {
            Mode::Preview => {
                level.agent_concurrency.is_some() || level.agent_concurrency_enabled.is_some()
            }
            _ => level.robot_concurrency.is_some() || level.robot_concurrency_enabled.is_some(),
        };
        let setters = self.over(department, Some(campaign));
        let narrowest = setters.filter(|(_, level)| sets(level)).last();
        let among = narrowest.map_or(Level::Tenant, |(level, _)| level);
        is_on.then_some(Ceiling { most, among })
    }

    /// The levels that meet here, the widest first.
    fn over<'a>(
        &'a self,
        department: Option<&str>,
        campaign: Option<&str>,
    ) -> impl Iterator<Item = (Level, &'a Overrides)> {
        let department = department.and_then(|id| self.departments.get(id));
        let campaign = campaign.and_then(|id| self.campaigns.get(id));
        [
            Some((Level::Tenant, &self.tenant)),
            department.map(|level| (Level::Department, level)),
            campaign.map(|level| (Level::Campaign, level)),
        ]
        .into_iter()
        .flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels() -> Levels {
        Levels {
            tenant: Overrides {
                robot_concurrency_enabled: Some(true),
                robot_concurrency: Some(50),
                phone_mask: Some(true),
                ..Overrides::default()
            },
            departments: [(
                "d".into(),
                Overrides {
                    robot_concurrency: Some(5),
                    popup_on_dial: Some(false),
                    ..Overrides::default()
                },
            )]
            .into(),
            campaigns: [(
                "c".into(),
                Overrides {
                    robot_concurrency_enabled: Some(false),
                    phone_mask: Some(false),
                    ..Overrides::default()
                },
            )]
            .into(),
        }
    }

    #[test]
    fn a_limit_counts_the_calls_of_the_level_that_set_it() {
        let levels = levels();
        let ceiling =
            |department, campaign, mode| levels.rules("o", department, campaign, mode).ceiling;
        let of = |most, among| Some(Ceiling { most, among });
        assert_eq!(ceiling(None, "x", Mode::Robot), of(50, Level::Tenant));
        assert_eq!(
            ceiling(Some("d"), "x", Mode::Robot),
            of(5, Level::Department)
        );
        assert_eq!(ceiling(Some("d"), "c", Mode::Robot), None, "switched off");
        assert_eq!(ceiling(None, "x", Mode::Preview), None, "off by default");
        assert_eq!(ceiling(None, "x", Mode::Predictive), None);
    }

    #[test]
    fn the_narrowest_level_wins_and_the_campaign_speaks_for_itself() {
        let levels = levels();
        assert!(levels.at(Some("d"), None).phone_mask);
        assert!(!levels.at(Some("d"), Some("c")).phone_mask);
        let rules = levels.rules("o", Some("d"), "c", Mode::Preview);
        assert_eq!(
            (rules.popup_on_dial, rules.phone_mask),
            (false, Some(false))
        );
        let rules = levels.rules("o", None, "x", Mode::Preview);
        assert_eq!((rules.popup_on_dial, rules.phone_mask), (true, None));
    }
}
