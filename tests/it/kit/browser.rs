//! Chromium without a window, driven over its DevTools protocol. What a page complains of is kept.

use std::{
    collections::VecDeque,
    fs,
    process::{Command, Stdio},
    time::Duration,
};

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

use super::{process::Process, wait};

const LIMIT: Duration = Duration::from_secs(60);

/// One tab.
#[derive(Debug)]
pub struct Browser {
    _process: Process,
    _dir: TempDir,
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    session: String,
    asked: u64,
    events: VecDeque<Value>,
    faults: Vec<String>,
}

impl Browser {
    /// # Panics
    /// When there is no Chromium, or it does not start in time.
    pub async fn start(width: u32, height: u32) -> Self {
        let dir = TempDir::new().expect("a temporary directory");
        let process = Process::start(
            Command::new("chromium")
                .args(["--headless=new", "--no-sandbox", "--disable-gpu"])
                .args(["--remote-debugging-port=0", "--no-first-run"])
                .arg(format!("--window-size={width},{height}"))
                .arg(format!("--user-data-dir={}", dir.path().display()))
                .arg("about:blank")
                .stdout(Stdio::null())
                .stderr(Stdio::null()),
        );
        let told = dir.path().join("DevToolsActivePort");
        let address = wait::until("Chromium to listen", LIMIT, || async {
            let text = fs::read_to_string(&told).ok()?;
            let (port, path) = text.split_once('\n')?;
            Some(format!("ws://127.0.0.1:{port}{path}"))
        })
        .await;
        let (socket, _) = connect_async(address).await.expect("its own address");
        let mut browser = Self {
            _process: process,
            _dir: dir,
            socket,
            session: String::new(),
            asked: 0,
            events: VecDeque::new(),
            faults: Vec::new(),
        };
        browser.open_tab(width, height).await;
        browser
    }

    async fn open_tab(&mut self, width: u32, height: u32) {
        let tab = self
            .ask("Target.createTarget", json!({ "url": "about:blank" }))
            .await;
        let attach = json!({ "targetId": tab["targetId"], "flatten": true });
        let attached = self.ask("Target.attachToTarget", attach).await;
        attached["sessionId"]
            .as_str()
            .expect("a session")
            .clone_into(&mut self.session);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            self.ask(&format!("{domain}.enable"), json!({})).await;
        }
        self.ask("Page.setLifecycleEventsEnabled", json!({ "enabled": true }))
            .await;
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.ask("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// Goes to a page and waits until nothing has been fetched for half a second.
    ///
    /// # Panics
    /// When the page does not come in time.
    pub async fn open(&mut self, url: &str) {
        self.events.clear();
        let gone = self.ask("Page.navigate", json!({ "url": url })).await;
        assert_eq!(gone["errorText"], Value::Null, "{url}");
        self.settled(&gone["loaderId"]).await;
    }

    /// Runs `script`, which leads to another page, and waits for that as [`Self::open`] does.
    ///
    /// # Panics
    /// When no page comes in time.
    pub async fn leave(&mut self, script: &str) {
        self.events.clear();
        self.run(script).await;
        let new = self
            .until_event("another page", |event| {
                (event["method"] == "Page.frameNavigated")
                    .then(|| event["params"]["frame"]["loaderId"].clone())
            })
            .await;
        self.settled(&new).await;
    }

    async fn settled(&mut self, loader: &Value) {
        self.until_event("the page to come to rest", |event| {
            let about = &event["params"];
            let rests = event["method"] == "Page.lifecycleEvent" && about["name"] == "networkIdle";
            (rests && about["loaderId"] == *loader).then_some(())
        })
        .await;
    }

    /// The value of an expression; of a promise, what it comes to.
    ///
    /// # Panics
    /// When it throws.
    pub async fn run(&mut self, script: &str) -> Value {
        let wish = json!({ "expression": script, "awaitPromise": true, "returnByValue": true });
        let told = self.ask("Runtime.evaluate", wish).await;
        assert_eq!(told["exceptionDetails"], Value::Null, "{script}");
        told["result"]["value"].clone()
    }

    /// Waits until an expression is true.
    ///
    /// # Panics
    /// When it does not become true in time.
    pub async fn until(&mut self, script: &str) {
        let deadline = tokio::time::Instant::now() + LIMIT;
        while self.run(script).await != true {
            let page = self.run("document.body?.innerText").await;
            assert!(
                tokio::time::Instant::now() < deadline,
                "waited for {script}\n{page}"
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// What the pages have complained of since it was last asked: errors of scripts, refusals of the
    /// content security policy, what could not be loaded.
    pub async fn faults(&mut self) -> Vec<String> {
        // Whatever was said before this answer has come with it.
        self.run("0").await;
        std::mem::take(&mut self.faults)
    }

    async fn ask(&mut self, method: &str, params: Value) -> Value {
        self.asked += 1;
        let id = self.asked;
        let mut wish = json!({ "id": id, "method": method, "params": params });
        if !self.session.is_empty() {
            wish["sessionId"] = json!(self.session);
        }
        self.socket
            .send(Message::text(wish.to_string()))
            .await
            .expect("an open socket");
        loop {
            let message = self.next(method).await;
            if message["id"] == id {
                assert_eq!(message["error"], Value::Null, "{method}");
                return message["result"].clone();
            }
            self.events.push_back(message);
        }
    }

    async fn until_event<T>(&mut self, what: &str, wanted: impl Fn(&Value) -> Option<T>) -> T {
        loop {
            let event = match self.events.pop_front() {
                Some(event) => event,
                None => self.next(what).await,
            };
            if let Some(found) = wanted(&event) {
                return found;
            }
        }
    }

    async fn next(&mut self, what: &str) -> Value {
        loop {
            let message = timeout(LIMIT, self.socket.next()).await;
            let message = message.unwrap_or_else(|_| panic!("waited {LIMIT:?} for {what}"));
            if let Message::Text(text) = message.expect("an open socket").expect("a message") {
                let told: Value = serde_json::from_str(&text).expect("JSON");
                self.faults.extend(fault(&told));
                return told;
            }
        }
    }
}

fn fault(told: &Value) -> Option<String> {
    let about = &told["params"];
    match told["method"].as_str()? {
        "Runtime.exceptionThrown" => Some(format!("exception: {}", about["exceptionDetails"])),
        "Runtime.consoleAPICalled" if about["type"] == "error" => {
            Some(format!("console: {}", about["args"]))
        }
        "Log.entryAdded" if about["entry"]["level"] == "error" => Some(format!(
            "{}: {} {}",
            about["entry"]["source"], about["entry"]["text"], about["entry"]["url"]
        )),
        _ => None,
    }
}
