//! The whole product: the built server with its database and recordings, a progressive campaign, agents
//! whose phones are kept on the line.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, SystemTime},
};

use serde_json::{Value, json};

use super::board::{self, Answer, Board};
use crate::kit::{
    client::Client,
    server::House,
    sipp_phone::SippPhone,
    stage::{self, Agent},
    wait,
};

const EXTENSIONS: [&str; 3] = ["1001", "1002", "1003"];
const SOON: Duration = Duration::from_secs(60);
/// For one call, batch work aside.
const FOR_A_CALL: Duration = Duration::from_secs(10);
/// Lines are never what is waited for.
const RATE: f64 = 1_000.0;
/// As where nothing is set: the tests are more patient.
const IN_EARNEST: &str = "[rtp]\nlate_ms = 20\n";

/// What the far ends saw, and what the CDRs say.
pub struct Measured {
    pub answers: Vec<Arc<Answer>>,
    calls: Vec<Value>,
}

/// Calls that many people, on SQLite or the PostgreSQL database of this URL.
pub async fn measure(database: Option<&str>, people: u32) -> Measured {
    let house = House::new().with_settings(IN_EARNEST);
    let house = match database {
        Some(database) => house.on(database),
        None => house,
    };
    let server = house.start();
    let api = house.admin().await;
    let board = Arc::<Board>::default();
    // 0 would leave it to the agents when they are ready again.
    let soon = json!({ "wrap_up_ms": 100 });
    let agents = stage::queue(&api, "sales", &EXTENSIONS, soon).await;
    let mut telephones = vec![board::people(&board)];
    for (nth, agent) in agents.iter().enumerate() {
        let phone = SippPhone::register(&agent.extension, &agent.secret, server.sip).await;
        telephones.push(board::agent(&board, nth as u8, phone.port));
        work(&api, agent, &board, nth + 1).await;
    }
    let numbers: Vec<String> = (0..people).map(|nth| format!("13{nth:08}0")).collect();
    let batch = stage::batch(&api, "people", &numbers).await;
    let gateway = stage::gateway_at(&api, telephones[0].address.port(), RATE).await;
    let mut settings = stage::settings(&gateway);
    settings["pacing"] = json!({ "mode": "progressive" });
    let campaign = stage::start(&api, "predictive", &batch, ("queue", "sales"), settings).await;
    let patience = stage::WORK + FOR_A_CALL * people;
    campaign.dialled_out(&api, people as usize, patience).await;
    Measured {
        answers: board.answers(),
        calls: campaign.calls(&api).await,
    }
}

/// Signs in with the phone on the line for the whole shift; `up` are on the line then.
async fn work(api: &Client, agent: &Agent, board: &Board, up: usize) {
    agent.registered(api).await;
    let sign_in = json!({ "order": "sign_in", "nailed_up": true });
    agent.order(api, sign_in).await;
    wait::until("the phone to be on the line", SOON, || async {
        (board.agents_up() == up).then_some(())
    })
    .await;
    agent.order(api, json!({ "order": "ready" })).await;
}

impl Measured {
    /// What lies between the 200 OK and sound both ways: until the server knows, until it has bridged, the
    /// rest. The CDR has whole milliseconds.
    pub fn stages(&self) -> [Vec<Duration>; 3] {
        let times: HashMap<&str, (SystemTime, SystemTime)> = self
            .calls
            .iter()
            .filter_map(|call| {
                let times = (time(&call["answered_at"])?, time(&call["bridged_at"])?);
                Some((call["callee"].as_str()?, times))
            })
            .collect();
        let mut stages = [const { Vec::new() }; 3];
        for answer in &self.answers {
            let (Some((known, bridged)), Some(both)) =
                (times.get(answer.number.as_str()), answer.both_ways())
            else {
                continue;
            };
            let heard = answer.at_wall + both;
            let steps = [answer.at_wall, *known, *bridged, heard];
            for (stage, step) in stages.iter_mut().zip(steps.windows(2)) {
                stage.push(step[1].duration_since(step[0]).unwrap_or_default());
            }
        }
        stages
    }
}

fn time(value: &Value) -> Option<SystemTime> {
    let time = chrono::DateTime::parse_from_rfc3339(value.as_str()?);
    Some(time.ok()?.into())
}
