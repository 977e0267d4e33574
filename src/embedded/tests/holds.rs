//! Phones that put us on hold, over UDP.

use sip::SipEvent;

use super::*;

/// What a phone says of its sound, which comes from nowhere.
fn description(version: u32, direction: &str) -> Vec<u8> {
    format!(
        "v=0\r\no=- 1 {version} IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
         m=audio 9 RTP/AVP 8\r\na={direction}\r\n"
    )
    .into_bytes()
}

/// The next leg for which `told` says this; none other may be said to be gone.
async fn until(events: &mut UnboundedReceiver<Event>, told: &EventKind) -> Option<LegId> {
    loop {
        let event = next(events).await;
        if event.kind == *told {
            return event.leg;
        }
        assert_ne!(event.kind, EventKind::MediaTimeout);
    }
}

/// Calls of silent phones are given up, but none that is held, in whatever way.
#[tokio::test]
async fn a_phone_that_holds_is_not_taken_for_gone() {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let mut config = Config::new(address, "test", 49_000..=49_498);
    config.sip.flood_limit = 0;
    config.media.rtp_timeout = Duration::from_secs(1);
    let house = Embedded::start(config).await.expect("a free port");
    let mut config = sip::Config::new(address, "far");
    config.gateways = vec![sip::Gateway::udp("house", house.sip_address())];
    let (far, mut told) = sip::Agent::bind(config, Arc::new(sip::NoPhones))
        .await
        .expect("a free port");
    house.set_gateways(vec![Gateway::udp("b", far.local_addr())]);
    let mut events = house.events().expect("events");
    let mut answered = async |events: &mut UnboundedReceiver<Event>| {
        let leg = dial(&house, "b").expect("it goes out");
        let call = loop {
            let event = tokio::time::timeout(DEADLINE, told.recv()).await;
            if let SipEvent::Incoming { call, .. } = event.expect("in time").expect("it runs") {
                break call;
            }
        };
        let answer = description(1, "sendrecv");
        far.answer(call, answer).expect("offered");
        let event = until(events, &EventKind::Answered).await;
        assert_eq!(event, Some(leg));
        (leg, call)
    };
    for hold in ["sendonly", "inactive"] {
        let (held, call) = answered(&mut events).await;
        far.reoffer(call, description(2, hold)).expect("answered");
        let on = EventKind::FarEndHolds { on: true };
        assert_eq!(until(&mut events, &on).await, Some(held));
        // By then the one that is held would have been given up, too.
        for _ in 0..2 {
            let (silent, _) = answered(&mut events).await;
            let gone = until(&mut events, &EventKind::MediaTimeout).await;
            assert_eq!(gone, Some(silent));
        }
        far.reoffer(call, description(3, "sendrecv"))
            .expect("answered");
        let off = EventKind::FarEndHolds { on: false };
        assert_eq!(until(&mut events, &off).await, Some(held));
        let gone = until(&mut events, &EventKind::MediaTimeout).await;
        assert_eq!(gone, Some(held));
    }
}
