//! Session timers.

use super::*;

fn answered_with(headers: &[(&'static str, &str)]) -> Rig {
    let mut rig = Rig::with(|c| c.gateways[0].profile.session = Some(Duration::from_secs(600)));
    rig.invite().expect("accepted");
    let (tx, invite, _) = rig.last(&Method::Invite);
    let mut message = response_to(&invite, 200, "them");
    for (name, value) in headers {
        message.push(name, *value);
    }
    rig.feed(Input::Response { tx, message });
    rig.expect(&["send INVITE", "ack", "tell Answered"]);
    rig
}

/// Forgetting old transactions is no news here.
fn pass(rig: &mut Rig, seconds: u64) {
    rig.pass(seconds);
    rig.log.retain(|line| line != "drop");
}

#[test]
fn we_refresh_by_update_half_way() {
    let mut rig = answered_with(&[
        ("Session-Expires", "600;refresher=uac"),
        ("Allow", "INVITE, ACK, UPDATE, BYE"),
    ]);
    pass(&mut rig, 299);
    rig.expect(&[]);
    pass(&mut rig, 1);
    rig.expect(&["send UPDATE"]);
    let (_, update, _) = rig.last(&Method::Update);
    assert_eq!(update.header("Session-Expires"), Some("600;refresher=uac"));
    assert!(update.body.is_empty());
    rig.reply_to(
        &Method::Update,
        200,
        &[("Session-Expires", "200;refresher=uac")],
    );
    pass(&mut rig, 100);
    rig.expect(&["send UPDATE"]);
    // A refresh that is never answered ends the call before the session does.
    pass(&mut rig, 90);
    rig.expect(&["tell Ended Network - 102", "send BYE"]);
}

#[test]
fn without_update_we_refresh_by_reinvite() {
    let mut rig = answered_with(&[("Session-Expires", "600;refresher=uac")]);
    pass(&mut rig, 300);
    rig.expect(&["send INVITE"]);
    assert_eq!(rig.last(&Method::Invite).1.body, description(30_000));
    let (tx, invite, _) = rig.last(&Method::Invite);
    let message = response_to(&invite, 200, "them");
    let message = message.with("Session-Expires", "600;refresher=uac");
    rig.feed(Input::Response { tx, message });
    rig.expect(&["ack", "tell MediaChanged"]);
    pass(&mut rig, 300);
    rig.expect(&["send INVITE"]);
    rig.reply(481, "them");
    rig.expect(&["tell Ended Network - 102", "send BYE"]);
}

#[test]
fn when_they_refresh_we_only_wait() {
    let mut rig = answered_with(&[("Session-Expires", "600;refresher=uas")]);
    pass(&mut rig, 500);
    let refresh = rig
        .in_dialog(Method::Update, 2)
        .with("Supported", "timer")
        .with("Session-Expires", "600;refresher=uac");
    rig.arrive(refresh, carrier());
    rig.expect(&["200 UPDATE"]);
    let granted = rig.answer().header("Session-Expires");
    assert_eq!(granted, Some("600;refresher=uac"));
    pass(&mut rig, 567);
    rig.expect(&[]);
    pass(&mut rig, 1);
    rig.expect(&["tell Ended Network - 102", "send BYE"]);
}

#[test]
fn without_a_word_of_it_there_is_no_timer() {
    let mut rig = answered_with(&[]);
    pass(&mut rig, 86_400);
    rig.expect(&[]);
}

#[test]
fn a_422_is_answered_with_a_longer_interval() {
    let mut rig = Rig::with(|c| c.gateways[0].profile.session = Some(Duration::from_secs(90)));
    rig.invite().expect("accepted");
    rig.reply_to(&Method::Invite, 422, &[("Min-SE", "1800")]);
    rig.expect(&["send INVITE", "send INVITE"]);
    let (_, invite, _) = rig.last(&Method::Invite);
    assert_eq!(invite.header("Session-Expires"), Some("1800"));
    assert_eq!(invite.header("Min-SE"), Some("1800"));
    // The same demand again is no reason to go on.
    rig.reply_to(&Method::Invite, 422, &[("Min-SE", "1800")]);
    rig.expect(&["tell Ended Them 422 -"]);
}

#[test]
fn too_short_an_interval_is_refused() {
    let mut rig = Rig::up();
    let update = rig.in_dialog(Method::Update, 2);
    rig.arrive(update.with("Session-Expires", "30"), carrier());
    rig.expect(&["422 UPDATE"]);
    assert_eq!(rig.answer().header("Min-SE"), Some("90"));
    let reinvite = rig.in_dialog(Method::Invite, 3);
    rig.arrive(
        reinvite.with("x", "y").with("Session-Expires", "30"),
        carrier(),
    );
    rig.expect(&["422 INVITE"]);
}

/// Half way through an interval of 600 s that we refresh by UPDATE.
fn refreshing() -> Rig {
    let mut rig = answered_with(&[
        ("Session-Expires", "600;refresher=uac"),
        ("Allow", "INVITE, ACK, UPDATE, BYE"),
    ]);
    pass(&mut rig, 300);
    rig.expect(&["send UPDATE"]);
    rig
}

#[test]
fn a_refused_update_is_followed_by_a_reinvite() {
    for status in [405, 488, 491, 500, 503] {
        let mut rig = refreshing();
        rig.reply_to(&Method::Update, status, &[]);
        pass(&mut rig, 2);
        rig.expect(&[]);
        pass(&mut rig, 1);
        rig.expect(&["send INVITE"]);
        let (tx, invite, _) = rig.last(&Method::Invite);
        assert_eq!(invite.body, description(30_000));
        assert_eq!(invite.header("Session-Expires"), Some("600;refresher=uac"));
        let message = response_to(&invite, 200, "them");
        let message = message.with("Session-Expires", "600;refresher=uac");
        rig.feed(Input::Response { tx, message });
        rig.expect(&["ack", "tell MediaChanged"]);
        pass(&mut rig, 300);
        // Who does not know UPDATE is not asked again.
        let next = if status == 405 || status == 488 {
            "send INVITE"
        } else {
            "send UPDATE"
        };
        rig.expect(&[next]);
    }
}

#[test]
fn a_refused_reinvite_is_tried_once_more() {
    let mut rig = refreshing();
    rig.reply_to(&Method::Update, 500, &[]);
    pass(&mut rig, 3);
    rig.reply(500, "them");
    rig.expect(&["send INVITE"]);
    pass(&mut rig, 3);
    rig.expect(&["send INVITE"]);
    rig.reply(503, "them");
    pass(&mut rig, 280);
    rig.expect(&[]);
    pass(&mut rig, 10);
    rig.expect(&["tell Ended Network - 102", "send BYE"]);
}

#[test]
fn a_refresh_of_a_call_that_is_gone_there_ends_it() {
    for status in [408, 481] {
        let mut rig = refreshing();
        rig.reply_to(&Method::Update, status, &[]);
        rig.expect(&["tell Ended Network - 102", "send BYE"]);
    }
}
