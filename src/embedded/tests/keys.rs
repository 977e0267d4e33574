//! Keys from one side of a bridge to the other.

use super::*;

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
