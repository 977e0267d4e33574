//! The event channel, through a real socket.

use std::{net::SocketAddr, time::Duration};

use engine::time::Millis;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use store::{access::Role, testing::sqlite};
use tokio::{net::TcpListener, sync::oneshot, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use super::kit::Kit;
use crate::{Config, serve_on};

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
    timeout(Duration::from_secs(10), next)
        .await
        .expect("a message in time")
}

#[tokio::test]
async fn events_come_to_those_who_may_hear_them() {
    let home = sqlite().await;
    let kit = Kit::new(&home);
    let supervisor = kit.token(Role::Supervisor).await;
    let marketer = kit.token(Role::Marketer).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let config = Config::new(home.data_dir.clone());
    let server = serve_on(listener, config, kit.db.clone(), kit.live.clone(), async {
        let _ = stopped.await;
    });
    let server = tokio::spawn(server);

    let bus = kit.live.bus().clone();
    bus.publish(
        "campaign:c1".into(),
        "campaign.stats",
        json!({"talking": 1}),
        Millis(1_000),
    );
    let mut boss = connect(at, &supervisor).await;
    say(
        &mut boss,
        json!({"subscribe": ["campaign:c1", "agent:*"], "since_seq": 0}),
    )
    .await;
    let confirmed = hear(&mut boss).await;
    assert_eq!(confirmed["topics"], json!(["agent:*", "campaign:c1"]));
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
        "job:j1".into(),
        "job.progress",
        json!({"done": 5}),
        Millis(2_000),
    );
    assert_eq!(hear(&mut seller).await["topic"], "job:j1");
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
async fn nobody_listens_without_a_session() {
    let home = sqlite().await;
    let kit = Kit::new(&home);
    let answer = kit.ask("GET", "/api/v1/events", &[], None).await;
    assert_eq!(answer.code(), "UNAUTHENTICATED");
}
