//! Scripts: one line for what is there or what happens, one line for every command that follows.
//!
//! Lines without a time set the stage; `5.2 answers L1` happens 5.2 seconds after opening. The
//! script plays the far ends; store and switch answer by themselves unless `by hand` says so.
//! Leads are `L1`, `L2` ..., the phone of agent 1 is `a1`, callers have the names they are given.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{
    super::{
        AgentOrder, By, CampaignSpec, Cause, Command, Configuration, Ended, Event, Floor, Input,
        Refusal,
    },
    invariants, stage,
    store::Store,
};
use crate::{
    agent::Unready,
    campaign::{Mode, State},
    disposition::{Code, Disposition},
    ids::{LeadId, LegId},
    pacing::Policy,
    time::Millis,
};

/// Plays a script and compares the commands it shows, line by line.
#[track_caller]
pub fn check(script: &str, expected: &str) {
    let played = play(script);
    let tidy = |text: &str| -> Vec<String> {
        let lines = text.lines().map(|line| line.trim().to_owned());
        lines.filter(|line| !line.is_empty()).collect()
    };
    let (played, expected) = (tidy(&played), tidy(expected));
    assert!(
        played == expected,
        "played:\n{}\n\nexpected:\n{}\n",
        played.join("\n"),
        expected.join("\n")
    );
}

/// What a script shows.
#[track_caller]
pub fn play(script: &str) -> String {
    Stage::of(script).shown.join("\n")
}

/// Plays a script and hands the stage out for a closer look.
pub struct Stage {
    pub floor: Floor,
    pub store: Store,
    pub now: Millis,
    pub shown: Vec<String>,
    configuration: Configuration,
    campaigns: BTreeMap<String, CampaignSpec>,
    by_hand: BTreeSet<String>,
    show: BTreeSet<String>,
    /// A leg's name, and whether it was answered.
    legs: BTreeMap<LegId, (String, bool)>,
    named: BTreeMap<String, LegId>,
    sounds: BTreeMap<LegId, crate::ids::SoundId>,
    calls: BTreeMap<crate::ids::CallId, String>,
    attempts: BTreeMap<String, crate::ids::AttemptId>,
    pending: VecDeque<Input>,
    next_incoming: u64,
}

impl Stage {
    #[track_caller]
    pub fn of(script: &str) -> Self {
        let now = stage::opening();
        let mut stage = Self {
            floor: Floor::new(now),
            store: Store::default(),
            now,
            shown: Vec::new(),
            configuration: stage::configuration(&[]),
            campaigns: BTreeMap::new(),
            by_hand: BTreeSet::new(),
            show: BTreeSet::new(),
            legs: BTreeMap::new(),
            named: BTreeMap::new(),
            sounds: BTreeMap::new(),
            calls: BTreeMap::new(),
            attempts: BTreeMap::new(),
            pending: VecDeque::new(),
            next_incoming: 1 << 63,
        };
        let lines = script
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty());
        let mut open = false;
        for line in lines {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words[0].parse::<f64>() {
                Err(_) => stage.set(&words),
                Ok(at) => {
                    if !open {
                        stage.open();
                        open = true;
                    }
                    stage.until(stage::opening().plus((at * 1000.0).round() as i64));
                    stage.happens(&words[1..]);
                }
            }
        }
        stage
    }

    /// A line that sets the stage.
    fn set(&mut self, words: &[&str]) {
        match words {
            ["agents", ids @ ..] => {
                let agents = ids.iter().map(|id| stage::agent(id));
                self.configuration.agents.extend(agents);
            }
            ["queue", options @ ..] => {
                for (key, value) in pairs(options) {
                    self.set_queue(key, value.parse().expect("a number"));
                }
            }
            ["gateway", options @ ..] => self.set_gateway(options),
            ["campaign", id, mode, options @ ..] => {
                let mode = match *mode {
                    "preview" => Mode::Preview,
                    "robot" => Mode::Robot,
                    _ => Mode::Predictive,
                };
                let mut spec = stage::campaign(id, mode);
                pairs(options).for_each(|(key, value)| set_campaign(&mut spec, key, value));
                self.campaigns.insert((*id).to_owned(), spec);
            }
            ["leads", campaign, count] => {
                for _ in 0..count.parse().expect("a number") {
                    self.add_lead(campaign, &[]);
                }
            }
            ["lead", campaign, options @ ..] => self.add_lead(campaign, options),
            ["by", "hand", what @ ..] => {
                self.by_hand
                    .extend(what.iter().map(|word| (*word).to_owned()));
            }
            ["show", what @ ..] => self.show.extend(what.iter().map(|word| (*word).to_owned())),
            other => panic!("not a line of a script: {other:?}"),
        }
    }

    fn set_queue(&mut self, key: &str, value: f64) {
        let settings = &mut self.configuration.queues[0].settings;
        let ms = (value * 1000.0) as i64;
        match key {
            "abandon" => settings.abandon_after_ms = ms,
            "wait" => settings.max_wait_ms = ms,
            "ring" => settings.ring_ms = ms,
            "wrap" => settings.wrap_up_ms = ms,
            "no-answers" => settings.max_no_answer = value as u32,
            other => panic!("no setting of a queue: {other}"),
        }
    }

    fn set_gateway(&mut self, options: &[&str]) {
        if self.configuration.gateways.is_empty() {
            self.configuration.gateways = stage::configuration(&[]).gateways;
        }
        let settings = &mut self.configuration.gateways[0].settings;
        for (key, value) in pairs(options) {
            let value: f64 = value.parse().expect("a number");
            match key {
                "channels" => settings.max_channels = value as u32,
                "cps" => settings.max_cps = value,
                "reserved" => settings.inbound_reserved = value,
                other => panic!("no setting of a gateway: {other}"),
            }
        }
    }

    fn add_lead(&mut self, campaign: &str, options: &[&str]) {
        let id = format!("L{}", self.store.rows.len() + 1);
        let row = self.store.add(&id, campaign, stage::opening());
        for option in options {
            let (key, value) = option.split_once('=').unwrap_or((option, "0"));
            match key {
                "dnc" => row.facts.dnc = true,
                "voided" => row.facts.voided = true,
                "live" => row.facts.live = true,
                "attempts" => row.facts.attempts = value.parse().expect("a number"),
                "today" => row.facts.attempts_today = value.parse().expect("a number"),
                "agent" => row.agent = Some(value.into()),
                "due" => row.next = Some(stage::opening().plus(seconds(value))),
                other => panic!("no property of a lead: {other}"),
            }
        }
    }

    /// Everybody signs in, then the campaigns begin.
    fn open(&mut self) {
        self.configure();
        let agents: Vec<String> = self
            .configuration
            .agents
            .iter()
            .map(|agent| agent.id.to_string())
            .collect();
        for agent in agents {
            self.input(Input::Phone {
                extension: stage::extension(&agent),
                registered: true,
            });
            if !self.by_hand.contains("sign-in") {
                let (extension, nailed_up) = (None, false);
                self.order(
                    &agent,
                    AgentOrder::SignIn {
                        extension,
                        nailed_up,
                    },
                );
            }
        }
        let campaigns: Vec<CampaignSpec> = self.campaigns.values().cloned().collect();
        for spec in campaigns {
            self.input(Input::Campaign(Box::new(spec)));
        }
    }

    fn configure(&mut self) {
        self.input(Input::Configured(Box::new(self.configuration.clone())));
    }

    /// Jumps from wake to wake.
    fn until(&mut self, end: Millis) {
        while let Some((at, _)) = self.floor.next_wake().filter(|(at, _)| *at <= end) {
            self.now = self.now.max(at);
            self.floor.handle_wake(self.now);
            self.settle();
        }
        self.now = end;
    }

    /// A line of what happens.
    fn happens(&mut self, words: &[&str]) {
        let input = match words {
            ["wait"] => {
                self.floor.handle_wake(self.now);
                return self.settle();
            }
            ["why", campaign] => return self.show_decision(campaign),
            ["rings", leg] => Input::LegRinging { leg: self.leg(leg) },
            ["answers", leg] => {
                let leg = self.leg(leg);
                self.answered(leg);
                Input::LegAnswered { leg }
            }
            ["bridged", leg] => Input::Bridged { leg: self.leg(leg) },
            ["ends", leg, how @ ..] => self.end_of(leg, how),
            ["refuses", leg, why] => Input::LegRefused {
                leg: self.leg(leg),
                why: match *why {
                    "gateway" => Refusal::Gateway,
                    "number" => Refusal::BadNumber,
                    _ => Refusal::Ours,
                },
            },
            ["calls", name, number, rest @ ..] => self.incoming(name, number, rest),
            ["heard", leg] => {
                let leg = self.leg(leg);
                let sound = self.sounds[&leg];
                Input::PlayDone { leg, sound }
            }
            ["silent", leg] => Input::MediaTimeout { leg: self.leg(leg) },
            ["phone", agent, state] => Input::Phone {
                extension: stage::extension(agent),
                registered: *state == "on",
            },
            ["seen", agent, state] => Input::Presence {
                agent: (*agent).into(),
                connected: *state == "on",
            },
            ["drain"] => Input::Drain,
            ["opened", lead] => Input::AttemptOpened {
                attempt: self.attempts[*lead],
            },
            ["refused", lead] => Input::AttemptRefused {
                attempt: self.attempts[*lead],
            },
            ["checked", lead, facts @ ..] => self.checked(lead, facts),
            ["drawn", campaign, leads @ ..] => self.drawn(campaign, leads),
            ["previews", agent, campaign, lead] => Input::PreviewLead {
                agent: (*agent).into(),
                campaign: (*campaign).into(),
                lead: self
                    .store
                    .rows
                    .get(&LeadId::from(*lead))
                    .map(|row| Box::new(row.lead.clone())),
            },
            ["set", rest @ ..] => {
                self.set(rest);
                return self.configure();
            }
            ["remove", rest @ ..] => return self.remove(rest),
            [state @ ("start" | "pause" | "stop" | "finish"), campaign] => {
                self.change(campaign, state)
            }
            other => return self.agent_does(other),
        };
        self.input(input);
    }

    /// How many lines the pacer gives a campaign, and why not more.
    fn show_decision(&mut self, campaign: &str) {
        let view = self.floor.view(self.now);
        let mut campaigns = view.campaigns.iter();
        let seen = campaigns.find(|seen| seen.id.as_str() == campaign);
        let decision = seen.and_then(|seen| seen.decision);
        self.note(decision.map_or_else(
            || "no decision".to_owned(),
            |decision| format!("{} lines: {:?}", decision.lines, decision.why),
        ));
    }

    fn change(&mut self, campaign: &str, state: &str) -> Input {
        let spec = self.campaigns.get_mut(campaign).expect("a campaign");
        spec.state = match state {
            "pause" => State::Paused,
            "stop" => State::Stopped,
            "finish" => State::Finished,
            _ => State::Running,
        };
        Input::Campaign(Box::new(spec.clone()))
    }

    fn remove(&mut self, what: &[&str]) {
        match what {
            ["agent", id] => self
                .configuration
                .agents
                .retain(|agent| agent.id.as_str() != *id),
            ["queue"] => self.configuration.queues.clear(),
            _ => self.configuration.gateways.clear(),
        }
        self.configure();
    }

    fn agent_does(&mut self, words: &[&str]) {
        let order = match words {
            ["in", _, how @ ..] => AgentOrder::SignIn {
                extension: None,
                nailed_up: how == ["nailed"],
            },
            ["out", _] => AgentOrder::SignOut,
            ["ready", _] => AgentOrder::Ready,
            ["break", _, reason @ ..] => AgentOrder::NotReady {
                sub: Unready::Break,
                reason: reason.first().map(|reason| (*reason).to_owned()),
            },
            ["next", _, campaign] => AgentOrder::NextPreview {
                campaign: (*campaign).into(),
            },
            ["dials", _] => AgentOrder::DialPreview,
            ["skips", _] => AgentOrder::SkipPreview,
            ["hangs-up", _] => AgentOrder::Hangup,
            ["done", _] => AgentOrder::FinishWrapUp,
            ["says", _, call, code, rest @ ..] => AgentOrder::Dispose {
                call: *self
                    .calls
                    .iter()
                    .rfind(|(_, name)| name == call)
                    .expect("a call")
                    .0,
                disposition: disposition(code, rest, self.now),
            },
            other => panic!("nothing that can happen: {other:?}"),
        };
        self.order(words[1], order);
    }

    fn order(&mut self, agent: &str, order: AgentOrder) {
        if let Err(refused) = self.floor.order(&agent.into(), order, self.now) {
            self.note(format!("refused {}", refused.code));
        }
        self.settle();
    }

    fn incoming(&mut self, name: &str, number: &str, rest: &[&str]) -> Input {
        self.next_incoming += 1;
        let leg = LegId(self.next_incoming);
        self.name(leg, name);
        Input::Incoming {
            leg,
            from: name.to_owned(),
            to: number.to_owned(),
            gateway: (rest != ["from-nowhere"]).then(|| stage::GATEWAY.into()),
        }
    }

    fn checked(&self, lead: &str, facts: &[&str]) -> Input {
        let row = &self.store.rows[&LeadId::from(lead)];
        Input::Checked {
            lead: lead.into(),
            facts: (facts != ["gone"]).then(|| row.facts.clone()),
        }
    }

    fn drawn(&mut self, campaign: &str, leads: &[&str]) -> Input {
        let lead = |id: &&str| {
            let row = self.store.rows.get_mut(&LeadId::from(*id)).expect("a lead");
            row.reserved = true;
            row.lead.clone()
        };
        let leads = leads.iter().map(lead).collect();
        let undone = Some(self.store.rows_of(&campaign.into()).count() as u64);
        Input::Drawn {
            campaign: campaign.into(),
            leads,
            undone,
            next_due: None,
        }
    }

    fn end_of(&mut self, name: &str, how: &[&str]) -> Input {
        let leg = self.leg(name);
        let status = how.first().and_then(|status| status.parse().ok());
        self.legs.remove(&leg);
        Input::LegEnded {
            leg,
            ended: Ended {
                by: By::Them,
                sip_status: status,
                ..Ended::default()
            },
        }
    }

    fn input(&mut self, input: Input) {
        self.floor.handle(input, self.now);
        self.settle();
    }

    /// Carries out what the floor wants, until it wants nothing more.
    fn settle(&mut self) {
        loop {
            invariants::hold(&self.floor);
            while let Some(command) = self.floor.poll_command() {
                self.show(&command);
                self.carry(&command);
            }
            let Some(input) = self.pending.pop_front() else {
                return;
            };
            self.floor.handle(input, self.now);
        }
    }

    fn carry(&mut self, command: &Command) {
        let hand = match command {
            Command::Draw { .. } => "draw",
            Command::DrawPreview { .. } => "preview",
            Command::Check { .. } => "check",
            Command::OpenAttempt(_) => "attempt",
            _ => "",
        };
        let answer = self.store.carry(command, self.now);
        if !self.by_hand.contains(hand) {
            self.pending.extend(answer);
        }
        self.switch(command);
    }

    fn switch(&mut self, command: &Command) {
        let by_hand = |what: &str| self.by_hand.contains(what);
        match command {
            Command::Answer { leg } => {
                self.answered(*leg);
                self.pending.push_back(Input::LegAnswered { leg: *leg });
            }
            Command::Bridge { a, .. } if !by_hand("bridge") => {
                self.pending.push_back(Input::Bridged { leg: *a });
            }
            Command::Hangup { leg, .. } if !by_hand("hangup") => {
                let Some((_, answered)) = self.legs.remove(leg) else {
                    return;
                };
                let ended = Ended {
                    sip_status: (!answered).then_some(487),
                    ..Ended::default()
                };
                self.pending.push_back(Input::LegEnded { leg: *leg, ended });
            }
            Command::Play { leg, sound, .. } => {
                self.sounds.insert(*leg, *sound);
            }
            _ => {}
        }
    }

    fn answered(&mut self, leg: LegId) {
        if let Some((_, answered)) = self.legs.get_mut(&leg) {
            *answered = true;
        }
    }

    fn leg(&self, name: &str) -> LegId {
        *self
            .named
            .get(name)
            .unwrap_or_else(|| panic!("no leg {name} yet:\n{}", self.shown.join("\n")))
    }

    fn name(&mut self, leg: LegId, name: &str) {
        self.legs.insert(leg, (name.to_owned(), false));
        self.named.insert(name.to_owned(), leg);
    }

    fn name_of(&self, leg: LegId) -> String {
        let name = self.named.iter().find(|(_, id)| **id == leg);
        name.map_or_else(|| "an old leg".to_owned(), |(name, _)| name.clone())
    }

    fn note(&mut self, text: String) {
        let tenths = self.now.since(stage::opening()) / 100;
        self.shown.push(format!("{} {text}", tenths as f64 / 10.0));
    }

    fn show(&mut self, command: &Command) {
        self.remember_names(command);
        if let Some(text) = self.text_of(command) {
            self.note(text);
        }
    }

    fn remember_names(&mut self, command: &Command) {
        match command {
            Command::Dial { leg, number, .. } => {
                let row = self
                    .store
                    .rows
                    .values()
                    .find(|row| row.lead.number == *number);
                let name = row.expect("a lead with this number").lead.id.to_string();
                self.name(*leg, &name);
            }
            Command::RingPhone { leg, extension, .. } => {
                let name = extension.replacen("80", "a", 1);
                self.name(*leg, &name);
            }
            Command::OpenAttempt(open) => {
                let lead = open.call.lead.as_ref().expect("a lead").to_string();
                self.attempts.insert(lead.clone(), open.attempt);
                self.calls.insert(open.call.id, lead);
            }
            Command::OpenCall(call) => {
                self.calls.insert(call.id, call.caller.clone());
            }
            _ => {}
        }
    }

    fn text_of(&self, command: &Command) -> Option<String> {
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
            Command::Dial { leg: l, .. } => format!("dial {}", leg(l)),
            Command::RingPhone { leg: l, .. } => format!("ring {}", leg(l)),
            Command::Answer { leg: l } => format!("answer {}", leg(l)),
            Command::Hangup { leg: l, cause } => match cause {
                Cause::Normal => format!("hang up {}", leg(l)),
                cause => format!("hang up {} {cause:?}", leg(l)),
            },
            Command::Bridge { a, b } => format!("bridge {} {}", leg(a), leg(b)),
            Command::Park { leg: l, music } if shows("park") => {
                let hears = music.as_deref().unwrap_or("silence");
                format!("park {} {hears}", leg(l))
            }
            Command::Play { leg: l, prompt, .. } => format!("play {} {prompt}", leg(l)),
            Command::Record { leg: l, .. } => format!("record {}", leg(l)),
            Command::Tell(event) if shows("told") => told(event)?,
            _ => return None,
        })
    }

    fn again(&self, at: Option<Millis>) -> String {
        at.map_or_else(String::new, |at| {
            format!(" again in {}", at.since(self.now) / 1000)
        })
    }

    fn closing(&self, call: &super::super::CloseCall) -> String {
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
        }
        text
    }
}

fn told(event: &Event) -> Option<String> {
    Some(match event {
        Event::Popup { agent, number, .. } => format!("popup {agent} {number}"),
        Event::Preview { agent, lead_id, .. } => format!("preview {agent} {lead_id}"),
        Event::PreviewEmpty { agent, .. } => format!("preview {agent} nothing"),
        Event::DialRefused {
            agent,
            lead_id,
            code,
        } => format!("tell {agent} {lead_id} {code}"),
        Event::GatewayDegraded { gateway } => format!("degraded {gateway}"),
        Event::CampaignFinished { campaign } => format!("finished {campaign}"),
        _ => return None,
    })
}

fn set_campaign(spec: &mut CampaignSpec, key: &str, value: &str) {
    let number = || value.parse::<u32>().expect("a number");
    let settings = &mut spec.settings;
    match key {
        "ratio" => {
            settings.pacing = Policy::Ratio {
                lines: value.parse().expect("a number"),
            };
        }
        "attempts" => settings.retry.max_attempts = number(),
        "day" => settings.retry.attempts_per_day = number(),
        "max" => settings.max_concurrency = Some(number()),
        "countdown" => settings.preview_countdown_s = number(),
        "disposition" => settings.disposition_required = true,
        "record" => settings.record = true,
        "hours" => {
            let (from, to) = value.split_once('-').expect("from-to");
            let hour = |text: &str| text.parse::<u16>().expect("an hour") * 60;
            settings.window.ranges = vec![(hour(from), hour(to))];
        }
        "then" => settings.robot.then_queue = Some(value.into()),
        "gateway" => settings.gateway = Some(value.into()),
        "caller" => settings.caller_ids.clear(),
        "state" => spec.state = State::Paused,
        other => panic!("no setting of a campaign: {other}"),
    }
}

fn disposition(code: &str, rest: &[&str], now: Millis) -> Disposition {
    Disposition {
        code: *Code::ALL
            .iter()
            .find(|known| known.as_str() == code)
            .expect("a code"),
        note: String::new(),
        callback_at: rest.first().map(|text| now.plus(seconds(text))),
    }
}

fn seconds(text: &str) -> i64 {
    (text.parse::<f64>().expect("seconds") * 1000.0) as i64
}

fn pairs<'a>(options: &'a [&'a str]) -> impl Iterator<Item = (&'a str, &'a str)> {
    options
        .iter()
        .map(|option| option.split_once('=').unwrap_or((option, "")))
}
