//! A call is recorded as its customer's leg is: from the answer to the end, whoever and whatever the
//! customer hears meanwhile, so that a time in the recording is a time of the call.
//!
//! Campaigns and routes say which calls are recorded. What is said to a mailbox or of the agent
//! afterwards is no part of it.

use super::{Call, Command, Floor, voicemail::SHORTEST_MS};
use crate::{
    destination::Destination,
    ids::{CallId, SoundId},
    route::{self, Side},
    time::Millis,
};

impl Floor {
    /// The customer has answered.
    pub(super) fn begin_recording(&mut self, id: CallId, now: Millis) {
        let wanted = self
            .calls
            .get(&id)
            .is_some_and(|call| self.is_to_be_recorded(call, now));
        let Some(call) = self.calls.get_mut(&id).filter(|_| wanted) else {
            return;
        };
        if let Some(leg) = call.customer {
            call.way.is_recorded = true;
            // A recording has the number of its call.
            let sound = SoundId(id.0);
            self.commands.push_back(Command::Record {
                leg,
                sound,
                call: id,
            });
        }
    }

    fn is_to_be_recorded(&self, call: &Call, now: Millis) -> bool {
        if call.way.unrecorded {
            return false;
        }
        if let Some(test) = &call.test {
            return test.settings.record;
        }
        let campaign = call.campaign.as_ref().and_then(|id| self.campaigns.get(id));
        if let Some(campaign) = campaign {
            return campaign.spec.settings.record;
        }
        match &call.way.entry {
            // Who is only passed on is recorded as the rule for that number says.
            Some((_, Destination::Number { number })) => {
                match route::walk(&self.routes, number, Side::Inside, now).end {
                    route::End::Out { rule, .. } => rule.record,
                    _ => true,
                }
            }
            _ => true,
        }
    }

    /// What follows is not kept.
    pub(super) fn end_recording(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.way.is_recorded) else {
            return;
        };
        call.way.is_recorded = false;
        if let Some(leg) = call.customer {
            let sound = SoundId(id.0);
            self.commands.push_back(Command::StopRecord { leg, sound });
        }
    }

    /// There is a file: from now on the books know of it, whatever becomes of this process.
    pub(super) fn record_started(&mut self, sound: SoundId, file: String) {
        let known = match self.messages.get_mut(&sound) {
            None => Command::NameRecording {
                call: CallId(sound.0),
                file,
            },
            Some(message) => {
                message.file = file;
                Command::BeginMessage(Box::new(message.clone()))
            }
        };
        self.commands.push_back(known);
    }

    /// A recording is complete: a message, or a call.
    pub(super) fn recorded(
        &mut self,
        sound: SoundId,
        file: String,
        ms: i64,
        error: Option<String>,
    ) {
        let Some(message) = self.messages.remove(&sound) else {
            let call = CallId(sound.0);
            let done = Command::Recorded {
                call,
                file,
                ms,
                error,
            };
            self.commands.push_back(done);
            return;
        };
        if !file.is_empty() && ms >= SHORTEST_MS {
            let whole = super::VoiceMessage {
                ms,
                file,
                ..message
            };
            self.commands
                .push_back(Command::KeepMessage(Box::new(whole)));
            return;
        }
        if !file.is_empty() {
            self.commands.push_back(Command::DropRecording { file });
        }
        self.commands.push_back(Command::ForgetMessage { sound });
    }
}
