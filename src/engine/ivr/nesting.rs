//! Which menus lead to which: ten levels deep, and never in a circle.

use std::collections::BTreeMap;

use super::{MOST_LEVELS, Menus};
use crate::ids::MenuId;

/// Menus that lead to one another as they must not; each names a menu on the way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadNesting {
    #[error("the menu {0} would lead to itself")]
    Circle(MenuId),
    #[error("menus nest to {MOST_LEVELS} levels, and under {0} there would be more")]
    Deep(MenuId),
}

/// # Errors
/// [`BadNesting`]. A menu that is not there ends a way.
pub fn check(menus: &Menus) -> Result<(), BadNesting> {
    let mut known = BTreeMap::new();
    for id in menus.keys() {
        levels(menus, id, &mut Vec::new(), &mut known)?;
    }
    Ok(())
}

/// Levels from this menu down. `above`: the menus on the way to it.
fn levels<'a>(
    menus: &'a Menus,
    id: &'a MenuId,
    above: &mut Vec<&'a MenuId>,
    known: &mut BTreeMap<&'a MenuId, usize>,
) -> Result<usize, BadNesting> {
    if above.contains(&id) {
        return Err(BadNesting::Circle(id.clone()));
    }
    if let Some(levels) = known.get(id) {
        return Ok(*levels);
    }
    let Some(menu) = menus.get(id) else {
        return Ok(0);
    };
    above.push(id);
    let mut below = 0;
    for next in menu.menus() {
        below = below.max(levels(menus, next, above, known)?);
    }
    above.pop();
    if below >= MOST_LEVELS {
        return Err(BadNesting::Deep(id.clone()));
    }
    known.insert(id, below + 1);
    Ok(below + 1)
}
