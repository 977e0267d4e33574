//! A carrier, phones and a bare house between them, over real sockets.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use embedded::AccountState;

use switch::{Cause, Command, EventKind, Hear, OnEnd, RecordId, Side};

use crate::{
    Caller, Carrier, CarrierConfig, Habit, Manner, Phone, PhoneConfig, Phones, PhonesConfig,
    house::{CARRIER, House, SECRET, channels},
};

/// No step of these tests takes longer on any machine.
pub const DEADLINE: Duration = Duration::from_secs(30);
pub const ANY_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

async fn carrier(house: &House) -> Carrier {
    let mut config = CarrierConfig::new(ANY_PORT, 45_000..=45_998, house.address());
    config.timing.hangs_up = 1.0;
    config.timing.talk.0 = Duration::from_secs(2);
    let carrier = Carrier::start(config).await.expect("a free port");
    house.meet(carrier.address());
    carrier
}

async fn phones(house: &House) -> Phones {
    let config = PhonesConfig::new(ANY_PORT, 46_000..=46_998, house.address());
    Phones::start(config).await.expect("a free port")
}

async fn phone(phones: &Phones, extension: &str) -> Phone {
    let phone = phones.add(PhoneConfig::new(extension, SECRET));
    assert!(phone.registered(DEADLINE).await, "{extension} registers");
    phone
}

#[tokio::test]
async fn each_number_does_what_the_table_says_and_gets_one_invite() {
    let mut house = House::open(Duration::from_secs(30)).await;
    let carrier = carrier(&house).await;
    let numbers = ["00", "59", "60", "70", "78", "82", "85", "88", "98"];
    let numbers = numbers.map(|ending| format!("138000000{ending}"));
    let legs: Vec<_> = numbers
        .iter()
        .map(|number| house.dial(number, 2_000))
        .collect();
    for (number, leg) in numbers.iter().zip(legs) {
        let manner = Manner::of(number);
        if manner.answers() {
            house
                .until(leg, |kind| matches!(kind, EventKind::Answered))
                .await;
            house.hang_up(leg);
        }
        assert_eq!(
            house.ended(leg).await.sip_status,
            manner.refusal(),
            "{number} {manner:?}"
        );
    }
    assert!(
        carrier.saw(DEADLINE, |counts| counts.live == 0).await,
        "{:?}",
        carrier.counts()
    );
    let counts = carrier.counts();
    assert_eq!(counts.invites.len(), numbers.len());
    assert_eq!(
        counts.invites_total() as usize,
        numbers.len(),
        "one INVITE each: {counts:?}"
    );
    assert_eq!((counts.answered, counts.cancelled), (4, 1), "{counts:?}");
    assert_eq!(
        counts.refused.into_iter().collect::<Vec<_>>(),
        [(404, 1), (486, 1), (503, 1), (603, 1)]
    );
}

#[tokio::test]
async fn a_person_and_an_agent_hear_each_other_and_the_recording_has_both() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("call.wav");
    let mut house = House::open(Duration::from_secs(30)).await;
    let (carrier, phones) = (carrier(&house).await, phones(&house).await);
    let phone = phone(&phones, "1001").await;
    let customer = house.dial("13800000001", 20_000);
    house
        .until(customer, |kind| matches!(kind, EventKind::Answered))
        .await;
    house.order(Command::Park {
        leg: customer,
        hear: Hear::Music("music".to_owned()),
    });
    let agent = house.ring_phone("1001");
    house
        .until(agent, |kind| matches!(kind, EventKind::Answered))
        .await;
    house.order(Command::Bridge {
        a: customer,
        b: agent,
        on_end: OnEnd::HangupPeer,
    });
    let record = RecordId(1);
    house.order(Command::StartRecord {
        leg: customer,
        record,
        path: path.clone(),
    });
    let over = house.ended(customer).await;
    assert_eq!(
        (over.side, over.sip_status),
        (Side::Them, None),
        "the person hangs up"
    );
    house.ended(agent).await;
    house
        .until(customer, |kind| {
            matches!(kind, EventKind::RecordDone { error: None, .. })
        })
        .await;
    let (said, heard) = channels(&path);
    assert!(media::goertzel::best_over_noise_db(&said, 1_000.0) > 20.0);
    assert!(media::goertzel::best_over_noise_db(&heard, 440.0) > 20.0);
    assert!(phone.saw(DEADLINE, |counts| counts.ended == 1).await);
    assert!(phone.counts().packets_received > 10, "{:?}", phone.counts());
    assert!(
        carrier
            .saw(DEADLINE, |counts| counts.ended_by_people == 1)
            .await
    );
}

#[tokio::test]
async fn a_wrong_secret_does_not_register() {
    let house = House::open(Duration::from_secs(30)).await;
    let phones = phones(&house).await;
    let phone = phones.add(PhoneConfig::new("1001", "guessed"));
    let state = phone.registration_ends(DEADLINE).await;
    assert!(
        matches!(
            state,
            Some(AccountState::Failed {
                sip_status: 401 | 403
            })
        ),
        "{state:?}"
    );
    assert!(!house.is_registered("1001"));
}

#[tokio::test]
async fn dozens_of_phones_share_a_socket() {
    let mut house = House::open(Duration::from_secs(30)).await;
    let phones = phones(&house).await;
    let extensions: Vec<_> = (1_000..1_030).map(|number| number.to_string()).collect();
    for extension in &extensions {
        phone(&phones, extension).await;
    }
    let bank: Vec<_> = extensions
        .iter()
        .map(|extension| house.ring_phone(extension))
        .collect();
    for leg in bank {
        house
            .until(leg, |kind| matches!(kind, EventKind::Answered))
            .await;
        house.hang_up(leg);
        house.ended(leg).await;
    }
    phones.shutdown(DEADLINE).await;
    assert!(
        !house.is_registered("1000"),
        "a phone that is switched off says so"
    );
}

#[tokio::test]
async fn a_phone_has_habits() {
    let mut house = House::open(Duration::from_secs(30)).await;
    let phones = phones(&house).await;
    let phone = phone(&phones, "1002").await;
    for (habit, status) in [
        (Habit::Busy, 486),
        (Habit::Decline, 603),
        (Habit::LetRing, 487),
    ] {
        phone.set_habit(habit);
        let leg = house.ring_phone_for("1002", 1_000);
        assert_eq!(house.ended(leg).await.sip_status, Some(status), "{habit:?}");
    }
    phone.set_habit(Habit::Answer);
    let leg = house.ring_phone("1002");
    house
        .until(leg, |kind| matches!(kind, EventKind::Answered))
        .await;
    assert!(phone.saw(DEADLINE, |counts| counts.answered == 1).await);
    phone.hang_up();
    assert_eq!(house.ended(leg).await.side, Side::Them);
    assert!(
        phone
            .saw(DEADLINE, |counts| (counts.invited, counts.ended) == (4, 4))
            .await
    );
}

#[tokio::test]
async fn a_phone_that_vanishes_in_mid_call_is_noticed() {
    let mut house = House::open(Duration::from_millis(600)).await;
    let phones = phones(&house).await;
    let phone = phone(&phones, "1003").await;
    let leg = house.ring_phone("1003");
    house
        .until(leg, |kind| matches!(kind, EventKind::Answered))
        .await;
    assert!(phone.saw(DEADLINE, |counts| counts.answered == 1).await);
    phones.vanish();
    house
        .until(leg, |kind| matches!(kind, EventKind::MediaTimeout))
        .await;
    assert_eq!(house.ended(leg).await.side, Side::Network);
}

#[tokio::test]
async fn people_call_the_house() {
    let mut house = House::open(Duration::from_secs(30)).await;
    let carrier = carrier(&house).await;
    let caller = Caller {
        number: "4008".to_owned(),
        from: "13912345678".to_owned(),
        patience: DEADLINE,
        stays: Duration::from_millis(300),
        presses: "5".to_owned(),
    };
    carrier.place(caller).expect("the house is known");
    let (leg, incoming) = house.incoming().await;
    let EventKind::Incoming {
        from, to, gateway, ..
    } = incoming
    else {
        panic!("{incoming:?}")
    };
    assert_eq!((from.as_str(), to.as_str()), ("13912345678", "4008"));
    assert_eq!(gateway.as_deref(), Some(CARRIER));
    house.order(Command::Answer { leg });
    let is_key = |kind: &EventKind| matches!(kind, EventKind::Dtmf { .. });
    let pressed = house.until(leg, is_key).await;
    assert!(
        matches!(pressed, EventKind::Dtmf { digit: '5', .. }),
        "{pressed:?}"
    );
    assert_eq!(
        house.ended(leg).await.side,
        Side::Them,
        "the caller has heard enough"
    );
    let trickle = carrier.trickle("4008", Duration::from_millis(50), DEADLINE, &[]);
    for _ in 0..3 {
        let (leg, _) = house.incoming().await;
        house.order(Command::Hangup {
            leg,
            cause: Cause::Busy,
        });
        assert_eq!(house.ended(leg).await.sip_status, Some(486));
    }
    drop(trickle);
    assert!(carrier.saw(DEADLINE, |counts| counts.placed >= 4).await);
    assert_eq!(carrier.counts().placed_answered, 1);
}

#[tokio::test]
async fn a_hundred_calls_at_once_all_end() {
    let mut house = House::open(Duration::from_secs(30)).await;
    let carrier = carrier(&house).await;
    let numbers: Vec<_> = (0..100).map(|number| format!("138{number:08}")).collect();
    let legs: Vec<_> = numbers
        .iter()
        .map(|number| house.dial(number, 3_000))
        .collect();
    for (number, leg) in numbers.iter().zip(legs) {
        if Manner::of(number) == Manner::Machine {
            house
                .until(leg, |kind| matches!(kind, EventKind::Answered))
                .await;
            house.hang_up(leg);
        }
        assert_eq!(
            house.ended(leg).await.sip_status,
            Manner::of(number).refusal(),
            "{number}"
        );
    }
    assert!(
        carrier.saw(DEADLINE, |counts| counts.live == 0).await,
        "{:?}",
        carrier.counts()
    );
    assert!(
        carrier
            .counts()
            .invites
            .values()
            .all(|&invites| invites == 1)
    );
    assert_eq!(carrier.counts().invites_total(), 100);
}
