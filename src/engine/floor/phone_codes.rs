//! Codes that are pressed at a phone while it talks: `*5` and an extension, or `*6` and the number of a
//! queue, and then `#`, send the far end there (AGT-136, AGT-137).
//!
//! No key waits for the next one on its way to the far end, so the `*` that may begin a code is heard
//! there. From it on the switch withholds the phone's keys until the code is complete, and what turns out
//! to be none is pressed at the far end after all. Keys that come as tones are sound and are heard.

use super::{Call, Command, Event, Floor, OrderRefused, Phase, Role, Why, party::Who};
use crate::{
    ids::{CallId, LegId, SoundId},
    time::Millis,
};

/// Between two keys of a code; milliseconds.
const BETWEEN_MS: i64 = 4_000;
/// Keys of a code, all told.
const MOST: usize = 20;
/// What a phone hears that has pressed a code that leads nowhere.
const REFUSED: &str = "refused";

/// What has been pressed of a code.
#[derive(Debug, Clone)]
pub(super) struct Code {
    leg: LegId,
    keys: String,
    /// Those that the far end has not heard.
    withheld: String,
    /// It is none when no key has come by then.
    pub until: Millis,
}

/// What keys come to.
enum Reading<'a> {
    /// The beginning of a code.
    More,
    Whole(&'a str),
    None,
}

impl Floor {
    /// A key at a phone that talks. False for every other one.
    pub(super) fn key_at_phone(
        &mut self,
        leg: LegId,
        key: char,
        withheld: bool,
        now: Millis,
    ) -> bool {
        let Some(id) = self.talk_with_codes(leg) else {
            return false;
        };
        let call = self.calls.get_mut(&id);
        let code = call.and_then(|call| call.parties.code.take_if(|code| code.leg == leg));
        let heard_late = withheld.then_some(key);
        match code {
            Some(code) if key != '*' => self.next_of_code(id, code, key, heard_late, now),
            None if key != '*' => self.press_after_all(id, leg, &String::from_iter(heard_late)),
            // It begins a code, or another one.
            earlier => {
                if let Some(earlier) = earlier {
                    self.press_after_all(id, leg, &earlier.withheld);
                } else {
                    self.withhold_keys(leg, true);
                }
                let code = Code {
                    leg,
                    keys: key.into(),
                    withheld: String::from_iter(heard_late),
                    until: now,
                };
                self.await_key(id, code, now);
            }
        }
        true
    }

    fn next_of_code(
        &mut self,
        id: CallId,
        mut code: Code,
        key: char,
        withheld: Option<char>,
        now: Millis,
    ) {
        code.keys.push(key);
        code.withheld.extend(withheld);
        match read(&code.keys) {
            Reading::More => self.await_key(id, code, now),
            Reading::Whole(number) => {
                self.withhold_keys(code.leg, false);
                self.send_by_code(id, code.leg, number, now);
            }
            Reading::None => self.give_up_code(id, &code),
        }
    }

    /// The call in which a phone of ours talks at this leg and may send the far end on.
    pub(super) fn talk_with_codes(&self, leg: LegId) -> Option<CallId> {
        let id = match self.legs.get(&leg)? {
            Role::AgentFor(id) | Role::Party(id) | Role::Customer(id) => *id,
            Role::NailedUp(agent) => self.talking(agent).ok()?,
            Role::Own(_) | Role::TakesOver(_) | Role::Supervisor => return None,
        };
        let call = self.calls.get(&id)?;
        let is_up = call.phase == Phase::Talking;
        let has = call.own_leg() == Some(leg) && call.holder().is_some();
        // It has called a phone or a number outside. Who talks with an agent is the agent's customer.
        let called = call.customer == Some(leg) && call.way.from_phone.is_some();
        let called = called && call.agent.is_none() && call.parties.second.is_none();
        (is_up && (has || called)).then_some(id)
    }

    fn await_key(&mut self, id: CallId, mut code: Code, now: Millis) {
        code.until = now.plus(BETWEEN_MS);
        self.timers.set(code.until, Why::CodeIsOver(id));
        if let Some(call) = self.calls.get_mut(&id) {
            call.parties.code = Some(code);
        }
    }

    pub(super) fn code_due(&mut self, id: CallId, now: Millis) {
        let code = self.calls.get_mut(&id).and_then(|call| {
            let code = &mut call.parties.code;
            code.take_if(|code| code.until <= now)
        });
        if let Some(code) = code {
            self.give_up_code(id, &code);
        }
    }

    /// It was no code: the far end hears what it has not heard.
    fn give_up_code(&mut self, id: CallId, code: &Code) {
        self.withhold_keys(code.leg, false);
        self.press_after_all(id, code.leg, &code.withheld);
    }

    fn press_after_all(&mut self, id: CallId, leg: LegId, keys: &str) {
        let Some(call) = self.calls.get(&id).filter(|_| !keys.is_empty()) else {
            return;
        };
        let far = match call.customer == Some(leg) {
            true => call.own_leg(),
            false => call.spoken_to(),
        };
        if let Some(leg) = far {
            let digits = keys.to_owned();
            self.commands.push_back(Command::SendDtmf { leg, digits });
        }
    }

    fn withhold_keys(&mut self, leg: LegId, on: bool) {
        self.commands.push_back(Command::WithholdKeys { leg, on });
    }

    /// The call is over, or goes on without this phone: a leg that stays up begins afresh.
    pub(super) fn forget_code(&mut self, call: &Call) {
        if let Some(code) = &call.parties.code {
            let leg = code.leg;
            if let Some(call) = self.calls.get_mut(&call.id) {
                call.parties.code = None;
            }
            if matches!(self.legs.get(&leg), Some(Role::NailedUp(_))) {
                self.withhold_keys(leg, false);
            }
        }
    }

    fn send_by_code(&mut self, id: CallId, leg: LegId, number: &str, now: Millis) {
        let who = self.calls.get(&id).and_then(Call::holder);
        let unknown = || OrderRefused::new("BAD_NUMBER", "that number leads nowhere");
        let phone = self.calls.get(&id);
        let phone = phone.and_then(|call| call.way.from_phone.clone());
        let by = who.clone().or_else(|| phone.map(Who::Extension));
        let sent = match by.and_then(|by| self.dialled_at_phone(&by, number, now)) {
            Some(to) => match self.talk_at(leg, now) {
                Some((by, call)) => self.send_customer(&by, call, to, now),
                None => Err(unknown()),
            },
            None => Err(unknown()),
        };
        if let Err(refused) = sent {
            let number: String = number.chars().skip(2).collect();
            self.refuse_number(id, leg, who, &number, &refused);
        }
    }

    /// A phone hears that what it has dialled leads nowhere; the agent at it is told why.
    pub(super) fn refuse_number(
        &mut self,
        id: CallId,
        leg: LegId,
        who: Option<Who>,
        number: &str,
        refused: &OrderRefused,
    ) {
        self.play_refused(leg);
        if let Some(Who::Agent(agent)) = who {
            self.tell(Event::PartyLeft {
                agent,
                call_id: id,
                party: number.to_owned(),
                why: why_not(refused),
            });
        }
    }

    pub(super) fn play_refused(&mut self, leg: LegId) {
        let sound = SoundId(self.numbers.take());
        let prompt = REFUSED.to_owned();
        self.commands
            .push_back(Command::Play { leg, sound, prompt });
    }

    /// Nothing is being pressed any more, and keys are heard again.
    pub(super) fn drop_code(&mut self, id: CallId) {
        let code = self.calls.get_mut(&id);
        if let Some(code) = code.and_then(|call| call.parties.code.take()) {
            self.withhold_keys(code.leg, false);
        }
    }
}

/// What an agent is told of a code that leads nowhere.
fn why_not(refused: &OrderRefused) -> &'static str {
    match refused.code {
        "BUSY" | "NOBODY_FREE" | "SECOND_CALL_UP" => "busy",
        "PHONE_NOT_REGISTERED" => "not_reached",
        _ => "bad_number",
    }
}

fn read(keys: &str) -> Reading<'_> {
    let digits = keys.strip_prefix("*5").or(keys.strip_prefix("*6"));
    let is_number = |digits: &str| digits.chars().all(|key| key.is_ascii_digit());
    match digits {
        None if keys == "*" => Reading::More,
        None => Reading::None,
        Some(digits) => match digits.strip_suffix('#') {
            Some(number) if !number.is_empty() && is_number(number) => {
                Reading::Whole(&keys[..keys.len() - 1])
            }
            None if is_number(digits) && keys.len() < MOST => Reading::More,
            _ => Reading::None,
        },
    }
}
