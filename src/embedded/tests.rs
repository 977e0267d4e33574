//! Two switches on loopback that call each other.

use std::{
    net::{Ipv4Addr, SocketAddr},
    ops::RangeInclusive,
    sync::Arc,
    time::Duration,
};

use switch::{
    CallerId, Command, CommandId, Event, EventKind, LegId, Originate, Refused, Switch, Target,
    conformance::{self, Strait},
};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::{Config, Embedded, Gateway};

mod early_offers;
mod forwarding;
mod holds;
mod keys;
mod nat;
mod packets;
mod secure;

/// No step of these tests takes longer on any machine.
const DEADLINE: Duration = Duration::from_secs(20);

fn config(ports: RangeInclusive<u16>) -> Config {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let mut config = Config::new(address, "test", ports);
    config.sip.flood_limit = 0;
    // A machine that is busy with other tests turns no call away.
    config.overload = Duration::from_millis(100);
    config
}

async fn switch(ports: RangeInclusive<u16>) -> Arc<Embedded> {
    let started = Embedded::start(config(ports)).await;
    started.expect("a free port")
}

/// Each is the other's only gateway.
async fn pair() -> (Arc<Embedded>, Arc<Embedded>) {
    introduced(switch(43_000..=43_998).await).await
}

/// It, and another one that it calls and that calls it.
async fn introduced(a: Arc<Embedded>) -> (Arc<Embedded>, Arc<Embedded>) {
    let b = switch(44_000..=44_998).await;
    a.set_gateways(vec![Gateway::udp("b", b.sip_address())]);
    b.set_gateways(vec![Gateway::udp("a", a.sip_address())]);
    (a, b)
}

#[tokio::test]
async fn the_port_conforms() {
    let folder = tempfile::tempdir().expect("a folder");
    let caller = forwarding::house_with_phone(43_000..=43_998, "8600").await;
    let (caller, callee) = introduced(caller).await;
    conformance::check(conformance::Pair {
        caller,
        callee,
        gateway: "b".to_owned(),
        prompt: "tone:1000:400".to_owned(),
        sit: "sit:intercept".to_owned(),
        forwarding: ("8500".to_owned(), "8600".to_owned()),
        folder: folder.path().to_owned(),
        strained: Box::new(|strait| Box::pin(strained(strait))),
    })
    .await;
}

/// A switch that takes no new legs, because it is really so.
async fn strained(strait: Strait) -> Arc<dyn Switch> {
    if strait == Strait::MediaLate {
        let (a, b) = (hurried().await, switch(46_000..=46_998).await);
        a.set_gateways(vec![Gateway::udp("b", b.sip_address())]);
        b.set_gateways(vec![Gateway::udp("a", a.sip_address())]);
        let mut told = b.events().expect("events");
        dial(&a, "b").expect("nothing is late yet");
        let leg = incoming(&mut told).await;
        b.send(CommandId(1), Command::Answer { leg })
            .expect("a leg that is up");
        assert_eq!(overloaded(&a).await, Refused::MediaOverload);
        return Arc::new(Kept(a, b));
    }
    let (a, b) = pair().await;
    let mut gateway = Gateway::udp("b", b.sip_address());
    match strait {
        Strait::GatewayFull => gateway.channels = Some(1),
        Strait::TooFast => gateway.sip.pace = Some(Duration::from_secs(3_600)),
        Strait::MediaLate => unreachable!("it has returned"),
        Strait::Draining => a.shutdown(DEADLINE).await,
    }
    a.set_gateways(vec![gateway]);
    if strait != Strait::Draining {
        dial(&a, "b").expect("the first fits");
    }
    Arc::new(Kept(a, b))
}

/// A switch, and the other one that its calls are with.
struct Kept(
    Arc<Embedded>,
    #[expect(dead_code, reason = "it is there")] Arc<Embedded>,
);

impl Switch for Kept {
    fn capabilities(&self) -> switch::Capabilities {
        self.0.capabilities()
    }

    fn send(&self, id: CommandId, command: Command) -> Result<(), Refused> {
        self.0.send(id, command)
    }

    fn events(&self) -> Option<UnboundedReceiver<Event>> {
        self.0.events()
    }

    fn legs(&self) -> Vec<LegId> {
        self.0.legs()
    }
}

fn dial(switch: &Embedded, gateway: &str) -> Result<LegId, Refused> {
    let to = Target::Gateway {
        gateway: gateway.to_owned(),
        number: "100".to_owned(),
    };
    dial_to(switch, to)
}

fn dial_to(switch: &Embedded, to: Target) -> Result<LegId, Refused> {
    let leg = LegId(uuid::Uuid::new_v4());
    let caller = CallerId::default();
    let order = Originate {
        leg,
        to,
        caller,
        ring_timeout: DEADLINE,
    };
    switch
        .send(CommandId(1), Command::Originate(order))
        .map(|()| leg)
}

async fn next(events: &mut UnboundedReceiver<Event>) -> Event {
    let event = tokio::time::timeout(DEADLINE, events.recv()).await;
    event.expect("an event in time").expect("a running switch")
}

async fn incoming(events: &mut UnboundedReceiver<Event>) -> LegId {
    loop {
        if let Event {
            leg: Some(leg),
            kind: EventKind::Incoming { .. },
            ..
        } = next(events).await
        {
            return leg;
        }
    }
}

#[tokio::test]
async fn a_gateway_takes_as_many_calls_as_it_has_channels() {
    let (a, b) = pair().await;
    let mut gateway = Gateway::udp("b", b.sip_address());
    gateway.channels = Some(2);
    a.set_gateways(vec![gateway]);
    let first = dial(&a, "b").expect("the first fits");
    dial(&a, "b").expect("the second fits");
    assert_eq!(dial(&a, "b"), Err(Refused::GatewayFull));
    let mut events = a.events().expect("the first listener");
    let hang_up = Command::Hangup {
        leg: first,
        cause: switch::Cause::Normal,
    };
    a.send(CommandId(2), hang_up).expect("a leg that is up");
    while !matches!(
        next(&mut events).await,
        Event {
            kind: EventKind::Ended(_),
            ..
        }
    ) {}
    dial(&a, "b").expect("there is room again");
    a.set_gateways(Vec::new());
    assert_eq!(dial(&a, "b"), Err(Refused::GatewayDown));
}

#[tokio::test]
async fn shutting_down_ends_every_leg_and_takes_no_new_ones() {
    let (a, b) = pair().await;
    let (mut told_a, mut told_b) = (a.events().expect("events"), b.events().expect("events"));
    let ringing = dial(&a, "b").expect("it goes out");
    incoming(&mut told_b).await;
    let talking = dial(&a, "b").expect("it goes out");
    let leg = incoming(&mut told_b).await;
    b.send(CommandId(1), Command::Answer { leg })
        .expect("a leg that is up");
    while !matches!(
        next(&mut told_a).await,
        Event {
            kind: EventKind::Answered,
            ..
        }
    ) {}
    a.shutdown(DEADLINE).await;
    assert_eq!(dial(&a, "b"), Err(Refused::Draining));
    let mut ended = Vec::new();
    while let Ok(event) = told_a.try_recv() {
        if matches!(event.kind, EventKind::Ended(_)) {
            ended.extend(event.leg);
        }
    }
    ended.sort();
    let mut legs = [ringing, talking];
    legs.sort();
    assert_eq!(ended, legs);
    assert_eq!(a.legs(), []);
}

#[tokio::test]
async fn the_signalling_of_a_call_can_be_read_after_it() {
    let (a, b) = pair().await;
    let (mut told_a, mut told_b) = (a.events().expect("events"), b.events().expect("events"));
    let leg = dial(&a, "b").expect("it goes out");
    let far = incoming(&mut told_b).await;
    let refused = Command::Hangup {
        leg: far,
        cause: switch::Cause::Busy,
    };
    b.send(CommandId(1), refused).expect("a leg that is up");
    while !matches!(
        next(&mut told_a).await,
        Event {
            kind: EventKind::Ended(_),
            ..
        }
    ) {}
    let ours = a.trace(leg);
    assert!(ours[0].sent && ours[0].text.starts_with("INVITE sip:100@"));
    let refusal = ours.iter().find(|m| m.text.starts_with("SIP/2.0 486"));
    assert!(refusal.is_some_and(|m| !m.sent));
    let theirs = b.trace(far);
    assert!(!theirs[0].sent && theirs[0].text.starts_with("INVITE sip:100@"));
    assert_eq!(theirs[0].peer, Some(a.sip_address()));
    let names: Vec<_> = a.gateways().into_iter().map(|g| g.gateway).collect();
    assert_eq!(names, ["b"]);
    assert_eq!(a.registrations(), []);
    assert_eq!(a.drop_registration("1001"), Err(Refused::NotRegistered));
}

/// A switch that finds itself late as soon as it has sound.
async fn hurried() -> Arc<Embedded> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let mut config = Config::new(address, "test", 45_000..=45_998);
    config.sip.flood_limit = 0;
    // Nobody is that punctual.
    config.overload = Duration::ZERO;
    Embedded::start(config).await.expect("a free port")
}

/// What a switch refuses with, once it does.
async fn overloaded(a: &Embedded) -> Refused {
    let refused = async {
        loop {
            if let Err(refused) = dial(a, "b") {
                return refused;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let refused = tokio::time::timeout(DEADLINE, refused).await;
    refused.expect("an overload in time")
}

#[tokio::test]
async fn while_media_is_late_nothing_new_begins_and_calls_that_are_up_go_on() {
    let a = hurried().await;
    let b = switch(46_000..=46_998).await;
    a.set_gateways(vec![Gateway::udp("b", b.sip_address())]);
    b.set_gateways(vec![Gateway::udp("a", a.sip_address())]);
    let (mut told_a, mut told_b) = (a.events().expect("events"), b.events().expect("events"));
    let leg = dial(&a, "b").expect("nothing is late yet");
    let far = incoming(&mut told_b).await;
    b.send(CommandId(1), Command::Answer { leg: far })
        .expect("a leg that is up");
    while next(&mut told_a).await.kind != EventKind::Answered {}
    assert_eq!(overloaded(&a).await, Refused::MediaOverload);
    // A call from outside is turned away with a time to come back.
    let turned = dial(&b, "a").expect("it goes out");
    loop {
        let event = next(&mut told_b).await;
        if let (Some(ended), EventKind::Ended(why)) = (event.leg, event.kind)
            && ended == turned
        {
            assert_eq!(why.sip_status, Some(503));
            break;
        }
    }
    let answers = b.trace(turned);
    let refusal = answers.iter().find(|m| m.text.starts_with("SIP/2.0 503"));
    assert!(refusal.is_some_and(|m| m.text.contains("Retry-After:")));
    assert!(a.legs().contains(&leg), "what is up stays up");
    // Whom a call that is up needs is called: this phone is not there, which is another matter.
    let phone = Target::Phone {
        extension: "1001".into(),
    };
    assert_eq!(dial_to(&a, phone), Err(Refused::NotRegistered));
}

#[tokio::test]
async fn a_gateway_hears_the_codecs_that_it_wants() {
    let (a, b) = pair().await;
    let mut gateway = Gateway::udp("b", b.sip_address());
    gateway.codecs = vec![sip::sdp::Codec::Pcma];
    gateway.dtmf = crate::Dtmf::Tones;
    gateway.ptime_ms = 30;
    a.set_gateways(vec![gateway]);
    let mut told_b = b.events().expect("events");
    let leg = dial(&a, "b").expect("it goes out");
    let far = incoming(&mut told_b).await;
    b.send(CommandId(1), Command::Answer { leg: far })
        .expect("a leg that is up");
    let invite = &a.trace(leg)[0].text;
    assert!(invite.contains("RTP/AVP 8\r\n") && !invite.contains("telephone-event"));
    assert!(invite.contains("a=ptime:30\r\n"), "{invite}");
}

/// A call from `a` to `b` in which `b` plays half a second; gives back what `a` counted.
async fn half_a_second(a: &Embedded, b: &Embedded) -> switch::MediaStats {
    let (mut told_a, mut told_b) = (a.events().expect("events"), b.events().expect("events"));
    let leg = dial(a, "b").expect("it goes out");
    let far = incoming(&mut told_b).await;
    b.send(CommandId(1), Command::Answer { leg: far })
        .expect("a leg that is up");
    let play = Command::Play {
        leg: far,
        play: switch::PlayId(1),
        prompt: "tone:1000:500".to_owned(),
        times: 1,
    };
    b.send(CommandId(2), play).expect("a prompt");
    while !matches!(
        next(&mut told_b).await.kind,
        EventKind::PlayDone { .. } | EventKind::Ended(_)
    ) {}
    let cause = switch::Cause::Normal;
    a.send(CommandId(3), Command::Hangup { leg, cause })
        .expect("a leg that is up");
    loop {
        if let EventKind::Ended(ended) = next(&mut told_a).await.kind {
            assert_eq!(ended.sip_status, None, "{ended:?}");
            return ended.stats;
        }
    }
}

#[tokio::test]
async fn an_encrypting_gateway_gets_and_sends_encrypted_sound() {
    let (a, b) = pair().await;
    let mut gateway = Gateway::udp("b", b.sip_address());
    gateway.srtp = true;
    a.set_gateways(vec![gateway]);
    let stats = half_a_second(&a, &b).await;
    assert!(stats.packets_received >= 20, "{stats:?}");
}

#[tokio::test]
async fn wide_band_is_spoken_where_both_prefer_it() {
    let wide = |ports| async {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let mut config = Config::new(address, "test", ports);
        config.sip.flood_limit = 0;
        config.overload = Duration::from_millis(100);
        config.codecs = vec![sip::sdp::Codec::G722, sip::sdp::Codec::Pcma];
        Embedded::start(config).await.expect("a free port")
    };
    let (a, b) = (wide(45_000..=45_998).await, wide(46_000..=46_998).await);
    a.set_gateways(vec![Gateway::udp("b", b.sip_address())]);
    b.set_gateways(vec![Gateway::udp("a", a.sip_address())]);
    let stats = half_a_second(&a, &b).await;
    assert!(stats.packets_received >= 20, "{stats:?}");
}

#[tokio::test]
async fn a_gateway_is_answered_in_the_codec_that_is_preferred_there() {
    let (a, b) = pair().await;
    let mut gateway = Gateway::udp("a", a.sip_address());
    gateway.codecs = vec![sip::sdp::Codec::Pcma, sip::sdp::Codec::Pcmu];
    b.set_gateways(vec![gateway]);
    let mut told_b = b.events().expect("events");
    let leg = dial(&a, "b").expect("it goes out");
    let far = incoming(&mut told_b).await;
    b.send(CommandId(1), Command::Answer { leg: far })
        .expect("a leg that is up");
    assert!(a.trace(leg)[0].text.contains("RTP/AVP 0 8 "));
    let ok = b
        .trace(far)
        .into_iter()
        .find(|m| m.text.starts_with("SIP/2.0 200"));
    let ok = ok.expect("it was answered");
    assert!(ok.text.contains("RTP/AVP 8 "), "{}", ok.text);
}

/// It may have to be read from a slow disk, and decoded.
#[tokio::test]
async fn a_prompt_is_looked_for_while_others_have_the_floor() {
    let switch = switch(47_000..=47_098).await;
    let (sender, answers) = std::sync::mpsc::channel();
    let others = switch.floor();
    let asking = switch.clone();
    let asked = std::thread::spawn(move || {
        let play = Command::Play {
            leg: LegId(uuid::Uuid::from_u128(1)),
            play: switch::PlayId(1),
            prompt: "missing".to_owned(),
            times: 1,
        };
        let _ = sender.send(asking.send(CommandId(1), play));
    });
    let answer = answers.recv_timeout(DEADLINE);
    drop(others);
    assert_eq!(answer, Ok(Err(Refused::NoSuchPrompt)));
    asked.join().expect("a thread that ends");
}
