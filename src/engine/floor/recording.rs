//! A call is recorded as its customer's leg is: from the answer to the end, whoever and whatever the
//! customer hears meanwhile, so that a time in the recording is a time of the call. Where a phone of the
//! house calls a number outside, that number's leg is recorded: it stays when the phone sends it on, asks
//! somebody, or goes on at another device.
//!
//! Campaigns and routes say which calls are recorded. What is said to a mailbox or of the agent
//! afterwards is no part of it. Whoever has the customer may pause it; that ends with their part of the call
//! at the latest.

use super::{Call, Command, Floor, OrderRefused, Phase, voicemail::SHORTEST_MS};
use crate::{
    destination::Destination,
    ids::{CallId, LegId, SoundId},
    route::{self, Side},
    time::Millis,
};

/// What a recording says that ends before its call does.
const CUT_SHORT: &str = "cut_short";

/// How far the recording of a call is. There is one: what has ended does not begin again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Recording {
    #[default]
    NotBegun,
    /// Of this leg.
    Runs(LegId),
    Over,
    /// The leg that was recorded has left a call that goes on.
    CutShort,
}

impl Floor {
    /// The customer has answered, or whom a phone of ours calls outside.
    pub(super) fn begin_recording(&mut self, id: CallId, now: Millis) {
        let due = |call: &&Call| {
            call.way.recording == Recording::NotBegun && self.is_to_be_recorded(call, now)
        };
        let call = self.calls.get(&id).filter(due);
        let Some(leg) = call.and_then(Call::leg_to_record) else {
            return;
        };
        if let Some(call) = self.calls.get_mut(&id) {
            call.way.recording = Recording::Runs(leg);
        }
        // A recording has the number of its call.
        let sound = SoundId(id.0);
        self.commands.push_back(Command::Record {
            leg,
            sound,
            call: id,
        });
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

    /// Keeps what follows silent (card numbers and the like), or ends that. Repeating it is harmless.
    ///
    /// # Errors
    /// `NOT_RECORDED` when no recording of the call runs.
    pub fn pause_recording(&mut self, id: CallId, paused: bool) -> Result<(), OrderRefused> {
        let call = self.calls.get_mut(&id);
        let runs = call.and_then(|call| match call.way.recording {
            Recording::Runs(leg) => Some((leg, &mut call.way.pauses)),
            _ => None,
        });
        let Some((leg, pauses)) = runs else {
            let text = "no recording of this call runs";
            return Err(OrderRefused::new("NOT_RECORDED", text));
        };
        if *pauses != paused {
            *pauses = paused;
            let (sound, on) = (SoundId(id.0), paused);
            self.commands
                .push_back(Command::PauseRecord { leg, sound, on });
        }
        Ok(())
    }

    /// Whoever had the customer leaves: what the next one hears is kept, where anything is.
    pub(super) fn end_pause(&mut self, id: CallId) {
        let _ = self.pause_recording(id, false);
    }

    /// What follows is not kept.
    pub(super) fn end_recording(&mut self, id: CallId) {
        self.stop_recording(id, Recording::Over);
    }

    /// A leg leaves a call that goes on: where it is the recorded one, the recording says so.
    pub(super) fn cut_recording_of(&mut self, id: CallId, leg: LegId) {
        let call = self.calls.get(&id);
        if call.is_some_and(|call| call.way.recording == Recording::Runs(leg)) {
            self.stop_recording(id, Recording::CutShort);
        }
    }

    fn stop_recording(&mut self, id: CallId, then: Recording) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        if let Recording::Runs(leg) = call.way.recording {
            call.way.recording = then;
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
            self.runs_no_longer(call);
            let is_cut = |call: &Call| call.way.recording == Recording::CutShort;
            let is_cut = self.calls.get(&call).is_some_and(is_cut);
            let error = error.or_else(|| is_cut.then(|| CUT_SHORT.to_owned()));
            let done = Command::Recorded {
                call,
                file,
                ms,
                error,
            };
            self.commands.push_back(done);
            return;
        };
        self.cannot_take(message.call, sound);
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

    /// A message that ends by itself, or never began (the disk is full): its caller speaks to nobody and is
    /// told so.
    fn cannot_take(&mut self, id: CallId, sound: SoundId) {
        let call = self.calls.get(&id);
        if call.is_some_and(|call| call.phase == Phase::Message { sound }) {
            self.hear(id, "sorry", Destination::Hangup);
        }
    }

    /// The recording has ended by itself, or never began.
    fn runs_no_longer(&mut self, id: CallId) {
        let call = self.calls.get_mut(&id);
        if let Some(call) = call.filter(|call| matches!(call.way.recording, Recording::Runs(_))) {
            call.way.recording = Recording::Over;
        }
    }
}

impl Call {
    /// A phone of ours has called, and a number outside is called for it.
    pub(super) fn calls_out(&self) -> bool {
        self.way.from_phone.is_some() && self.way.out.is_some()
    }

    fn leg_to_record(&self) -> Option<LegId> {
        let to = self.way.entry.as_ref().map(|(_, then)| then);
        let is_to_call_out =
            self.way.from_phone.is_some() && matches!(to, Some(Destination::Number { .. }));
        match self.calls_out() {
            true => self.agent_leg,
            false => self.customer.filter(|_| !is_to_call_out),
        }
    }
}
