//! A caller leaves a message (留言, VOX-204).

use super::{Command, Floor, Phase, Why};
use crate::{
    destination::Destination,
    ids::{CallId, QueueId, SoundId},
    time::Millis,
};

const LONGEST_MS: i64 = 120_000;
/// Anything shorter is somebody who hung up.
pub(super) const SHORTEST_MS: i64 = 1_000;
/// Messages whose recording the switch still owes.
const MOST: usize = 10_000;

/// A message that somebody has left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoiceMessage {
    /// The recording's number.
    pub sound: SoundId,
    pub call: CallId,
    /// A queue or an extension.
    pub mailbox: String,
    pub queue: Option<QueueId>,
    pub caller: String,
    pub called: String,
    pub at: Millis,
    pub ms: i64,
    /// Under the voicemails directory.
    pub file: String,
}

impl Floor {
    /// The caller hears that a message can be left.
    pub(super) fn greet(&mut self, id: CallId, mailbox: String) {
        let to = Destination::Voicemail {
            mailbox: mailbox.clone(),
        };
        if self.answers_first(id, None, &to) {
            return;
        }
        let sound = SoundId(self.numbers.take());
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        call.way.is_served = true;
        call.phase = Phase::Greeting { sound, mailbox };
        if let Some(leg) = call.customer {
            let prompt = "voicemail".to_owned();
            self.commands.push_back(Command::Park { leg, music: None });
            let play = Command::Play { leg, sound, prompt };
            self.commands.push_back(play);
        }
    }

    /// The greeting is over: what is said from now on is the message, and no part of the call's recording.
    pub(super) fn take_message(&mut self, id: CallId, mailbox: String, now: Millis) {
        self.end_recording(id);
        let sound = SoundId(self.numbers.take());
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let Some(leg) = call.customer else { return };
        call.phase = Phase::Message { sound };
        let message = VoiceMessage {
            sound,
            call: id,
            mailbox,
            queue: call.queue.clone(),
            caller: call.caller.clone(),
            called: call.callee.clone(),
            at: now,
            ms: 0,
            file: String::new(),
        };
        if self.messages.len() >= MOST {
            self.messages.pop_first();
        }
        self.messages.insert(sound, message);
        let record = Command::RecordMessage { leg, sound };
        self.commands.push_back(record);
        let long = Why::MessageIsLong(id);
        self.timers.set(now.plus(LONGEST_MS), long);
    }

    /// The caller has said all there is to say, or too much.
    pub(super) fn end_message(&mut self, id: CallId) {
        let Some(call) = self.calls.get(&id) else {
            return;
        };
        let (Some(leg), Phase::Message { sound }) = (call.customer, &call.phase) else {
            return;
        };
        let sound = *sound;
        self.commands.push_back(Command::StopRecord { leg, sound });
        self.hear(id, "thanks", Destination::Hangup);
    }
}
