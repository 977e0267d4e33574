//! Leads that come back, and starts that are interrupted.

use engine::settings::Overrides;
use store::{
    jobs,
    settings::{self, Scope},
    testing::about,
    work::Recycle,
};

use super::*;

#[tokio::test]
async fn undialled_leads_are_taken_back_and_drawn_again() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let batch = testing::sample(&house).await;
        let filter = testing::filter(&house, &batch, &[]).await;
        let targets = [
            target(TargetType::Queue, "q1", 60),
            target(TargetType::Queue, "q2", 40),
        ];
        let plan = Plan {
            mode: Mode::Predictive,
            extract: 100,
            share: Share::All,
            targets: &targets,
        };
        let campaign = testing::campaign(&house, &filter, &plan).await;
        let task = start(&house, &campaign).await;
        let dialled = leads::page_of_task(&house.db, &task.id, -1, 1)
            .await
            .unwrap()
            .remove(0);
        store::testing::mark_dialled(&house.db, &dialled.id).await;

        let back = |target: Option<&str>| {
            Work::RecycleTask(Recycle {
                orgi: "o".into(),
                task: Some(task.id.clone()),
                holder: target.map(|id| (TargetType::Queue, id.into())),
                ..Recycle::default()
            })
        };
        testing::run(&house, back(Some("q2"))).await.unwrap();
        let now = find(&house, &task.id).await.unwrap();
        assert_eq!((now.to_queue, now.unallocated, now.recycled), (60, 939, 40));
        testing::run(&house, back(None)).await.unwrap();
        let now = find(&house, &task.id).await.unwrap();
        assert_eq!((now.to_queue, now.unallocated, now.recycled), (1, 998, 99));
        assert!(adds_up(&now));
        let next = start(&house, &campaign).await;
        assert_eq!((next.filtered, next.to_queue), (998, 100));
    })
    .await;
}

#[tokio::test]
async fn leads_of_a_department_go_back_to_it_and_are_not_drawn_again() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let batch = testing::sample(&house).await;
        let filter = testing::filter(&house, &batch, &[]).await;
        let targets = [
            target(TargetType::Department, "d1", 30),
            target(TargetType::Agent, "7", 0),
        ];
        let plan = Plan {
            mode: Mode::Preview,
            extract: 50,
            share: Share::All,
            targets: &targets,
        };
        let campaign = testing::campaign(&house, &filter, &plan).await;
        let task = start(&house, &campaign).await;
        assert_eq!((task.to_dept, task.to_agent), (30, 20));
        let back = Work::RecycleTask(Recycle {
            orgi: "o".into(),
            task: Some(task.id.clone()),
            to_department: true,
            ..Recycle::default()
        });
        testing::run(&house, back).await.unwrap();
        let now = find(&house, &task.id).await.unwrap();
        // The agent has no department, so its leads stay with it.
        assert_eq!((now.to_dept, now.to_agent, now.recycled_dept), (0, 20, 30));
        assert!(adds_up(&now));
        assert_eq!(start(&house, &campaign).await.filtered, 949);
    })
    .await;
}

#[tokio::test]
async fn recycled_leads_are_again_unallocated_in_the_sums_of_the_handbook() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let batch = testing::sample(&house).await;
        let filter = testing::filter(&house, &batch, &[]).await;
        let robot = [target(TargetType::Robot, "201", 0)];
        let plan = |extract| Plan {
            mode: Mode::Robot,
            extract,
            share: Share::All,
            targets: &robot,
        };
        // 999 leads, of which 200 go first: then 筛选 799, 699, 589, 479.
        let mut filtered = 999;
        let mut last = None;
        for (extract, left) in [(200, 799), (100, 699), (110, 589), (110, 479), (110, 369)] {
            let campaign = testing::campaign(&house, &filter, &plan(extract)).await;
            let task = start(&house, &campaign).await;
            assert_eq!(
                (task.filtered, task.to_ai, task.unallocated),
                (filtered, extract, left)
            );
            assert!(adds_up(&task));
            filtered = left;
            last = Some(task);
        }
        let last = last.unwrap();
        assert_eq!(
            (last.filtered, last.to_ai, last.unallocated),
            (479, 110, 369)
        );
        // Ten of its leads go back by hand, then the rest.
        let rows = leads::page_of_task(&house.db, &last.id, -1, 10)
            .await
            .unwrap();
        let back = Recycle {
            orgi: "o".into(),
            leads: rows.into_iter().map(|lead| lead.id).collect(),
            ..Recycle::default()
        };
        testing::run(&house, Work::RecycleTask(back)).await.unwrap();
        let now = find(&house, &last.id).await.unwrap();
        assert_eq!(
            (now.filtered, now.to_ai, now.unallocated, now.recycled),
            (479, 100, 379, 10)
        );
        let back = Recycle {
            orgi: "o".into(),
            task: Some(last.id.clone()),
            ..Recycle::default()
        };
        testing::run(&house, Work::RecycleTask(back)).await.unwrap();
        let now = find(&house, &last.id).await.unwrap();
        assert_eq!(
            (now.filtered, now.to_ai, now.unallocated, now.recycled),
            (479, 0, 479, 110)
        );
        assert!(adds_up(&now));
    })
    .await;
}

#[tokio::test]
async fn a_robot_s_leads_come_back_and_those_being_dialled_are_reported() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let batch = testing::sample(&house).await;
        let filter = testing::filter(&house, &batch, &[]).await;
        let robots = [
            target(TargetType::Robot, "201", 30),
            target(TargetType::Robot, "202", 30),
        ];
        let plan = Plan {
            mode: Mode::Robot,
            extract: 60,
            share: Share::All,
            targets: &robots,
        };
        let campaign = testing::campaign(&house, &filter, &plan).await;
        let task = start(&house, &campaign).await;
        let now = house.now();
        store::hopper::draw(&house.db, "live-1", &campaign, None, 5, now)
            .await
            .unwrap();
        let rows = leads::page_of_task(&house.db, &task.id, -1, 8)
            .await
            .unwrap();
        store::testing::mark_dialled(&house.db, &rows[7].id).await;
        let back = Recycle {
            orgi: "o".into(),
            holder: Some((TargetType::Robot, "201".into())),
            ..Recycle::default()
        };
        let work = Work::RecycleTask(back);
        let job = testing::enqueue(&house, work.clone()).await;
        testing::perform(&house, &job, &work).await.unwrap();
        let said = jobs::get(&house.db, &job).await.unwrap().unwrap().result;
        let expected = serde_json::json!({"recycled": 24, "being_dialled": 5, "dialled": 1});
        assert_eq!(said.0, expected);
        let now = find(&house, &task.id).await.unwrap();
        assert_eq!((now.to_ai, now.unallocated, now.recycled), (36, 963, 24));
        // Named, the dialled one goes back too; what it was dialled to stays.
        let back = Recycle {
            orgi: "o".into(),
            leads: vec![rows[7].id.clone()],
            ..Recycle::default()
        };
        testing::run(&house, Work::RecycleTask(back)).await.unwrap();
        let lead = leads::find(&house.db, &rows[7].id).await.unwrap().unwrap();
        assert_eq!(
            (
                lead.alloc_status.as_str(),
                lead.call_status.as_str(),
                lead.campaign_id
            ),
            ("recycled", "failed", None)
        );
        assert!(adds_up(&find(&house, &task.id).await.unwrap()));
    })
    .await;
}

#[tokio::test]
async fn a_department_s_leads_are_handed_on_to_its_agents() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let batch = testing::sample(&house).await;
        let filter = testing::filter(&house, &batch, &[]).await;
        let targets = [target(TargetType::Department, "d1", 0)];
        let plan = Plan {
            mode: Mode::Preview,
            extract: 30,
            share: Share::All,
            targets: &targets,
        };
        let campaign = testing::campaign(&house, &filter, &plan).await;
        let task = start(&house, &campaign).await;
        let back = Recycle {
            orgi: "o".into(),
            task: Some(task.id.clone()),
            leads: vec![
                leads::page_of_task(&house.db, &task.id, -1, 1)
                    .await
                    .unwrap()[0]
                    .id
                    .clone(),
            ],
            to_department: true,
            ..Recycle::default()
        };
        testing::run(&house, Work::RecycleTask(back)).await.unwrap();
        let now = find(&house, &task.id).await.unwrap();
        assert_eq!(
            (now.to_dept, now.unallocated, now.recycled_dept),
            (29, 970, 1)
        );
        let mut handed = Vec::new();
        for (agent, count) in [("7", 10), ("8", 5_000), ("9", 5_000)] {
            let ask = tasks::Handed {
                task: &task.id,
                department: "d1",
                agent,
                by: "head",
                leads: &[],
                count,
            };
            let mut tx = house.db.begin().await.unwrap();
            handed.push(tasks::hand_on(&mut tx, ask, house.now()).await.unwrap());
            tx.commit().await.unwrap();
        }
        assert_eq!(handed, [10, 20, 0]);
        let now = find(&house, &task.id).await.unwrap();
        assert_eq!((now.to_dept, now.to_agent, now.unallocated), (0, 30, 969));
        assert!(adds_up(&now));
        let drawn = store::hopper::draw(&house.db, "n", &campaign, Some("7"), 99, house.now());
        let drawn = drawn.await.unwrap().leads;
        assert_eq!(drawn.len(), 10);
        let given = async |id: &str| {
            let lead = leads::find(&house.db, id).await.unwrap().unwrap();
            (lead.alloc_target, lead.alloc_by)
        };
        let first = drawn[0].id.as_str();
        let by_head = (Some("7".to_owned()), Some("head".to_owned()));
        assert_eq!(given(first).await, by_head);
        let released = store::hopper::release_all(&house.db, "n", &campaign);
        released.await.unwrap();
        let back = Recycle {
            orgi: "o".into(),
            task: Some(task.id.clone()),
            leads: vec![first.to_owned()],
            ..Recycle::default()
        };
        testing::run(&house, Work::RecycleTask(back)).await.unwrap();
        assert_eq!(given(first).await, (None, None));
    })
    .await;
}

/// What an allocation and a recycling leave behind, whatever they went through.
async fn end_state(house: &House, batch: &str, task: &str) -> (Vec<String>, Vec<i64>) {
    let rows = leads::page(&house.db, batch, -1, 5_000).await.unwrap();
    let rows = rows.into_iter().map(|lead| {
        format!(
            "{} {} {:?} {:?} {:?} {}",
            lead.position,
            lead.alloc_status,
            lead.alloc_type,
            lead.alloc_target,
            lead.campaign_id.is_some(),
            lead.call_status
        )
    });
    let task = find(house, task).await.unwrap();
    let sums = vec![
        task.filtered,
        task.to_agent,
        task.to_ai,
        task.unallocated,
        task.recycled,
        task.recycled_dept,
    ];
    (rows.collect(), sums)
}

#[tokio::test]
async fn a_start_that_stops_between_any_two_writes_ends_as_one_that_does_not() {
    on_both(|home| async move {
        let (house, guard) = testing::house(home);
        let mut ends = Vec::new();
        for interrupted in [false, true] {
            let batch = testing::sample(&house).await;
            let filter = testing::filter(&house, &batch, &[]).await;
            let robots = [
                target(TargetType::Robot, "r1", 0),
                target(TargetType::Robot, "r2", 0),
            ];
            let plan = Plan {
                mode: Mode::Robot,
                extract: 990,
                share: Share::All,
                targets: &robots,
            };
            let campaign = testing::campaign(&house, &filter, &plan).await;
            let task = testing::task(&house, &campaign).await;
            let back = Recycle {
                orgi: "o".into(),
                task: Some(task.clone()),
                holder: Some((TargetType::Robot, "r1".into())),
                ..Recycle::default()
            };
            for work in [
                Work::AllocateTask { task: task.clone() },
                Work::RecycleTask(back),
            ] {
                let job = testing::enqueue(&house, work).await;
                // Stopped at the first chance: what it has written by then stays.
                if interrupted {
                    guard.stop.send(true).unwrap();
                    testing::start(&house, &job).await.unwrap();
                    guard.stop.send(false).unwrap();
                }
                testing::start(&house, &job).await.unwrap();
                let done = jobs::get(&house.db, &job).await.unwrap().unwrap();
                assert_eq!(done.state, "succeeded");
            }
            let (rows, sums) = end_state(&house, &batch, &task).await;
            let first = rows[0].split(' ').next().unwrap().parse::<i64>().unwrap();
            let rows: Vec<String> = rows
                .into_iter()
                .map(|row| {
                    let (position, rest) = row.split_once(' ').unwrap();
                    format!("{} {rest}", position.parse::<i64>().unwrap() - first)
                })
                .collect();
            ends.push((rows, sums));
        }
        assert_eq!(ends[0], ends[1]);
    })
    .await;
}

#[tokio::test]
async fn what_was_held_too_long_undialled_goes_back_once_a_day() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let batch = testing::sample(&house).await;
        let filter = testing::filter(&house, &batch, &[]).await;
        let targets = [
            target(TargetType::Agent, "1001", 20),
            target(TargetType::Department, "d1", 10),
        ];
        let plan = Plan {
            mode: Mode::Preview,
            extract: 30,
            share: Share::All,
            targets: &targets,
        };
        let campaign = testing::campaign(&house, &filter, &plan).await;
        let task = start(&house, &campaign).await;
        let leads = leads::page_of_task(&house.db, &task.id, -1, 30)
            .await
            .unwrap();
        for (at, lead) in leads.iter().enumerate() {
            // An hour less than a week, and an hour more.
            let sql = if at < 5 {
                "UPDATE leads SET alloc_at = alloc_at - 601200000 WHERE id = $1"
            } else {
                "UPDATE leads SET alloc_at = alloc_at - 608400000 WHERE id = $1"
            };
            about(&house.db, &lead.id, sql).await;
        }
        store::testing::mark_dialled(&house.db, &leads[6].id).await;
        let sql = "UPDATE leads SET appointed = TRUE, appoint_at = 1 WHERE id = $1";
        about(&house.db, &leads[7].id, sql).await;
        let days = async |scope: Scope<'_>, days| {
            let value = Overrides {
                recycle_after_days: Some(days),
                ..Overrides::default()
            };
            let mut tx = house.db.begin().await.unwrap();
            settings::save(&mut tx, "o", scope, &value, "u", house.now())
                .await
                .unwrap();
            tx.commit().await.unwrap();
        };
        let stale = || Work::RecycleStale { orgi: "o".into() };

        days(Scope::Tenant, 7).await;
        days(Scope::Campaign(&campaign), 8).await;
        testing::run(&house, stale()).await.unwrap();
        let now = find(&house, &task.id).await.unwrap();
        assert_eq!(now.recycled, 0, "the campaign waits longer than the house");

        days(Scope::Campaign(&campaign), 7).await;
        for _ in 0..2 {
            testing::run(&house, stale()).await.unwrap();
            let now = find(&house, &task.id).await.unwrap();
            assert!(adds_up(&now));
            assert_eq!((now.to_agent, now.to_dept), (7, 0));
            assert_eq!(now.recycled, 23);
        }
        for at in [4, 6, 7] {
            let kept = leads::find(&house.db, &leads[at].id).await.unwrap();
            assert_eq!(kept.unwrap().alloc_status, "agent", "{at}");
        }
    })
    .await;
}
