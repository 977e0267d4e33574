//! The terminal: numbers that move while the campaigns run.

use std::{
    io::{IsTerminal, Write},
    time::Duration,
};

use engine::floor::{CampaignView, View};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use live::Live;

use super::{sheet, story::Story};

/// Quiet this long, and everything that was due has been dialled.
const QUIET: u32 = 8;
const LOOK: Duration = Duration::from_millis(250);
/// Without a terminal, a line this often.
const LINE_EVERY: u32 = 12;

pub fn say(text: &str) {
    // A closed pipe has nobody to tell.
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Shows the floor until nothing is due any more.
pub async fn watch(live: &Live, story: &Story) {
    let screen = Screen::new();
    let (mut quiet, mut looks) = (0, 0);
    while quiet < QUIET {
        tokio::time::sleep(LOOK).await;
        let view = live.view();
        screen.show(&view, story, looks);
        looks += 1;
        quiet = if is_quiet(&view, story) { quiet + 1 } else { 0 };
    }
    screen.finish();
}

/// Nothing in hand, nothing in the air, nobody talking.
fn is_quiet(view: &View, story: &Story) -> bool {
    campaigns(view, story).all(|campaign| {
        campaign.counts.dialled > 0
            && campaign.hopper + campaign.dialling + campaign.listening == 0
            && campaign.talking + campaign.waiting == 0
    })
}

fn campaigns<'a>(view: &'a View, story: &'a Story) -> impl Iterator<Item = &'a CampaignView> {
    view.campaigns.iter().filter(|seen| {
        story
            .campaigns()
            .iter()
            .any(|(_, id)| seen.id.as_str() == *id)
    })
}

struct Screen {
    lines: Vec<ProgressBar>,
    bar: ProgressBar,
    shows: bool,
}

impl Screen {
    fn new() -> Self {
        let all = MultiProgress::new();
        let plain = ProgressStyle::with_template("  {msg}").expect("a template");
        let lines = (0..4)
            .map(|_| all.add(ProgressBar::new_spinner().with_style(plain.clone())))
            .collect();
        let style =
            ProgressStyle::with_template("  {bar:40.cyan} {pos}/{len} leads dialled  {elapsed}")
                .expect("a template");
        let bar = all.add(ProgressBar::new(sheet::LEADS).with_style(style));
        Self {
            lines,
            bar,
            shows: std::io::stderr().is_terminal(),
        }
    }

    fn show(&self, view: &View, story: &Story, looks: u32) {
        let dialled: u64 = campaigns(view, story).map(|seen| seen.counts.dialled).sum();
        let mut texts: Vec<String> = campaigns(view, story).map(campaign_line).collect();
        texts.push(agent_line(view));
        texts.push(queue_line(view, story));
        if self.shows {
            for (line, text) in self.lines.iter().zip(texts) {
                line.set_message(text);
            }
            self.bar.set_position(dialled.min(sheet::LEADS));
        } else if looks.is_multiple_of(LINE_EVERY) {
            say(&texts.join(" | "));
        }
    }

    fn finish(&self) {
        for line in &self.lines {
            line.finish();
        }
        self.bar.finish();
    }
}

fn campaign_line(seen: &CampaignView) -> String {
    let why = seen.decision.map(|decision| {
        serde_json::to_value(decision.why)
            .ok()
            .and_then(|why| why.as_str().map(str::to_owned))
    });
    format!(
        "{:<10} dialling {:>2}  ringing {:>2}  talking {:>2}  dialled {:>3}  answered {:>3}  \
         abandoned {:>2}  limit: {}",
        seen.mode.as_str(),
        seen.dialling,
        seen.ringing,
        seen.talking,
        seen.counts.dialled,
        seen.counts.answered,
        seen.counts.abandoned,
        why.flatten().unwrap_or_default(),
    )
}

fn agent_line(view: &View) -> String {
    let of = |state: &str| {
        view.agents
            .iter()
            .filter(|agent| agent.state == state)
            .count()
    };
    format!(
        "agents     ready {}  busy {}  after-call {}",
        of("ready"),
        of("busy"),
        of("acw")
    )
}

fn queue_line(view: &View, story: &Story) -> String {
    let queue = view
        .queues
        .iter()
        .find(|queue| queue.id.as_str() == story.queue);
    let waiting = queue.map_or(0, |queue| queue.waiting);
    let lines: u32 = view.gateways.iter().map(|gateway| gateway.in_use).sum();
    format!("queue      waiting {waiting}  lines in use {lines}")
}
