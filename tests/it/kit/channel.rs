//! The event channel as an agent's page uses it.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use super::client::Client;

pub struct Channel {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Channel {
    /// Opens the channel as this person and subscribes.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn open(person: &Client, topics: &[&str]) -> Self {
        let url = format!("{}/events", person.base().replace("http://", "ws://"));
        let mut request = url.into_client_request().expect("a URL");
        let bearer = format!("Bearer {}", person.token())
            .parse()
            .expect("a header");
        request.headers_mut().insert("authorization", bearer);
        let (socket, _) = connect_async(request).await.expect("a channel");
        let mut channel = Self { socket };
        let wish = json!({ "subscribe": topics }).to_string();
        channel
            .socket
            .send(Message::text(wish))
            .await
            .expect("an open channel");
        channel.until("subscribed", Duration::from_secs(60)).await;
        channel
    }

    /// Reads on until an event of this name comes, and gives it.
    ///
    /// # Panics
    /// When none comes in time.
    pub async fn until(&mut self, event: &str, limit: Duration) -> Value {
        let wanted = async {
            loop {
                let message = self.socket.next().await.expect("an open channel");
                if let Message::Text(text) = message.expect("a message") {
                    let told: Value = serde_json::from_str(&text).expect("JSON");
                    if told["event"] == event {
                        return told;
                    }
                }
            }
        };
        timeout(limit, wanted)
            .await
            .unwrap_or_else(|_| panic!("no {event} in {limit:?}"))
    }
}
