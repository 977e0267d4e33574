//! The recordings that run, by call, so that people can pause them; and what recordings are called.

use std::{collections::HashMap, path::PathBuf};

use engine::{ids::CallId, time::Millis};
use switch::{Command, LegId, RecordId};

#[derive(Debug, Default)]
pub(crate) struct Recordings {
    of: HashMap<CallId, (LegId, RecordId)>,
}

impl Recordings {
    pub fn started(&mut self, call: CallId, leg: LegId, record: RecordId) {
        self.of.insert(call, (leg, record));
    }

    pub fn done(&mut self, record: RecordId) {
        self.of.retain(|_, (_, known)| *known != record);
    }

    /// What pauses a call's recording or lets it go on; `None` when none runs.
    pub fn pause(&self, call: CallId, paused: bool) -> Option<Command> {
        let (leg, record) = *self.of.get(&call)?;
        Some(if paused {
            Command::PauseRecord { leg, record }
        } else {
            Command::ResumeRecord { leg, record }
        })
    }
}

/// `2026-11-20/cal_….wav`: a directory a day, in UTC. Below the directory of recordings.
#[must_use]
pub fn file_of(call: CallId, now: Millis) -> PathBuf {
    PathBuf::from(day_of(now)).join(format!("{call}.wav"))
}

pub(crate) fn day_of(now: Millis) -> String {
    chrono::DateTime::from_timestamp_millis(now.0)
        .map(|at| at.format("%Y-%m-%d").to_string())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_recording_can_be_paused_while_it_runs() {
        let (call, leg, record) = (CallId(7), LegId(Uuid::from_u128(1)), RecordId(3));
        let mut recordings = Recordings::default();
        assert_eq!(recordings.pause(call, true), None);
        recordings.started(call, leg, record);
        let paused = Command::PauseRecord { leg, record };
        assert_eq!(recordings.pause(call, true), Some(paused));
        let resumed = Command::ResumeRecord { leg, record };
        assert_eq!(recordings.pause(call, false), Some(resumed));
        recordings.done(record);
        assert_eq!(recordings.pause(call, true), None);
    }
}
