//! The house's own numbers (号码池, VOX-198 to VOX-200): what holds of each of them, whoever shows it to
//! a called party, a campaign, a queue or a phone.

use std::collections::BTreeMap;

use super::Used;
use crate::ids::GatewayId;

/// A number of the house.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    pub number: String,
    /// The only gateway through which it may be shown; `None`: any.
    pub gateway: Option<GatewayId>,
    /// Calls out a day that may show it; `None`: any number.
    pub daily_limit: Option<u32>,
    pub enabled: bool,
}

/// See the module. What is not in it has no limits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pool(BTreeMap<String, Number>);

impl FromIterator<Number> for Pool {
    fn from_iter<I: IntoIterator<Item = Number>>(numbers: I) -> Self {
        let named = |number: Number| (number.number.clone(), number);
        Self(numbers.into_iter().map(named).collect())
    }
}

impl Pool {
    /// Whether the books have to be asked how often these numbers were shown today.
    #[must_use]
    pub fn asks(&self, callers: &[String]) -> bool {
        let mut known = callers.iter().filter_map(|caller| self.0.get(caller));
        known.any(|number| number.daily_limit.is_some())
    }

    /// Whether a gateway may show this number at all.
    #[must_use]
    pub fn fits(&self, caller: &str, gateway: Option<&GatewayId>) -> bool {
        self.0.get(caller).is_none_or(|number| {
            let is_bound_elsewhere = number.gateway.is_some() && number.gateway.as_ref() != gateway;
            number.enabled && !is_bound_elsewhere
        })
    }

    /// Those of the numbers that may be shown now.
    #[must_use]
    pub fn usable(
        &self,
        callers: &[String],
        used: &[Used],
        gateway: Option<&GatewayId>,
    ) -> Vec<String> {
        let today = |caller: &str| {
            let used = used.iter().find(|used| used.caller == caller);
            used.map_or(0, |used| used.today)
        };
        let is_left = |caller: &str| {
            let limit = self.0.get(caller).and_then(|number| number.daily_limit);
            limit.is_none_or(|limit| today(caller) < limit)
        };
        let callers = callers.iter();
        let usable = callers.filter(|caller| self.fits(caller, gateway) && is_left(caller));
        usable.cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Millis;

    fn number(number: &str) -> Number {
        Number {
            number: number.into(),
            gateway: None,
            daily_limit: None,
            enabled: true,
        }
    }

    #[test]
    fn a_number_is_shown_while_it_is_enabled_under_its_limit_and_at_its_gateway() {
        let pool = Pool::from_iter([
            number("free"),
            Number {
                enabled: false,
                ..number("off")
            },
            Number {
                daily_limit: Some(2),
                ..number("spent")
            },
            Number {
                gateway: Some("other".into()),
                ..number("elsewhere")
            },
        ]);
        let callers = ["free", "off", "spent", "elsewhere", "unknown"].map(str::to_owned);
        let used = |today| Used {
            caller: "spent".into(),
            today,
            last: Millis(0),
            refused: false,
        };
        let usable = |today, gateway: &str| {
            let gateway = gateway.into();
            pool.usable(&callers, &[used(today)], Some(&gateway))
                .join(" ")
        };
        assert_eq!(usable(1, "trunk"), "free spent unknown");
        assert_eq!(usable(2, "trunk"), "free unknown");
        assert_eq!(usable(2, "other"), "free elsewhere unknown");
        assert!(pool.asks(&callers));
        assert!(!pool.asks(&callers[..2]));
    }
}
