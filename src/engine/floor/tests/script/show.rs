//! What the floor wants done, a line each.

use super::{
    super::{
        super::{Cause, CloseCall, Command, Event},
        stage,
    },
    Stage,
};
use crate::{ids::LegId, time::Millis};

impl Stage {
    pub(super) fn note(&mut self, text: String) {
        let tenths = self.now.since(stage::opening()) / 100;
        self.shown.push(format!("{} {text}", tenths as f64 / 10.0));
    }

    pub(super) fn show(&mut self, command: &Command) {
        self.remember_names(command);
        if let Some(text) = self.text_of(command) {
            self.note(text);
        }
    }

    pub(super) fn remember_names(&mut self, command: &Command) {
        match command {
            Command::Dial { leg, number, .. } => {
                let name = self.whose(number);
                self.name(*leg, &name);
            }
            Command::RingPhone { leg, extension, .. } => {
                let name = extension.replacen("80", "a", 1);
                self.name(*leg, &name);
            }
            Command::Record { leg, sound, .. } | Command::RecordMessage { leg, sound } => {
                let name = self.name_of(*leg);
                self.recordings.insert(name, *sound);
            }
            Command::OpenAttempt(open) => {
                let lead = open.call.lead.as_ref().expect("a lead").to_string();
                self.attempts.insert(lead.clone(), open.attempt);
                self.calls.insert(open.call.id, lead);
            }
            Command::CheckNumber { leg, spellings, .. } => {
                let name = self.whose(&spellings[0]);
                self.name(*leg, &name);
            }
            Command::TakeCallBack { leg, spellings, .. }
            | Command::CheckPhone { leg, spellings, .. } => {
                self.name(*leg, &spellings[0]);
            }
            Command::Promise(promise) => {
                let call = &promise.call;
                self.calls.insert(call.id, call.caller.clone());
            }
            Command::OpenCall(call) => {
                self.calls.insert(call.id, call.caller.clone());
            }
            _ => {}
        }
    }

    /// The lead that has the number, or the number itself.
    fn whose(&self, number: &str) -> String {
        let mut rows = self.store.rows.values();
        let row = rows.find(|row| row.lead.number == *number);
        row.map_or_else(|| number.to_owned(), |row| row.lead.id.to_string())
    }

    pub(super) fn text_of(&self, command: &Command) -> Option<String> {
        let shows = |what: &str| self.show.contains(what);
        let leg = |leg: &LegId| self.name_of(*leg);
        Some(match command {
            Command::Draw { campaign, count } if shows("draw") => {
                format!("draw {campaign} {count}")
            }
            Command::Check { lead, .. } if shows("check") => format!("check {lead}"),
            Command::OpenAttempt(open) if shows("attempt") => {
                format!("open {}", open.call.lead.as_ref().expect("a lead"))
            }
            Command::Block {
                lead,
                block,
                retry_at,
                ..
            } => format!("block {lead} {}{}", block.as_str(), self.again(*retry_at)),
            Command::Release { lead, retry_at } => {
                format!("release {lead}{}", self.again(*retry_at))
            }
            Command::ReleaseAll { campaign } => format!("release all of {campaign}"),
            Command::CloseCall(call) => self.closing(call),
            Command::Dispose {
                lead, disposition, ..
            } => format!(
                "dispose {} {}",
                lead.as_ref().map_or("?", |lead| lead.as_str()),
                disposition.code.as_str()
            ),
            Command::AgentChanged(change) if shows("agent") => {
                let sub = change.sub.map(|sub| format!(".{sub}")).unwrap_or_default();
                let reason = change.reason.as_ref().map(|text| format!(" {text}"));
                let reason = reason.unwrap_or_default();
                format!("agent {} {}{sub}{reason}", change.agent, change.to)
            }
            Command::FinishCampaign { campaign } => format!("finish {campaign}"),
            Command::Dial {
                leg: l,
                gateway,
                caller,
                ..
            } if shows("route") => format!("dial {} as {caller} by {gateway}", leg(l)),
            Command::Dial { leg: l, .. } => format!("dial {}", leg(l)),
            Command::RingPhone { leg: l, caller, .. } if shows("caller") => {
                format!("ring {} showing {caller}", leg(l))
            }
            Command::RingPhone { leg: l, .. } => format!("ring {}", leg(l)),
            Command::Ring { leg: l } if shows("ringing") => format!("180 to {}", leg(l)),
            Command::Progress { leg: l } => format!("progress {}", leg(l)),
            Command::Answer { leg: l } => format!("answer {}", leg(l)),
            Command::HearEarly { leg: l, of } => format!("{} hears {} early", leg(l), leg(of)),
            Command::Hangup { leg: l, cause } => match cause {
                Cause::Normal => format!("hang up {}", leg(l)),
                cause => format!("hang up {} {cause:?}", leg(l)),
            },
            Command::TakeUp { leg: l } => format!("take up {}", leg(l)),
            Command::TransferResult { leg: l, sip_status } => {
                format!("tell {} of its transfer {sip_status}", leg(l))
            }
            Command::Bridge { a, b } => format!("bridge {} {}", leg(a), leg(b)),
            Command::Park { leg: l, music } if shows("park") => {
                let hears = music.as_deref().unwrap_or("silence");
                format!("park {} {hears}", leg(l))
            }
            Command::CheckNumber { spellings, .. }
            | Command::TakeCallBack { spellings, .. }
            | Command::CheckPhone { spellings, .. }
                if shows("check") =>
            {
                format!("check {}", spellings[0])
            }
            Command::Promise(promise) if shows("promise") => {
                let (number, left) = (&promise.call.callee, promise.until.since(self.now));
                format!("promise {number} for {} s", left / 1000)
            }
            Command::TakeCallBack { spellings, .. } if shows("promise") => {
                format!("take {} in hand", spellings[0])
            }
            Command::Mute { leg: l, on } => {
                format!("{} {}", if *on { "mute" } else { "unmute" }, leg(l))
            }
            Command::SendDtmf { leg: l, digits } => format!("keys {} {digits}", leg(l)),
            Command::WithholdKeys { leg: l, on } if shows("keys") => {
                let how = if *on { "withhold" } else { "pass" };
                format!("{how} keys of {}", leg(l))
            }
            Command::Confer { leg: l, .. } => format!("confer {}", leg(l)),
            Command::Supervise {
                leg: l,
                agent,
                monitor,
            } => format!("supervise {} {} {monitor:?}", leg(l), leg(agent)),
            Command::Play { leg: l, prompt, .. } => format!("play {} {prompt}", leg(l)),
            Command::Classify {
                leg: l,
                awaits_beep,
                ..
            } => {
                let beep = if *awaits_beep { " for a beep" } else { "" };
                format!("listen {}{beep}", leg(l))
            }
            Command::ListenForSpeech { leg: l, .. } => format!("listen to {}", leg(l)),
            Command::StopListening { leg: l } => format!("stop listening to {}", leg(l)),
            Command::ListenEarly { leg: l } => format!("listen {} early", leg(l)),
            Command::AgentLegOver { call, quality } if shows("quality") => {
                let name = self.calls.get(call).map_or("?", String::as_str);
                format!("agent's leg of {name} {} lost", quality.packets_lost)
            }
            Command::Record { leg: l, .. } if shows("record") => format!("record {}", leg(l)),
            Command::StopPlay { leg: l, .. } => format!("hush {}", leg(l)),
            Command::PauseRecord { leg: l, on, .. } => {
                let how = if *on { "pause" } else { "resume" };
                format!("{how} recording {}", leg(l))
            }
            Command::StopRecord { leg: l, .. } => format!("stop recording {}", leg(l)),
            Command::RecordMessage { leg: l, .. } => format!("take message of {}", leg(l)),
            Command::KeepMessage(message) => format!(
                "keep message of {} for {}: {} ms",
                message.caller, message.mailbox, message.ms
            ),
            Command::NameRecording { call, file } if shows("record") => {
                let name = self.calls.get(call).map_or("?", String::as_str);
                format!("recording of {name} is {file}")
            }
            Command::Recorded {
                call,
                file,
                ms,
                error,
            } if shows("record") => {
                let name = self.calls.get(call).map_or("?", String::as_str);
                let why = error.as_ref().map(|why| format!(", {why}"));
                let why = why.unwrap_or_default();
                format!("recording of {name} is {file}, {ms} ms{why}")
            }
            Command::BeginMessage(message) => {
                format!("message of {} begins in {}", message.caller, message.file)
            }
            Command::DropRecording { file } => format!("drop {file}"),
            Command::Tell(event) if shows("told") => told(event)?,
            _ => return None,
        })
    }

    pub(super) fn again(&self, at: Option<Millis>) -> String {
        at.map_or_else(String::new, |at| {
            format!(" again in {}", at.since(self.now) / 1000)
        })
    }

    pub(super) fn closing(&self, call: &CloseCall) -> String {
        let name = self.calls.get(&call.id).map_or("?", String::as_str);
        let mut text = format!("close {name} {}", call.outcome.as_str());
        if let Some(agent) = &call.agent {
            text += &format!(" by {agent}");
        }
        if let Some(attempt) = &call.attempt {
            text += &self.again(attempt.next_dial_at);
            if !attempt.counted {
                text += " not counted";
            }
            if !attempt.dialled && self.show.contains("dialled") {
                text += " not dialled";
            }
        }
        if self.show.contains("legs") {
            for leg in &call.legs {
                let since = |at: Millis| at.since(stage::opening()) as f64 / 1000.0;
                let had = leg.joined.map(|at| format!(" from {}", since(at)));
                let (party, had) = (&leg.party, had.unwrap_or_default());
                let end = leg.ended.map_or(0.0, since);
                text += &format!(", {} {party}{had} to {end} {}", leg.kind, leg.why);
            }
        }
        if let Some(message) = call
            .message
            .as_ref()
            .filter(|_| self.show.contains("heard"))
        {
            text += &format!(" {} {}", message.prompt, message.heard.as_str());
        }
        if let Some(exit) = call.exit {
            text += &format!(" by {} to {}", exit.key, exit.to);
        }
        if self.show.contains("choices") {
            for choice in &call.choices {
                let keys = if choice.keys.is_empty() {
                    "nothing"
                } else {
                    &choice.keys
                };
                text += &format!(", {} {keys} {}", choice.menu, choice.led_to);
            }
        }
        if let Some(asked) = &call.asked {
            let answer = asked.answer.as_ref();
            if let Some(answer) = answer {
                text += &format!(" scored {}", answer.score);
            }
            if self.show.contains("survey") {
                let key = answer.map_or('-', |answer| answer.key);
                text += &format!(" asked {} {key}", asked.survey);
            }
        }
        if let Some(ms) = call.wait_ms.filter(|_| self.show.contains("waited")) {
            text += &format!(" waited {ms}");
        }
        text
    }
}

fn told(event: &Event) -> Option<String> {
    Some(match event {
        Event::Popup { agent, number, .. } => format!("popup {agent} {number}"),
        Event::Preview {
            agent,
            lead_id,
            masked,
            ..
        } => format!(
            "preview {agent} {lead_id}{}",
            if *masked { " masked" } else { "" }
        ),
        Event::PreviewEmpty { agent, .. } => format!("preview {agent} nothing"),
        Event::DialRefused {
            agent,
            lead_id,
            code,
        } => format!("tell {agent} {lead_id} {code}"),
        Event::PartyLeft {
            agent, party, why, ..
        } => format!("tell {agent} {party} {why}"),
        Event::Supervised { agent, by, how, .. } => format!("tell {agent} {by} {how}"),
        Event::Forced {
            agent,
            by,
            what,
            mode,
        } => {
            let mode = mode.map(|mode| format!(" {mode}")).unwrap_or_default();
            format!("tell {agent} {by} {what}{mode}")
        }
        Event::GatewayDegraded { gateway, .. } => format!("degraded {gateway}"),
        Event::GatewayRecovered { gateway } => format!("recovered {gateway}"),
        Event::Banned { source, seconds } => format!("banned {source} for {seconds} s"),
        Event::PhoneLimited { extension, why } => format!("limited {extension}: {why}"),
        Event::CampaignFinished { campaign } => format!("finished {campaign}"),
        _ => return None,
    })
}
