//! Whose phone a queue rings first, and which caller an agent gets first: SIPp calls, and is the agents'
//! phones.

use std::time::SystemTime;

use serde_json::{Value, json};

use crate::{
    in_call::SOON,
    kit::{
        carrier::{By, Fate},
        centre::Centre,
        wait,
    },
};

/// What phones do is decided by who calls: the last digit of the number.
pub const BY_CALLER: &[(char, Fate)] = &[
    ('1', Fate::Rings),
    (
        '2',
        Fate::Answers {
            ring_ms: 0,
            talk_ms: 120_000,
        },
    ),
    ('3', Fate::Refused(480, "Temporarily Unavailable")),
];
const RINGS: &str = "13900000001";
pub const TALKS: &str = "13900000002";

/// What a queue says of an agent.
fn at(level: u32, position: u32) -> Value {
    json!({ "level": level, "position": position, "max_no_answer": 0 })
}

fn by(strategy: &str) -> Value {
    json!({ "strategy": strategy, "wrap_up_ms": 0 })
}

impl Centre {
    /// Somebody calls so many times and hangs up as soon as a phone rings; gives the last digit of each.
    pub async fn first_rung(&self, queue: &str, times: usize) -> String {
        let before = self.phones.rung_so_far(RINGS).len();
        for time in 1..=times {
            let caller = self.call(RINGS, queue).await;
            self.phones.rung(RINGS, before + time).await;
            caller.hang_up().await;
            self.nobody_is_busy().await;
        }
        self.phones.rung_so_far(RINGS)[before..].to_owned()
    }

    async fn nobody_is_busy(&self) {
        wait::until_seen(
            "everybody to be let off",
            SOON,
            || async { self.api.all("/agents").await },
            |agents| agents.iter().all(|agent| agent["state"] != "busy"),
        )
        .await;
    }

    async fn busy_ms(&self, extension: &str) -> i64 {
        let path = format!("/agents/{}", self.agent(extension).id);
        self.api.get(&path).await["busy_ms"]
            .as_i64()
            .expect("a time")
    }

    /// An agent serves a caller until busy for so long in all, and is in after-call work then.
    pub async fn serve(&self, extension: &str, queue: &str, busy_ms: i64) {
        let path = format!("/agents/{}", self.agent(extension).id);
        let caller = self.call(TALKS, queue).await;
        wait::until_seen(
            "the talk to be long enough",
            SOON,
            || async { self.api.get(&path).await },
            |agent| {
                let is_long = agent["busy_ms"].as_i64() > Some(busy_ms);
                agent["call"]["bridged_at"].is_string() && is_long
            },
        )
        .await;
        caller.hang_up().await;
        self.until(extension, "acw").await;
    }
}

/// Who is rung first by each ring strategy, by level and position, and by a fifo queue, which knows neither:
/// VOX-041, VOX-043, VOX-075, VOX-076, VOX-081, VOX-082, VOX-084, VOX-087, VOX-088.
#[tokio::test(flavor = "multi_thread")]
async fn each_strategy_rings_whom_it_says() {
    let centre = Centre::open(&["1001", "1002", "1003"], By::Caller, BY_CALLER).await;
    let members = |places: [(u32, u32); 3]| {
        let extensions = ["1001", "1002", "1003"];
        let placed = extensions.into_iter().zip(places);
        placed
            .map(|(ext, (level, position))| (ext, at(level, position)))
            .collect::<Vec<_>>()
    };
    let same = [(1, 1), (1, 1), (1, 1)];
    let fifo = json!({ "strategy": "top_down", "fifo": true, "wrap_up_ms": 0 });
    let queues = [
        ("601", by("longest_idle"), same),
        ("602", by("round_robin"), [(1, 3), (1, 2), (1, 1)]),
        ("603", by("top_down"), [(1, 3), (1, 1), (1, 2)]),
        ("604", by("by_agent_order"), [(1, 1), (2, 1), (1, 2)]),
        ("605", by("ring_all"), same),
        ("606", by("fewest_calls"), same),
        ("607", by("least_talk_time"), same),
        ("608", fifo, [(1, 1), (2, 2), (2, 3)]),
        ("609", by("longest_idle"), [(1, 1), (2, 2), (2, 3)]),
    ];
    for (queue, settings, places) in &queues {
        centre
            .queue(queue, settings.clone(), &members(*places))
            .await;
    }
    centre
        .in_effect(&queues.each_ref().map(|(queue, ..)| *queue))
        .await;
    centre.work(&["1001", "1002", "1003"]).await;

    assert_eq!(
        centre.first_rung("601", 4).await,
        "1231",
        "the longest idle"
    );
    assert_eq!(centre.first_rung("602", 4).await, "3213", "in a round");
    assert_eq!(centre.first_rung("603", 2).await, "22", "from the top");
    assert_eq!(
        centre.first_rung("604", 2).await,
        "11",
        "by the agents' order"
    );
    centre.away("1001").await;
    assert_eq!(
        centre.first_rung("604", 1).await,
        "3",
        "by level before position"
    );
    centre.order("1001", "ready").await;
    // Idle since: 1002, 1003, 1001. Who has come online again is last.
    centre.order("1002", "sign_out").await;
    centre.work(&["1002"]).await;
    assert_eq!(
        centre.first_rung("601", 3).await,
        "312",
        "who came back is last"
    );

    let before = centre.phones.rung_so_far(RINGS).len();
    let caller = centre.call(RINGS, "605").await;
    let rung = centre.phones.rung(RINGS, before + 3).await;
    caller.hang_up().await;
    let mut all: Vec<char> = rung[before..].chars().collect();
    all.sort_unstable();
    assert_eq!(all, ['1', '2', '3'], "all at once");
    centre.nobody_is_busy().await;

    // Two talks of one, a longer one of another.
    for extension in ["1002", "1003"] {
        centre.away(extension).await;
    }
    for _ in ["one", "another"] {
        centre.serve("1001", "601", 0).await;
        centre.order("1001", "finish_wrap_up").await;
    }
    let first = centre.busy_ms("1001").await;
    centre.away("1001").await;
    centre.order("1002", "ready").await;
    centre.serve("1002", "601", first + 1_000).await;
    centre.order("1002", "finish_wrap_up").await;
    centre.order("1001", "ready").await;
    assert_eq!(centre.first_rung("606", 2).await, "22", "the fewest calls");
    assert_eq!(centre.first_rung("607", 2).await, "11", "the least talk");
    // Idle since: 1002, 1001.
    assert_eq!(centre.first_rung("608", 1).await, "2", "whatever the level");
    assert_eq!(centre.first_rung("609", 2).await, "11", "by level");
}

/// A tier is rung when callers have waited so long for it, empty ones are skipped where the queue says so:
/// VOX-056, VOX-057, VOX-058, VOX-059, VOX-060.
#[tokio::test(flavor = "multi_thread")]
async fn each_tier_is_rung_when_its_time_has_come() {
    const SOMEBODY: [&str; 3] = ["13900000013", "13900000023", "13900000033"];
    let extensions = [
        "1001", "1002", "1003", "1004", "1005", "1006", "1007", "1008",
    ];
    let centre = Centre::open(&extensions, By::Caller, BY_CALLER).await;
    let tiers = |wait_ms: u32, multiply: bool, skip_empty: bool| {
        let tiers = json!({ "apply": true, "wait_ms": wait_ms, "multiply": multiply,
            "skip_empty": skip_empty });
        json!({ "strategy": "top_down", "tiers": tiers })
    };
    let levels = |from: usize, count: usize| {
        let agents = extensions[from..][..count].iter().copied();
        agents
            .zip(1..)
            .map(|(ext, level)| (ext, at(level, 1)))
            .collect::<Vec<_>>()
    };
    centre
        .queue("611", tiers(2_000, true, false), &levels(0, 3))
        .await;
    centre
        .queue("612", tiers(2_000, false, false), &levels(3, 3))
        .await;
    centre
        .queue("613", tiers(600_000, true, true), &levels(6, 2))
        .await;
    centre.in_effect(&["611", "612", "613"]).await;
    // Nobody is there of the first tier of the last queue.
    for extension in extensions.iter().filter(|ext| **ext != "1007") {
        centre.work(&[extension]).await;
    }
    let mut callers = Vec::new();
    for (from, queue) in SOMEBODY.into_iter().zip(["611", "612", "613"]) {
        callers.push(centre.call(from, queue).await);
    }
    let [steep, flat, skipping] = SOMEBODY;
    let begun = centre.phones.until("INVITE", steep, "1001").await;
    let second = centre.phones.until("INVITE", steep, "1002").await;
    let third = centre.phones.until("INVITE", steep, "1003").await;
    // Counted from the queue, of which the first ring tells a little late.
    assert!(second - begun > 3_500, "{begun} to {second}");
    assert!(third - begun > 5_500, "{begun} to {third}");
    assert!(centre.phones.rung_so_far(steep).starts_with('1'));

    let begun = centre.phones.until("INVITE", flat, "1004").await;
    let second = centre.phones.until("INVITE", flat, "1005").await;
    assert!(second - begun > 1_500, "{begun} to {second}");
    centre.phones.until("INVITE", flat, "1006").await;
    let rung = centre.phones.rung_so_far(flat);
    let opened = rung.find('5').expect("the second tier");
    assert_eq!(&rung[opened..opened + 2], "56", "both at once: {rung}");

    assert_eq!(centre.phones.rung(skipping, 1).await, "8");
    for caller in callers {
        caller.hang_up().await;
    }
}

/// An office that is shut today, and tomorrow.
fn shut() -> Value {
    let since = SystemTime::UNIX_EPOCH.elapsed().expect("a time after 1970");
    let weekday = (since.as_secs() / 86_400 + 3) % 7 + 1;
    let in_three_days = (weekday + 2) % 7 + 1;
    let span = json!({ "weekdays": [in_three_days], "from": 0, "to": 1 });
    json!({ "zone": "UTC", "spans": [span] })
}

/// Who comes first to an agent of several queues: VOX-032, VOX-036, VOX-049, VOX-050, VOX-084, VOX-094.
#[tokio::test(flavor = "multi_thread")]
async fn callers_come_to_the_agent_in_their_order() {
    let centre = Centre::saying(
        &[("closed", 700.0, 6_000)],
        &["1001"],
        By::Caller,
        BY_CALLER,
    )
    .await;
    let from = |nth: u32| format!("139000000{nth}2");
    let everybody = [("1001", json!({}))];
    let settings = |own: Value| {
        let mut settings = json!({ "wrap_up_ms": 0 });
        let all = settings.as_object_mut().expect("an object");
        all.extend(own.as_object().expect("an object").clone());
        settings
    };
    let queues = [
        ("621", json!({})),
        ("622", json!({ "priority": 5 })),
        ("623", json!({ "time_base": "system" })),
        ("624", json!({ "fifo": true, "priority": 9 })),
    ];
    for (queue, own) in queues {
        centre.queue(queue, settings(own), &everybody).await;
    }
    for (number, queue) in [("4008000621", "621"), ("4008000623", "623")] {
        let to = json!({ "type": "queue", "queue": queue });
        let shut = json!({ "type": "inbound", "to": queue, "office": shut(),
            "closed_prompt": "closed", "closed_to": to });
        centre.route(number, shut).await;
    }
    // The number of a queue may stand behind one that the carrier knows.
    centre
        .route("4008000622", json!({ "type": "inbound", "to": "622" }))
        .await;
    centre.in_effect(&["621", "622", "623", "624"]).await;
    centre.work(&["1001"]).await;
    centre.away("1001").await;

    // Who hears that the office is shut comes into the queue last, but into the house first.
    let (late, early) = (from(1), from(3));
    let mut callers = vec![
        centre.call(&late, "4008000621").await,
        centre.call(&early, "4008000623").await,
        centre.call(&from(2), "621").await,
        centre.call(&from(4), "623").await,
    ];
    centre.line("621", &[&from(2), &late]).await;
    centre.line("623", &[&early, &from(4)]).await;
    callers.push(centre.call(&from(5), "624").await);
    callers.push(centre.call(&from(6), "4008000622").await);
    centre.line("624", &[&from(5)]).await;
    centre.line("622", &[&from(6)]).await;

    // By priority, which a fifo queue does not know, then by how long they have waited.
    let order = [(6, 5), (3, 1), (2, 2), (4, 3), (1, 0), (5, 4)];
    let mut callers: Vec<Option<_>> = callers.into_iter().map(Some).collect();
    for (nth, (number, caller)) in order.into_iter().enumerate() {
        match nth {
            0 => centre.order("1001", "ready").await,
            _ => centre.order("1001", "finish_wrap_up").await,
        }
        centre.phones.until("ACK", &from(number), "1001").await;
        centre.talking("1001").await;
        let caller = callers[caller].take().expect("once each");
        caller.hang_up().await;
        centre.until("1001", "acw").await;
    }
    assert_eq!(
        centre.phones.callers(),
        order.map(|(number, _)| from(number))
    );
}

/// Who gives up and calls again in time has the former place: VOX-061, VOX-062, VOX-063.
#[tokio::test(flavor = "multi_thread")]
async fn who_calls_again_in_time_has_the_former_place() {
    let centre = Centre::open(&["1001"], By::Caller, BY_CALLER).await;
    let resumes = |within_ms: u32| json!({ "resume": true, "resume_within_ms": within_ms });
    let queues = [
        ("631", resumes(60_000)),
        ("632", json!({})),
        ("633", resumes(1_000)),
    ];
    for (queue, settings) in queues {
        centre.queue(queue, settings, &[("1001", json!({}))]).await;
    }
    centre.in_effect(&["631", "632", "633"]).await;
    for (queue, comes_back) in [("631", true), ("632", false), ("633", false)] {
        let (first, second) = (format!("13900{queue}1"), format!("13900{queue}2"));
        let gives_up = centre.call(&first, queue).await;
        centre.line(queue, &[&first]).await;
        let waits = centre.call(&second, queue).await;
        centre.line(queue, &[&first, &second]).await;
        gives_up.hang_up().await;
        centre.line(queue, &[&second]).await;
        if queue == "633" {
            centre.waited(queue, 1_500).await;
        }
        let again = centre.call(&first, queue).await;
        match comes_back {
            true => centre.line(queue, &[&first, &second]).await,
            false => centre.line(queue, &[&second, &first]).await,
        }
        again.hang_up().await;
        waits.hang_up().await;
    }
}
