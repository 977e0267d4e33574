//! The rules of the port, as a test that every engine has to pass.
//!
//! Give [`check`] two engines that can call each other: the first calls numbers behind its gateway
//! named in [`Pair::gateway`], and they arrive at the second as incoming legs. Every event of both
//! is held against the rules that are true at all times (dense numbering, one `Ended`, nothing
//! after it); each rule then plays its own scene.
//!
//! A broken rule is a panic that says which leg did what.

mod answers;
mod bridges;
mod calls;
mod deadlines;
mod early;
mod mixes;
mod probe;
mod prompts;
mod refusals;
mod speech;
mod straits;
mod transfers;

use std::{path::PathBuf, pin::Pin, sync::Arc};

use crate::{CallerId, Command, LegId, Originate, Switch, Target};
use probe::{LONG, Probe};
pub use straits::Strait;

/// Brings an engine of that kind, with the same gateway, into a strait.
pub type Strained = dyn Fn(Strait) -> Pin<Box<dyn Future<Output = Arc<dyn Switch>> + Send>> + Sync;

/// Two engines, one calling the other.
pub struct Pair {
    pub caller: Arc<dyn Switch>,
    pub callee: Arc<dyn Switch>,
    /// The caller's gateway behind which the callee is.
    pub gateway: String,
    /// A prompt of 400 ms that the caller knows.
    pub prompt: String,
    /// A prompt of the callee's: special information tones that say [`crate::Sit::Intercept`].
    pub sit: String,
    /// The extension of a phone of the caller's that answers every call with 302, and the number in it.
    pub forwarding: (String, String),
    /// A folder for recordings.
    pub folder: PathBuf,
    /// Other engines, for what they refuse when they can do no more.
    pub strained: Box<Strained>,
}

/// Plays every scene, one after the other.
///
/// # Panics
/// When an engine breaks a rule.
pub async fn check(pair: Pair) {
    let scene = &mut Scene {
        caller: Probe::new("caller", pair.caller),
        callee: Probe::new("callee", pair.callee),
        gateway: pair.gateway,
        prompt: pair.prompt,
        sit: pair.sit,
        forwarding: pair.forwarding,
        folder: pair.folder,
        strained: pair.strained,
    };
    calls::an_answered_call_ends_on_both_sides(scene).await;
    calls::a_hangup_while_it_rings_is_a_cancel(scene).await;
    calls::a_hangup_at_once_is_no_answer(scene).await;
    calls::an_answer_that_races_the_hangup_is_not_told(scene).await;
    calls::nobody_answers_in_time(scene).await;
    calls::each_refusal_has_its_status(scene).await;
    calls::a_phone_that_sends_its_calls_on_says_where(scene).await;
    answers::the_time_of_an_answer_is_that_of_its_arrival(scene).await;
    answers::from_the_answer_to_the_agent_there_is_no_round_trip(scene).await;
    deadlines::what_comes_too_early_has_failed(scene).await;
    early::sound_before_the_answer_is_told_and_goes_on(scene).await;
    early::who_waits_hears_it_until_the_answer(scene).await;
    early::who_hears_a_call_that_ends_is_parked(scene).await;
    early::who_calls_hears_what_there_is_before_the_answer(scene).await;
    early::where_there_is_none_nobody_hears_it(scene).await;
    if scene.caller.capabilities().machine_detection {
        early::an_announcement_before_the_answer_is_told(scene).await;
        early::an_answer_ends_listening_for_announcements(scene).await;
    }
    bridges::legs_are_bridged_moved_and_parked(scene).await;
    bridges::the_survivor_is_parked_or_hung_up(scene).await;
    if scene.caller.capabilities().mixing {
        mixes::a_hold_keeps_the_bridge(scene).await;
        mixes::a_supervisor_changes_how_and_is_parked_in_the_end(scene).await;
        mixes::a_conference_is_joined_and_left(scene).await;
        mixes::a_mute_lasts_until_it_is_ended(scene).await;
        mixes::a_conference_is_supervised(scene).await;
        mixes::keys_go_to_those_who_hear(scene).await;
    }
    prompts::a_prompt_ends_in_three_ways(scene).await;
    prompts::keys_arrive_as_they_were_pressed(scene).await;
    if scene.caller.capabilities().machine_detection {
        prompts::a_silent_far_end_is_unsure(scene).await;
    }
    if scene.caller.capabilities().speech_detection {
        speech::who_speaks_is_told_of_until_listening_ends(scene).await;
    }
    prompts::a_recording_may_end_after_its_leg(scene).await;
    transfers::a_transfer_is_asked_for_and_reported(scene).await;
    transfers::an_attended_transfer_names_the_other_leg(scene).await;
    transfers::what_is_not_answered_cannot_be_transferred(scene).await;
    prompts::a_recording_is_born_with_its_leg(scene).await;
    refusals::what_does_not_exist_is_refused(scene).await;
    refusals::what_holds_already_is_silent(scene).await;
    straits::whoever_takes_no_leg_says_why(scene).await;
    scene.caller.assert_over();
    scene.callee.assert_over();
}

/// What the scenes play with.
struct Scene {
    caller: Probe,
    callee: Probe,
    gateway: String,
    prompt: String,
    sit: String,
    forwarding: (String, String),
    folder: PathBuf,
    strained: Box<Strained>,
}

impl Scene {
    /// Calls `number`; gives back the leg of the caller and that of the callee.
    async fn call(&mut self, number: &str) -> (LegId, LegId) {
        let leg = self.dial(number, LONG);
        let (incoming, to) = self.callee.incoming().await;
        assert_eq!(to, number, "the called number arrives as it was dialled");
        (leg, incoming)
    }

    /// Sends the INVITE.
    fn dial(&mut self, number: &str, ring_timeout: std::time::Duration) -> LegId {
        let leg = LegId(uuid::Uuid::new_v4());
        let to = Target::Gateway {
            gateway: self.gateway.clone(),
            number: number.to_owned(),
        };
        let caller = CallerId {
            number: "1000".to_owned(),
            ..CallerId::default()
        };
        self.caller.take(Command::Originate(Originate {
            leg,
            to,
            caller,
            ring_timeout,
        }));
        leg
    }

    /// A call that both sides have answered.
    async fn answered(&mut self, number: &str) -> (LegId, LegId) {
        let (leg, incoming) = self.call(number).await;
        self.callee.take(Command::Answer { leg: incoming });
        self.callee.until(incoming, "Answered").await;
        self.caller.until(leg, "Answered").await;
        (leg, incoming)
    }
}
