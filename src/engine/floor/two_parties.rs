//! A call between two parties that somebody orders (外呼双方会议, AGT-161): the first is called, and once
//! there the second, by the routes; then they hear each other, and others may be called in.

use super::{Call, Command, Floor, OrderRefused, Phase, Role, party::Who, way::Out};
use crate::{
    destination::Destination,
    ids::{CallId, LegId},
    phone,
    time::Millis,
};

/// How long the phone of the first may ring; milliseconds.
const RING_MS: i64 = 30_000;

/// What is ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TwoParties {
    /// An extension or a number outside.
    pub first: Destination,
    /// The same; called when the first is there.
    pub second: Destination,
    /// What numbers outside see, where the route names no caller number. `None`: the extension.
    pub caller: Option<String>,
    /// Once one of the two hangs up it is over for all who were called in (AGT-160); else those who are left
    /// talk on where the first is one of them.
    pub ends_all: bool,
    /// Whose call it is.
    pub tenant: String,
}

impl Floor {
    /// Begins such a call. `by`: for whom numbers outside count.
    ///
    /// # Errors
    /// [`OrderRefused`] when one of the two cannot be called now; then nobody is.
    pub fn connect_two(
        &mut self,
        by: &str,
        asked: TwoParties,
        now: Millis,
    ) -> Result<CallId, OrderRefused> {
        let begun = self.begin_for_two(by, asked, now);
        self.settle(now);
        begun
    }

    fn begin_for_two(
        &mut self,
        by: &str,
        asked: TwoParties,
        now: Millis,
    ) -> Result<CallId, OrderRefused> {
        if self.draining {
            let text = "no new calls: the server is shutting down";
            return Err(OrderRefused::new("DRAINING", text));
        }
        let by = Who::Agent(by.into());
        let first = self.may_be_connected(&by, &asked.first, now)?;
        let second = self.may_be_connected(&by, &asked.second, now)?;
        if first == second {
            let text = "the two are the same";
            return Err(OrderRefused::new("BAD_DESTINATION", text));
        }
        let caller = self.shown_for_two(&asked, [&first, &second], now)?;
        for who in [&first, &second] {
            if matches!(who, Who::Outside(_)) {
                self.outside.count(&by, now);
            }
        }
        let id = CallId(self.numbers.take());
        let mut call = Call::new(id, caller, first.name().to_owned(), now);
        call.way.is_ordered = true;
        call.way.ends_all = asked.ends_all;
        call.way.tenant = Some(asked.tenant);
        call.way.entry = Some((None, second.destination()));
        // Calls between phones are not recorded; a route says about its numbers.
        call.way.unrecorded = ![&first, &second]
            .map(|who| self.is_kept(who, now))
            .contains(&true);
        match first {
            Who::Outside(number) => self.ask_about_first(call, number, now),
            who => self.ring_first(call, who, second.name().to_owned(), now),
        }
        Ok(id)
    }

    fn may_be_connected(
        &mut self,
        by: &Who,
        to: &Destination,
        now: Millis,
    ) -> Result<Who, OrderRefused> {
        match to {
            Destination::Extension { extension } => {
                if !self.registered.contains(extension) {
                    let text = format!("the phone of extension {extension} is not registered");
                    return Err(OrderRefused::new("PHONE_NOT_REGISTERED", text));
                }
                self.phone_is_free(extension)?;
                Ok(Who::Extension(extension.clone()))
            }
            Destination::Number { number } => {
                let number = phone::of_text(number)
                    .map_err(|error| OrderRefused::new("BAD_NUMBER", error.to_string()))?
                    .number;
                self.is_not_denied(&phone::spellings(&number, &self.home_of(None)))?;
                self.way_out(&number, &[], now)?;
                if !self.outside.is_within_hour(by, now) {
                    let text = "too many calls to outside numbers within an hour";
                    return Err(OrderRefused::new("TOO_MANY_CALLS", text));
                }
                Ok(Who::Outside(number))
            }
            _ => {
                let text = "a call connects extensions and numbers";
                Err(OrderRefused::new("BAD_DESTINATION", text))
            }
        }
    }

    /// The number that is shown outside: the one that was asked for, else an extension's.
    fn shown_for_two(
        &mut self,
        asked: &TwoParties,
        both: [&Who; 2],
        now: Millis,
    ) -> Result<String, OrderRefused> {
        if let Some(caller) = &asked.caller {
            return Ok(caller.clone());
        }
        let mut phones = both
            .into_iter()
            .filter(|who| matches!(who, Who::Extension(_)));
        if let Some(phone) = phones.next() {
            return Ok(phone.name().to_owned());
        }
        let mut unnamed = false;
        for who in both {
            unnamed |= self.way_out(who.name(), &[], now)?.rule.caller.is_none();
        }
        match unnamed {
            true => {
                let text = "the routes name no caller number, so one must be given";
                Err(OrderRefused::new("NO_CALLER", text))
            }
            false => Ok(String::new()),
        }
    }

    fn is_kept(&mut self, who: &Who, now: Millis) -> bool {
        let Who::Outside(number) = who else {
            return false;
        };
        let way = self.way_out(number, &[], now);
        way.is_ok_and(|way| way.rule.record)
    }

    fn ring_first(&mut self, mut call: Call, who: Who, caller: String, now: Millis) {
        let (leg, extension) = (LegId(self.numbers.take()), who.name().to_owned());
        call.customer = Some(leg);
        call.phase = Phase::Dialling;
        call.way.from_phone = Some(extension.clone());
        call.times.ringing = Some(now);
        self.in_use.insert(extension.clone());
        self.legs.insert(leg, Role::Customer(call.id));
        self.commands
            .push_back(Command::OpenCall(Box::new(call.beginning())));
        self.commands.push_back(Command::RingPhone {
            leg,
            extension,
            caller,
            ring_ms: RING_MS,
        });
        self.calls.insert(call.id, call);
    }

    /// The DNC lists are asked before the INVITE; then it goes as a call back does.
    fn ask_about_first(&mut self, mut call: Call, number: String, now: Millis) {
        let (leg, id) = (LegId(self.numbers.take()), call.id);
        call.phase = Phase::Asking;
        call.way.out = Some(Out {
            leg,
            number: number.clone(),
            channel: None,
            shows: None,
            refused: Vec::new(),
        });
        self.legs.insert(leg, Role::Customer(id));
        self.commands
            .push_back(Command::OpenCall(Box::new(call.beginning())));
        self.calls.insert(id, call);
        self.ask_about(id, leg, &number, now);
    }
}

impl Who {
    fn destination(&self) -> Destination {
        match self {
            Self::Agent(agent) => Destination::Agent {
                agent: agent.clone(),
            },
            Self::Extension(extension) => Destination::Extension {
                extension: extension.clone(),
            },
            Self::Outside(number) => Destination::Number {
                number: number.clone(),
            },
        }
    }
}
