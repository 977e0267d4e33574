use super::*;
use crate::{
    caps::{Caps, History, Limits},
    gateway,
    window::Window,
};

fn settings() -> Settings {
    Settings {
        window: Window::always(),
        ..Settings::default()
    }
}

fn trunk() -> Gateway {
    Gateway::new(gateway::Settings::default(), Millis(0))
}

fn verdict(facts: &Facts, settings: &Settings) -> Result<Verdict, Block> {
    check(
        facts,
        settings,
        Some("02110000"),
        Some(&mut trunk()),
        Millis(0),
    )
}

#[test]
fn a_clean_lead_passes_and_takes_a_channel() {
    let mut gateway = trunk();
    let pass = check(
        &Facts::default(),
        &settings(),
        Some("02110000"),
        Some(&mut gateway),
        Millis(7),
    );
    assert_eq!(pass.map(|pass| pass.checked_at), Ok(Millis(7)));
    assert_eq!(gateway.in_use, 1);
}

#[test]
fn each_reason_blocks_and_the_first_is_named() {
    let facts = Facts::default;
    let table = [
        (
            Facts {
                voided: true,
                dnc: true,
                ..facts()
            },
            Block::Voided,
        ),
        (
            Facts {
                dnc: true,
                live: true,
                ..facts()
            },
            Block::Dnc,
        ),
        (
            Facts {
                attempts: 3,
                ..facts()
            },
            Block::Cap,
        ),
        (
            Facts {
                attempts_today: 2,
                ..facts()
            },
            Block::DayCap,
        ),
        (
            Facts {
                live: true,
                ..facts()
            },
            Block::Live,
        ),
    ];
    for (facts, block) in table {
        assert_eq!(verdict(&facts, &settings()), Err(block), "{facts:?}");
    }
}

#[test]
fn without_a_window_a_caller_or_a_gateway_nothing_is_dialled() {
    let shut = Settings {
        window: Window {
            weekdays: vec![],
            ..Window::always()
        },
        ..Settings::default()
    };
    assert_eq!(verdict(&Facts::default(), &shut), Err(Block::Window));
    let no_caller = check(
        &Facts::default(),
        &settings(),
        None,
        Some(&mut trunk()),
        Millis(0),
    );
    assert_eq!(no_caller, Err(Block::CallerId));
    let no_gateway = check(&Facts::default(), &settings(), Some("1"), None, Millis(0));
    assert_eq!(no_gateway, Err(Block::GatewayMissing));
}

#[test]
fn a_blocked_dial_takes_no_channel() {
    let mut gateway = trunk();
    let dnc = Facts {
        dnc: true,
        ..Facts::default()
    };
    assert!(check(&dnc, &settings(), Some("1"), Some(&mut gateway), Millis(0)).is_err());
    assert_eq!(gateway.in_use, 0);
}

#[test]
fn todays_cap_ends_at_local_midnight() {
    let noon_utc = Millis(1_763_640_000_000); // 2025-11-20 20:00 in Shanghai
    assert_eq!(
        Block::DayCap.retry_at(&settings(), noon_utc),
        Some(noon_utc.plus(4 * 3_600_000))
    );
}

fn at(text: &str) -> Millis {
    let moment = chrono::DateTime::parse_from_rfc3339(text).unwrap();
    Millis(moment.timestamp_millis())
}

fn no(facts: &Facts, settings: &Settings, now: &str) -> Option<No> {
    examine(facts, settings, Some("1"), Some(&mut trunk()), at(now)).err()
}

fn called(number: &str) -> Facts {
    Facts {
        number: number.into(),
        ..Facts::default()
    }
}

#[test]
fn the_window_is_looked_at_on_the_called_party_s_clock() {
    let nine_to_five = Settings {
        window: Window {
            ranges: vec![(9 * 60, 17 * 60)],
            ..Window::default()
        },
        ..Settings::default()
    };
    // 10:00 in New York is 23:00 in Shanghai and 7:00 in Los Angeles.
    let now = "2026-11-20T10:00:00-05:00";
    let told = |number: &str, state: Option<&str>| {
        let mut facts = called(number);
        facts.said.state = state.map(str::to_owned);
        no(&facts, &nine_to_five, now)
    };
    assert_eq!(told("+12125550100", None), None);
    let shanghai = told("13800138000", None).unwrap();
    assert_eq!(shanghai.block, Block::Window);
    assert_eq!(shanghai.retry_at, Some(at("2026-11-21T09:00:00+08:00")));
    assert_eq!(shanghai.basis.as_deref(), Some("Asia/Shanghai"));
    // A number of the east whose owner moved west: both clocks count.
    let both = told("+12125550100", Some("CA")).unwrap();
    assert_eq!(both.retry_at, Some(at("2026-11-20T09:00:00-08:00")));
    // Nobody can say where a freephone number is: the campaign's own clock.
    assert_eq!(
        told("+18005550100", None).unwrap().retry_at,
        Some(at("2026-11-21T09:00:00+08:00"))
    );
}

#[test]
fn the_strictest_of_campaign_federation_and_state_wins() {
    let always = settings();
    let told = |number: &str, now: &str| no(&called(number), &always, now).map(|no| no.block);
    let (new_york, miami, detroit) = ("+12125550100", "+13055550100", "+13135550100");
    assert_eq!(told(new_york, "2026-11-20T20:30:00-05:00"), None);
    assert_eq!(
        told(miami, "2026-11-20T20:30:00-05:00"),
        Some(Block::Window)
    );
    assert_eq!(told(new_york, "2026-11-20T08:30:00-05:00"), None);
    assert_eq!(
        told(detroit, "2026-11-20T08:30:00-05:00"),
        Some(Block::Window)
    );
    let verdict = examine(
        &called(miami),
        &always,
        Some("1"),
        Some(&mut trunk()),
        at("2026-11-20T12:00:00-05:00"),
    );
    let basis = verdict.unwrap().basis;
    assert_eq!(basis.zones, ["America/New_York"]);
    assert_eq!(basis.states, ["US-FL"]);
    assert_eq!(basis.packs, ["us@2026-11-01", "us-fl@2025-11"]);
    let three_today = Facts {
        of_number: History {
            dials: vec![
                at("2026-11-20T10:00:00-05:00"),
                at("2026-11-20T09:00:00-05:00"),
                at("2026-11-19T13:00:00-05:00"),
            ],
            ..History::default()
        },
        ..called(miami)
    };
    let capped = no(&three_today, &always, "2026-11-20T12:00:00-05:00").unwrap();
    assert_eq!(capped.block, Block::NumberCap);
    assert_eq!(capped.retry_at, Some(at("2026-11-20T13:00:00-05:00")));
    assert_eq!(capped.basis.as_deref(), Some("us-fl@2025-11"));
}

#[test]
fn the_window_of_the_day_on_which_clocks_change_is_right() {
    let always = settings();
    let told = |now: &str| no(&called("+12125550100"), &always, now).map(|no| no.retry_at);
    // Clocks go forward on 8 March 2026, back on 1 November.
    assert_eq!(told("2026-03-08T12:00:00Z"), None);
    assert_eq!(
        told("2026-03-07T12:00:00Z"),
        Some(Some(at("2026-03-07T13:00:00Z")))
    );
    assert_eq!(
        told("2026-11-01T12:00:00Z"),
        Some(Some(at("2026-11-01T13:00:00Z")))
    );
    assert_eq!(
        told("2026-03-08T01:00:00-05:00").flatten(),
        Some(at("2026-03-08T08:00:00-04:00"))
    );
}

#[test]
fn a_person_is_not_called_more_often_than_a_number() {
    let capped = Settings {
        packs: vec!["us-debt".into()],
        caps: Caps {
            person: Limits {
                day: Some(1),
                ..Limits::default()
            },
            ..Caps::default()
        },
        ..settings()
    };
    let noon = "2026-11-20T12:00:00+08:00";
    let yesterday = Facts {
        of_person: History {
            dials: vec![at("2026-11-19T15:00:00+08:00")],
            ..History::default()
        },
        ..called("13800138000")
    };
    let told = no(&yesterday, &capped, noon).unwrap();
    assert_eq!(told.block, Block::PersonCap);
    assert_eq!(told.retry_at, Some(at("2026-11-20T15:00:00+08:00")));
    // Seven days after a conversation, whatever the number.
    let talked = Facts {
        of_person: History {
            talked: Some(at("2026-11-14T15:00:00+08:00")),
            ..History::default()
        },
        ..called("13800138000")
    };
    let told = no(&talked, &capped, noon).unwrap();
    assert_eq!(
        (told.block, told.retry_at),
        (Block::PersonCap, Some(at("2026-11-21T15:00:00+08:00")))
    );
}

#[test]
fn consent_is_asked_for_where_it_is_needed() {
    let china = Settings {
        packs: vec!["cn".into()],
        ..settings()
    };
    let noon = "2026-11-20T12:00:00+08:00";
    let told = |said: Option<&str>, import: bool| {
        let mut facts = called("13800138000");
        facts.said.consent = said.map(str::to_owned);
        facts.consent = import.then(|| Consent {
            basis: "written agreement".into(),
            source: "archive 7".into(),
            at: Millis(1),
            text_version: None,
        });
        no(&facts, &china, noon).map(|no| (no.block, no.basis.unwrap()))
    };
    let missing = Some((Block::Consent, "cn@2026-11-01".to_owned()));
    assert_eq!(told(None, false), missing);
    assert_eq!(told(Some("2026-01-01 online"), false), None);
    assert_eq!(told(None, true), None);
    assert_eq!(told(Some("否"), true), missing, "the column is nearer");
    assert_eq!(told(Some("No"), false), missing);
    assert_eq!(no(&called("13800138000"), &settings(), noon), None);
}

#[test]
fn holidays_lists_and_unreadable_places_say_so() {
    let noon = "2026-11-20T12:00:00+08:00";
    let holiday = Facts {
        holidays: vec!["2026-11-20".parse().unwrap(), "2026-11-21".parse().unwrap()],
        ..called("13800138000")
    };
    let told = no(&holiday, &settings(), noon).unwrap();
    assert_eq!(told.block, Block::Holiday);
    assert_eq!(told.retry_at, Some(at("2026-11-22T00:00:00+08:00")));
    let listed = Facts {
        listed: Some(Listed {
            list: "register".into(),
            version: 7,
            entry: "1380*".into(),
            until: None,
        }),
        ..called("13800138000")
    };
    let told = no(&listed, &settings(), noon).unwrap();
    assert_eq!((told.block, told.retry_at), (Block::Dnc, None));
    let mut passing = listed.clone();
    if let Some(entry) = &mut passing.listed {
        entry.until = Some(at("2026-12-01T00:00:00Z"));
    }
    let again = no(&passing, &settings(), noon).unwrap().retry_at;
    assert_eq!(again, Some(at("2026-12-01T00:00:00Z")));
    passing.dnc = true;
    assert_eq!(no(&passing, &settings(), noon).unwrap().retry_at, None);
    assert_eq!(
        told.basis.as_deref(),
        Some("list register version 7: 1380*")
    );
    let mut lost = called("13800138000");
    lost.said.zone = Some("Mars/Olympus".into());
    assert_eq!(no(&lost, &settings(), noon).unwrap().block, Block::Zone);
    let unknown = Settings {
        packs: vec!["atlantis".into()],
        ..settings()
    };
    let told = no(&called("13800138000"), &unknown, noon).unwrap();
    assert_eq!(told.block, Block::Jurisdiction);
}

#[test]
fn a_number_rests_after_an_abandoned_call_where_that_is_the_rule() {
    let uk = Settings {
        packs: vec!["gb".into()],
        ..settings()
    };
    let facts = Facts {
        of_number: History {
            abandoned: Some(at("2026-11-20T12:00:00Z")),
            ..History::default()
        },
        ..called("+442079460000")
    };
    let told = no(&facts, &uk, "2026-11-21T12:00:00Z").unwrap();
    assert_eq!(told.block, Block::NumberCap);
    assert_eq!(told.retry_at, Some(at("2026-11-23T12:00:00Z")));
    let rules = Rules::of(&facts, &uk).unwrap();
    assert_eq!(
        (rules.min_ring_s(), rules.message_within_ms()),
        (15, Some(2_000))
    );
}

#[test]
fn facts_written_before_can_still_be_read() {
    let old = r#"{"checked_at":7,"facts":{"dnc":false,"voided":false,"attempts":1,
        "attempts_today":1,"live":false},"caller":"1"}"#;
    let verdict: Verdict = serde_json::from_str(old).unwrap();
    assert_eq!(verdict.facts.attempts, 1);
    assert_eq!(verdict.basis, Basis::default());
}
