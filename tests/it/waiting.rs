//! What callers of a queue hear, how long they may wait, and where they go instead: SIPp calls, and is the
//! agents' phones.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{
    acd::tones,
    in_call::{LONG, SOON},
    kit::{
        carrier::{By, Fate},
        centre::Centre,
        customer::Customer,
        sipp::{CARRIER_HERTZ, Sipp},
        stage, wait,
    },
};

const BY_PHONE: &[(char, Fate)] = &[
    (
        '1',
        Fate::Answers {
            ring_ms: 0,
            talk_ms: 120_000,
        },
    ),
    // Hangs up before anybody can say a word.
    (
        '2',
        Fate::Answers {
            ring_ms: 0,
            talk_ms: 300,
        },
    ),
    ('9', Fate::Rings),
];
const CALLER: &str = "13900000001";
const OTHER: &str = "13900000002";
const SORRY: f64 = 1_300.0;
const HOW: f64 = 1_600.0;

/// Who waits hears a welcome, then music, and at the interval that is set a prompt, the place and how long it
/// may take, until an agent is there: VOX-034, VOX-044, VOX-045, VOX-046, VOX-047, VOX-095.
#[tokio::test(flavor = "multi_thread")]
async fn a_caller_hears_where_they_stand_until_the_agent_comes() {
    let prompts = [
        ("welcome", 400.0),
        ("tune", 550.0),
        ("told", 700.0),
        ("place", 850.0),
        ("number-1", 1_150.0),
        ("place-end", 1_300.0),
        ("wait-1", 1_450.0),
    ];
    let sounds = prompts.map(|(name, hertz)| (name, hertz, 400));
    let centre = Centre::saying(&sounds, &["1001"], By::Called, BY_PHONE).await;
    let told = json!({ "prompt": "told", "every_s": 5, "place": true, "wait": true });
    let settings = json!({ "wrap_up_ms": 0, "welcome": "welcome", "music": "tune",
        "announcement": told });
    centre.queue("661", settings, &[("1001", json!({}))]).await;
    centre.in_effect(&["661"]).await;
    centre.work(&["1001"]).await;
    // How long it takes is known from a call that is over.
    let first = centre.call(OTHER, "661").await;
    centre.talking("1001").await;
    first.hang_up().await;
    centre.until("1001", "acw").await;

    let caller = centre.call(CALLER, "661").await;
    let known = [&prompts.map(|(_, hertz)| hertz)[..], &[CARRIER_HERTZ]].concat();
    let heard = || async { tones(&caller.sound.heard(), &known) };
    let twice = |heard: &Vec<f64>| {
        let told = heard.iter().filter(|hertz| **hertz == 1_450.0).count();
        told == 2 && heard.last() == Some(&550.0)
    };
    wait::until_seen("two announcements", SOON, heard, twice).await;
    centre.order("1001", "finish_wrap_up").await;
    let agent = |heard: &Vec<f64>| heard.last() == Some(&CARRIER_HERTZ);
    let heard = wait::until_seen("the agent", SOON, heard, agent).await;
    caller.hang_up().await;
    let announced = [700.0, 850.0, 1_150.0, 1_300.0, 1_450.0, 550.0];
    let expected = [
        &[400.0, 550.0][..],
        &announced,
        &announced,
        &[CARRIER_HERTZ],
    ]
    .concat();
    assert_eq!(heard, expected);
}

/// Whom a queue cannot serve in time is told so, or goes where it says; when nobody is there, new callers are
/// refused for a while; who has talked with nobody is not asked how it was, and who waits in a queue that is
/// deleted is let go: VOX-051, VOX-052, VOX-053, VOX-054, VOX-055, VOX-065, VOX-091, VOX-092.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_longer_than_the_queue_lets_them() {
    let sounds = [("sorry", SORRY, 400), ("survey", HOW, 400)];
    let centre = Centre::saying(&sounds, &["1001", "1002"], By::Called, BY_PHONE).await;
    let quiet = |own: Value| {
        let mut settings = json!({ "music": "silence" });
        let all = settings.as_object_mut().expect("an object");
        all.extend(own.as_object().expect("an object").clone());
        settings
    };
    let overflow = json!({ "type": "queue", "queue": "671" });
    let queues = [
        ("671", json!({}), Some("1001")),
        (
            "672",
            json!({ "max_wait_ms": 5_000, "survey": "standard" }),
            Some("1001"),
        ),
        (
            "673",
            json!({ "max_wait_ms": 5_000, "overflow": overflow }),
            Some("1001"),
        ),
        (
            "674",
            json!({ "max_wait_no_agent_ms": 1_000, "refuse_after_no_agent_ms": 6_000 }),
            None,
        ),
        (
            "675",
            json!({ "max_wait_no_agent_ms": 1_000 }),
            Some("1001"),
        ),
        ("676", json!({ "survey": "standard" }), Some("1002")),
        ("677", json!({}), Some("1001")),
    ];
    for (queue, settings, agent) in &queues {
        let member = agent.map(|extension| (extension, json!({})));
        centre
            .queue(queue, quiet(settings.clone()), member.as_slice())
            .await;
    }
    centre
        .in_effect(&queues.each_ref().map(|(queue, ..)| *queue))
        .await;
    centre.work(&["1001", "1002"]).await;
    centre.away("1001").await;
    let heard = |sound: &[i16]| tones(sound, &[SORRY, HOW]);
    let from = |queue: &str| format!("13900000{queue}");

    let begun = Instant::now();
    let nobody = centre.call(&from("674"), "674").await;
    let staffed = centre.call(&from("675"), "675").await;
    assert_eq!(heard(&nobody.released().await), [SORRY]);
    let again = || Customer::ask(centre.server.sip, "13900000004", "674");
    assert_eq!(again().await.err(), Some(486), "refused for a while");

    let limited = centre.call(&from("672"), "672").await;
    let sent_on = centre.call(&from("673"), "673").await;
    let orphan = centre.call(&from("677"), "677").await;
    centre.delete("/routes/r677").await;
    centre.delete("/queues/677").await;
    assert_eq!(
        heard(&orphan.released().await),
        [0.0; 0],
        "its prompt has gone, too"
    );
    let cut_short = centre.call(&from("676"), "676").await;
    assert_eq!(heard(&cut_short.released().await), [0.0; 0]);
    let call = centre.closed(&from("676")).await;
    assert_eq!(
        (&call["agent_id"], &call["survey"]),
        (&json!("a1002"), &Value::Null)
    );

    assert_eq!(heard(&limited.released().await), [SORRY]);
    let call = centre.closed(&from("672")).await;
    assert!(call["wait_ms"].as_i64() >= Some(5_000), "{call:#}");
    assert_eq!(
        (&call["agent_id"], &call["survey"]),
        (&Value::Null, &Value::Null)
    );
    centre.line("671", &[&from("673")]).await;
    sent_on.hang_up().await;
    let accepted = wait::until("a caller to be taken again", SOON, || async {
        again().await.ok()
    });
    assert_eq!(heard(&accepted.await.released().await), [SORRY]);
    assert!(begun.elapsed() > Duration::from_secs(8), "1 s, 6 s and 1 s");
    // An agent on a break is signed in.
    centre.line("675", &[&from("675")]).await;
    staffed.hang_up().await;
}

/// Keys lead out of a queue, to each kind of place, at once, and who presses one has not been abandoned:
/// VOX-034, VOX-035.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_leads_out_of_the_queue() {
    const MENU: f64 = 700.0;
    const MAILBOX: f64 = 850.0;
    let sounds = [
        ("tune", 550.0, 400),
        ("menu", MENU, 400),
        ("voicemail", MAILBOX, 400),
    ];
    let centre = Centre::saying(&sounds, &["1001", "1009"], By::Called, BY_PHONE).await;
    let carrier = Sipp::carrier(LONG);
    let gateway = stage::gateway(&centre.api, &carrier, 10.0).await;
    let out = json!({ "type": "outbound", "gateway": gateway });
    let route = json!({ "number": "^138", "rule": out });
    centre.api.put("/routes/out", route).await;
    let menu = json!({ "greet_long": "menu", "nodes": [
        { "keys": "1", "action": { "type": "queue", "queue": "all" } },
    ] });
    centre
        .api
        .put("/ivr-menus/main", json!({ "menu": menu }))
        .await;
    centre.queue("681", json!({}), &[]).await;
    let places = [
        ("1", json!({ "type": "extension", "extension": "1009" })),
        ("2", json!({ "type": "queue", "queue": "681" })),
        ("3", json!({ "type": "ivr", "menu": "main" })),
        ("4", json!({ "type": "voicemail", "mailbox": "682" })),
        ("5", json!({ "type": "number", "number": "13800000000" })),
    ];
    let keys = places
        .each_ref()
        .map(|(key, to)| json!({ "key": key, "to": to }));
    let settings = json!({ "music": "tune", "exit_keys": keys });
    centre.queue("682", settings, &[("1001", json!({}))]).await;
    centre.in_effect(&["681", "682"]).await;

    let from = |key: &str| format!("1390000000{key}");
    let mut callers = Vec::new();
    for (key, _) in &places {
        callers.push(centre.call(&from(key), "682").await);
    }
    centre
        .line(
            "682",
            &["1", "2", "3", "4", "5"]
                .map(from)
                .each_ref()
                .map(|it| &**it),
        )
        .await;
    for (caller, (key, _)) in callers.iter_mut().zip(&places) {
        caller.press(key);
    }
    centre.line("682", &[]).await;
    centre.phones.until("INVITE", &from("1"), "1009").await;
    centre.line("681", &[&from("2")]).await;
    for (nth, hertz) in [(2, MENU), (3, MAILBOX)] {
        let caller: &Customer = &callers[nth];
        let heard = || async { tones(&caller.sound.heard(), &[MENU, MAILBOX]) };
        wait::until_seen("the place that was asked for", SOON, heard, |heard| {
            *heard == [hertz]
        })
        .await;
    }
    wait::until("the number outside", SOON, || async {
        carrier
            .invites()
            .pop()
            .filter(|invite| invite.number == "13800000000")
    })
    .await;
    for (caller, (key, to)) in callers.into_iter().zip(&places) {
        caller.hang_up().await;
        let call = centre.closed(&from(key)).await;
        let left = (&call["exit_key"], &call["exit_to"], &call["abandoned"]);
        // Who went to another queue has given up there.
        let gave_up = json!(to["type"] == "queue");
        assert_eq!(left, (&json!(key), &to["type"], &gave_up), "{call:#}");
    }
}
