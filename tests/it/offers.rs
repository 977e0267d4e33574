//! What becomes of an agent whose phone rings, and of the caller meanwhile, with SIPp as both.

use serde_json::json;

use crate::{
    in_call::SOON,
    kit::{
        carrier::{By, Fate},
        centre::Centre,
        customer::CUSTOMER_HERTZ,
        sipp::CARRIER_HERTZ,
        sound::tones_in,
        wait,
    },
};

/// What a phone does is decided by the last digit of its number.
const BY_PHONE: &[(char, Fate)] = &[
    ('1', Fate::Refused(486, "Busy Here")),
    ('2', Fate::Refused(603, "Decline")),
    ('3', Fate::Rings),
    ('4', Fate::Rings),
    (
        '5',
        Fate::Answers {
            ring_ms: 0,
            talk_ms: 120_000,
        },
    ),
    (
        '6',
        Fate::Answers {
            ring_ms: 2_000,
            talk_ms: 120_000,
        },
    ),
];
/// What waiting callers hear.
const TUNE: f64 = 700.0;
const CALLER: &str = "13900000001";
const OTHER: &str = "13900000002";
const THIRD: &str = "13900000003";

/// Waits until this tone, and no other, is heard.
async fn hear(what: &str, hear: impl Fn() -> Vec<i16>, hertz: f64) {
    let known = [CARRIER_HERTZ, CUSTOMER_HERTZ, TUNE];
    wait::until_seen(
        what,
        SOON,
        || async { tones_in(&hear(), &known) },
        |heard| *heard == [hertz],
    )
    .await;
}

/// Who rings out, rejects, or is busy is left alone for as long as the queue says, and is put on a break
/// after so many calls that ring out; who is on a break or has left is not rung, until ready: VOX-066, VOX-067,
/// VOX-068, VOX-070, VOX-072, VOX-073, VOX-074, VOX-089, VOX-090.
#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_take_a_call_is_left_alone_for_a_while() {
    let extensions = ["1001", "1002", "1003", "1004", "1005", "1006"];
    let centre = Centre::open(&extensions, By::Called, BY_PHONE).await;
    let settings = json!({ "strategy": "top_down", "ring_ms": 3_000, "max_no_answer": 1 });
    let members = [
        ("1001", json!({ "position": 2, "busy_delay_ms": 8_000 })),
        ("1002", json!({ "position": 3, "reject_delay_ms": 3_500 })),
        ("1003", json!({ "position": 4, "max_no_answer": 2 })),
        ("1004", json!({ "position": 5 })),
        ("1005", json!({ "position": 1 })),
        ("1006", json!({ "position": 1 })),
    ];
    centre.queue("641", settings, &members).await;
    centre.in_effect(&["641"]).await;
    centre.work(&extensions[..5]).await;
    centre.away("1005").await;

    let caller = centre.call(CALLER, "641").await;
    // Busy, rejects, rings out twice in all, rings out once; then whose rest is over.
    assert_eq!(centre.phones.rung(CALLER, 8).await, "12342312");
    for extension in ["1003", "1004"] {
        let rung = centre.phones.times_rung(extension)[0];
        let let_go = centre.phones.until("CANCEL", CALLER, extension).await;
        assert!(let_go - rung > 2_800, "{extension}: {rung} to {let_go}");
        let state = centre.until(extension, "unready").await;
        assert_eq!(state["sub_state"], "break", "{state:#}");
    }
    let rejected = centre.phones.times_rung("1002");
    assert!(rejected[2] - rejected[1] >= 3_500, "{rejected:?}");
    let busy = centre.phones.times_rung("1001");
    assert!(busy[1] - busy[0] >= 8_000, "{busy:?}");

    centre.order("1005", "ready").await;
    hear("the agent", || caller.sound.hears(), CARRIER_HERTZ).await;
    let rung = centre.phones.rung_so_far(CALLER);
    assert!(rung.ends_with('5') && !rung.contains('6'), "{rung}");
    caller.hang_up().await;
    let call = centre.closed(CALLER).await;
    assert_eq!(call["agent_id"], "a1005", "{call:#}");
}

/// Of all phones that ring the first to answer has the call; an agent is rung for one call at a time over all
/// queues, and not in after-call work; who waits hears music: VOX-031, VOX-033, VOX-043, VOX-044, VOX-071,
/// VOX-080, VOX-086, VOX-093.
#[tokio::test(flavor = "multi_thread")]
async fn an_agent_is_rung_for_one_call_at_a_time() {
    let extensions = ["1003", "1004", "1006"];
    let centre = Centre::saying(&[("tune", TUNE, 400)], &extensions, By::Called, BY_PHONE).await;
    let settings = |strategy: &str| json!({ "strategy": strategy, "music": "tune", "wrap_up_ms": 3_600_000, "max_no_answer": 0 });
    let soon = || json!({ "wrap_up_ms": 3_000 });
    let all = extensions.map(|extension| (extension, soon()));
    centre.queue("651", settings("ring_all"), &all).await;
    centre
        .queue("652", settings("top_down"), &[("1006", soon())])
        .await;
    centre
        .queue("653", settings("top_down"), &[("1003", soon())])
        .await;
    centre.in_effect(&["651", "652", "653"]).await;
    centre.work(&extensions).await;

    let caller = centre.call(CALLER, "651").await;
    centre.phones.rung(CALLER, 3).await;
    let other = centre.call(OTHER, "652").await;
    let third = centre.call(THIRD, "653").await;
    centre.phones.until("ACK", CALLER, "1006").await;
    for extension in ["1003", "1004"] {
        centre.phones.until("CANCEL", CALLER, extension).await;
    }
    hear("the agent", || caller.sound.hears(), CARRIER_HERTZ).await;
    let at_phone = || centre.phones.sipp.sound.hears();
    hear("the customer", at_phone, CUSTOMER_HERTZ).await;
    hear("music", || other.sound.hears(), TUNE).await;
    // The phone that was let go rings for whoever waits there.
    let let_go = centre.phones.until("CANCEL", CALLER, "1003").await;
    let rung = centre.phones.until("INVITE", THIRD, "1003").await;
    assert!(let_go <= rung, "{let_go} to {rung}");
    assert_eq!(centre.phones.rung_so_far(OTHER), "", "its agent talks");
    caller.hang_up().await;
    let over = centre.phones.until("BYE", CALLER, "1006").await;
    let next = centre.phones.until("INVITE", OTHER, "1006").await;
    assert!(next - over > 2_800, "{over} to {next}");
    for caller in [other, third] {
        caller.hang_up().await;
    }
    let call = centre.closed(CALLER).await;
    assert_eq!(call["agent_id"], "a1006", "{call:#}");
    assert_eq!(call["outcome"], "connected", "{call:#}");
}
