//! The event channel, through a real socket.

use std::{net::SocketAddr, time::Duration};

use engine::{queue::Settings, time::Millis};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use store::{
    access::{FIRST_ORGI, Role, users},
    agents,
    queues::{self, Queue},
    testing::{Home, on_both, sqlite},
    work::{By, Work, enqueue},
};
use tokio::{net::TcpListener, sync::oneshot, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use super::kit::{Kit, PASSWORD};
use crate::{Config, ServeError, clock, secret, serve_on};

type Socket = WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

async fn connect(at: SocketAddr, token: &str) -> Socket {
    let mut request = format!("ws://{at}/api/v1/events")
        .into_client_request()
        .unwrap();
    let bearer = format!("Bearer {token}").parse().unwrap();
    request.headers_mut().insert("authorization", bearer);
    connect_async(request).await.expect("a channel").0
}

async fn say(socket: &mut Socket, what: Value) {
    socket.send(Message::text(what.to_string())).await.unwrap();
}

/// The next message that is no ping.
async fn hear(socket: &mut Socket) -> Value {
    let next = async {
        loop {
            match socket.next().await.expect("an open channel").unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Close(_) => return Value::Null,
                _ => {}
            }
        }
    };
    timeout(Duration::from_secs(60), next)
        .await
        .expect("a message in time")
}

/// A server of the kit's house, and what ends it.
async fn served(
    kit: &Kit,
    home: &Home,
) -> (
    SocketAddr,
    oneshot::Sender<()>,
    tokio::task::JoinHandle<Result<(), ServeError>>,
) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let config = Config::new(home.data_dir.clone());
    let server = serve_on(listener, config, kit.db.clone(), kit.live.clone(), async {
        let _ = stopped.await;
    });
    (at, stop, tokio::spawn(server))
}

/// A tenant's agent, queues and a job; the job's id.
async fn seat(kit: &Kit, tenant: &str, agent: &str, queues: &[&str]) -> String {
    let mut tx = kit.db.begin().await.unwrap();
    let person = agents::Agent {
        id: agent.into(),
        user_id: None,
        name: agent.into(),
        extension: agent.into(),
        wrap_up_s: None,
        auto_ready: false,
        keep_leg: false,
    };
    agents::put(&mut tx, tenant, &person, Millis(1))
        .await
        .unwrap();
    for queue in queues {
        let queue = Queue {
            id: (*queue).into(),
            name: (*queue).into(),
            code: String::new(),
            settings: Settings::default(),
            agents: Vec::new(),
        };
        queues::put(&mut tx, tenant, &queue, Millis(1))
            .await
            .unwrap();
    }
    let by = By {
        orgi: tenant,
        user: "u",
        batch: None,
    };
    let report = Work::CampaignReport {
        campaign: "cmp_1".into(),
    };
    // Long ago: nobody tells of its progress.
    let job = enqueue(&mut tx, report, by, Millis(1)).await.unwrap();
    tx.commit().await.unwrap();
    job
}

#[tokio::test]
async fn events_come_to_those_who_may_hear_them() {
    let home = sqlite().await;
    let kit = Kit::new(&home);
    let supervisor = kit.token(Role::Supervisor).await;
    let marketer = kit.token(Role::Marketer).await;
    let (at, stop, server) = served(&kit, &home).await;
    let job = seat(&kit, FIRST_ORGI, "1001", &["sales"]).await;
    let bus = kit.live.bus().clone();
    bus.publish(
        "queue:sales".into(),
        "campaign.stats",
        json!({"talking": 1}),
        Millis(1_000),
    );
    let mut boss = connect(at, &supervisor).await;
    say(
        &mut boss,
        json!({"subscribe": ["queue:sales", "agent:*"], "since_seq": 0}),
    )
    .await;
    let confirmed = hear(&mut boss).await;
    assert_eq!(confirmed["topics"], json!(["agent:*", "queue:sales"]));
    let first = hear(&mut boss).await;
    assert_eq!(first["data"], json!({"talking": 1}));
    assert_eq!(first["ts"], "1970-01-01T00:00:01.000Z");

    let mut seller = connect(at, &marketer).await;
    say(&mut seller, json!({"subscribe": ["job:*", "agent:1001"]})).await;
    assert_eq!(hear(&mut seller).await["denied"], json!(["agent:1001"]));
    bus.publish(
        "agent:1001".into(),
        "agent.state_changed",
        json!({}),
        Millis(2_000),
    );
    bus.publish(
        format!("job:{job}"),
        "job.progress",
        json!({"done": 5}),
        Millis(2_000),
    );
    assert_eq!(hear(&mut seller).await["topic"], format!("job:{job}"));
    assert_eq!(hear(&mut boss).await["topic"], "agent:1001");

    say(&mut boss, json!({"subscribe": [], "since_seq": 999})).await;
    assert_eq!(hear(&mut boss).await["event"], "subscribed");
    assert_eq!(hear(&mut boss).await["event"], "resync");
    say(&mut boss, json!("nonsense")).await;
    assert_eq!(hear(&mut boss).await["code"], "MALFORMED");

    stop.send(()).unwrap();
    assert_eq!(
        hear(&mut boss).await,
        Value::Null,
        "the channel ends with the server"
    );
    timeout(Duration::from_secs(10), server)
        .await
        .expect("it ends")
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn what_happens_at_another_tenant_is_not_told() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let supervisor = kit.token(Role::Supervisor).await;
        let (at, stop, server) = served(&kit, &home).await;
        let ours = seat(&kit, FIRST_ORGI, "1001", &["sales"]).await;
        let theirs = seat(&kit, "other", "2001", &["support"]).await;
        let bus = kit.live.bus().clone();
        let publish = |topic: &str| {
            bus.publish(topic.into(), "something", json!({}), Millis(1_000));
        };
        let topics = |agent: &str, queue: &str, job: &str| {
            [
                format!("agent:{agent}"),
                format!("queue:{queue}"),
                format!("job:{job}"),
            ]
        };
        let foreign = topics("2001", "support", &theirs);
        let mut wanted: Vec<String> = foreign.to_vec();
        wanted.extend(["agent:*", "queue:*", "job:*", "gateway:*", "call:*"].map(Into::into));
        let mut boss = connect(at, &supervisor).await;
        say(&mut boss, json!({"subscribe": wanted})).await;
        assert_eq!(hear(&mut boss).await["event"], "subscribed");
        // What is known and what has to be asked for: twice.
        for _ in 0..2 {
            foreign.iter().for_each(|topic| publish(topic));
            publish("agent:3001");
            publish("call:cal_1");
            for topic in topics("1001", "sales", &ours) {
                publish(&topic);
                assert_eq!(hear(&mut boss).await["topic"], topic);
            }
        }
        // Lines are the house's.
        publish("gateway:gw1");
        assert_eq!(hear(&mut boss).await["topic"], "gateway:gw1");
        // Nor later, when it is asked for again.
        say(&mut boss, json!({"subscribe": [], "since_seq": 0})).await;
        assert_eq!(hear(&mut boss).await["event"], "subscribed");
        for _ in 0..2 {
            for topic in topics("1001", "sales", &ours) {
                assert_eq!(hear(&mut boss).await["topic"], topic);
            }
        }
        stop.send(()).unwrap();
        server.await.unwrap().unwrap();
    })
    .await;
}

#[tokio::test]
async fn each_tenant_hears_of_its_own_jobs() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let ours = kit.token(Role::Supervisor).await;
        let stranger = users::User {
            id: "usr_other".into(),
            orgi: "other".into(),
            username: "stranger".into(),
            password_hash: secret::hash(PASSWORD).await,
            display_name: "stranger".into(),
            role: Role::Supervisor,
            department_id: None,
            disabled: false,
            created_at: 1,
        };
        users::add(&kit.db, &stranger).await.unwrap();
        let theirs = kit.sign_in("stranger").await;
        let (at, stop, server) = served(&kit, &home).await;
        let mut sockets = Vec::new();
        for (tenant, token) in [("other", theirs), (FIRST_ORGI, ours)] {
            let mut socket = connect(at, &token).await;
            say(&mut socket, json!({"subscribe": ["job:*"]})).await;
            assert_eq!(hear(&mut socket).await["event"], "subscribed");
            sockets.push((tenant, socket));
        }
        let mut jobs = Vec::new();
        for (tenant, _) in &sockets {
            let mut tx = kit.db.begin().await.unwrap();
            let by = By {
                orgi: tenant,
                user: "u",
                batch: None,
            };
            let report = Work::CampaignReport {
                campaign: "cmp_1".into(),
            };
            jobs.push(enqueue(&mut tx, report, by, clock::now()).await.unwrap());
            tx.commit().await.unwrap();
        }
        for ((_, socket), job) in sockets.iter_mut().zip(jobs) {
            let told = hear(socket).await;
            assert_eq!(told["event"], "job.progress");
            assert_eq!(told["topic"], format!("job:{job}"));
        }
        stop.send(()).unwrap();
        server.await.unwrap().unwrap();
    })
    .await;
}

#[tokio::test]
async fn nobody_listens_without_a_session() {
    let home = sqlite().await;
    let kit = Kit::new(&home);
    let answer = kit.ask("GET", "/api/v1/events", &[], None).await;
    assert_eq!(answer.code(), "UNAUTHENTICATED");
}
