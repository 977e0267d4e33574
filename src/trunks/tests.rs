//! A name server on loopback, and what becomes of its answers.

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
};

use hickory_resolver::proto::{
    op::{Message, OpCode, ResponseCode},
    rr::{
        Name, RData, Record, RecordType,
        rdata::{A, NAPTR, SRV},
    },
};
use sip::{FromUser, Hop, IdentityHeader};
use store::{
    access::FIRST_ORGI,
    gateways::{Codec, Dtmf, Kind, Lookup, NumberRule, Srtp, Trunk},
    testing::{Home, sqlite},
};
use tokio::net::UdpSocket;

use super::{place::Place, *};

type Zone = Arc<Mutex<HashMap<(String, RecordType), Vec<RData>>>>;

struct NameServer {
    address: SocketAddr,
    zone: Zone,
}

impl NameServer {
    async fn start() -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a port");
        let address = socket.local_addr().expect("bound");
        let zone = Zone::default();
        tokio::spawn(serve(socket, Arc::clone(&zone)));
        Self { address, zone }
    }

    fn has(&self, name: &str, records: Vec<RData>) {
        let kind = records[0].record_type();
        let mut zone = self.zone.lock().expect("nobody panicked");
        zone.insert((format!("{name}."), kind), records);
    }

    fn locator(&self) -> Locator {
        Locator::new(&[self.address], Ipv4Addr::LOCALHOST.into())
    }
}

async fn serve(socket: UdpSocket, zone: Zone) {
    let mut buffer = [0; 4096];
    while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
        let asked = Message::from_vec(&buffer[..length]).expect("a question");
        let mut answer = Message::response(asked.metadata.id, OpCode::Query);
        let query = asked.queries[0].clone();
        let key = (query.name().to_utf8().to_lowercase(), query.query_type());
        let zone = zone.lock().expect("nobody panicked").clone();
        let found = zone.get(&key).cloned().unwrap_or_default();
        if !zone.keys().any(|(name, _)| *name == key.0) {
            answer.metadata.response_code = ResponseCode::NXDomain;
        }
        for data in found {
            answer.add_answer(Record::from_rdata(query.name().clone(), 60, data));
        }
        answer.add_query(query);
        let bytes = answer.to_vec().expect("it fits");
        socket.send_to(&bytes, from).await.expect("loopback");
    }
}

fn a(last: u8) -> RData {
    RData::A(A::new(192, 0, 2, last))
}

fn srv(priority: u16, weight: u16, port: u16, target: &str) -> RData {
    RData::SRV(SRV::new(priority, weight, port, name(target)))
}

fn naptr(order: u16, service: &str, replacement: &str) -> RData {
    let text = |text: &str| text.as_bytes().into();
    let to = name(replacement);
    RData::NAPTR(NAPTR::new(
        order,
        10,
        text("s"),
        text(service),
        text(""),
        to,
    ))
}

fn name(text: &str) -> Name {
    Name::from_utf8(format!("{text}.")).expect("a name")
}

fn place(host: &str, transport: &str, lookup: Lookup) -> Place {
    Place {
        host: host.into(),
        port: 5070,
        transport: transport.into(),
        lookup,
    }
}

async fn found(locator: &Locator, place: &Place) -> Vec<String> {
    let located = locator.locate(place).await.expect("an address");
    located.addresses.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn services_come_by_priority_and_weight_and_plain_names_by_address() {
    let server = NameServer::start().await;
    server.has("a.carrier.test", vec![a(1)]);
    server.has("b.carrier.test", vec![a(2), a(3)]);
    server.has(
        "_sip._udp.carrier.test",
        vec![
            srv(20, 0, 5062, "b.carrier.test"),
            srv(10, 1, 5060, "gone.carrier.test"),
            srv(10, 5, 5061, "a.carrier.test"),
        ],
    );
    server.has("_sip._tcp.carrier.test", vec![srv(0, 0, 5060, "")]);
    server.has("carrier.test", vec![a(9)]);
    let locator = server.locator();
    let udp = found(&locator, &place("carrier.test", "udp", Lookup::Srv)).await;
    assert_eq!(udp[0], "192.0.2.1:5061");
    let mut rest = udp[1..].to_vec();
    rest.sort();
    assert_eq!(rest, ["192.0.2.2:5062", "192.0.2.3:5062"]);
    let plain = place("carrier.test", "udp", Lookup::Host);
    assert_eq!(found(&locator, &plain).await, ["192.0.2.9:5070"]);
    // No record for TLS: the name itself, at the port that is set.
    let tls = place("carrier.test", "tls", Lookup::Srv);
    assert_eq!(found(&locator, &tls).await, ["192.0.2.9:5070"]);
    let denied = locator
        .locate(&place("carrier.test", "tcp", Lookup::Srv))
        .await;
    assert!(
        denied
            .expect_err("the root as target")
            .contains("no such service")
    );
}

#[tokio::test]
async fn naptr_names_the_services_of_our_transport() {
    let server = NameServer::start().await;
    server.has(
        "carrier.test",
        vec![
            naptr(5, "SIP+D2T", "_sip._tcp.elsewhere.test"),
            naptr(10, "sip+d2u", "_sip._udp.west.test"),
        ],
    );
    server.has("_sip._udp.west.test", vec![srv(1, 1, 5068, "w.test")]);
    server.has("w.test", vec![a(7)]);
    let udp = place("carrier.test", "udp", Lookup::Srv);
    assert_eq!(found(&server.locator(), &udp).await, ["192.0.2.7:5068"]);
}

async fn stored(home: &Home, gateway: gateways::Gateway) {
    let mut tx = home.db.begin().await.expect("a transaction");
    let now = engine::time::Millis(1);
    gateways::put(&mut tx, FIRST_ORGI, &gateway, now)
        .await
        .expect("stored");
    tx.commit().await.expect("committed");
}

fn gateway(host: &str) -> gateways::Gateway {
    gateways::Gateway {
        id: "gw1".into(),
        name: "gw1".into(),
        remark: String::new(),
        kind: Kind::Nni,
        host: host.into(),
        port: 5070,
        transport: "udp".into(),
        username: None,
        password: None,
        enabled: true,
        settings: engine::gateway::Settings::default(),
        trunk: Trunk::default(),
    }
}

#[tokio::test]
async fn a_name_that_has_no_address_yet_comes_alive_when_it_has_one() {
    let (home, server) = (sqlite().await, NameServer::start().await);
    stored(&home, gateway("late.test")).await;
    let mut trunks = Trunks::new(home.db.clone(), server.locator(), None);
    let loaded = trunks.load().await.expect("a database");
    assert_eq!(loaded.gateways, []);
    let (id, why) = &loaded.unresolved[0];
    assert!(id == "gw1" && why.starts_with("late.test"), "{why}");
    assert!(trunks.until_due() <= ASK_AGAIN);
    server.has("late.test", vec![a(4)]);
    // As if the time had passed; the resolver's memory of the failure goes with it.
    trunks
        .known
        .values_mut()
        .for_each(|known| known.ask_again = Instant::now());
    trunks.locator = server.locator();
    let loaded = trunks.load().await.expect("a database");
    let hop = Hop::udp("192.0.2.4:5070".parse().expect("an address"));
    assert_eq!(
        (loaded.gateways[0].sip.hop, loaded.unresolved.len()),
        (hop, 0)
    );
    // A name server that falls silent takes nothing away.
    server.zone.lock().expect("nobody panicked").clear();
    trunks
        .known
        .values_mut()
        .for_each(|known| known.ask_again = Instant::now());
    trunks.locator = server.locator();
    let again = trunks.load().await.expect("a database");
    assert_eq!(again, loaded);
}

#[tokio::test]
async fn a_name_server_that_turns_its_answers_round_changes_nothing() {
    let (home, server) = (sqlite().await, NameServer::start().await);
    stored(&home, gateway("round.test")).await;
    let mut trunks = Trunks::new(home.db.clone(), server.locator(), None);
    let mut answered = Vec::new();
    for records in [
        vec![a(4), a(5), a(6)],
        vec![a(5), a(6), a(4)],
        vec![a(5), a(6)],
    ] {
        server.has("round.test", records);
        let known = trunks.known.values_mut();
        known.for_each(|known| known.ask_again = Instant::now());
        trunks.locator = server.locator();
        answered.push(trunks.load().await.expect("a database"));
    }
    assert_eq!(answered[0], answered[1]);
    assert_eq!(answered[1].gateways[0].sip.hops().count(), 3);
    assert_eq!(answered[2].gateways[0].sip.hops().count(), 2);
}

#[tokio::test]
async fn an_ims_gateway_becomes_what_the_operator_wrote() {
    let (home, server) = (sqlite().await, NameServer::start().await);
    let rule = |from: &str, to: &str| NumberRule {
        from: from.into(),
        to: to.into(),
    };
    let ims = gateways::Gateway {
        kind: Kind::Ims,
        username: Some("+86512@ims.test".into()),
        password: Some("secret".into()),
        transport: "tcp".into(),
        trunk: Trunk {
            outbound_proxy: Some("192.0.2.20:5070".into()),
            register_proxy: Some("192.0.2.21".into()),
            more: vec!["192.0.2.22".into()],
            home_user: Some("+865120000".into()),
            home_domain: Some("home.test".into()),
            codecs: vec![Codec::Pcma, Codec::G722],
            ptime_ms: 30,
            dtmf: Dtmf::Info,
            srtp: Srtp::Required,
            options_ping_s: Some(30),
            session_timer_s: 1_800,
            called_rules: vec![rule("0", "+86")],
            withhold_caller: true,
            ..Trunk::default()
        },
        ..gateway("ims.test")
    };
    stored(&home, ims.clone()).await;
    let ping = Some(Duration::from_secs(5));
    let mut trunks = Trunks::new(home.db.clone(), server.locator(), ping);
    let loaded = trunks.load().await.expect("a database");
    let shaped = &loaded.gateways[0];
    let tcp = |text: &str| Hop::tcp(text.parse().expect("an address"));
    assert_eq!(shaped.sip.hop, tcp("192.0.2.20:5070"));
    assert_eq!(shaped.sip.more_hops, [tcp("192.0.2.22:5060")]);
    assert_eq!(shaped.sip.domain.as_deref(), Some("home.test"));
    assert_eq!(shaped.sip.ping, Some(Duration::from_secs(30)));
    assert_eq!(
        shaped.codecs,
        [sip::sdp::Codec::Pcma, sip::sdp::Codec::G722]
    );
    assert_eq!(
        (shaped.ptime_ms, shaped.dtmf, shaped.srtp),
        (30, embedded::Dtmf::Info, true)
    );
    let account = shaped.sip.account.clone().expect("it registers");
    assert_eq!(account.registrar, tcp("192.0.2.21:5060"));
    assert_eq!(
        (&*account.user, &*account.domain),
        ("+865120000", "home.test")
    );
    assert_eq!(account.credentials.username, "+86512@ims.test");
    let profile = &shaped.sip.profile;
    assert_eq!(profile.from, FromUser::Account);
    assert_eq!(profile.identity, IdentityHeader::Preferred);
    assert_eq!(
        profile.called,
        [sip::NumberRule {
            from: "0".into(),
            to: "+86".into()
        }]
    );
    assert!(profile.withhold && profile.session == Some(Duration::from_secs(1_800)));
    // The same as a peer: nobody registers, the caller's number stands in From.
    let peer = gateways::Gateway {
        kind: Kind::Nni,
        trunk: Trunk::default(),
        host: "192.0.2.1".into(),
        ..ims
    };
    stored(&home, peer).await;
    let loaded = trunks.load().await.expect("a database");
    let shaped = &loaded.gateways[0];
    assert_eq!((&shaped.sip.account, &shaped.sip.domain), (&None, &None));
    assert_eq!(shaped.sip.profile.from, FromUser::Caller);
    assert_eq!(shaped.sip.ping, ping);
}
