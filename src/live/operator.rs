//! Between the floor and the switch: carries commands there and tells what came of them.

mod words;

use std::{collections::VecDeque, path::PathBuf, sync::Arc, time::Duration};

use engine::{
    classification::Finding,
    floor::{Command, Input, Refusal},
    ids::{GatewayId, LegId, SoundId},
    robot::Speech,
    time::Millis,
};
use switch::{
    CallerId, CommandId, ConferenceId, EventKind, GatewayState, Hear, OnEnd, Originate, PlayId,
    RecordId, Refused, Switch, Target,
};
use tracing::{debug, warn};
use words::{cause_of, ended_of, monitor_of, not_recorded, refused_as};

use crate::{answers, clock, legs::Legs, recordings};

/// Commands whose failure the floor must hear of; older ones have long had their effect.
const REMEMBERED: usize = 4096;

pub(crate) struct Operator {
    switch: Arc<dyn Switch>,
    legs: Legs,
    next_command: u64,
    /// What to tell the floor when a command that was accepted has no effect.
    on_failure: VecDeque<(CommandId, Input)>,
    recordings: PathBuf,
    /// Where messages of callers are kept.
    messages: PathBuf,
}

impl Operator {
    pub fn new(switch: Arc<dyn Switch>, recordings: PathBuf) -> Self {
        Self {
            switch,
            legs: Legs::default(),
            next_command: 0,
            on_failure: VecDeque::new(),
            messages: recordings.with_file_name("voicemails"),
            recordings,
        }
    }

    /// Carries a command to the switch; returns what the floor must hear at once.
    pub fn carry(&mut self, command: Command) -> Option<Input> {
        use switch::Command as Do;
        let id = |leg| self.legs.of_floor(leg);
        let (todo, failure) = match command {
            Command::Dial {
                leg,
                gateway,
                number,
                caller,
                ring_ms,
            } => {
                let to = Target::Gateway {
                    gateway: gateway.as_str().into(),
                    number,
                };
                let refused = Input::LegRefused {
                    leg,
                    why: Refusal::Gateway,
                };
                (self.originate(leg, to, caller, ring_ms), Some(refused))
            }
            Command::RingPhone {
                leg,
                extension,
                caller,
                ring_ms,
            } => {
                let to = Target::Phone { extension };
                let refused = Input::LegRefused {
                    leg,
                    why: Refusal::Ours,
                };
                (self.originate(leg, to, caller, ring_ms), Some(refused))
            }
            Command::Ring { leg } => (Do::Ring { leg: id(leg) }, None),
            Command::Progress { leg } => (Do::Progress { leg: id(leg) }, None),
            Command::Answer { leg } => (Do::Answer { leg: id(leg) }, None),
            Command::HearEarly { leg, of } => {
                let (leg, of) = (id(leg), id(of));
                (Do::HearEarly { leg, of }, None)
            }
            Command::TakeUp { leg } => (Do::TakeUp { leg: id(leg) }, None),
            Command::TransferResult { leg, sip_status } => {
                let leg = id(leg);
                (Do::TransferResult { leg, sip_status }, None)
            }
            Command::Hangup { leg, cause } => (
                Do::Hangup {
                    leg: id(leg),
                    cause: cause_of(cause),
                },
                None,
            ),
            Command::Bridge { a, b } => (
                Do::Bridge {
                    a: id(a),
                    b: id(b),
                    on_end: OnEnd::Park,
                },
                Some(Input::MediaTimeout { leg: a }),
            ),
            Command::Park { leg, music } => {
                let hear = music.map_or(Hear::Silence, Hear::Music);
                (Do::Park { leg: id(leg), hear }, None)
            }
            Command::Mute { leg, on } => (Do::Mute { leg: id(leg), on }, None),
            Command::WithholdKeys { leg, on } => (Do::WithholdKeys { leg: id(leg), on }, None),
            Command::SendDtmf { leg, digits } => {
                let leg = id(leg);
                (Do::SendDtmf { leg, digits }, None)
            }
            Command::Confer { leg, call } => {
                let conference = ConferenceId(call.0);
                let lost = Input::MediaTimeout { leg };
                let leg = id(leg);
                (Do::Confer { leg, conference }, Some(lost))
            }
            Command::Supervise {
                leg,
                agent,
                monitor,
            } => (
                Do::Supervise {
                    leg: id(leg),
                    agent: id(agent),
                    monitor: monitor_of(monitor),
                },
                None,
            ),
            Command::Play { leg, sound, prompt } => (
                Do::Play {
                    leg: id(leg),
                    play: PlayId(sound.0),
                    prompt,
                    times: 1,
                },
                Some(Input::PlayFailed { leg, sound }),
            ),
            Command::Classify {
                leg,
                thresholds,
                awaits_beep,
            } => {
                let params = answers::thresholds(&thresholds, awaits_beep);
                let finding = Finding::unsure("the switch does not listen", 0);
                let todo = Do::Classify {
                    leg: id(leg),
                    params,
                };
                (todo, Some(Input::Classified { leg, finding }))
            }
            Command::ListenEarly { leg } => (Do::ListenEarly { leg: id(leg) }, None),
            Command::ListenForSpeech { leg, listens } => {
                let unheard = Input::Speech {
                    leg,
                    speech: Speech::Unheard,
                };
                let params = answers::speech(&listens);
                let leg = id(leg);
                (Do::ListenForSpeech { leg, params }, Some(unheard))
            }
            Command::StopListening { leg } => (Do::StopListening { leg: id(leg) }, None),
            Command::Record { leg, sound, call } => {
                let path = self
                    .recordings
                    .join(recordings::file_of(call, clock::now()));
                let todo = Do::StartRecord {
                    leg: id(leg),
                    record: RecordId(sound.0),
                    path,
                };
                (todo, Some(not_recorded(sound)))
            }
            Command::StopPlay { leg, sound } => {
                let play = PlayId(sound.0);
                (Do::StopPlay { leg: id(leg), play }, None)
            }
            Command::RecordMessage { leg, sound } => {
                let name = format!("{}/{sound}.wav", recordings::day_of(clock::now()));
                let todo = Do::StartRecord {
                    leg: id(leg),
                    record: RecordId(sound.0),
                    path: self.messages.join(name),
                };
                (todo, Some(not_recorded(sound)))
            }
            Command::DropRecording { file } => {
                if let Err(error) = std::fs::remove_file(self.messages.join(&file)) {
                    warn!(%error, "a message that nobody needs could not be removed");
                }
                return None;
            }
            Command::PauseRecord { leg, sound, on } => {
                let (leg, record) = (id(leg), RecordId(sound.0));
                let todo = match on {
                    true => Do::PauseRecord { leg, record },
                    false => Do::ResumeRecord { leg, record },
                };
                (todo, None)
            }
            Command::StopRecord { leg, sound } => (
                Do::StopRecord {
                    leg: id(leg),
                    record: RecordId(sound.0),
                },
                None,
            ),
            other => {
                warn!(command = ?std::mem::discriminant(&other), "not a command for the switch");
                return None;
            }
        };
        self.send(todo, failure)
    }

    fn originate(&self, leg: LegId, to: Target, caller: String, ring_ms: i64) -> switch::Command {
        switch::Command::Originate(Originate {
            leg: self.legs.of_floor(leg),
            to,
            caller: CallerId {
                number: caller,
                ..CallerId::default()
            },
            ring_timeout: Duration::from_millis(u64::try_from(ring_ms).unwrap_or_default()),
        })
    }

    fn send(&mut self, todo: switch::Command, failure: Option<Input>) -> Option<Input> {
        self.next_command += 1;
        let id = CommandId(self.next_command);
        match self.switch.send(id, todo) {
            Ok(()) => {
                if let Some(failure) = failure {
                    self.on_failure.push_back((id, failure));
                    if self.on_failure.len() > REMEMBERED {
                        self.on_failure.pop_front();
                    }
                }
                None
            }
            // The leg ended a moment ago; its end is on the way.
            Err(Refused::NoSuchLeg) => None,
            Err(refused) => {
                debug!(%refused, "the switch refused a command");
                failure.map(|input| refused_as(input, refused))
            }
        }
    }

    /// The switch's name for a leg of the floor.
    pub fn of_switch(&self, leg: LegId) -> switch::LegId {
        self.legs.of_floor(leg)
    }

    /// What an event of the switch means to the floor, and when it happened.
    pub fn hear(&mut self, event: switch::Event) -> Option<(Input, Millis)> {
        let at = clock::of(event.at);
        let leg = event.leg.map(|leg| self.legs.of_switch(leg));
        let input = match (event.kind, leg) {
            (
                EventKind::Incoming {
                    from,
                    to,
                    gateway,
                    phone,
                    replaces,
                },
                _,
            ) => {
                let leg = self.legs.admit(event.leg?);
                Input::Incoming {
                    leg,
                    from,
                    to,
                    gateway: gateway.map(GatewayId::from),
                    phone,
                    replaces: replaces.map(|leg| self.legs.of_switch(leg)),
                }
            }
            (EventKind::SentAgain, Some(leg)) => Input::LegSentAgain { leg },
            (EventKind::Ringing { early_media }, Some(leg)) => Input::LegRinging {
                leg,
                early: early_media,
            },
            (EventKind::Answered, Some(leg)) => Input::LegAnswered { leg },
            (EventKind::Bridged { .. }, Some(leg)) => Input::Bridged { leg },
            (
                EventKind::Classified {
                    verdict,
                    sit,
                    why,
                    after_ms,
                    greeted_ms,
                },
                Some(leg),
            ) => Input::Classified {
                leg,
                finding: Finding {
                    answerer: answers::answerer(verdict),
                    sit: sit.map(answers::sit),
                    why,
                    after_ms,
                    greeted_ms,
                },
            },
            (EventKind::Beep, Some(leg)) => Input::Beep { leg },
            (EventKind::SpeechBegan, Some(leg)) => Input::Speech {
                leg,
                speech: Speech::Began,
            },
            (EventKind::SpeechPaused, Some(leg)) => Input::Speech {
                leg,
                speech: Speech::Paused,
            },
            (
                EventKind::Dtmf {
                    digit, withheld, ..
                },
                Some(leg),
            ) => Input::Key {
                leg,
                key: digit,
                withheld,
            },
            (EventKind::HookFlash, Some(leg)) => Input::HookFlash { leg },
            (EventKind::PlayDone { play, .. }, Some(leg)) => Input::PlayDone {
                leg,
                sound: SoundId(play.0),
            },
            (EventKind::RecordStarted { record, path }, _) => Input::RecordStarted {
                sound: SoundId(record.0),
                file: self.name_of(&path),
            },
            (
                EventKind::RecordDone {
                    record,
                    path,
                    ms,
                    error,
                    ..
                },
                _,
            ) => Input::RecordDone {
                sound: SoundId(record.0),
                file: self.name_of(&path),
                ms: i64::try_from(ms).unwrap_or(i64::MAX),
                error,
            },
            (EventKind::TransferAsked { to, replaces }, Some(leg)) => Input::TransferAsked {
                leg,
                to,
                replaces: replaces.map(|leg| self.legs.of_switch(leg)),
            },
            (EventKind::FarEndHolds { on }, Some(leg)) => Input::FarEndHolds { leg, on },
            (EventKind::MediaTimeout, Some(leg)) => Input::MediaTimeout { leg },
            (EventKind::Failed { command, why }, _) => {
                debug!(why, "a command had no effect");
                self.failed(command)?
            }
            (EventKind::Ended(ended), Some(leg)) => {
                self.legs.forget(leg);
                Input::LegEnded {
                    leg,
                    ended: ended_of(ended),
                }
            }
            (EventKind::Registered { extension, .. }, _) => Input::Phone {
                extension,
                registered: true,
            },
            (EventKind::Unregistered { extension }, _) => Input::Phone {
                extension,
                registered: false,
            },
            (EventKind::Gateway { gateway, state }, _) => Input::GatewayAnswers {
                gateway: gateway.as_str().into(),
                up: state != GatewayState::Down,
            },
            (EventKind::Banned { source, seconds }, _) => Input::Banned {
                source: source.to_string(),
                seconds,
            },
            (EventKind::PhoneLimited { extension, why }, _) => {
                Input::PhoneLimited { extension, why }
            }
            _ => return None,
        };
        Some((input, at))
    }

    fn failed(&mut self, command: CommandId) -> Option<Input> {
        let at = self.on_failure.iter().position(|(id, _)| *id == command)?;
        self.on_failure.remove(at).map(|(_, input)| input)
    }

    /// A recording's name below the directory of its kind.
    fn name_of(&self, path: &std::path::Path) -> String {
        let kinds = [&self.recordings, &self.messages];
        let name = kinds.iter().find_map(|kind| path.strip_prefix(kind).ok());
        name.unwrap_or(path).display().to_string()
    }
}
