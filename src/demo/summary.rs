//! What became of every lead, and whether the sums add up.

use std::fmt::Write as _;

use anyhow::Result;
use live::Live;
use peers::{Counts, Manner};
use serde_json::Value;

use super::{
    client::Client,
    screen::say,
    sheet,
    story::Story,
    world::{HOTLINE, World},
};

pub struct Summary {
    reports: Vec<(&'static str, Value)>,
    inbound: Inbound,
    carrier: Counts,
    listening: Listening,
    occupancy: f64,
}

/// How well our side told machines from persons, as only the carrier can say.
#[derive(Default)]
struct Listening {
    /// Answers by machines that were heard to be some.
    caught: u64,
    /// Persons who were taken for machines.
    mistaken: u64,
    /// Machines that recorded the whole message.
    messages: u64,
}

#[derive(Default)]
struct Inbound {
    calls: u64,
    bridged: u64,
    /// Messages left.
    messages: u64,
    open: u64,
}

impl Summary {
    /// # Errors
    /// When the server does not answer.
    pub async fn read(client: &Client, story: &Story, world: &World, live: &Live) -> Result<Self> {
        let mut reports = Vec::new();
        for (name, campaign) in story.campaigns() {
            reports.push((
                name,
                client.get(&format!("/campaigns/{campaign}/report")).await?,
            ));
        }
        Ok(Self {
            reports,
            inbound: inbound(client).await?,
            listening: listening(client, story).await?,
            carrier: world.carrier.counts(),
            occupancy: occupancy(live),
        })
    }

    /// Every lead has one final state or a next time, every attempt is over, and the carrier saw
    /// one INVITE for each attempt that was dialled.
    pub fn adds_up(&self) -> bool {
        let leads = self.sum("/leads/pending") + self.sum("/leads/closed");
        let outcomes: u64 = self
            .reports
            .iter()
            .map(|(_, report)| outcomes_of(report))
            .sum();
        let invites: u64 = self
            .carrier
            .invites
            .iter()
            .filter(|(number, _)| number.as_str() != HOTLINE)
            .map(|(_, invites)| u64::from(*invites))
            .sum();
        leads == sheet::LEADS
            && self.sum("/leads/allocated") == sheet::LEADS
            && self.sum("/attempts/open") == 0
            && outcomes == self.sum("/attempts/dialled") + self.sum("/attempts/undialled")
            && invites == self.sum("/attempts/dialled")
            && self.inbound.open == 0
    }

    pub fn print(&self) {
        let mut table = String::from("\n");
        let rows = [
            ("leads", "/leads/allocated"),
            ("dialled", "/attempts/dialled"),
            ("not dialled", "/attempts/undialled"),
            ("answered", "/attempts/answered"),
            ("connected", "/attempts/connected"),
            ("abandoned", "/attempts/abandoned"),
            ("done", "/leads/closed"),
            ("to be called again", "/leads/pending"),
        ];
        let _ = writeln!(
            table,
            "  {:<22}{:>12}{:>12}{:>12}",
            "", "predictive", "robot", "both"
        );
        for (name, pointer) in rows {
            let _ = write!(table, "  {name:<22}");
            for (_, report) in &self.reports {
                let _ = write!(table, "{:>12}", number(report, pointer));
            }
            let _ = writeln!(table, "{:>12}", self.sum(pointer));
        }
        let _ = writeln!(table, "  outcomes");
        for outcome in self.outcomes() {
            let pointer = format!("/outcomes/{outcome}");
            let _ = write!(table, "    {outcome:<20}");
            for (_, report) in &self.reports {
                let _ = write!(table, "{:>12}", number(report, &pointer));
            }
            let _ = writeln!(table, "{:>12}", self.sum(&pointer));
        }
        let _ = writeln!(
            table,
            "  inbound calls {}, of which {} talked to an agent and {} left a message; agents' occupancy {:.0} %",
            self.inbound.calls,
            self.inbound.bridged,
            self.inbound.messages,
            self.occupancy * 100.0,
        );
        let machines = self.machines();
        let _ = writeln!(
            table,
            "  the carrier saw {} INVITEs and at most {} calls at once; it answered {}: {} by people, {} by machines",
            self.carrier.invites.values().sum::<u32>(),
            self.carrier.most_live,
            self.carrier.answered,
            u64::from(self.carrier.answered).saturating_sub(machines),
            machines,
        );
        let Listening {
            caught,
            mistaken,
            messages,
        } = self.listening;
        let _ = write!(
            table,
            "  machines caught {caught} of {machines}, {messages} of them recorded the message; people taken for machines {mistaken}",
        );
        say(&table);
    }

    /// What answered in truth only the carrier knows.
    fn machines(&self) -> u64 {
        let answers = self.carrier.invites.iter();
        answers
            .filter(|(number, _)| Manner::of(number) == Manner::Machine)
            .map(|(_, invites)| u64::from(*invites))
            .sum()
    }

    fn sum(&self, pointer: &str) -> u64 {
        self.reports
            .iter()
            .map(|(_, report)| number(report, pointer))
            .sum()
    }

    fn outcomes(&self) -> Vec<String> {
        let names = |report: &Value| -> Vec<String> {
            report["outcomes"]
                .as_object()
                .map(|all| all.keys().cloned().collect())
                .unwrap_or_default()
        };
        let mut all: Vec<String> = self
            .reports
            .iter()
            .flat_map(|(_, report)| names(report))
            .collect();
        all.sort();
        all.dedup();
        all
    }
}

fn outcomes_of(report: &Value) -> u64 {
    let all = report["outcomes"].as_object();
    all.map(|all| all.values().filter_map(Value::as_u64).sum())
        .unwrap_or_default()
}

fn number(report: &Value, pointer: &str) -> u64 {
    report
        .pointer(pointer)
        .and_then(Value::as_u64)
        .unwrap_or_default()
}

async fn inbound(client: &Client) -> Result<Inbound> {
    let mut inbound = Inbound::default();
    let page = client.get("/calls?direction=inbound&limit=200").await?;
    for call in page["data"].as_array().into_iter().flatten() {
        inbound.calls += 1;
        inbound.bridged += u64::from(!call["bridged_at"].is_null());
        inbound.open += u64::from(call["state"] == "open");
    }
    let page = client.get("/voicemails?limit=200").await?;
    inbound.messages = page["data"].as_array().map_or(0, Vec::len) as u64;
    Ok(inbound)
}

async fn listening(client: &Client, story: &Story) -> Result<Listening> {
    let mut sum = Listening::default();
    for (_, campaign) in story.campaigns() {
        let mut cursor = String::new();
        loop {
            let path = format!("/calls?campaign_id={campaign}&limit=200{cursor}");
            let page = client.get(&path).await?;
            for call in page["data"].as_array().into_iter().flatten() {
                let number = call["callee"].as_str().unwrap_or_default();
                let is_machine = Manner::of(number) == Manner::Machine;
                let heard_one = call["verdict"] == "machine";
                sum.caught += u64::from(is_machine && heard_one);
                sum.mistaken += u64::from(!is_machine && heard_one);
                sum.messages += u64::from(heard_one && call["message_heard"] == "played");
            }
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
    }
    Ok(sum)
}

/// Time in calls and after-call work as a share of the time signed in.
fn occupancy(live: &Live) -> f64 {
    let view = live.view();
    let (mut busy, mut signed_in) = (0, 0);
    for agent in &view.agents {
        let Some(since) = agent.signed_in_at else {
            continue;
        };
        busy += agent.busy_ms;
        signed_in += view.as_of.since(since);
    }
    if signed_in == 0 {
        0.0
    } else {
        busy as f64 / signed_in as f64
    }
}
