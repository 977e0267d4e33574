//! Every way a call can begin: preview, robot, inbound, and predictive with too few agents.

use std::time::Duration;

use serde_json::{Value, json};

use crate::kit::{
    baresip::Baresip,
    caller::Caller,
    carrier::Fate,
    channel::Channel,
    client::Client,
    server::{House, Server},
    sipp::Sipp,
    stage::{self, Agent, tally, text},
    wait,
};

const BRIEFLY: &[(char, Fate)] = &[(
    '0',
    Fate::Answers {
        ring_ms: 100,
        talk_ms: 2_000,
    },
)];
const LONG: &[(char, Fate)] = &[(
    '0',
    Fate::Answers {
        ring_ms: 100,
        talk_ms: 30_000,
    },
)];
const SOON: Duration = Duration::from_secs(40);

/// A server with one agent at a phone.
struct Office {
    _house: House,
    server: Server,
    api: Client,
    agent: Agent,
    _phone: Baresip,
}

impl Office {
    async fn open() -> Self {
        let house = House::new();
        let server = house.start();
        let api = house.admin().await;
        let by_hand = json!({ "wrap_up_ms": 0 });
        let agent = stage::queue(&api, "sales", &["1001"], by_hand)
            .await
            .remove(0);
        let phone = Baresip::start(&agent.extension, &agent.secret, server.sip);
        agent.work(&api).await;
        Self {
            _house: house,
            server,
            api,
            agent,
            _phone: phone,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn preview_offers_a_lead_and_the_agent_dials_it() {
    let carrier = Sipp::carrier(BRIEFLY);
    let office = Office::open().await;
    let (api, agent) = (&office.api, &office.agent);
    let mut channel = Channel::open(api, &["agent:*"]).await;
    let batch = stage::batch(api, "one", &["13800138000"]).await;
    let gateway = stage::gateway(api, &carrier, 10.0).await;
    let settings = stage::settings(&gateway);
    let target = ("agent", agent.id.as_str());
    let campaign = stage::start(api, "preview", &batch, target, settings).await;
    allocated(api, &campaign.task).await;
    campaign
        .until(api, "the floor to know the campaign", SOON, |stats| {
            stats["on_the_floor"] == true && stats["state"] == "running"
        })
        .await;
    let wish = json!({ "order": "next_preview", "campaign_id": campaign.id });
    agent.order(api, wish).await;
    let offer = channel.until("outbound.preview", SOON).await;
    let shown = &offer["data"];
    assert_eq!(shown["phone"], "13800138000", "{offer:#}");
    assert_eq!(shown["task_id"], *campaign.task, "{offer:#}");
    assert_eq!(shown["left_count"], 0, "{offer:#}");
    let control = &shown["fields"][0];
    assert!(control["element"].is_string(), "{offer:#}");
    assert!(control["positions"].is_array(), "{offer:#}");
    assert!(
        carrier.invites().is_empty(),
        "dialled before the agent said so"
    );
    agent.order(api, json!({ "order": "dial_preview" })).await;
    agent.until(api, "acw", SOON).await;
    let call = campaign.calls(api).await.remove(0);
    assert_eq!(
        (&call["mode"], &call["outcome"]),
        (&json!("preview"), &json!("connected"))
    );
    assert_eq!(call["agent_id"], *agent.id, "{call:#}");
    assert!(call["talk_ms"].as_i64() > Some(0), "{call:#}");
}

/// A queue's campaign that names no gateway dials by the one that the queue is bound to: VOX-040.
#[tokio::test(flavor = "multi_thread")]
async fn a_queue_dials_by_the_gateway_that_it_is_bound_to() {
    let [other, bound] = [Sipp::carrier(BRIEFLY), Sipp::carrier(BRIEFLY)];
    let office = Office::open().await;
    let (api, agent) = (&office.api, &office.agent);
    stage::gateway(api, &other, 10.0).await;
    let gateway = stage::gateway(api, &bound, 10.0).await;
    let settings = json!({ "wrap_up_ms": 0, "gateway": gateway });
    let queue = json!({ "name": "sales", "agents": [agent.id], "settings": settings });
    api.put("/queues/sales", queue).await;
    let batch = stage::batch(api, "one", &["13800138000"]).await;
    let mut settings = stage::settings(&gateway);
    settings
        .as_object_mut()
        .expect("an object")
        .remove("gateway");
    let target = ("queue", "sales");
    let campaign = stage::start(api, "predictive", &batch, target, settings).await;
    campaign.dialled_out(api, 1, SOON).await;
    let dialled = |carrier: &Sipp| carrier.invites().len();
    assert_eq!((dialled(&other), dialled(&bound)), (0, 1));
    let call = campaign.calls(api).await.remove(0);
    assert_eq!(call["agent_id"], *agent.id, "{call:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_robot_hands_who_has_heard_it_to_a_queue() {
    let carrier = Sipp::carrier(LONG);
    let office = Office::open().await;
    let (api, agent) = (&office.api, &office.agent);
    let batch = stage::batch(api, "one", &["13800138000"]).await;
    let gateway = stage::gateway(api, &carrier, 10.0).await;
    let mut settings = stage::settings(&gateway);
    settings["robot"] = json!({ "prompt": "robot", "then_queue": "sales" });
    let campaign = stage::start(api, "robot", &batch, ("robot", "robot"), settings).await;
    agent.until(api, "busy", SOON).await;
    campaign
        .until(api, "the conversation", SOON, |stats| stats["talking"] == 1)
        .await;
    wait::until("the bridge", SOON, || async {
        let call = campaign.calls(api).await.pop()?;
        (call["state"] == "open" && agent_talks(api, agent).await).then_some(())
    })
    .await;
    agent.order(api, json!({ "order": "hangup" })).await;
    agent.until(api, "acw", SOON).await;
    let call = wait::until("the CDR", SOON, || async {
        campaign
            .calls(api)
            .await
            .pop()
            .filter(|call| call["state"] == "closed")
    })
    .await;
    assert_eq!(call["agent_id"], *agent.id, "{call:#}");
    assert_eq!(call["outcome"], "connected", "{call:#}");
    assert!(!carrier.sound.heard().is_empty(), "the robot said nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inbound_call_goes_through_its_route_to_an_agent() {
    const NUMBER: &str = "4008001234";
    let office = Office::open().await;
    let (api, agent) = (&office.api, &office.agent);
    // Calls are taken from gateways; every SIPp here calls from loopback.
    stage::gateway_at(api, 9, 10.0).await;
    let route = json!({ "position": 1, "number": NUMBER, "queue_id": "sales" });
    api.put("/routes/hotline", route).await;
    let mut channel = Channel::open(api, &["agent:*"]).await;
    let mut caller = Caller::call(office.server.sip, NUMBER, 2_000);
    let popup = channel.until("call.popup", SOON).await;
    assert_eq!(popup["data"]["direction"], "inbound", "{popup:#}");
    agent.until(api, "acw", SOON).await;
    let exit = caller.process.ended("the caller's call", SOON).await;
    assert!(exit.success(), "SIPp: {exit}");
    let id = text(&popup["data"]["call_id"]);
    let call = wait::until("the CDR", SOON, || async {
        let call = api.get(&format!("/calls/{id}")).await;
        (call["state"] == "closed").then_some(call)
    })
    .await;
    assert_eq!(call["direction"], "inbound", "{call:#}");
    assert_eq!(call["callee"], NUMBER, "{call:#}");
    assert_eq!(
        (&call["agent_id"], &call["outcome"]),
        (&json!(agent.id), &json!("connected"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_answered_when_nobody_is_free_is_abandoned_and_told_so() {
    let carrier = Sipp::carrier(LONG);
    let office = Office::open().await;
    let (api, agent) = (&office.api, &office.agent);
    let numbers = ["13800138000", "13800138010", "13800138020"];
    let batch = stage::batch(api, "three", &numbers).await;
    let gateway = stage::gateway(api, &carrier, 100.0).await;
    let mut settings = stage::settings(&gateway);
    settings["pacing"] = json!({ "mode": "ratio", "lines": 3.0 });
    let campaign = stage::start(api, "predictive", &batch, ("queue", "sales"), settings).await;
    campaign
        .until(api, "two abandoned calls", SOON, |stats| {
            stats["abandoned"] == 2
        })
        .await;
    agent.order(api, json!({ "order": "hangup" })).await;
    campaign.dialled_out(api, 3, SOON).await;
    let calls = campaign.calls(api).await;
    let outcomes = [("abandoned".to_owned(), 2), ("connected".to_owned(), 1)];
    assert_eq!(tally(&calls, "outcome"), outcomes.into());
    for call in calls.iter().filter(|call| call["outcome"] == "abandoned") {
        assert_eq!(call["hangup_side"], "us", "{call:#}");
        assert_eq!(call["answer_class"], "person", "{call:#}");
    }
}

async fn agent_talks(api: &Client, agent: &Agent) -> bool {
    let seen = api.get(&format!("/agents/{}", agent.id)).await;
    seen["sub_state"] == "answered"
}

async fn allocated(api: &Client, task: &str) -> Value {
    let path = format!("/tasks/{task}");
    wait::until_seen(
        "the allocation",
        SOON,
        || async { api.get(&path).await },
        |task| task["state"] == "ready",
    )
    .await
}
