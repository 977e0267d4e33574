//! Keys both ways: as events and as tones.

use super::{Far, House, in_time};
use crate::{
    Codec, Event, PlayId,
    codec::Samples,
    g711::FRAME,
    keys::{Keys, Press},
    packet::DTMF_PAYLOAD_TYPE,
    tone_keys::ToneKeys,
};

fn digits_of(frames: &[i16]) -> String {
    let (frames, _) = frames.as_chunks::<FRAME>();
    let mut ears = ToneKeys::default();
    let heard = frames.iter().filter_map(|frame| ears.hear(frame));
    heard.map(|key| key.digit).collect()
}

#[test]
fn keys_go_out_as_events_with_their_end_three_times() {
    let house = House::new();
    let (leg, mut far) = house.call_with(Codec::Pcma, |it| it.dtmf = Some(DTMF_PAYLOAD_TYPE));
    house.media.press(leg, "1#").expect("a leg");
    let mut events = Vec::new();
    while events.len() < 16 {
        if let (DTMF_PAYLOAD_TYPE, payload) = far.hear() {
            events.push(payload);
        }
    }
    house.wait(|event| matches!(event, Event::Pressed { leg: it } if it == leg).then_some(()));
    for (key, number) in [(0, 1_u8), (8, 11)] {
        let ends = events[key..key + 8].iter().filter(|it| it[1] & 0x80 != 0);
        assert_eq!(ends.count(), 3);
        assert!(events[key..key + 8].iter().all(|it| it[0] == number));
    }
    assert_eq!(digits_of(&far.heard), "");
}

#[test]
fn keys_go_out_as_tones_where_no_events_were_agreed() {
    let house = House::new();
    for codec in [Codec::Pcmu, Codec::G722] {
        let (leg, mut far) = house.call_with(codec, |it| it.dtmf = None);
        house.media.press(leg, "19*0D").expect("a leg");
        house.wait(|event| matches!(event, Event::Pressed { leg: it } if it == leg).then_some(()));
        far.hear_waiting();
        (0..5).for_each(|_| drop(far.hear()));
        assert_eq!(digits_of(&far.heard), "19*0D", "{codec:?}");
    }
}

#[test]
fn tones_come_in_as_keys_where_no_events_were_agreed() {
    let house = House::new();
    let (leg, mut far) = house.call_with(Codec::Pcma, |it| it.dtmf = None);
    let mut keys = Keys::default();
    keys.press("47#");
    in_time(50, || {
        let frame: Samples = match keys.step(None) {
            Some(Press::Tone(frame)) => frame,
            _ => [0; FRAME],
        };
        far.say_frame(&frame);
    });
    let told: String = (0..3)
        .map(|_| {
            house.wait(|event| match event {
                Event::Dtmf { leg: it, digit, .. } if it == leg => Some(digit),
                _ => None,
            })
        })
        .collect();
    assert_eq!(told, "47#");
}

#[test]
fn withheld_keys_are_told_and_passed_on_to_nobody() {
    let house = House::new();
    let events = |it: &mut crate::Remote| it.dtmf = Some(DTMF_PAYLOAD_TYPE);
    let (a, mut far_a) = house.call_with(Codec::Pcma, events);
    let (b, mut far_b) = house.call_with(Codec::Pcma, events);
    let press = |far: &mut Far, number: u8| {
        let timestamp = u32::from(number) * 8_000;
        for flags in [10, 0x8A, 0x8A] {
            far.send(DTMF_PAYLOAD_TYPE, timestamp, &[number, flags, 3, 32]);
        }
        house.wait(|event| match event {
            Event::Dtmf {
                digit, withheld, ..
            } => Some((digit, withheld)),
            _ => None,
        })
    };
    let withhold = |on: bool| {
        house.media.withhold_keys(a, on).expect("a leg");
        // Orders are carried out one after the other.
        let moment = house.media.prompts().get("silence:20").expect("a prompt");
        house.media.play(a, PlayId(1), moment, 1).expect("a leg");
        house.wait(|event| matches!(event, Event::PlayDone { .. }).then_some(()));
    };
    for how in [[a, b], [b, a]] {
        match how[0] == a {
            true => house.media.bridge(a, b).expect("legs"),
            false => house.media.mix(crate::conference(&how)).expect("legs"),
        }
        assert_eq!(press(&mut far_a, 1), ('1', false));
        withhold(true);
        assert_eq!(press(&mut far_a, 2), ('2', true));
        withhold(false);
        assert_eq!(press(&mut far_a, 3), ('3', false));
        let mut passed_on: Vec<u8> = Vec::new();
        while passed_on.last() != Some(&3) {
            if let (DTMF_PAYLOAD_TYPE, payload) = far_b.hear() {
                passed_on.push(payload[0]);
            }
        }
        passed_on.dedup();
        assert_eq!(passed_on, [1, 3]);
        // The last packets of the key are no part of what follows.
        (0..20).for_each(|_| drop(far_b.hear()));
    }
}

#[test]
fn a_hook_flash_is_told_and_passed_on_to_nobody() {
    let house = House::new();
    let events = |it: &mut crate::Remote| it.dtmf = Some(DTMF_PAYLOAD_TYPE);
    let (a, mut far_a) = house.call_with(Codec::Pcma, events);
    let (b, mut far_b) = house.call_with(Codec::Pcma, events);
    let mut press = |number: u8, timestamp: u32| {
        for flags in [10, 0x8A, 0x8A] {
            far_a.send(DTMF_PAYLOAD_TYPE, timestamp, &[number, flags, 3, 32]);
        }
        house.wait(|event| match event {
            Event::Flash { leg } => Some((leg, None)),
            Event::Dtmf { leg, digit, .. } => Some((leg, Some(digit))),
            _ => None,
        })
    };
    for (how, from) in [[a, b], [b, a]].into_iter().zip([8_000, 80_000]) {
        match how[0] == a {
            true => house.media.bridge(a, b).expect("legs"),
            false => house.media.mix(crate::conference(&how)).expect("legs"),
        }
        assert_eq!(press(16, from), (a, None));
        assert_eq!(press(3, from + 8_000), (a, Some('3')));
        let mut passed_on: Vec<u8> = Vec::new();
        while passed_on.last() != Some(&3) {
            if let (DTMF_PAYLOAD_TYPE, payload) = far_b.hear() {
                passed_on.push(payload[0]);
            }
        }
        passed_on.dedup();
        assert_eq!(passed_on, [3]);
        // The last packets of the key are no part of what follows.
        (0..20).for_each(|_| drop(far_b.hear()));
    }
}

#[test]
fn a_key_is_passed_on_in_a_mix_to_everybody_who_hears_it() {
    let house = House::new();
    let events = |it: &mut crate::Remote| it.dtmf = Some(DTMF_PAYLOAD_TYPE);
    let (a, mut far_a) = house.call_with(Codec::Pcma, events);
    let (b, mut far_b) = house.call_with(Codec::Pcma, events);
    let (c, mut far_c) = house.call_with(Codec::Pcma, |it| it.dtmf = None);
    house
        .media
        .mix(crate::conference(&[a, b, c]))
        .expect("legs");
    far_b.hear();
    far_c.hear();
    for payload in [[7, 10, 1, 64], [7, 0x8A, 3, 32]] {
        far_a.send(DTMF_PAYLOAD_TYPE, 0, &payload);
    }
    house.wait(|event| {
        matches!(event, Event::Dtmf { leg, digit: '7', .. } if leg == a).then_some(())
    });
    let passed_on = (0..200).find_map(|_| match far_b.hear() {
        (DTMF_PAYLOAD_TYPE, payload) => Some(payload[0]),
        _ => None,
    });
    assert_eq!(passed_on, Some(7));
    (0..40).for_each(|_| drop(far_c.hear()));
    assert_eq!(digits_of(&far_c.heard), "7");
}

/// What a far end gets once `digits` keys are told: as tones, and as events.
fn keys_at(far_b: &mut Far, digits: usize, house: &House) -> (String, Vec<u8>) {
    for _ in 0..digits {
        house.wait(|event| matches!(event, Event::Dtmf { .. }).then_some(()));
    }
    let from = far_b.heard.len();
    let events: Vec<u8> = (0..40)
        .filter_map(|_| match far_b.hear() {
            (DTMF_PAYLOAD_TYPE, payload) => Some(payload[0]),
            _ => None,
        })
        .collect();
    (digits_of(&far_b.heard[from..]), events)
}

#[test]
fn a_bridge_brings_a_key_in_the_way_the_far_end_takes_it() {
    let house = House::new();
    let events = |it: &mut crate::Remote| it.dtmf = Some(DTMF_PAYLOAD_TYPE);
    for (takes_events, by_signalling) in [(true, false), (false, false), (false, true)] {
        let (a, mut far_a) = house.call_with(Codec::Pcma, events);
        let (b, mut far_b) = house.call_with(Codec::Pcma, |it| {
            it.dtmf = takes_events.then_some(DTMF_PAYLOAD_TYPE);
        });
        if by_signalling {
            house.media.keys_by_signalling(b).expect("a leg");
        }
        house.media.bridge(a, b).expect("legs");
        (0..5).for_each(|_| drop(far_b.hear()));
        for flags in [10, 0x8A, 0x8A] {
            far_a.send(DTMF_PAYLOAD_TYPE, 8_000, &[7, flags, 3, 32]);
        }
        let as_event = keys_at(&mut far_b, 1, &house);
        house.media.typed(a, '4', 160).expect("a leg");
        let by_info = keys_at(&mut far_b, 1, &house);
        match (takes_events, by_signalling) {
            (true, _) => {
                assert_eq!(as_event, (String::new(), vec![7; 3]), "once, as it came");
                assert_eq!(by_info, (String::new(), vec![4; 8]));
            }
            (false, false) => {
                assert_eq!(as_event, ("7".to_owned(), vec![]));
                assert_eq!(by_info, ("4".to_owned(), vec![]));
            }
            (false, true) => {
                assert_eq!([as_event, by_info], [const { (String::new(), vec![]) }; 2])
            }
        }
        house.media.close(a).expect("a leg");
        house.media.close(b).expect("a leg");
    }
}

#[test]
fn a_key_that_came_by_signalling_is_withheld_and_mixed_like_any_other() {
    let house = House::new();
    let events = |it: &mut crate::Remote| it.dtmf = Some(DTMF_PAYLOAD_TYPE);
    let (a, _far_a) = house.call_with(Codec::Pcma, events);
    let (b, mut far_b) = house.call_with(Codec::Pcma, events);
    house.media.mix(crate::conference(&[a, b])).expect("legs");
    let told = || {
        house.wait(|event| match event {
            Event::Dtmf {
                leg,
                digit,
                ms,
                withheld,
            } => (leg == a).then_some((digit, ms, withheld)),
            _ => None,
        })
    };
    house.media.withhold_keys(a, true).expect("a leg");
    house.media.typed(a, '1', 200).expect("a leg");
    assert_eq!(told(), ('1', 200, true));
    house.media.withhold_keys(a, false).expect("a leg");
    house.media.typed(a, '2', 100).expect("a leg");
    assert_eq!(told(), ('2', 100, false));
    let passed_on = (0..200).find_map(|_| match far_b.hear() {
        (DTMF_PAYLOAD_TYPE, payload) => Some(payload[0]),
        _ => None,
    });
    assert_eq!(passed_on, Some(2));
}
