//! A desk phone that lets others press its keys, over HTTP or over SIP: the agent takes the call from the
//! desk.

use reqwest::Method;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
    task::JoinHandle,
};

use crate::{
    console::{Console, PASSWORD, seen},
    kit::{
        baresip::Baresip,
        client::Client,
        office::{BREATH_MS, ONE, Office, SOON, until},
        person::Person,
        server::House,
        stage::{self, text},
        tone_end::ToneEnd,
        voice::Voice,
        wait,
    },
};

const NUMBER: &str = "4008001234";

/// The web server of a phone: what it is asked comes out, its answers are those that are given.
struct PhoneWeb {
    port: u16,
    asked: UnboundedReceiver<String>,
    serving: JoinHandle<()>,
}

impl PhoneWeb {
    async fn start(answers: &'static [&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("it is bound").port();
        let (tell, asked) = unbounded_channel();
        let serving = tokio::spawn(async move {
            for answer in answers {
                let (mut stream, _) = listener.accept().await.expect("a request");
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(stream.read_u8().await.expect("a whole head"));
                }
                let _ = tell.send(String::from_utf8(head).expect("text"));
                let answer =
                    format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                stream
                    .write_all(answer.as_bytes())
                    .await
                    .expect("it listens");
            }
        });
        Self {
            port,
            asked,
            serving,
        }
    }

    /// What it is asked next.
    async fn is_asked(&mut self) -> String {
        let asked = tokio::time::timeout(stage::WORK, self.asked.recv()).await;
        asked.expect("a request in time").expect("a request")
    }
}

/// A phone whose keys are pressed over HTTP: AGT-145.
#[tokio::test(flavor = "multi_thread")]
async fn an_agent_takes_a_call_from_the_desk_at_a_phone_that_is_controlled_over_http() {
    let house = House::new();
    let server = house.start();
    let api = house.admin().await;
    let queue = json!({ "max_wait_ms": 0, "ring_ms": 60_000 });
    let agents = stage::queue(&api, "sales", &["8001"], queue).await;
    let agent = &agents[0];
    let mut desk = Console::sign_in(&api, "agent", "en", async |user| {
        let who = json!({ "name": "Ann", "extension": "8001", "user_id": user });
        api.put(&format!("/agents/{}", agent.id), who).await;
    })
    .await;
    let own = Client::sign_in(api.base(), "agent-en", PASSWORD).await;
    let press = async |key: &str| {
        let body = json!({ "key": key });
        let answer = own.ask(Method::POST, "/agents/me/phone", Some(body)).await;
        (answer.status.as_u16(), text(&json!(answer.code())))
    };
    let phone = Baresip::ringing(&agent.extension, &agent.secret, server.sip);
    agent.work(&api).await;
    assert_eq!(
        press("off_hook").await,
        (409, "PHONE_NOT_CONTROLLED".into())
    );

    let mut web = PhoneWeb::start(&["200 OK", "401 Unauthorized"]).await;
    let url = format!("http://{{phone}}:{}/servlet?key={{key}}", web.port);
    let control = json!({ "url": url, "username": "admin", "password": "s3cret" });
    api.put("/extensions/8001/control", control).await;
    let hotline = json!({ "number": NUMBER, "queue_id": "sales" });
    api.put("/routes/hotline", hotline).await;
    let mut person = Person::new(server.sip).await;
    stage::gateway_at(&api, person.port(), 10.0).await;
    desk.open("/desk").await;
    let leg = person.call(NUMBER, "13900001111").await;
    desk.click("#off-hook").await;
    let asked = web.is_asked().await;
    assert!(
        asked.starts_with("GET /servlet?key=OFFHOOK HTTP/1.1\r\n"),
        "{asked}"
    );
    let signed_in = "authorization: Basic YWRtaW46czNjcmV0";
    assert!(
        asked
            .to_ascii_lowercase()
            .contains(&signed_in.to_ascii_lowercase()),
        "{asked}"
    );
    phone.order("accept", "");
    desk.browser.until(&seen("[data-in-call=hold]")).await;
    let hidden = desk.browser.run(&seen("#off-hook")).await;
    assert_eq!(hidden, false);

    assert_eq!(press("on_hook").await, (409, "PHONE_REFUSED".into()));
    let asked = web.is_asked().await;
    assert!(asked.starts_with("GET /servlet?key=ONHOOK "), "{asked}");
    web.serving.await.expect("it has answered");
    assert_eq!(press("speaker").await, (502, "PHONE_UNREACHABLE".into()));
    let nothing = json!({ "hidden": ["off_hook"] });
    api.put("/settings/desk", nothing).await;
    wait::until("the function to be hidden", stage::WORK, || async {
        (press("off_hook").await.1 == "FUNCTION_HIDDEN").then_some(())
    })
    .await;
    person.hang_up(leg).await;
    assert_eq!(desk.browser.faults().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_takes_a_call_from_the_desk_at_a_phone_that_is_told_so_over_sip() {
    let office = Office::open().await;
    let (api, agent) = (&office.api, &office.agents[0]);
    let mut desk = Console::sign_in(api, "agent", "en", async |user| {
        let who = json!({ "name": "Ann", "extension": agent.extension, "user_id": user });
        api.put(&format!("/agents/{}", agent.id), who).await;
    })
    .await;
    let own = Client::sign_in(api.base(), "agent-en", PASSWORD).await;
    let press = async |key: &str| {
        let body = json!({ "key": key });
        let answer = own.ask(Method::POST, "/agents/me/phone", Some(body)).await;
        (answer.status.as_u16(), text(&json!(answer.code())))
    };
    let sound = ToneEnd::start(Voice::Tone(ONE));
    let phone = office.sipp("1001").await;
    let script = phone
        .script()
        .rings_until_it_is_told()
        .told_and_refuses("489 Bad Event")
        .told_and_takes_it()
        .waits(BREATH_MS)
        .holds()
        .told_and_takes_up()
        .waits(BREATH_MS)
        .hangs_up();
    let mut playing = phone.run(&script, &[sound.port]);
    agent.work(api).await;
    let unknown = (409, "PHONE_NOT_CONTROLLED".into());
    assert_eq!(press("off_hook").await, unknown, "it has said nothing yet");
    let mut person = Person::new(office.server.sip).await;
    stage::gateway_at(api, person.port(), 10.0).await;
    let leg = person.call(NUMBER, "13900001111").await;
    wait::until_seen(
        "the phone to say that it can be told",
        SOON,
        || async { api.get(&format!("/agents/{}", agent.id)).await },
        |seen| seen["phone_control"] == true && seen["sub_state"] == "ringing",
    )
    .await;
    assert_eq!(press("hold").await, (404, "NO_SUCH_CALL".into()));
    assert_eq!(press("off_hook").await, (409, "PHONE_REFUSED".into()));
    until(api, agent, "busy", Some("ringing")).await;
    desk.open("/desk").await;
    desk.click("#off-hook").await;
    desk.browser.until(&seen("[data-in-call=hold]")).await;
    until(api, agent, "busy", Some("hold")).await;
    assert_eq!(press("speaker").await, unknown, "that is no key of SIP");
    desk.click("[data-in-call=retrieve]").await;
    until(api, agent, "busy", Some("answered")).await;
    phone.ended(&mut playing).await;
    person.until_over(leg).await;
    assert_eq!(desk.browser.faults().await, [""; 0]);
}
