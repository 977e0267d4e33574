//! What supervisors force on agents, by whose phone is rung next: SIPp calls, and is the agents' phones.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    conference::stranger,
    in_call::SOON,
    kit::{carrier::By, centre::Centre, channel::Channel, stage::text},
    ring_order::{BY_CALLER, TALKS},
};

/// The six steps, each in the trail, told to its agent, and open to supervisors of the agent's department alone:
/// AGT-146, AGT-150, AGT-152, AGT-153, AGT-154, AGT-155.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_forced_on_an_agent_decides_whose_phone_is_rung() {
    let centre = Centre::open(&["1002", "1003"], By::Caller, BY_CALLER).await;
    let settings = json!({ "strategy": "top_down", "wrap_up_ms": 0 });
    let members = [
        ("1002", json!({ "position": 1 })),
        ("1003", json!({ "position": 2 })),
    ];
    centre.queue("3", settings, &members).await;
    centre.in_effect(&["3"]).await;
    centre.work(&["1002", "1003"]).await;
    let mut channel = Channel::open(&centre.api, &["agent:*"]).await;
    let path = "/agents/a1002/supervise";
    let stranger = stranger(&centre.api).await;
    let refused = stranger
        .ask(Method::POST, path, Some(json!({ "how": "leave" })))
        .await;
    assert_eq!(refused.code(), "FORBIDDEN", "{refused:?}");

    let rung_after = async |channel: &mut Channel, order: Value| {
        centre.api.post(path, order.clone()).await;
        let told = channel.until("agent.forced", SOON).await;
        assert_eq!(told["data"]["what"], order["how"], "{told:#}");
        centre.first_rung("3", 1).await
    };
    assert_eq!(centre.first_rung("3", 1).await, "2");
    let table = [
        (json!({ "how": "leave" }), "3"),
        (json!({ "how": "resume" }), "2"),
        (json!({ "how": "work_mode", "mode": "break" }), "3"),
        (json!({ "how": "work_mode", "mode": "ready" }), "2"),
    ];
    for (order, phone) in table {
        assert_eq!(
            rung_after(&mut channel, order.clone()).await,
            phone,
            "{order}"
        );
    }
    centre.serve("1002", "3", 0).await;
    assert_eq!(centre.first_rung("3", 1).await, "3", "in after-call work");
    let order = json!({ "how": "finish_wrap_up" });
    assert_eq!(rung_after(&mut channel, order).await, "2");

    // Whoever talks is signed out once the talk is over, which it is when the call is released.
    let caller = centre.call(TALKS, "3").await;
    centre.talking("1002").await;
    centre.api.post(path, json!({ "how": "sign_out" })).await;
    centre.talking("1002").await;
    centre.api.post(path, json!({ "how": "release" })).await;
    caller.released().await;
    centre.until("1002", "logout").await;
    assert_eq!(centre.first_rung("3", 1).await, "3");

    let trail = centre.api.all("/audit").await;
    let is_one = |entry: &&Value| text(&entry["action"]).contains("supervise");
    assert_eq!(trail.iter().filter(is_one).count(), 8, "{trail:#?}");
}
