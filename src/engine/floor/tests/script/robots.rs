//! How a robot of a route or a campaign is set up: `wait=5 patient silent=again else=voicemail/sales`.

use super::set::destination;
use crate::{campaign, destination::Destination, robot::Listens, route::Robot};

/// `robot=hello queue/sales`, and of one that listens `listens` or another option.
pub fn robot(prompt: &str, options: &[&str]) -> Robot {
    let mut robot = Robot::saying(prompt, None);
    for option in options {
        let (key, value) = option.split_once('=').unwrap_or((option, ""));
        if !set(&mut robot.listens, &mut robot.otherwise, key, value) {
            robot.then = Some(destination(option));
        }
    }
    robot
}

/// One option of a campaign's robot that listens.
pub fn listen(robot: &mut campaign::Robot, key: &str, value: &str) {
    let is_known = set(&mut robot.listens, &mut robot.otherwise, key, value);
    assert!(is_known, "no option of a robot: {key}");
}

fn set(
    listens: &mut Option<Listens>,
    otherwise: &mut Option<Destination>,
    key: &str,
    value: &str,
) -> bool {
    match key {
        "listens" => {
            listens.get_or_insert_default();
        }
        "wait" => listens.get_or_insert_default().wait_s = value.parse().expect("seconds"),
        "patient" => listens.get_or_insert_default().interruptible = false,
        "silent" => listens.get_or_insert_default().silent = Some(value.into()),
        "else" => *otherwise = Some(destination(value)),
        _ => return false,
    }
    true
}
