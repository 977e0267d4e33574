//! Starts whose filter leaves nothing to draw.

use engine::{
    campaign::{Order, State},
    filter::{Condition, Value},
};
use store::{campaigns, jobs};

use super::*;

/// A campaign over the leads of this name, and all of them.
async fn campaign(house: &House, batch: &str, name: Option<&str>) -> String {
    let code = testing::code_of(&house.db, batch, "姓名").await;
    let asks = name.map(|name| Condition {
        field: Some(code),
        op: Some("eq".into()),
        value: Value::One(name.into()),
        ..Condition::default()
    });
    let conditions: Vec<Condition> = asks.into_iter().collect();
    let filter = testing::filter(house, batch, &conditions).await;
    let targets = [target(TargetType::Agent, "1001", 0)];
    let plan = Plan {
        mode: Mode::Preview,
        extract: 1_000,
        share: Share::All,
        targets: &targets,
    };
    testing::campaign(house, &filter, &plan).await
}

/// Orders a start, or an append, and does its job: the job's code and the task.
async fn order(house: &House, campaign: &str, kind: &str) -> (Option<String>, Task) {
    let found = campaigns::find(&house.db, campaign).await.unwrap().unwrap();
    let mut tx = house.db.begin().await.unwrap();
    if kind == "start" {
        campaigns::order(&mut tx, campaign, Order::Start, house.now())
            .await
            .unwrap();
    }
    let new = tasks::NewTask {
        kind,
        title: "任务",
        extract: None,
        by: "u",
    };
    let task = tasks::create(&mut tx, &found, new, house.now()).await;
    let task = task.unwrap().unwrap();
    tx.commit().await.unwrap();
    let job = testing::enqueue(house, Work::AllocateTask { task: task.clone() }).await;
    testing::start(house, &job).await.unwrap();
    let job = jobs::get(&house.db, &job).await.unwrap().unwrap();
    let task = tasks::get(&house.db, &task).await.unwrap().unwrap();
    (job.error_code, task)
}

async fn state(house: &House, campaign: &str) -> State {
    let campaign = campaigns::find(&house.db, campaign).await.unwrap().unwrap();
    campaign.state().unwrap()
}

#[tokio::test]
async fn a_first_start_that_finds_nothing_says_so_and_is_taken_back() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let batch = testing::sample(&house).await;
        let id = campaign(&house, &batch, Some("nobody")).await;
        let (code, task) = order(&house, &id, "start").await;
        assert_eq!(code.as_deref(), Some("NOTHING_TO_ALLOCATE"));
        assert_eq!(task.state, "failed");
        assert_eq!(task.error_code, code);
        let run = task.filter_run_id.as_deref().unwrap();
        let run = filter_runs::get(&house.db, run).await.unwrap().unwrap();
        assert_eq!((run.state.as_str(), run.matched), ("succeeded", 0));
        assert_eq!(state(&house, &id).await, State::Draft);
        let told = campaigns::revisions(&house.db).await.unwrap();
        assert!(
            told.iter().any(|(one, _)| *one == id),
            "the floor hears of it"
        );
        let mut tx = house.db.begin().await.unwrap();
        assert!(campaigns::delete(&mut tx, &id).await.unwrap());
        tx.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_campaign_with_leads_goes_on_when_another_start_finds_nothing() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let batch = testing::sample(&house).await;
        let id = campaign(&house, &batch, None).await;
        let (code, task) = order(&house, &id, "start").await;
        assert_eq!((code, task.to_agent), (None, 999));
        let (code, task) = order(&house, &id, "append").await;
        assert_eq!(code.as_deref(), Some("NOTHING_TO_ALLOCATE"));
        assert_eq!(task.state, "failed");
        assert_eq!(state(&house, &id).await, State::Running);
        let mut tx = house.db.begin().await.unwrap();
        campaigns::order(&mut tx, &id, Order::Stop, house.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let (code, task) = order(&house, &id, "start").await;
        assert_eq!((code, task.filtered), (None, 0));
        assert_eq!(task.state, "ready");
        assert_eq!(state(&house, &id).await, State::Running);
    })
    .await;
}
