use super::*;

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
