//! `paceline simulate --campaign`: a day that was really dialled becomes a scenario, on both databases.

use std::{fs, process::Command, time::Duration};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::kit::{
    baresip::Baresip,
    carrier::Fate,
    server::House,
    sipp::Sipp,
    stage::{self, tally},
};

const FATES: &[(char, Fate)] = &[
    (
        '0',
        Fate::Answers {
            ring_ms: 300,
            talk_ms: 400,
        },
    ),
    ('1', Fate::Refused(486, "Busy Here")),
    ('2', Fate::Refused(480, "Temporarily Unavailable")),
];
const LEADS: usize = 150;
/// Three of ten answer, four are busy, three are not there.
const OF_TEN: &str = "0112011202";
const OPENS: &str = "2026-05-06T10:10:00+08:00";
const DAY: &str = "2026-05-06";
const WORK: Duration = Duration::from_secs(400);

#[tokio::test(flavor = "multi_thread")]
async fn a_past_day_is_played_again_from_sqlite() {
    let house = House::new().with_clock(OPENS);
    let data = house.data();
    let data = data.to_str().expect("a readable path");
    replay(&house, &["--data", data]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_past_day_is_played_again_from_postgresql() {
    let database = store::testing::postgres().await;
    let house = House::new().on(&database.place).with_clock(OPENS);
    replay(&house, &["--db", &database.place]).await;
}

async fn replay(house: &House, place: &[&str]) {
    let campaign = dial_a_day(house).await;
    let folder = TempDir::new().expect("a temporary directory");
    let hours = folder.path().join("shift.toml");
    fs::write(&hours, "hours = 1.0\n").expect("a scenario");
    let hours = hours.to_str().expect("a readable path");
    let of_day = ["--campaign", &campaign, "--day", DAY, hours];
    let ask = |more: &[&str]| simulate(&[place, &of_day, more].concat());

    let shift = [
        "--json",
        "--seed",
        "7",
        "--agents",
        "2,8",
        "--channels",
        "200",
    ];
    let rows = json_of(ask(&shift));
    let rows = rows.as_array().expect("rows");
    assert_eq!(rows.len(), 2);
    for row in rows {
        let (dials, answered) = (number(row, "dials"), number(row, "answered"));
        assert!(dials > 300.0, "{row:#}");
        let share = answered / dials;
        assert!(
            (0.22..0.38).contains(&share),
            "{share} of the dials answered"
        );
        assert!(number(row, "abandoned") <= 0.032, "{row:#}");
    }
    assert_eq!(
        (&rows[0]["agents"], &rows[1]["agents"]),
        (&json!(2), &json!(8))
    );
    // Few enough agents that they, not the gateway's 20 calls a second, are what binds.
    let connected = [0, 1].map(|row| number(&rows[row], "connected"));
    assert!(connected[1] > 2.0 * connected[0], "{connected:?}");

    let once = ask(&shift).expect("figures");
    assert_eq!(once, ask(&shift).expect("figures"), "the same seed");
    let other = [
        "--json",
        "--seed",
        "8",
        "--agents",
        "2,8",
        "--channels",
        "200",
    ];
    assert_ne!(once, ask(&other).expect("figures"), "another seed");

    let svg = folder.path().join("shift.svg");
    let picture = svg.to_str().expect("a readable path");
    let caps = ["--agents", "4", "--cap", "0.01,0.05", "--svg", picture];
    let table = ask(&caps).expect("a table");
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 3, "{table}");
    assert!(lines[0].contains("occupancy %") && lines[0].contains("abandoned %"));
    assert!(
        fs::read_to_string(&svg)
            .expect("a picture")
            .starts_with("<svg")
    );

    let none = ask(&["--agents", "0"]).expect_err("nobody works");
    assert!(none.contains("agents"), "{none}");
    let unknown = [place, &["--campaign", "cmp_none", "--day", DAY]].concat();
    let unknown = simulate(&unknown).expect_err("no such campaign");
    assert!(
        unknown.contains("there is no campaign cmp_none"),
        "{unknown}"
    );
    let early = [place, &["--campaign", &campaign, "--day", "2026-05-05"]].concat();
    let early = simulate(&early).expect_err("nothing was dialled");
    assert!(early.contains("too few"), "{early}");
}

/// A campaign of one agent to its end; gives its id.
async fn dial_a_day(house: &House) -> String {
    let carrier = Sipp::carrier(FATES);
    let server = house.start();
    let api = house.admin().await;
    let wrap_up = json!({ "wrap_up_ms": 300 });
    let agent = stage::queue(&api, "sales", &["1001"], wrap_up)
        .await
        .remove(0);
    let _phone = Baresip::start(&agent.extension, &agent.secret, server.sip);
    agent.work(&api).await;
    let digit = |n: usize| OF_TEN.as_bytes()[n % OF_TEN.len()] as char;
    let numbers: Vec<String> = (0..LEADS)
        .map(|n| format!("1380{n:06}{}", digit(n)))
        .collect();
    let batch = stage::batch(&api, "a day", &numbers).await;
    let gateway = stage::gateway(&api, &carrier, 20.0).await;
    let settings = stage::settings(&gateway);
    let campaign = stage::start(&api, "predictive", &batch, ("queue", "sales"), settings).await;
    campaign.dialled_out(&api, LEADS, WORK).await;
    let outcomes = tally(&campaign.attempts(&api).await, "outcome");
    assert_eq!(outcomes["connected"], LEADS * 3 / 10, "{outcomes:?}");
    server.stop().await;
    campaign.id
}

/// What it printed, or the complaint.
fn simulate(arguments: &[&str]) -> Result<String, String> {
    let ended = Command::new(env!("CARGO_BIN_EXE_paceline"))
        .arg("simulate")
        .args(arguments)
        .env_remove("PACELINE_DB")
        .output()
        .expect("the binary starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    match ended.status.success() {
        true => Ok(text(ended.stdout)),
        false => Err(text(ended.stderr)),
    }
}

fn json_of(printed: Result<String, String>) -> Value {
    serde_json::from_str(&printed.expect("figures")).expect("JSON")
}

fn number(row: &Value, key: &str) -> f64 {
    row[key]
        .as_f64()
        .unwrap_or_else(|| panic!("{key} of {row:#}"))
}
