//! Far ends that do anything at any time. Whatever they do: one end per call, nothing after it, and
//! nothing left behind.

use std::collections::HashSet;

use rand::{Rng as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};

use super::*;

#[test]
fn whatever_the_far_end_does_a_call_ends_once_and_leaves_nothing() {
    for seed in 0..4_000 {
        let mut random = StdRng::seed_from_u64(seed);
        let mut rig = Rig::calling();
        let mut cseq = 1;
        for _ in 0..random.random_range(1..25) {
            step(&mut rig, &mut random, &mut cseq);
        }
        settle(&mut rig);
        check(&rig, seed);
    }
}

fn step(rig: &mut Rig, random: &mut StdRng, cseq: &mut u32) {
    let methods = [Method::Invite, Method::Cancel, Method::Bye];
    match random.random_range(0..12) {
        0..4 => {
            let status = [100, 180, 183, 200, 200, 302, 401, 407, 486, 487, 503];
            let status = *status.choose(random).expect("some");
            let tag = *["them", "other", ""].choose(random).expect("some");
            let (tx, invite, _) = rig.last(&Method::Invite);
            let challenge = "Digest realm=\"r\", nonce=\"n\", stale=true, qop=\"auth\"";
            let mut message = response_to(&invite, status, tag);
            message.push("WWW-Authenticate", challenge);
            message.push("Proxy-Authenticate", challenge);
            rig.feed(Input::Response { tx, message });
        }
        4 => {
            let sent = random.random();
            let (tx, ..) = rig.sent.choose(random).expect("an INVITE at least").clone();
            rig.feed(Input::Unanswered { tx, sent });
        }
        5 => {
            let method = methods.choose(random).expect("some");
            if rig.sent.iter().any(|(_, m, _)| m.method() == Some(method)) {
                let status = *[200, 401, 481].choose(random).expect("some");
                rig.reply_to(method, status, &[]);
            }
        }
        6 => {
            let cause = *[EndCause::Normal, EndCause::Busy]
                .choose(random)
                .expect("some");
            let _ = rig.command(Command::End(call(), cause));
        }
        7 => rig.pass(random.random_range(0..40)),
        8 | 9 => {
            *cseq += random.random_range(0..3);
            let methods = ["BYE", "INVITE", "UPDATE", "INFO", "OPTIONS", "REFER"];
            let name = *methods.choose(random).expect("some");
            let mut request = rig.in_dialog(Method::of(name), *cseq);
            if random.random() {
                request = request.with_body("application/sdp", description(31_500));
            }
            rig.arrive(request, carrier());
        }
        10 => {
            let tx = TxId::Server(random.random_range(0..=rig.served));
            rig.feed(Input::NoAck { tx });
        }
        _ => {
            let tx = TxId::Server(random.random_range(0..=rig.served));
            let message = Message::request(Method::Ack, "sip:x@test");
            rig.feed(Input::Ack { tx, message });
        }
    }
}

/// The house hangs up, and the network falls silent.
fn settle(rig: &mut Rig) {
    let _ = rig.command(Command::End(call(), EndCause::Normal));
    rig.pass(40);
    for served in 0..=rig.served {
        rig.feed(Input::NoAck {
            tx: TxId::Server(served),
        });
    }
    rig.pass(400);
    for (tx, message, _) in rig.sent.clone() {
        if message.method() != Some(&Method::Invite) {
            rig.feed(Input::Unanswered { tx, sent: true });
        }
    }
}

#[track_caller]
fn check(rig: &Rig, seed: u64) {
    let ends = |e: &&SipEvent| matches!(e, SipEvent::Ended { .. });
    assert_eq!(rig.events.iter().filter(ends).count(), 1, "seed {seed}");
    assert!(rig.events.last().as_ref().is_some_and(ends), "seed {seed}");
    let answers = |e: &&SipEvent| matches!(e, SipEvent::Answered { .. });
    assert!(
        rig.events.iter().filter(answers).count() <= 1,
        "seed {seed}"
    );
    assert!(rig.core.is_quiet(), "seed {seed}");
    assert!(
        rig.core.client_txs.is_empty(),
        "seed {seed}: {:?}",
        rig.core.client_txs
    );
    assert!(
        rig.core.by_dialog.is_empty() && rig.core.by_caller.is_empty(),
        "seed {seed}"
    );
    assert!(rig.core.server_invites.is_empty(), "seed {seed}");
    // Every dialog that a 2xx made was acknowledged, and ended by one side or the other.
    let acked: HashSet<_> = rig
        .acks
        .iter()
        .filter_map(|(ack, _)| ack.header("To"))
        .collect();
    let byes = rig
        .sent
        .iter()
        .filter(|(_, m, _)| m.method() == Some(&Method::Bye));
    let mut left: HashSet<_> = byes.filter_map(|(_, m, _)| m.header("To")).collect();
    let ended_by_them = rig.events.iter().any(|e| {
        matches!(
            e,
            SipEvent::Ended {
                side: crate::Side::Them,
                sip_status: None,
                ..
            }
        )
    });
    if ended_by_them {
        left.extend(acked.iter().filter(|to| to.ends_with("tag=them")));
    }
    assert!(acked.is_subset(&left), "seed {seed}: {acked:?} {left:?}");
}
