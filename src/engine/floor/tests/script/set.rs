//! Lines that set the stage.

use std::collections::BTreeSet;

use super::{
    super::{
        super::{AgentOrder, CampaignSpec, Input},
        stage,
    },
    Stage, pairs, robots, seconds,
};
use crate::{
    campaign::{Mode, State},
    classification::Treatment,
    desk,
    destination::Destination,
    gate::pool::Number,
    pacing::Policy,
    queue::{Announcement, ExitKey, Member, Strategy, TimeBase},
    route::{Inbound, Kind, Office, Outbound, Pattern, Rule},
    settings::{Ceiling, Level},
    survey::{Answer, Choice, Survey},
};

impl Stage {
    /// A line that sets the stage.
    pub(super) fn set(&mut self, words: &[&str]) {
        match words {
            ["agents", ids @ ..] => {
                let agents = ids.iter().map(|id| stage::agent(id));
                self.configuration.agents.extend(agents);
                let extensions = ids.iter().map(|id| stage::extension(id));
                self.configuration.extensions.extend(extensions);
            }
            ["remote", agent, number, options @ ..] => {
                let mut agents = self.configuration.agents.iter_mut();
                let one = agents.find(|one| one.id.as_str() == *agent);
                let one = one.expect("an agent");
                one.extension = format!("RP_{number}");
                one.keep_leg = options == ["kept"];
            }
            ["inside", "only"] => {
                self.set_desks(|desk| desk.numbers_lead_outside = false);
                let known = self.configuration.extensions.clone();
                self.configuration.inside_only = known;
            }
            ["phones", "keep", "calls"] => {
                self.set_desks(|desk| desk.phones_forward = false);
                let known = self.configuration.extensions.clone();
                self.configuration.keep_calls = known;
            }
            ["hide", functions @ ..] => self.set_desks(|desk| desk.hidden = named(functions)),
            ["hide-remote", functions @ ..] => {
                self.set_desks(|desk| desk.hidden_remote = named(functions));
            }
            ["masked", "agents"] => {
                for agent in &mut self.configuration.agents {
                    agent.phone_mask = true;
                }
            }
            ["queue", options @ ..] => {
                for (key, value) in pairs(options) {
                    self.set_queue(0, key, value);
                }
            }
            ["another", "queue", id, number, options @ ..] => {
                let mut other = stage::configuration(&[]);
                let mut queue = other.queues.remove(0);
                queue.id = (*id).into();
                self.configuration.queues.push(queue);
                self.configuration.routes.push(stage::to_queue(number, id));
                let last = self.configuration.queues.len() - 1;
                for (key, value) in pairs(options) {
                    self.set_queue(last, key, value);
                }
            }
            ["also", "in", queue, agents @ ..] => {
                for agent in &mut self.configuration.agents {
                    if agents.contains(&agent.id.as_str()) {
                        agent.queues.insert((*queue).into());
                    }
                }
            }
            ["menu", id, options @ ..] => {
                let menu = super::menu::menu(options);
                self.configuration.menus.insert((*id).into(), menu.into());
            }
            ["route", pattern, kind, options @ ..] => {
                let rule = rule(pattern, kind, options);
                self.configuration.routes.push(rule);
            }
            ["member", agent, options @ ..] => {
                let members = &mut self.configuration.queues[0].members;
                let member = members.entry((*agent).into()).or_default();
                pairs(options).for_each(|(key, value)| set_member(member, key, value));
            }
            ["gateway", options @ ..] => self.set_gateway(0, options),
            ["another", "gateway", id, options @ ..] => {
                let mut other = stage::configuration(&[]).gateways.remove(0);
                other.id = (*id).into();
                self.configuration.gateways.push(other);
                self.set_gateway(self.configuration.gateways.len() - 1, options);
            }
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
            ["number", number, options @ ..] => {
                let mut known = Number {
                    number: (*number).to_owned(),
                    gateway: None,
                    daily_limit: None,
                    enabled: true,
                };
                for (key, value) in pairs(options) {
                    match key {
                        "limit" => known.daily_limit = value.parse().ok(),
                        "gateway" => known.gateway = Some(value.into()),
                        _ => known.enabled = false,
                    }
                }
                let numbers = &mut self.configuration.numbers;
                numbers.retain(|one| one.number != known.number);
                numbers.push(known);
            }
            ["shows", extension, callers] => {
                let callers = callers.split(',').map(str::to_owned).collect();
                let phones = &mut self.configuration.phone_callers;
                phones.insert((*extension).to_owned(), callers);
            }
            ["survey", id, prompt, options @ ..] => {
                let mut one = Survey {
                    prompt: (*prompt).to_owned(),
                    thanks: None,
                    keys: Vec::new(),
                    wait_ms: 5_000,
                };
                for (key, value) in pairs(options) {
                    match key {
                        "thanks" => one.thanks = Some(value.to_owned()),
                        key => one.keys.push(Answer {
                            key: key.chars().next().expect("a key"),
                            score: value.parse().expect("a score"),
                        }),
                    }
                }
                self.configuration.surveys.insert((*id).to_owned(), one);
            }
            ["bound", extension, gateway] => {
                let bound = &mut self.configuration.phone_gateways;
                bound.insert((*extension).to_owned(), (*gateway).into());
            }
            ["forbidden", number] => {
                self.store.forbidden.insert((*number).to_owned());
            }
            ["outside", options @ ..] => self.limit_outside(options),
            ["phone", extension] => {
                self.phones.push((*extension).to_owned());
                let known = (*extension).to_owned();
                self.configuration.extensions.insert(known);
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

    fn set_desks(&mut self, set: impl Fn(&mut desk::Settings)) {
        for agent in &mut self.configuration.agents {
            let mut own = desk::Settings::clone(&agent.desk);
            set(&mut own);
            agent.desk = own.into();
        }
    }

    pub(super) fn set_queue(&mut self, queue: usize, key: &str, value: &str) {
        let settings = &mut self.configuration.queues[queue].settings;
        let ms = || seconds(value);
        let number = || value.parse::<u32>().expect("a number");
        match key {
            "abandon" => settings.abandon_after_ms = ms(),
            "wait" => settings.max_wait_ms = ms(),
            "no-agent" => settings.max_wait_no_agent_ms = ms(),
            "refuse" => settings.refuse_after_no_agent_ms = ms(),
            "places" => settings.max_waiting = number(),
            "resume" => {
                settings.resume = true;
                settings.resume_within_ms = ms();
            }
            "ring" => settings.ring_ms = ms(),
            "wrap" => settings.wrap_up_ms = ms(),
            "no-answers" => settings.max_no_answer = number(),
            "priority" => settings.priority = u8::try_from(number()).expect("a digit"),
            "fifo" => settings.fifo = true,
            "tiers" => {
                settings.tiers.apply = true;
                settings.tiers.wait_ms = ms();
            }
            "skip-empty" => settings.tiers.skip_empty = true,
            "counts-from" => settings.time_base = TimeBase::System,
            "gateway" => settings.gateway = Some(value.into()),
            "welcome" => settings.welcome = Some(value.into()),
            "tells" => {
                settings.announcement = Some(Announcement {
                    prompt: (!value.is_empty()).then(|| value.into()),
                    every_s: 10,
                    place: true,
                    wait: true,
                });
            }
            "key" => {
                let (key, to) = value.split_once(':').expect("key:destination");
                settings.exit_keys.push(ExitKey {
                    key: key.chars().next().expect("a key"),
                    to: destination(to),
                });
            }
            "overflow" => settings.overflow = Some(destination(value)),
            "call-back" => settings.call_back_within_ms = ms(),
            "shows" => settings.caller_ids = value.split(',').map(str::to_owned).collect(),
            "announces" => settings.announce_agent = true,
            "survey" => settings.survey = Some(survey(value)),
            "strategy" => {
                settings.strategy = match value {
                    "all" => Strategy::RingAll,
                    "round" => Strategy::RoundRobin,
                    "top" => Strategy::TopDown,
                    "talk" => Strategy::LeastTalkTime,
                    "calls" => Strategy::FewestCalls,
                    "order" => Strategy::ByAgentOrder,
                    _ => Strategy::LongestIdle,
                };
            }
            other => panic!("no setting of a queue: {other}"),
        }
    }

    pub(super) fn set_gateway(&mut self, place: usize, options: &[&str]) {
        if self.configuration.gateways.is_empty() {
            self.configuration.gateways = stage::configuration(&[]).gateways;
        }
        let settings = &mut self.configuration.gateways[place].settings;
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

    pub(super) fn add_lead(&mut self, campaign: &str, options: &[&str]) {
        let id = format!("L{}", self.store.rows.len() + 1);
        let row = self.store.add(&id, campaign, stage::opening());
        for option in options {
            let (key, value) = option.split_once('=').unwrap_or((option, "0"));
            match key {
                "dnc" => row.facts.dnc = true,
                "voided" => row.facts.voided = true,
                "live" => row.facts.live = true,
                "dials" => row.lead.dials = value.parse().expect("a number"),
                "attempts" => row.facts.attempts = value.parse().expect("a number"),
                "today" => row.facts.attempts_today = value.parse().expect("a number"),
                "number" => row.lead.number = value.into(),
                "next" => row.lead.next_number = Some(value.into()),
                "state" => row.facts.said.state = Some(value.into()),
                "person" => row.facts.said.person = Some(value.into()),
                "agent" => row.agent = Some(value.into()),
                "due" => row.next = Some(stage::opening().plus(seconds(value))),
                other => panic!("no property of a lead: {other}"),
            }
        }
    }

    /// Everybody signs in, then the campaigns begin.
    pub(super) fn open(&mut self) {
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
        for extension in self.phones.clone() {
            self.input(Input::Phone {
                extension,
                registered: true,
            });
        }
        let campaigns: Vec<CampaignSpec> = self.campaigns.values().cloned().collect();
        for spec in campaigns {
            self.input(Input::Campaign(Box::new(spec)));
        }
    }

    pub(super) fn configure(&mut self) {
        self.input(Input::Configured(Box::new(self.configuration.clone())));
    }
}

/// Without a word the standard one.
fn survey(word: &str) -> Choice {
    match word {
        "" => Choice::Standard,
        "none" => Choice::None,
        id => Choice::Named(id.to_owned()),
    }
}

/// `queue/care`, `voicemail/sales`, `callback`.
pub(super) fn destination(text: &str) -> Destination {
    let (kind, name) = text.split_once('/').unwrap_or((text, ""));
    let to = name.to_owned();
    match kind {
        "queue" => Destination::Queue { queue: to.into() },
        "ivr" => Destination::Ivr { menu: to.into() },
        "extension" => Destination::Extension { extension: to },
        "voicemail" => Destination::Voicemail { mailbox: to },
        "number" => Destination::Number { number: to },
        "callback" => Destination::Callback,
        _ => Destination::Hangup,
    }
}

/// `inbound=301` and the like.
fn rule(pattern: &str, kind: &str, options: &[&str]) -> Rule {
    let (kind, value) = kind.split_once('=').unwrap_or((kind, ""));
    let kind = match kind {
        "basic" => Kind::Basic,
        "outbound" => Kind::Outbound(outbound(value, options)),
        "ivr" => Kind::Ivr { menu: value.into() },
        "queue" => Kind::Queue {
            queue: value.into(),
            priority: options
                .first()
                .map_or(0, |text| text.parse().expect("0 to 9")),
        },
        "robot" => Kind::Robot(robots::robot(value, options)),
        "closed" => {
            let mut rule = inbound(value);
            rule.office.shut.insert(stage::opening_day());
            rule.closed_prompt = Some("closed".into());
            rule.closed_to = options.first().map(|to| destination(to));
            Kind::Inbound(rule)
        }
        "inbound" => Kind::Inbound(inbound(value)),
        other => panic!("no kind of rule: {other}"),
    };
    Rule {
        id: pattern.into(),
        name: pattern.into(),
        pattern: Pattern::new(pattern).expect("a pattern"),
        kind,
        holidays: BTreeSet::new(),
    }
}

/// `outbound=trunk,second prefix=9 record=no`: the gateways in their order.
fn outbound(gateways: &str, options: &[&str]) -> Outbound {
    let mut rule = Outbound::default();
    let mut gateways = gateways.split(',').filter(|id| !id.is_empty());
    rule.gateway = gateways.next().map(Into::into);
    rule.fallback_gateways = gateways.map(Into::into).collect();
    for (key, value) in pairs(options) {
        match key {
            "prefix" => rule.prefix = value.into(),
            "by-extension" => rule.by_extension = true,
            "record" => rule.record = value == "yes",
            "caller" => rule.caller = Some(value.into()),
            "rings" => rule.ring_timeout_s = value.parse().expect("seconds"),
            other => panic!("no setting of an outbound route: {other}"),
        }
    }
    rule
}

fn inbound(to: &str) -> Inbound {
    Inbound {
        to: to.into(),
        office: Office::default(),
        closed_prompt: None,
        closed_to: None,
    }
}

fn set_member(member: &mut Member, key: &str, value: &str) {
    let number = || value.parse::<u32>().expect("a number");
    match key {
        "level" => member.level = number(),
        "position" => member.position = number(),
        "ring" => member.ring_ms = Some(seconds(value)),
        "wrap" => member.wrap_up_ms = Some(seconds(value)),
        "reject" => member.reject_delay_ms = seconds(value),
        "busy" => member.busy_delay_ms = seconds(value),
        "no-answers" => member.max_no_answer = Some(number()),
        other => panic!("no setting of a member: {other}"),
    }
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
        "number-day" => settings.caps.number.day = Some(number()),
        "person-day" => settings.caps.person.day = Some(number()),
        "pool" => settings.caller_ids = value.split(',').map(str::to_owned).collect(),
        "rests" => settings.caller_rule.cool_down_s = Some(number()),
        "fallback" => settings.fallback_gateways.push(value.into()),
        "pack" => settings.packs.push(value.into()),
        "then" => settings.robot.then_queue = Some(value.into()),
        "gateway" => settings.gateway = (value != "none").then(|| value.into()),
        "caller" => settings.caller_ids.clear(),
        "priority" => settings.priority = u8::try_from(number()).expect("a digit"),
        "weight" => settings.weight = number(),
        "sorry" => settings.abandon_prompt = Some(value.into()),
        "survey" => settings.survey = Some(survey(value)),
        "tenant-asks" => spec.rules.survey = survey(value),
        "listens" => settings.classification.enabled = true,
        "machines" => {
            settings.classification.machine = match value {
                "connect" => Treatment::Connect,
                _ => Treatment::Message,
            };
            settings.classification.message = Some(value.into());
        }
        "announcements" => settings.classification.network = Treatment::Connect,
        "checked" => settings.classification.checked_share = value.parse().expect("a share"),
        "shared" => {
            spec.rules.ceiling = Some(Ceiling {
                most: number(),
                among: Level::Tenant,
            });
        }
        "pop-up" => spec.rules.popup_on_dial = value == "dial",
        "masked" => spec.rules.phone_mask = Some(value != "no"),
        "state" => spec.state = State::Paused,
        "hears" => robots::listen(&mut settings.robot, "listens", ""),
        "wait" | "patient" | "silent" | "else" => robots::listen(&mut settings.robot, key, value),
        other => panic!("no setting of a campaign: {other}"),
    }
}

fn named(functions: &[&str]) -> BTreeSet<desk::Function> {
    let named = |name: &&str| {
        let mut all = desk::Function::ALL.iter().copied();
        all.find(|one| one.as_str() == *name).expect("a function")
    };
    functions.iter().map(named).collect()
}
