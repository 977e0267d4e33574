//! Phones on TLS.

use sip::{SipEvent, Tls};

use super::*;

fn free_port() -> u16 {
    let socket = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    socket.local_addr().expect("bound").port()
}

/// The certificate is for 127.0.0.1.
fn tls() -> Tls {
    Tls {
        port: free_port(),
        certificate: include_bytes!("../../sip/peers/tls/b.pem").to_vec(),
        key: include_bytes!("../../sip/peers/tls/b.key").to_vec(),
        authorities: Some(include_bytes!("../../sip/peers/tls/ca.pem").to_vec()),
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
    config.overload = Duration::from_millis(100);
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
