use engine::{
    campaign::Mode,
    draw::{Share, Target, TargetType},
};
use store::{filter_runs, testing::on_both, work::Work};

use super::*;
use crate::testing;

#[tokio::test]
async fn a_start_is_looked_at_before_it_and_after_it() {
    on_both(|home| async move {
        let (house, guard) = testing::house(home);
        let batch = testing::sample(&house).await;
        let filter = testing::filter(&house, &batch, &[]).await;
        let targets = [Target {
            target_type: TargetType::Queue,
            target_id: "sales".into(),
            quantity: 0,
            weight: 1,
            hold_max: 0,
        }];
        let plan = testing::Plan {
            mode: Mode::Predictive,
            extract: 100,
            share: Share::All,
            targets: &targets,
        };
        let campaign = testing::campaign(&house, &filter, &plan).await;
        let mut tx = house.db.begin().await.unwrap();
        let run = filter_runs::create(&mut tx, "o", &filter, house.now())
            .await
            .unwrap()
            .unwrap();
        tx.commit().await.unwrap();
        let before = look(&house, &campaign, Some(run)).await;
        assert_eq!(before.total, 999);
        assert_eq!(sum(&before), 999);
        // Without a number to show, the gate lets none pass: in the window or outside.
        let held: u64 = before.not.values().sum();
        assert_eq!(before.now, 0, "{before:?}");
        assert!(held + before.later == 999);

        let task = testing::task(&house, &campaign).await;
        testing::run(&house, Work::AllocateTask { task })
            .await
            .unwrap();
        let after = look(&house, &campaign, None).await;
        assert_eq!((after.total, sum(&after)), (100, 100));
        drop(guard);
    })
    .await;
}

fn sum(summary: &Summary) -> u64 {
    summary.now + summary.later + summary.not.values().sum::<u64>()
}

async fn look(house: &House, campaign: &str, run: Option<String>) -> Summary {
    let work = Work::Preflight {
        campaign: campaign.into(),
        run,
    };
    let job = testing::enqueue(house, work.clone()).await;
    testing::perform(house, &job, &work).await.unwrap();
    let kept = store::preflight::get(&house.db, campaign, &job)
        .await
        .unwrap();
    kept.unwrap().result.0
}
