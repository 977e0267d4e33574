//! The switch alone, with peers that are not ours: keys as telephone-events (RFC 4733), both ways, and
//! encrypted sound (SDES-SRTP) in a call to a phone.

use std::{sync::Arc, time::Duration};

use embedded::{Config, Embedded, Gateway};
use switch::{
    CallerId, Cause, Command, CommandId, Event, EventKind, LegId, Originate, PlayId, RecordId,
    Switch, Target,
};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::kit::{
    baresip::{AGENT_HERTZ, Baresip},
    carrier::Fate,
    ports,
    sipp::Sipp,
    sound::{RATE, over_noise_db, read_stereo, tones_in},
    wait,
};

const ANSWERS: &[(char, Fate)] = &[(
    '0',
    Fate::Answers {
        ring_ms: 50,
        talk_ms: 60_000,
    },
)];
const LIMIT: Duration = Duration::from_secs(30);
const PROMPT_HERTZ: f64 = 1000.0;

/// One phone: 1001.
struct Phones;

impl sip::PhoneBook for Phones {
    fn secrets(&self, extension: &str) -> Option<sip::Ha1> {
        (extension == "1001").then(|| sip::ha1("1001", "test", "secret"))
    }
}

struct House {
    switch: Arc<Embedded>,
    events: UnboundedReceiver<Event>,
}

impl House {
    async fn new() -> Self {
        let first = ports::range(100);
        let address = ([127, 0, 0, 1], ports::one()).into();
        let mut config = Config::new(address, "test", first..=first + 99);
        config.codecs = vec![sip::sdp::Codec::Pcma];
        config.phones = Arc::new(Phones);
        config.overload = Duration::from_millis(100);
        let switch = Embedded::start(config).await.expect("a free port");
        let events = switch.events().expect("the first listener");
        Self { switch, events }
    }

    fn send(&self, command: Command) {
        self.switch.send(CommandId(1), command).expect("taken");
    }

    /// Calls through a gateway.
    fn dial(&self, gateway: Gateway, number: &str) -> LegId {
        let leg = LegId(uuid::Uuid::new_v4());
        let to = Target::Gateway {
            gateway: gateway.sip.name.clone(),
            number: number.to_owned(),
        };
        self.switch.set_gateways(vec![gateway]);
        self.send(Command::Originate(Originate {
            leg,
            to,
            caller: CallerId::default(),
            ring_timeout: LIMIT,
        }));
        leg
    }

    async fn until<T>(&mut self, what: &str, pick: impl Fn(Event) -> Option<T>) -> T {
        let found = async {
            loop {
                let event = self.events.recv().await.expect("a running switch");
                if let Some(found) = pick(event) {
                    return found;
                }
            }
        };
        let found = tokio::time::timeout(LIMIT, found).await;
        found.unwrap_or_else(|_| panic!("waited for {what}"))
    }

    async fn answered(&mut self) {
        self.until("the answer", |event| {
            (event.kind == EventKind::Answered).then_some(())
        })
        .await;
    }

    /// The leg plays a tone to the phone and is recorded, until the phone has heard it for a while.
    async fn talk_with(&mut self, phone: &Baresip, leg: LegId) -> [Vec<i16>; 2] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("talk.wav");
        let record = RecordId(1);
        self.send(Command::StartRecord {
            leg,
            record,
            path: path.clone(),
        });
        self.send(Command::Play {
            leg,
            play: PlayId(1),
            prompt: format!("tone:{PROMPT_HERTZ}:60000"),
            times: 1,
        });
        wait::until("the phone to hear us for two seconds", LIMIT, || async {
            let long = phone.heard().len() > 2 * RATE as usize;
            let clear = tones_in(&phone.hears(), &[PROMPT_HERTZ]) == [PROMPT_HERTZ];
            (long && clear).then_some(())
        })
        .await;
        self.send(Command::Hangup {
            leg,
            cause: Cause::Normal,
        });
        self.until("the recording", |event| {
            matches!(event.kind, EventKind::RecordDone { error: None, .. }).then_some(())
        })
        .await;
        read_stereo(&path)
    }

    /// Whether what the far end said and what was agreed was encrypted, by the call's signalling.
    fn is_encrypted(&self, leg: LegId) -> bool {
        let trace = self.switch.trace(leg);
        let descriptions = trace.iter().filter(|m| m.text.contains("m=audio"));
        descriptions.clone().count() >= 2
            && descriptions
                .clone()
                .all(|m| m.text.contains("RTP/SAVP") && m.text.contains("a=crypto:"))
    }
}

fn heard_well(samples: &[i16], hertz: f64) {
    // The beginning is the far end's jitter.
    let late = &samples[samples.len() / 2..];
    let above = over_noise_db(late, hertz);
    assert!(above > 20.0, "{above} dB");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_go_out_as_telephone_events() {
    let carrier = Sipp::carrier(ANSWERS);
    let mut house = House::new().await;
    let gateway = Gateway::udp("b", ([127, 0, 0, 1], carrier.port).into());
    let leg = house.dial(gateway, "10000");
    house.answered().await;
    let digits = "1*#D".to_owned();
    house.send(Command::SendDtmf { leg, digits });
    house
        .until("the keys to be pressed", |event| {
            (event.kind == EventKind::DtmfSent).then_some(())
        })
        .await;
    let keys = wait::until("the last key", LIMIT, || async {
        let keys = carrier.sound.keys();
        let ended = |key: &Vec<u8>| key[12] == 15 && key[13] & 0x80 != 0;
        (keys.iter().filter(|key| ended(key)).count() == 3).then_some(keys)
    })
    .await;
    let mut events = Vec::new();
    for key in keys.chunk_by(|a, b| a[4..8] == b[4..8]) {
        events.push(key[0][12]);
        assert!(key[0][1] & 0x80 != 0, "the first packet has the marker");
        assert!(key.iter().skip(1).all(|packet| packet[1] & 0x80 == 0));
        let durations: Vec<_> = key
            .iter()
            .map(|packet| u16::from_be_bytes([packet[14], packet[15]]))
            .collect();
        assert!(durations.is_sorted(), "{durations:?}");
        assert!(*durations.last().expect("some") >= 320, "{durations:?}");
        // RFC 4733 section 2.5.1.4: the last packet three times.
        let ends = key.iter().filter(|packet| packet[13] & 0x80 != 0).count();
        assert_eq!(ends, 3, "{durations:?}");
    }
    assert_eq!(events, [1, 10, 11, 15]);
}

/// What a phone of another make sent, as it was recorded; the recordings come with SIPp.
fn recorded_key(name: &str) -> Vec<Vec<u8>> {
    let path = format!("/usr/share/sip-tester/dtmf_2833_{name}.pcap");
    let file = std::fs::read(&path).expect("Debian's sip-tester");
    let mut rest = &file[24..];
    let mut packets = Vec::new();
    // A record of sixteen bytes, then Ethernet, IPv4 and UDP.
    while rest.len() > 16 {
        let length = u32::from_le_bytes([rest[8], rest[9], rest[10], rest[11]]) as usize;
        packets.push(rest[16 + 42..16 + length].to_vec());
        rest = &rest[16 + length..];
    }
    packets
}

#[tokio::test(flavor = "multi_thread")]
async fn telephone_events_of_another_make_are_keys() {
    let carrier = Sipp::carrier(ANSWERS);
    let mut house = House::new().await;
    let gateway = Gateway::udp("b", ([127, 0, 0, 1], carrier.port).into());
    house.dial(gateway, "10000");
    house.answered().await;
    wait::until("the sound to flow", LIMIT, || async {
        (!carrier.sound.heard().is_empty()).then_some(())
    })
    .await;
    for (name, key) in [("5", '5'), ("0", '0'), ("star", '*'), ("pound", '#')] {
        carrier.sound.play(&recorded_key(name));
        let digit = house
            .until("the key", |event| match event.kind {
                EventKind::Dtmf { digit, .. } => Some(digit),
                _ => None,
            })
            .await;
        assert_eq!(digit, key);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_encrypts_calls_and_both_are_heard() {
    let mut house = House::new().await;
    let phone = Baresip::encrypting("1001", "secret", house.switch.sip_address().port());
    house
        .until("the phone to register", |event| {
            matches!(event.kind, EventKind::Registered { .. }).then_some(())
        })
        .await;
    phone.order("dial", "600");
    let leg = house
        .until("its call", |event| match event.kind {
            EventKind::Incoming { .. } => event.leg,
            _ => None,
        })
        .await;
    house.send(Command::Answer { leg });
    house.answered().await;
    let [said, heard] = house.talk_with(&phone, leg).await;
    heard_well(&said, AGENT_HERTZ);
    heard_well(&heard, PROMPT_HERTZ);
    assert!(house.is_encrypted(leg));
}

#[tokio::test(flavor = "multi_thread")]
async fn we_call_encrypted_and_both_are_heard() {
    let mut house = House::new().await;
    let phone = Baresip::encrypting("1001", "secret", house.switch.sip_address().port());
    house
        .until("the phone to register", |event| {
            matches!(event.kind, EventKind::Registered { .. }).then_some(())
        })
        .await;
    let mut gateway = Gateway::udp("phone", ([127, 0, 0, 1], phone.sip).into());
    gateway.srtp = true;
    let leg = house.dial(gateway, "1001");
    house.answered().await;
    let [said, heard] = house.talk_with(&phone, leg).await;
    heard_well(&said, AGENT_HERTZ);
    heard_well(&heard, PROMPT_HERTZ);
    assert!(house.is_encrypted(leg));
}
