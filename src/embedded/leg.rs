//! What the switch remembers of a leg.

use std::{
    collections::{HashSet, VecDeque},
    time::SystemTime,
};

use media::classify::Found;
use sip::{CallRef, sdp::Local};
use switch::{ConferenceId, Hear, LegId, Monitor, OnEnd, PlayId, RecordId};

use crate::remote_control::Pressed;

/// One leg from its INVITE to its last event.
pub struct Leg {
    /// The number of the last event told.
    pub seq: u32,
    pub call: CallRef,
    pub media: media::LegId,
    pub local: Local,
    /// The gateway it goes through or came from.
    pub gateway: Option<String>,
    /// Its gateway takes keys by SIP INFO.
    pub keys_by_info: bool,
    /// The extension of the phone that is called or calls.
    pub extension: Option<String>,
    /// A phone of ours calls. It may hang up at once, so it has an answer when it acknowledges it.
    pub is_phone: bool,
    pub stage: Stage,
    /// We asked for its end; an answer that comes now does not count.
    pub hung_up: bool,
    pub place: Place,
    /// What it hears while its bridge is held.
    pub held: Option<Hear>,
    /// Nobody hears it.
    pub muted: bool,
    /// Nobody is passed its keys.
    pub withholds_keys: bool,
    /// What is listened for.
    pub listens: Listens,
    /// It has put us on hold.
    pub far_end_holds: bool,
    /// Keys of its phone that were pressed and not answered to.
    pub pressed: VecDeque<Pressed>,
    pub play: Option<PlayId>,
    /// Recordings that are not done.
    pub records: HashSet<RecordId>,
    /// Those of them that keep nothing now.
    pub paused: HashSet<RecordId>,
    /// It ends because its sound failed, whoever sends the BYE.
    pub fell_silent: bool,
    /// The far end's SDP was useless: the status to report instead of our own hang-up.
    pub refused_with: Option<u16>,
}

/// How far a leg has come.
pub enum Stage {
    /// Our INVITE is out. `early` is their description of the sound that they send before the answer.
    Calling {
        ringing: bool,
        early: Option<Vec<u8>>,
    },
    /// Their INVITE waits for us. `offer` is `None` when they want ours; `early` is our
    /// description where a 183 has carried it.
    Offered {
        ringing: bool,
        offer: Option<Vec<u8>>,
        early: Option<Vec<u8>>,
    },
    /// Our 200 is out and waits for its ACK.
    Answering,
    Answered,
    /// SIP is over; the media engine still has to count up.
    Ending {
        ended: Box<switch::Ended>,
        at: SystemTime,
    },
    /// `Ended` is told; only recordings may follow.
    Ended,
}

/// What a leg is listened to for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listens {
    No,
    /// Announcements before the answer.
    Early,
    /// Who or what answered.
    Answer,
    /// Whether somebody speaks.
    Speech,
}

/// Where a leg is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    Parked(Hear),
    Bridged {
        peer: LegId,
        on_end: OnEnd,
    },
    Supervising {
        agent: LegId,
        monitor: Monitor,
    },
    /// It hears the early media of another leg.
    Hearing {
        of: LegId,
    },
    Conference(ConferenceId),
}

impl Leg {
    pub fn new(call: CallRef, media: media::LegId, local: Local, stage: Stage) -> Self {
        Self {
            seq: 0,
            call,
            media,
            local,
            gateway: None,
            keys_by_info: false,
            extension: None,
            is_phone: false,
            stage,
            hung_up: false,
            place: Place::Parked(Hear::Silence),
            held: None,
            muted: false,
            withholds_keys: false,
            listens: Listens::No,
            far_end_holds: false,
            pressed: VecDeque::new(),
            play: None,
            records: HashSet::new(),
            paused: HashSet::new(),
            fell_silent: false,
            refused_with: None,
        }
    }

    /// True until SIP says that the call is over.
    pub fn is_up(&self) -> bool {
        !matches!(self.stage, Stage::Ending { .. } | Stage::Ended)
    }

    pub fn is_answered(&self) -> bool {
        matches!(self.stage, Stage::Answered) && !self.hung_up
    }

    /// Whether what it is to hear reaches it: answered, or told so by a 183.
    pub fn hears(&self) -> bool {
        let early = matches!(self.stage, Stage::Offered { early: Some(_), .. });
        (early || matches!(self.stage, Stage::Answered)) && !self.hung_up
    }

    /// Whether it brings sound: answered, or early.
    pub fn sounds(&self) -> bool {
        let early = matches!(self.stage, Stage::Calling { early: Some(_), .. });
        (early || matches!(self.stage, Stage::Answered)) && !self.hung_up
    }

    /// Whether what was found in its sound is what is listened for now.
    pub fn is_listened_to_for(&self, what: Found) -> bool {
        let sought = match (&self.stage, what) {
            (Stage::Answered, Found::SpeechBegan | Found::SpeechPaused) => Listens::Speech,
            (Stage::Answered, Found::Verdict(_) | Found::Beep) => Listens::Answer,
            (Stage::Calling { .. }, Found::Verdict(_)) if !self.hung_up => Listens::Early,
            _ => return false,
        };
        self.listens == sought
    }

    pub fn peer(&self) -> Option<LegId> {
        match self.place {
            Place::Bridged { peer, .. } => Some(peer),
            _ => None,
        }
    }
}
