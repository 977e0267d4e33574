//! Commands that concern what a leg hears and what is kept of it, and what the media engine tells.

use std::{path::PathBuf, sync::Arc};

use media::{
    Prompt,
    classify::{AnswerDetector, EarlyDetector, SpeechDetector},
};
use switch::{Classify, Command, CommandId, EventKind, LegId, PlayId, RecordId, Refused, Speech};

use crate::{
    Embedded,
    commands::out_of_step,
    floor::Floor,
    leg::{Listens, Stage},
    translate,
};

impl Embedded {
    /// The prompt that a command is about, read where that is needed.
    pub(crate) fn prompt_of(&self, command: &Command) -> Result<Option<Arc<Prompt>>, Refused> {
        match command {
            Command::Play { prompt, .. } => {
                let found = self.sound.prompt(prompt).map_err(|error| {
                    tracing::warn!(prompt, %error, "a prompt cannot be played");
                    Refused::NoSuchPrompt
                })?;
                Ok(Some(found))
            }
            Command::Park { hear, .. } | Command::Hold { hear, .. } => self.music(hear),
            _ => Ok(None),
        }
    }

    pub(crate) fn play(
        &self,
        floor: &mut Floor,
        id: CommandId,
        leg_id: LegId,
        play: PlayId,
        prompt: Option<Arc<Prompt>>,
        times: u32,
    ) -> Result<(), Refused> {
        let leg = floor.leg(leg_id)?;
        let prompt = prompt.ok_or(Refused::NoSuchPrompt)?;
        if leg.play == Some(play) {
            return Ok(());
        }
        if !leg.hears() {
            let why = "only a leg that is answered, or has early media, can be played to";
            out_of_step(floor, leg_id, id, why);
            return Ok(());
        }
        leg.play = Some(play);
        let media = leg.media;
        floor.tell(leg_id, EventKind::PlayStarted { play });
        self.try_sound(
            self.sound
                .media()
                .play(media, media::PlayId(play.0), prompt, times),
        );
        Ok(())
    }

    pub(crate) fn stop_play(
        &self,
        floor: &mut Floor,
        leg: LegId,
        play: PlayId,
    ) -> Result<(), Refused> {
        let leg = floor.leg(leg)?;
        if leg.play == Some(play) {
            self.try_sound(
                self.sound
                    .media()
                    .stop_play(leg.media, media::PlayId(play.0)),
            );
        }
        Ok(())
    }

    pub(crate) fn classify(
        &self,
        floor: &mut Floor,
        id: CommandId,
        leg_id: LegId,
        params: Classify,
    ) -> Result<(), Refused> {
        let leg = floor.leg(leg_id)?;
        if !leg.is_answered() {
            out_of_step(floor, leg_id, id, "only an answered leg can be classified");
            return Ok(());
        }
        leg.listens = Listens::Answer;
        let detector = AnswerDetector::new(translate::thresholds(params));
        self.try_sound(self.sound.media().classify(leg.media, Box::new(detector)));
        Ok(())
    }

    pub(crate) fn listen_early(
        &self,
        floor: &mut Floor,
        id: CommandId,
        leg_id: LegId,
    ) -> Result<(), Refused> {
        let leg = floor.leg(leg_id)?;
        let sounds = matches!(leg.stage, Stage::Calling { early: Some(_), .. });
        if !sounds || leg.hung_up {
            let why = "only early media of an outgoing leg can be listened to";
            out_of_step(floor, leg_id, id, why);
            return Ok(());
        }
        if leg.listens != Listens::Early {
            leg.listens = Listens::Early;
            let detector = Box::new(EarlyDetector::default());
            self.try_sound(self.sound.media().classify(leg.media, detector));
        }
        Ok(())
    }

    pub(crate) fn listen_for_speech(
        &self,
        floor: &mut Floor,
        id: CommandId,
        leg_id: LegId,
        params: Speech,
    ) -> Result<(), Refused> {
        let leg = floor.leg(leg_id)?;
        if !leg.is_answered() {
            let why = "only an answered leg can be listened to for speech";
            out_of_step(floor, leg_id, id, why);
            return Ok(());
        }
        leg.listens = Listens::Speech;
        let detector = SpeechDetector::new(translate::speech(params));
        self.try_sound(self.sound.media().classify(leg.media, Box::new(detector)));
        Ok(())
    }

    pub(crate) fn stop_listening(&self, floor: &mut Floor, leg: LegId) -> Result<(), Refused> {
        let leg = floor.leg(leg)?;
        if leg.listens == Listens::Speech {
            leg.listens = Listens::No;
            self.try_sound(self.sound.media().stop_classifying(leg.media));
        }
        Ok(())
    }

    pub(crate) fn start_record(
        &self,
        floor: &mut Floor,
        id: CommandId,
        leg_id: LegId,
        record: RecordId,
        path: PathBuf,
    ) -> Result<(), Refused> {
        let leg = floor.leg(leg_id)?;
        if leg.records.contains(&record) {
            return Ok(());
        }
        if leg.hung_up {
            out_of_step(floor, leg_id, id, "a leg that ends cannot be recorded");
            return Ok(());
        }
        leg.records.insert(record);
        self.try_sound(
            self.sound
                .media()
                .record(leg.media, media::RecordId(record.0), path),
        );
        Ok(())
    }

    pub(crate) fn pause_record(
        &self,
        floor: &mut Floor,
        leg_id: LegId,
        record: RecordId,
        paused: bool,
    ) -> Result<(), Refused> {
        let leg = floor.leg(leg_id)?;
        let news = leg.records.contains(&record)
            && match paused {
                true => leg.paused.insert(record),
                false => leg.paused.remove(&record),
            };
        if !news {
            return Ok(());
        }
        let (media, id) = (leg.media, media::RecordId(record.0));
        self.try_sound(self.sound.media().pause_record(media, id, paused));
        floor.tell(
            leg_id,
            match paused {
                true => EventKind::RecordPaused { record },
                false => EventKind::RecordResumed { record },
            },
        );
        Ok(())
    }

    pub(crate) fn stop_record(
        &self,
        floor: &mut Floor,
        leg: LegId,
        record: RecordId,
    ) -> Result<(), Refused> {
        let leg = floor.leg(leg)?;
        if leg.records.contains(&record) {
            self.try_sound(
                self.sound
                    .media()
                    .stop_record(leg.media, media::RecordId(record.0)),
            );
        }
        Ok(())
    }

    /// Takes what the media engine tells.
    pub(crate) fn on_media(&self, event: media::Event) {
        let floor = &mut *self.floor();
        match event {
            media::Event::Dtmf {
                leg,
                digit,
                ms,
                withheld,
            } => {
                let key = EventKind::Dtmf {
                    digit,
                    ms,
                    withheld,
                };
                if let Some(leg) = up(floor, leg) {
                    floor.tell(leg, key);
                    if !withheld {
                        self.pass_by_info(floor, leg, digit);
                    }
                }
            }
            media::Event::Flash { leg } => {
                if let Some(leg) = up(floor, leg) {
                    floor.tell(leg, EventKind::HookFlash);
                }
            }
            media::Event::Pressed { leg } => {
                if let Some(leg) = up(floor, leg) {
                    floor.tell(leg, EventKind::DtmfSent);
                }
            }
            media::Event::Found { leg, finding } => {
                if let Some(id) = floor.of_media(leg)
                    && floor
                        .leg(id)
                        .is_ok_and(|leg| leg.is_listened_to_for(finding.what))
                {
                    floor.tell(id, translate::finding(finding));
                }
            }
            media::Event::PlayDone {
                leg,
                play,
                played_ms,
                why,
            } => {
                if let Some(leg) = floor.of_media(leg) {
                    let play = PlayId(play.0);
                    play_done(floor, leg, play);
                    let why = translate::play_end(why);
                    floor.tell(
                        leg,
                        EventKind::PlayDone {
                            play,
                            played_ms,
                            why,
                        },
                    );
                }
            }
            media::Event::RecordStarted { leg, record, path } => {
                let id = floor.of_media(leg);
                if let Some(leg) = id.filter(|&id| floor.leg(id).is_ok()) {
                    let record = RecordId(record.0);
                    floor.tell(leg, EventKind::RecordStarted { record, path });
                }
            }
            media::Event::RecordDone {
                leg,
                record,
                path,
                ms,
                bytes,
                error,
            } => {
                if let Some(leg) = floor.of_media(leg) {
                    let record = RecordId(record.0);
                    self.record_done(floor, leg, record);
                    floor.tell(
                        leg,
                        EventKind::RecordDone {
                            record,
                            path,
                            ms,
                            bytes,
                            error,
                        },
                    );
                    floor.bury(leg);
                }
            }
            media::Event::Timeout { leg } => self.fell_silent(floor, leg),
            media::Event::Closed { leg, stats } => {
                if let Some(leg) = floor.of_media(leg) {
                    floor.finish(leg, translate::stats(stats));
                }
            }
        }
        if floor.is_empty() {
            self.quiet.notify_waiters();
        }
    }

    /// A recording that failed by itself is taken off the leg.
    fn record_done(&self, floor: &mut Floor, leg: LegId, record: RecordId) {
        let Some(leg) = floor.any_leg(leg) else {
            return;
        };
        leg.records.remove(&record);
        leg.paused.remove(&record);
        if leg.is_up() {
            self.try_sound(
                self.sound
                    .media()
                    .stop_record(leg.media, media::RecordId(record.0)),
            );
        }
    }

    fn fell_silent(&self, floor: &mut Floor, media: media::LegId) {
        let Some(id) = up(floor, media) else { return };
        floor.tell(id, EventKind::MediaTimeout);
        if let Ok(leg) = floor.leg(id)
            && !leg.hung_up
        {
            leg.hung_up = true;
            leg.fell_silent = true;
            self.end_call(leg.call, sip::EndCause::Normal);
        }
    }
}

fn up(floor: &mut Floor, media: media::LegId) -> Option<LegId> {
    let id = floor.of_media(media)?;
    floor
        .leg(id)
        .ok()
        .filter(|leg| matches!(leg.stage, Stage::Answered))
        .map(|_| id)
}

fn play_done(floor: &mut Floor, leg: LegId, play: PlayId) {
    if let Some(leg) = floor.any_leg(leg)
        && leg.play == Some(play)
    {
        leg.play = None;
    }
}
