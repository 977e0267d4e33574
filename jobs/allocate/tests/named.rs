//! Rows that are named, and appointments.

use store::{leads::Lead, testing::about, work::Recycle};

use super::*;

async fn given_away(house: &House) -> Vec<(tasks::Task, Vec<Lead>)> {
    let batch = testing::sample(house).await;
    let filter = testing::filter(house, &batch, &[]).await;
    let mut both = Vec::new();
    for queue in ["q1", "q2"] {
        let plan = Plan {
            mode: Mode::Predictive,
            extract: 10,
            share: Share::All,
            targets: &[target(TargetType::Queue, queue, 10)],
        };
        let campaign = testing::campaign(house, &filter, &plan).await;
        let task = start(house, &campaign).await;
        let leads = leads::page_of_task(&house.db, &task.id, -1, 10).await;
        both.push((task, leads.unwrap()));
    }
    both
}

#[tokio::test]
async fn named_rows_are_taken_back_where_they_are_said_to_be_alone() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let given = given_away(&house).await;
        let (first, others) = (&given[0].0, &given[1]);
        let named = vec![given[0].1[0].id.clone(), others.1[0].id.clone()];
        let back = |task: Option<&str>, holder: Option<&str>| {
            Work::RecycleTask(Recycle {
                orgi: "o".into(),
                task: task.map(str::to_owned),
                holder: holder.map(|id| (TargetType::Queue, id.to_owned())),
                leads: named.clone(),
                ..Recycle::default()
            })
        };
        let left = async || {
            let of = async |task: &str| find(&house, task).await.unwrap().to_queue;
            (of(&first.id).await, of(&others.0.id).await)
        };
        testing::run(&house, back(Some(&first.id), Some("q2")))
            .await
            .unwrap();
        assert_eq!(left().await, (10, 10));
        testing::run(&house, back(Some(&first.id), None))
            .await
            .unwrap();
        assert_eq!(left().await, (9, 10));
        testing::run(&house, back(None, Some("q2"))).await.unwrap();
        assert_eq!(left().await, (9, 9));
    })
    .await;
}

#[tokio::test]
async fn leads_that_no_department_had_stay_and_are_told() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let given = given_away(&house).await;
        let (task, leads) = &given[0];
        store::testing::mark_dialled(&house.db, &leads[0].id).await;
        let all = Recycle {
            orgi: "o".into(),
            task: Some(task.id.clone()),
            to_department: true,
            ..Recycle::default()
        };
        let one = Recycle {
            leads: vec![leads[0].id.clone()],
            ..all.clone()
        };
        for (back, stay, dialled) in [(all, 9, 1), (one, 1, 1)] {
            let work = Work::RecycleTask(back);
            let job = testing::enqueue(&house, work.clone()).await;
            testing::perform(&house, &job, &work).await.unwrap();
            let said = store::jobs::get(&house.db, &job)
                .await
                .unwrap()
                .unwrap()
                .result;
            let expected = serde_json::json!({
                "recycled": 0, "being_dialled": 0, "dialled": dialled, "no_department": stay,
            });
            assert_eq!(said.0, expected);
        }
    })
    .await;
}

#[tokio::test]
async fn a_lead_with_an_appointment_that_is_given_away_anew_is_due_then() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let batch = testing::sample(&house).await;
        let filter = testing::filter(&house, &batch, &[]).await;
        let page = leads::page(&house.db, &batch, -1, 2).await.unwrap();
        let far = "UPDATE leads SET appointed = TRUE, appoint_at = 9000000000000 WHERE id = $1";
        about(&house.db, &page[0].id, far).await;
        let past = "UPDATE leads SET appointed = TRUE, appoint_at = 1 WHERE id = $1";
        about(&house.db, &page[1].id, past).await;
        let plan = Plan {
            mode: Mode::Predictive,
            extract: 5_000,
            share: Share::All,
            targets: &[target(TargetType::Queue, "q1", 5_000)],
        };
        let campaign = testing::campaign(&house, &filter, &plan).await;
        start(&house, &campaign).await;
        let due = async |lead: &Lead| {
            let lead = leads::find(&house.db, &lead.id).await.unwrap().unwrap();
            (lead.next_dial_at, lead.alloc_at)
        };
        assert_eq!(due(&page[0]).await.0, Some(9_000_000_000_000));
        let (due, given) = due(&page[1]).await;
        assert_eq!(due, given, "an appointment that is over is due at once");
    })
    .await;
}
