//! What the far end of a simulated leg says.

use engine::{
    floor::{By, Ended, Input},
    ids::LegId,
};

pub fn ended(leg: LegId, by: By, sip_status: Option<u16>) -> Input {
    let ended = Ended {
        by,
        sip_status,
        ..Ended::default()
    };
    Input::LegEnded { leg, ended }
}
