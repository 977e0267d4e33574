//! Whose numbers the caller sees masked (OUT-153): agents, where the outbound settings say so.

use engine::settings::Levels;
use store::settings;

use crate::{caller::Caller, house::House, problem::Problem};

/// What the settings say of the caller; by default, and for everybody but agents, nothing is masked.
#[derive(Default)]
pub struct Masks {
    levels: Levels,
    department: Option<String>,
}

impl Masks {
    /// # Errors
    /// When the database fails.
    pub async fn of(house: &House, caller: &Caller) -> Result<Self, Problem> {
        let levels = if caller.is_agent_only() {
            settings::levels(&house.db, caller.orgi()).await?
        } else {
            Levels::default()
        };
        Ok(Self {
            levels,
            department: caller.session.department_id.clone(),
        })
    }

    /// Whether the numbers of this campaign's leads are masked.
    #[must_use]
    pub fn hide(&self, campaign: Option<&str>) -> bool {
        let department = self.department.as_deref();
        self.levels.at(department, campaign).phone_mask
    }
}
