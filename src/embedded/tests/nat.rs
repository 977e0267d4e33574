//! Far ends behind NAT: their descriptions name an address that nobody else can reach.

use std::net::UdpSocket;

use sip::SipEvent;

use super::*;

/// Where their SIP and their sound come from.
const ROUTER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);

struct OnePhone;

impl sip::PhoneBook for OnePhone {
    fn secrets(&self, extension: &str) -> Option<sip::Ha1> {
        (extension == "1001").then(|| sip::ha1("1001", "test", "secret"))
    }
}

async fn house() -> Arc<Embedded> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let mut config = Config::new(address, "test", 49_500..=49_998);
    config.sip.flood_limit = 0;
    config.phones = Arc::new(OnePhone);
    Embedded::start(config).await.expect("a free port")
}

async fn far_end(house: &Embedded) -> (sip::Agent, UnboundedReceiver<SipEvent>) {
    let mut config = sip::Config::new(SocketAddr::from((ROUTER, 0)), "far");
    config.gateways = vec![sip::Gateway::udp("house", house.sip_address())];
    let bound = sip::Agent::bind(config, Arc::new(sip::NoPhones)).await;
    bound.expect("a free port")
}

/// Answers the call that comes, and says too little for a stranger to be heard.
async fn is_heard(far: &sip::Agent, told: &mut UnboundedReceiver<SipEvent>) {
    let (call, offer) = loop {
        let event = tokio::time::timeout(DEADLINE, told.recv()).await;
        if let SipEvent::Incoming {
            call,
            sdp_offer: Some(offer),
            ..
        } = event.expect("in time").expect("it runs")
        {
            break (call, offer);
        }
    };
    let offer = sip::sdp::parse(&offer).expect("readable");
    let house = offer.audio().expect("sound").addr;
    let inside = "v=0\r\no=- 1 1 IN IP4 127.0.0.9\r\ns=-\r\nc=IN IP4 127.0.0.9\r\nt=0 0\r\n\
                  m=audio 4000 RTP/AVP 8\r\n";
    far.answer(call, inside.as_bytes().to_vec())
        .expect("offered");
    let sound = UdpSocket::bind((ROUTER, 0)).expect("a free port");
    sound
        .set_read_timeout(Some(Duration::from_millis(20)))
        .expect("a timeout");
    // What comes before the house has taken the answer is lost.
    let sends = move || {
        let mut packet = [0; 172];
        packet[..2].copy_from_slice(&[0x80, 8]);
        (0..500).any(|_| {
            sound.send_to(&packet, house).expect("loopback takes it");
            sound.recv(&mut [0; 2_000]).is_ok()
        })
    };
    let answered = tokio::task::spawn_blocking(sends).await;
    assert!(answered.expect("no panic"), "it is sent no sound");
}

#[tokio::test]
async fn a_gateway_is_heard_from_where_its_sip_comes_from() {
    let house = house().await;
    let (far, mut told) = far_end(&house).await;
    house.set_gateways(vec![Gateway::udp("b", far.local_addr())]);
    dial(&house, "b").expect("it goes out");
    is_heard(&far, &mut told).await;
}

#[tokio::test]
async fn a_phone_is_heard_from_where_it_has_registered() {
    let house = house().await;
    let (far, mut told) = far_end(&house).await;
    far.register(sip::Account {
        id: sip::AccountId(1),
        user: "1001".into(),
        domain: "test".into(),
        registrar: sip::Hop::udp(house.sip_address()),
        more_registrars: Vec::new(),
        credentials: sip::Credentials {
            username: "1001".into(),
            password: "secret".into(),
        },
        expires_s: 60,
    });
    let mut events = house.events().expect("events");
    while !matches!(next(&mut events).await.kind, EventKind::Registered { .. }) {}
    let order = Originate {
        leg: LegId(uuid::Uuid::new_v4()),
        to: Target::Phone {
            extension: "1001".to_owned(),
        },
        caller: CallerId::default(),
        ring_timeout: DEADLINE,
    };
    house
        .send(CommandId(1), Command::Originate(order))
        .expect("it is registered");
    is_heard(&far, &mut told).await;
}
