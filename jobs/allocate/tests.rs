use engine::{
    campaign::Mode,
    draw::{Share, Target, TargetType},
};
use store::{
    filter_runs, leads,
    tasks::{self, Task},
    testing::on_both,
    work::Work,
};

mod dividing;
mod generated;
mod named;
mod nothing;
mod recycling;

use super::*;
use crate::testing::{self, Plan};

fn target(target_type: TargetType, id: &str, quantity: u64) -> Target {
    Target::new(target_type, id, quantity)
}

fn adds_up(task: &Task) -> bool {
    task.filtered == task.to_agent + task.to_dept + task.to_ai + task.to_queue + task.unallocated
}

async fn start(house: &House, campaign: &str) -> Task {
    let id = testing::task(house, campaign).await;
    let job = testing::enqueue(house, Work::AllocateTask { task: id.clone() }).await;
    testing::start(house, &job).await.unwrap();
    tasks::get(&house.db, &id).await.unwrap().unwrap()
}

/// What a task's filter selected and what of it was free stays known, however often the filter runs
/// afterwards (OUT-145).
#[tokio::test]
async fn what_a_task_drew_from_stays_known() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let batch = testing::sample(&house).await;
        let filter = testing::filter(&house, &batch, &[]).await;
        let targets = [target(TargetType::Agent, "1001", 100)];
        let plan = Plan {
            mode: Mode::Preview,
            extract: 100,
            share: Share::All,
            targets: &targets,
        };
        let campaign = testing::campaign(&house, &filter, &plan).await;
        let first = start(&house, &campaign).await;
        let second = start(&house, &campaign).await;
        for _ in 0..5 {
            let mut tx = house.db.begin().await.unwrap();
            let run = filter_runs::create(&mut tx, "o", &filter, house.now()).await;
            tx.commit().await.unwrap();
            let run = run.unwrap().unwrap();
            testing::run(&house, Work::RunFilter { run }).await.unwrap();
        }
        let wanted = store::records::Wanted {
            filter,
            ..store::records::Wanted::default()
        };
        let (records, _) = store::records::tasks(&house.db, "o", &wanted, false, "", 10)
            .await
            .unwrap();
        let mut conn = house.db.reading().await.unwrap();
        for (task, free) in [(first, 999), (second, 899)] {
            let record = records.iter().find(|record| record.id == task.id).unwrap();
            assert!(record.is_kept);
            let run = record.run_id.as_ref().unwrap();
            assert_eq!(filter_runs::count(&mut conn, run).await.unwrap(), 999);
            let drawn = record.drawn_run_id.as_ref().unwrap();
            assert_eq!(filter_runs::count(&mut conn, drawn).await.unwrap(), free);
            assert_eq!(task.filtered, free);
        }
        let (runs, all) = store::records::filters(&house.db, "o", &wanted, "", 20)
            .await
            .unwrap();
        assert_eq!((runs.len(), all), (7, 7));
        assert_eq!(
            store::lead_search::newest_run(&house.db, &wanted.filter)
                .await
                .unwrap()
                .as_ref(),
            runs.first().map(|run| &run.id)
        );
    })
    .await;
}

#[tokio::test]
async fn successive_starts_draw_what_is_left() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let batch = testing::sample(&house).await;
        let filter = testing::filter(&house, &batch, &[]).await;
        let targets = [
            target(TargetType::Agent, "1001", 60),
            target(TargetType::Agent, "1002", 0),
        ];
        let plan = Plan {
            mode: Mode::Preview,
            extract: 110,
            share: Share::All,
            targets: &targets,
        };
        let campaign = testing::campaign(&house, &filter, &plan).await;
        let mut filtered = 999;
        for _ in 0..3 {
            let task = start(&house, &campaign).await;
            assert_eq!(task.state, "ready");
            assert!(adds_up(&task));
            assert_eq!((task.filtered, task.to_agent), (filtered, 110));
            filtered = task.unallocated;
        }
        let leads = leads::page(&house.db, &batch, -1, 120).await.unwrap();
        let first = &leads[0];
        assert_eq!(first.alloc_target.as_deref(), Some("1001"));
        assert_eq!(
            (first.alloc_status.as_str(), first.call_status.as_str()),
            ("agent", "notcall")
        );
        assert_eq!(first.campaign_id.as_deref(), Some(campaign.as_str()));
        assert!(first.next_dial_at.is_some());
        assert_eq!(leads[59].alloc_target.as_deref(), Some("1001"));
        assert_eq!(leads[60].alloc_target.as_deref(), Some("1002"));
        assert_ne!(leads[109].task_id, leads[110].task_id);
    })
    .await;
}

#[tokio::test]
async fn a_share_of_the_draw_stays_unallocated() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let batch = testing::sample(&house).await;
        let filter = testing::filter(&house, &batch, &[]).await;
        let targets = [target(TargetType::Queue, "q1", 0)];
        let plan = Plan {
            mode: Mode::Predictive,
            extract: 100,
            share: Share::Half,
            targets: &targets,
        };
        let campaign = testing::campaign(&house, &filter, &plan).await;
        let task = start(&house, &campaign).await;
        assert_eq!((task.to_queue, task.unallocated), (50, 949));
        assert!(adds_up(&task));
    })
    .await;
}

#[tokio::test]
async fn an_interrupted_allocation_gives_each_lead_once() {
    on_both(|home| async move {
        let (house, guard) = testing::house(home);
        let batch = testing::sample(&house).await;
        let filter = testing::filter(&house, &batch, &[]).await;
        let targets = [
            target(TargetType::Robot, "r1", 700),
            target(TargetType::Robot, "r2", 0),
        ];
        let plan = Plan {
            mode: Mode::Robot,
            extract: 900,
            share: Share::All,
            targets: &targets,
        };
        let campaign = testing::campaign(&house, &filter, &plan).await;
        let task = testing::task(&house, &campaign).await;
        let work = Work::AllocateTask { task: task.clone() };
        let job = testing::enqueue(&house, work).await;

        // The first start decides, and dies before it has given anything.
        let ticket = testing::ticket(&testing::take(&house, &job).await.unwrap());
        let row = find(&house, &task).await.unwrap();
        let run = row.filter_run_id.clone().unwrap();
        filter::evaluate(&house, &ticket, &run).await.unwrap();
        let rules = Rules::of(&house, &row).await.unwrap();
        decide(&house, &ticket, &row, Source::Run(&run), &rules)
            .await
            .unwrap();

        testing::start(&house, &job).await.unwrap();
        drop(guard);
        let done = find(&house, &task).await.unwrap();
        assert_eq!(
            (done.state.as_str(), done.to_ai, done.unallocated),
            ("ready", 900, 99)
        );
        assert!(adds_up(&done));
        let leads = leads::page(&house.db, &batch, -1, 1_000).await.unwrap();
        let of = |id: &str| {
            leads
                .iter()
                .filter(|lead| lead.alloc_target.as_deref() == Some(id))
                .count()
        };
        assert_eq!((of("r1"), of("r2")), (700, 200));
        assert!(matches!(
            give(&house, &ticket, &task).await,
            Ok(Step::Done) | Err(JobError::Superseded)
        ));
    })
    .await;
}

#[tokio::test]
async fn the_report_is_a_sheet_with_the_same_sums() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let batch = testing::sample(&house).await;
        let filter = testing::filter(&house, &batch, &[]).await;
        let targets = [target(TargetType::Robot, "r", 0)];
        let plan = Plan {
            mode: Mode::Robot,
            extract: 25,
            share: Share::All,
            targets: &targets,
        };
        let campaign = testing::campaign(&house, &filter, &plan).await;
        start(&house, &campaign).await;
        let work = Work::CampaignReport { campaign };
        let job = testing::enqueue(&house, work.clone()).await;
        testing::perform(&house, &job, &work).await.unwrap();
        let mut rows = Vec::new();
        crate::sheet::read(&store::files::report(&house.data_dir, &job), &mut |part| {
            if let crate::sheet::Part::Row(row) = part {
                rows.push(crate::sheet::titles(&row.cells));
            }
            Ok(crate::sheet::Flow::On)
        })
        .unwrap();
        assert_eq!(rows[2], ["名单 Leads", "25"]);
        assert_eq!(rows[3], ["未拨 Untouched", "25"]);
        assert_eq!(rows[15], ["未出声 Silent", "0"]);
        assert_eq!(rows[27], ["未评价 Unanswered", "0"]);
        assert_eq!(rows.len(), 28);
    })
    .await;
}

#[tokio::test]
async fn a_campaign_without_targets_fails_its_task() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let batch = testing::sample(&house).await;
        let filter = testing::filter(&house, &batch, &[]).await;
        let plan = Plan {
            mode: Mode::Robot,
            extract: 10,
            share: Share::All,
            targets: &[],
        };
        let campaign = testing::campaign(&house, &filter, &plan).await;
        let task = testing::task(&house, &campaign).await;
        let error = testing::run(&house, Work::AllocateTask { task })
            .await
            .unwrap_err();
        assert_eq!(error.code(), "NO_TARGET");
    })
    .await;
}
