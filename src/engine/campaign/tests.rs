use super::*;
use crate::{destination::Destination, robot::Listens};

#[test]
fn orders_move_a_campaign_only_where_they_fit() {
    assert_eq!(State::Draft.after(Order::Start), Ok(State::Running));
    assert_eq!(State::Running.after(Order::Start), Err("ALREADY_RUNNING"));
    assert_eq!(State::Paused.after(Order::Resume), Ok(State::Running));
    assert_eq!(State::Draft.after(Order::Stop), Err("NOT_RUNNING"));
    assert_eq!(State::Stopped.after(Order::Start), Ok(State::Running));
}

#[test]
fn settings_written_before_there_was_an_order_can_be_read() {
    let old: Settings =
        serde::Deserialize::deserialize(serde::de::value::MapDeserializer::<
            _,
            serde::de::value::Error,
        >::new([("ring_timeout_s", 20_u32)].into_iter()))
        .unwrap();
    assert_eq!(
        old,
        Settings {
            ring_timeout_s: 20,
            ..Settings::default()
        }
    );
    assert_eq!(old.list_order, ListOrder::Creation);
    assert_eq!(old.division, Division::Manual);
}

#[test]
fn settings_out_of_range_are_all_named() {
    let settings = Settings {
        ring_timeout_s: 5,
        max_concurrency: Some(0),
        window: Window {
            zone: "nowhere".into(),
            ..Window::default()
        },
        ..Settings::default()
    };
    let pointers: Vec<_> = settings
        .validate()
        .unwrap_err()
        .into_iter()
        .map(|bad| bad.pointer)
        .collect();
    assert_eq!(
        pointers,
        [
            "/settings/ring_timeout_s",
            "/settings/max_concurrency",
            "/settings/window/zone"
        ]
    );
}

#[test]
fn a_robot_that_cannot_listen_so_is_named() {
    type Change = fn(&mut Robot);
    let table: [(Change, &str); 7] = [
        (|it| heard(it).voice_level = 10_001, "listens/voice_level"),
        (|it| heard(it).silence_level = 201, "listens/silence_level"),
        (|it| heard(it).pause_ms = 99, "listens/pause_ms"),
        (|it| heard(it).wait_s = 61, "listens/wait_s"),
        (
            |it| heard(it).silent = Some("two words".into()),
            "listens/silent",
        ),
        (|it| it.otherwise = Some(Destination::Hangup), "otherwise"),
        (
            |it| {
                heard(it);
                it.otherwise = Some(Destination::Callback);
            },
            "otherwise",
        ),
    ];
    for (change, place) in table {
        let mut settings = Settings::default();
        change(&mut settings.robot);
        let bad = settings.validate().unwrap_err();
        let pointers: Vec<_> = bad.iter().map(|bad| bad.pointer).collect();
        assert_eq!(pointers, [format!("/settings/robot/{place}")]);
    }
}

fn heard(robot: &mut Robot) -> &mut Listens {
    robot.listens.get_or_insert_default()
}

#[test]
fn a_robot_names_both_its_prompts_and_where_it_leads() {
    let mut settings = Settings::default();
    settings.robot.then_queue = Some("sales".into());
    heard(&mut settings.robot).silent = Some("again".into());
    let queue = "care".into();
    settings.robot.otherwise = Some(Destination::Queue { queue });
    let prompts = [
        ("/settings/robot/prompt", "robot"),
        ("/settings/robot/listens/silent", "again"),
    ];
    assert_eq!(settings.prompts(Mode::Robot), prompts);
    assert!(settings.prompts(Mode::Predictive).is_empty());
    let queues: Vec<_> = settings.robot.queues().map(|(_, id)| id.as_str()).collect();
    assert_eq!(queues, ["sales", "care"]);
}

#[test]
fn robots_that_were_stored_before_any_listened_do_not() {
    let old: Robot = serde_json::from_str(r#"{"prompt":"robot","then_queue":null}"#).unwrap();
    assert_eq!(old, Robot::default());
    assert_eq!(old.listening(), None);
}
