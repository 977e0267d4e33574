//! What changes between the draw and the INVITE is seen at the INVITE: a DNC list, the window's edge,
//! the clock, a day that is an hour shorter. SIPp counts the INVITEs.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::kit::{
    carrier::Fate,
    client::Client,
    clock::instant,
    server::{House, Server},
    sipp::Sipp,
    stage::{self, Campaign, text},
    wait,
};

const FATES: &[(char, Fate)] = &[('1', Fate::Refused(486, "Busy Here")), ('2', Fate::Rings)];
const SOON: Duration = Duration::from_secs(60);
/// Leads that wait in the hopper while the first one rings.
const WAITING: usize = 40;

/// A house whose campaign makes one call at a time: the first lead rings, every other one is drawn.
struct Held {
    house: House,
    _server: Server,
    api: Client,
    carrier: Sipp,
    campaign: Campaign,
    numbers: Vec<String>,
}

impl Held {
    /// `numbers` make a number of an ending; `hours` is the window on the called party's clock.
    async fn new(house: House, numbers: impl Fn(&str) -> String, zone: &str, hours: Value) -> Self {
        let carrier = Sipp::carrier(FATES);
        let server = house.start();
        let api = house.admin().await;
        let mut all = vec![numbers("0002")];
        all.extend((0..WAITING).map(|n| numbers(&format!("{n:03}1"))));
        let batch = stage::batch(&api, "drawn", &all).await;
        let gateway = stage::gateway(&api, &carrier, 50.0).await;
        let mut settings = stage::settings(&gateway);
        settings["max_concurrency"] = json!(1);
        // Time to set the clock and to sign in again while the first one rings.
        settings["ring_timeout_s"] = json!(30);
        settings["window"]["zone"] = json!(zone);
        settings["window"]["ranges"] = json!([hours]);
        let campaign = stage::start(&api, "robot", &batch, ("robot", "robot"), settings).await;
        Self {
            house,
            _server: server,
            api,
            carrier,
            campaign,
            numbers: all,
        }
    }

    async fn first_rings(&self) {
        let drawn = |stats: &Value| stats["ringing"] == 1 && stats["hopper"] == WAITING;
        self.campaign
            .until(&self.api, "one to ring and the rest to wait", SOON, drawn)
            .await;
        assert_eq!(self.invited(), &self.numbers[..1]);
    }

    /// Sets the clock; sessions may end by that.
    async fn jump(&mut self, at: &str) {
        self.house.clock().set(at);
        self.api = self.house.admin().await;
    }

    /// Waits for the end of the first call, and until the floor has had time to dial more.
    async fn first_ends(&self) {
        let over = |attempts: &Vec<Value>| attempts[0]["state"] == "closed";
        let attempts = async || self.campaign.attempts(&self.api).await;
        let last = wait::until_seen("the first call to end", SOON, attempts, over).await;
        let later = self.now().await + TimeDelta::seconds(3);
        let passed = |stats: &Value| instant(&text(&stats["as_of"])) > later;
        self.campaign
            .until(&self.api, "three seconds more", SOON, passed)
            .await;
        assert_eq!(last.len(), 1, "{last:#?}");
    }

    async fn now(&self) -> DateTime<Utc> {
        let path = format!("/campaigns/{}/stats", self.campaign.id);
        instant(&text(&self.api.get(&path).await["as_of"]))
    }

    fn invited(&self) -> Vec<String> {
        let invites = self.carrier.invites().into_iter();
        invites.map(|invite| invite.number).collect()
    }

    /// Nobody but the first was dialled, and nobody was even an attempt.
    async fn only_the_first_was_dialled(&self) {
        assert_eq!(self.invited(), &self.numbers[..1]);
        assert_eq!(self.campaign.attempts(&self.api).await.len(), 1);
        for lead in self.campaign.leads(&self.api).await.iter().skip(1) {
            assert_eq!(lead["dial_count"], 0, "{lead:#}");
        }
    }
}

fn chinese(ending: &str) -> String {
    format!("1380000{ending}")
}

fn new_yorker(ending: &str) -> String {
    format!("+1212555{ending}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_put_on_a_list_after_the_draw_is_not_dialled() {
    let held = Held::new(House::new(), chinese, "Asia/Shanghai", json!([0, 1440])).await;
    held.first_rings().await;
    let list = json!({ "name": "asked to be left alone" });
    held.api.put("/dnc-lists/late", list).await;
    let entries = held
        .numbers
        .iter()
        .map(|number| json!({ "number": number }));
    let entries = json!({ "entries": entries.collect::<Vec<_>>() });
    let told = held.api.post("/dnc-lists/late/entries", entries).await;
    assert_eq!(told["added"], held.numbers.len());

    held.first_ends().await;
    let blocked = |stats: &Value| stats["blocked"]["dnc"] == WAITING;
    held.campaign
        .until(&held.api, "the gate to refuse the rest", SOON, blocked)
        .await;
    held.only_the_first_was_dialled().await;
    for lead in held.campaign.leads(&held.api).await.iter().skip(1) {
        assert_eq!(lead["blocked"], "dnc", "{lead:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_clock_jumps_over_the_windows_end_nobody_is_dialled() {
    let house = House::new().with_clock("2026-05-06T12:00:00+08:00");
    let mut held = Held::new(house, chinese, "Asia/Shanghai", json!([540, 1260])).await;
    held.first_rings().await;
    held.jump("2026-05-06T21:30:00+08:00").await;
    held.first_ends().await;
    let shut = |stats: &Value| stats["why"] == "window" && stats["hopper"] == 0;
    held.campaign
        .until(&held.api, "the leads to go back", SOON, shut)
        .await;
    held.only_the_first_was_dialled().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_clock_is_set_back_before_the_window_nobody_is_dialled_until_it_opens() {
    let house = House::new().with_clock("2026-05-06T12:00:00+08:00");
    let mut held = Held::new(house, chinese, "Asia/Shanghai", json!([540, 1260])).await;
    held.first_rings().await;
    held.jump("2026-05-06T08:30:00+08:00").await;
    held.first_ends().await;
    held.only_the_first_was_dialled().await;
    held.jump("2026-05-06T09:00:01+08:00").await;
    let on = |stats: &Value| stats["dialled"].as_u64() > Some(5);
    held.campaign
        .until(&held.api, "the window to open", SOON, on)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_the_day_that_is_an_hour_shorter_the_window_is_that_of_the_new_time() {
    // New York goes from UTC-5 to UTC-4 in the night before: nine is 13:00 UTC, eight in the evening
    // midnight UTC.
    let house = House::new().with_clock("2026-03-08T12:50:00Z");
    let hours = json!([540, 1200]);
    let mut held = Held::new(house, new_yorker, "America/New_York", hours).await;
    let shut = |stats: &Value| stats["why"] == "window";
    held.campaign
        .until(&held.api, "the campaign to wait for nine", SOON, shut)
        .await;
    assert_eq!(held.invited(), Vec::<String>::new());
    held.jump("2026-03-08T12:59:56Z").await;
    held.first_rings().await;
    let first = held.campaign.attempts(&held.api).await.remove(0);
    assert!(
        instant(&text(&first["reserved_at"])) >= instant("2026-03-08T13:00:00Z"),
        "{first:#}"
    );

    held.jump("2026-03-08T23:59:58Z").await;
    held.first_ends().await;
    assert!(held.now().await > instant("2026-03-09T00:00:00Z"));
    held.campaign
        .until(&held.api, "the campaign to stop at eight", SOON, shut)
        .await;
    held.only_the_first_was_dialled().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_windows_edge_the_last_invite_is_of_the_minute_before() {
    const LEADS: usize = 900;
    const EDGE: &str = "2026-05-06T21:00:00+08:00";
    let carrier = Sipp::carrier(FATES);
    let house = House::new().with_clock("2026-05-06T20:50:00+08:00");
    let _server = house.start();
    let api = house.admin().await;
    let numbers: Vec<String> = (0..LEADS).map(|n| format!("1380000{n:03}1")).collect();
    let batch = stage::batch(&api, "late", &numbers).await;
    let gateway = stage::gateway(&api, &carrier, 20.0).await;
    let mut settings = stage::settings(&gateway);
    settings["window"]["ranges"] = json!([[540, 1260]]);
    let campaign = stage::start(&api, "robot", &batch, ("robot", "robot"), settings).await;
    let dialled = |stats: &Value| stats["dialled"].as_u64() > Some(0);
    campaign.until(&api, "the first calls", SOON, dialled).await;
    // The edge comes in the middle of the campaign. Sessions may end by that.
    house.clock().set("2026-05-06T20:59:50+08:00");
    let api = house.admin().await;
    let shut = |stats: &Value| {
        let past = instant(&text(&stats["as_of"])) > instant(EDGE) + TimeDelta::seconds(1);
        past && stats["why"] == "window" && stats["dialling"] == 0
    };
    campaign.until(&api, "the edge", SOON, shut).await;
    let at_the_edge = carrier.invites().len();
    let later = instant(EDGE) + TimeDelta::seconds(5);
    let passed = |stats: &Value| instant(&text(&stats["as_of"])) > later;
    campaign.until(&api, "a while more", SOON, passed).await;

    assert!((1..LEADS).contains(&at_the_edge), "{at_the_edge} INVITEs");
    assert_eq!(
        carrier.invites().len(),
        at_the_edge,
        "INVITEs past the edge"
    );
    let attempts = campaign.attempts(&api).await;
    for attempt in &attempts {
        let reserved_at = instant(&text(&attempt["reserved_at"]));
        assert!(reserved_at < instant(EDGE), "{attempt:#}");
    }
    // One that was written but came too late for its INVITE is closed without having rung.
    let is_cancelled = |attempt: &&Value| attempt["outcome"] == "cancelled";
    let cancelled = attempts.iter().filter(is_cancelled).count();
    assert_eq!(attempts.len() - cancelled, at_the_edge);
}
