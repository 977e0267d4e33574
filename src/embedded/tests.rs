//! Two switches on loopback that call each other.

use std::{
    net::{Ipv4Addr, SocketAddr},
    ops::RangeInclusive,
    sync::Arc,
    time::Duration,
};

use sip::{SipEvent, Tls};
use switch::{
    CallerId, Command, CommandId, Event, EventKind, LegId, Originate, Refused, Switch, Target,
    conformance::{self, Strait},
};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::{Config, Embedded, Gateway};

/// No step of these tests takes longer on any machine.
const DEADLINE: Duration = Duration::from_secs(20);

async fn switch(ports: RangeInclusive<u16>) -> Arc<Embedded> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let mut config = Config::new(address, "test", ports);
    config.sip.flood_limit = 0;
    Embedded::start(config).await.expect("a free port")
}

/// Each is the other's only gateway.
async fn pair() -> (Arc<Embedded>, Arc<Embedded>) {
    let (a, b) = (switch(43_000..=43_998).await, switch(44_000..=44_998).await);
    a.set_gateways(vec![Gateway::udp("b", b.sip_address())]);
    b.set_gateways(vec![Gateway::udp("a", a.sip_address())]);
    (a, b)
}

#[tokio::test]
async fn the_port_conforms() {
    let folder = tempfile::tempdir().expect("a folder");
    let (caller, callee) = pair().await;
    conformance::check(conformance::Pair {
        caller,
        callee,
        gateway: "b".to_owned(),
        prompt: "tone:1000:400".to_owned(),
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
    let leg = LegId(uuid::Uuid::new_v4());
    let to = Target::Gateway {
        gateway: gateway.to_owned(),
        number: "100".to_owned(),
    };
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
        config.codecs = vec![sip::sdp::Codec::G722, sip::sdp::Codec::Pcma];
        Embedded::start(config).await.expect("a free port")
    };
    let (a, b) = (wide(45_000..=45_998).await, wide(46_000..=46_998).await);
    a.set_gateways(vec![Gateway::udp("b", b.sip_address())]);
    b.set_gateways(vec![Gateway::udp("a", a.sip_address())]);
    let stats = half_a_second(&a, &b).await;
    assert!(stats.packets_received >= 20, "{stats:?}");
}

/// The next key at a leg, and whether it was withheld.
async fn key(events: &mut UnboundedReceiver<Event>, at: LegId) -> (char, bool) {
    loop {
        let event = next(events).await;
        if let EventKind::Dtmf {
            digit, withheld, ..
        } = event.kind
            && event.leg == Some(at)
        {
            return (digit, withheld);
        }
    }
}

/// A call from `a` that the other switch answers: the leg here, and the one there.
async fn talk(
    (a, told_a): (&Embedded, &mut UnboundedReceiver<Event>),
    gateway: &str,
    (other, told): (&Embedded, &mut UnboundedReceiver<Event>),
) -> (LegId, LegId) {
    let leg = dial(a, gateway).expect("it goes out");
    let far = incoming(told).await;
    other
        .send(CommandId(1), Command::Answer { leg: far })
        .expect("a leg that is up");
    while next(told_a).await.kind != EventKind::Answered {}
    (leg, far)
}

#[tokio::test]
async fn keys_cross_a_bridge_between_events_and_info() {
    let (a, b) = pair().await;
    let c = switch(45_000..=45_998).await;
    let by_info = |name: &str, switch: &Embedded| {
        let mut gateway = Gateway::udp(name, switch.sip_address());
        gateway.dtmf = crate::Dtmf::Info;
        gateway
    };
    a.set_gateways(vec![Gateway::udp("b", b.sip_address()), by_info("c", &c)]);
    c.set_gateways(vec![by_info("a", &a)]);
    let mut told_a = a.events().expect("events");
    let mut told_b = b.events().expect("events");
    let mut told_c = c.events().expect("events");
    let (to_b, at_b) = talk((&a, &mut told_a), "b", (&b, &mut told_b)).await;
    let (to_c, at_c) = talk((&a, &mut told_a), "c", (&c, &mut told_c)).await;
    let bridge = Command::Bridge {
        a: to_b,
        b: to_c,
        on_end: switch::OnEnd::Park,
    };
    a.send(CommandId(2), bridge).expect("legs that are up");
    let press = |switch: &Embedded, leg, digits: &str| {
        let digits = digits.to_owned();
        let keys = Command::SendDtmf { leg, digits };
        switch.send(CommandId(3), keys).expect("a leg that is up");
    };
    press(&b, at_b, "7");
    assert_eq!(key(&mut told_a, to_b).await, ('7', false));
    assert_eq!(key(&mut told_c, at_c).await, ('7', false));
    press(&c, at_c, "4");
    assert_eq!(key(&mut told_a, to_c).await, ('4', false));
    assert_eq!(key(&mut told_b, at_b).await, ('4', false));
    let withhold = |on| {
        let command = Command::WithholdKeys { leg: to_c, on };
        a.send(CommandId(4), command).expect("a leg that is up");
    };
    withhold(true);
    press(&c, at_c, "5");
    assert_eq!(key(&mut told_a, to_c).await, ('5', true));
    withhold(false);
    press(&c, at_c, "6");
    assert_eq!(key(&mut told_b, at_b).await, ('6', false), "and no 5");
    // A mix brings them as well.
    let held = Command::Mute {
        leg: to_b,
        on: true,
    };
    a.send(CommandId(5), held).expect("a leg that is up");
    press(&c, at_c, "8");
    assert_eq!(key(&mut told_b, at_b).await, ('8', false));
    press(&b, at_b, "1");
    assert_eq!(key(&mut told_a, to_b).await, ('1', false));
    let mute = Command::Mute {
        leg: to_b,
        on: false,
    };
    a.send(CommandId(6), mute).expect("a leg that is up");
    press(&b, at_b, "2");
    assert_eq!(
        key(&mut told_c, at_c).await,
        ('2', false),
        "no 1: it was muted"
    );
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

fn free_port() -> u16 {
    let socket = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    socket.local_addr().expect("bound").port()
}

/// The certificate is for 127.0.0.1.
fn tls() -> Tls {
    Tls {
        port: free_port(),
        certificate: include_bytes!("../sip/peers/tls/b.pem").to_vec(),
        key: include_bytes!("../sip/peers/tls/b.key").to_vec(),
        authorities: Some(include_bytes!("../sip/peers/tls/ca.pem").to_vec()),
    }
}

struct OnePhone;

impl sip::PhoneBook for OnePhone {
    fn secrets(&self, extension: &str) -> Option<sip::Ha1> {
        (extension == "1001").then(|| sip::ha1("1001", "test", "secret"))
    }
}

/// A phone that is registered over TLS with a switch.
async fn secure_phone() -> (Arc<Embedded>, sip::Agent, UnboundedReceiver<SipEvent>) {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let mut config = Config::new(address, "test", 47_000..=47_998);
    config.phones = Arc::new(OnePhone);
    let listens = tls();
    let registrar = SocketAddr::from((Ipv4Addr::LOCALHOST, listens.port));
    config.sip.tls = Some(listens);
    let house = Embedded::start(config).await.expect("free ports");
    let mut config = sip::Config::new(address, "phone");
    config.tls = Some(tls());
    let (phone, told) = sip::Agent::bind(config, Arc::new(sip::NoPhones))
        .await
        .expect("free ports");
    phone.register(sip::Account {
        id: sip::AccountId(1),
        user: "1001".into(),
        domain: "test".into(),
        registrar: sip::Hop::tls(registrar),
        more_registrars: Vec::new(),
        credentials: sip::Credentials {
            username: "1001".into(),
            password: "secret".into(),
        },
        expires_s: 60,
    });
    (house, phone, told)
}

#[tokio::test]
async fn a_phone_on_tls_is_called_encrypted_and_openly_when_it_refuses_that() {
    let (house, phone, mut told) = secure_phone().await;
    let mut events = house.events().expect("events");
    while !matches!(next(&mut events).await.kind, EventKind::Registered { .. }) {}
    let rung = async |told: &mut UnboundedReceiver<SipEvent>| loop {
        let event = tokio::time::timeout(DEADLINE, told.recv()).await;
        if let SipEvent::Incoming {
            call,
            sdp_offer: Some(offer),
            ..
        } = event.expect("in time").expect("it runs")
        {
            return (call, String::from_utf8(offer).expect("text"));
        }
    };
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 47_999));
    let mut local = sip::sdp::Local::new(address, 1);
    local.keying = Some([7; sip::sdp::KEYING]);
    for refuses in [false, true] {
        let leg = LegId(uuid::Uuid::new_v4());
        let order = Originate {
            leg,
            to: Target::Phone {
                extension: "1001".to_owned(),
            },
            caller: CallerId::default(),
            ring_timeout: DEADLINE,
        };
        house
            .send(CommandId(1), Command::Originate(order))
            .expect("it is registered");
        let (mut call, mut offer) = rung(&mut told).await;
        assert!(offer.contains("RTP/SAVP ") && offer.contains("a=crypto:"));
        if refuses {
            phone
                .end(call, sip::EndCause::NotAcceptable)
                .expect("offered");
            (call, offer) = rung(&mut told).await;
            assert!(offer.contains("RTP/AVP ") && !offer.contains("a=crypto:"));
        }
        let offer = sip::sdp::parse(offer.as_bytes()).expect("readable");
        let (answer, agreed) = sip::sdp::answer(&offer, &local).expect("in common");
        assert_eq!(agreed.crypto.is_none(), refuses);
        phone.answer(call, answer).expect("offered");
        loop {
            let event = next(&mut events).await;
            assert!(!matches!(event.kind, EventKind::Ended(_)), "{event:?}");
            if event.kind == EventKind::Answered {
                break;
            }
        }
    }
}
