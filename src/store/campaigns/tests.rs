use engine::draw::{Target, TargetType};

use super::*;
use crate::{
    sample::{self, NOW},
    targets,
    testing::on_both,
};

static NOTHING_OWN: BTreeSet<Own> = BTreeSet::new();

fn draft<'a>(filter_id: &'a str, settings: &'a Settings) -> Draft<'a> {
    Draft {
        name: "回访",
        campaign_type: Mode::Predictive,
        filter_id,
        business_type: "followup",
        business_status: "",
        extract_count: 100,
        default_alloc: 100,
        alloc_mode: Share::All,
        description: "",
        settings,
        own_settings: &NOTHING_OWN,
    }
}

async fn filter(db: &Db) -> String {
    let (batch, _) = sample::batch(db, "一").await;
    sample::filter(db, &batch, "f", &[]).await
}

#[tokio::test]
async fn orders_move_state_and_revision() {
    on_both(|home| async move {
        let filter = filter(&home.db).await;
        let settings = Settings {
            ring_timeout_s: 20,
            ..Settings::default()
        };
        let mut tx = home.db.begin().await.unwrap();
        let id = create(&mut tx, "o", "u", &draft(&filter, &settings), NOW)
            .await
            .unwrap();
        for (given, state) in [
            (Order::Start, State::Running),
            (Order::Pause, State::Paused),
            (Order::Resume, State::Running),
            (Order::Stop, State::Stopped),
        ] {
            assert_eq!(order(&mut tx, &id, given, NOW).await.unwrap(), Some(state));
        }
        let error = order(&mut tx, &id, Order::Pause, NOW).await.unwrap_err();
        assert_eq!(error.code(), Some("NOT_RUNNING"));
        assert_eq!(
            order(&mut tx, "cmp_gone", Order::Start, NOW).await.unwrap(),
            None
        );
        let lost = set_state(&mut tx, &id, State::Running, State::Finished, NOW)
            .await
            .unwrap();
        assert!(!lost);
        tx.commit().await.unwrap();
        let campaign = get(&home.db, "o", &id).await.unwrap().unwrap();
        assert_eq!(
            (campaign.revision, campaign.settings.ring_timeout_s),
            (5, 20)
        );
        assert_eq!(
            (campaign.mode().unwrap(), campaign.share()),
            (Mode::Predictive, Share::All)
        );
        assert_eq!(revisions(&home.db).await.unwrap(), [(id.clone(), 5)]);
        let stopped = in_states(&home.db, &[State::Stopped]).await.unwrap();
        assert_eq!(stopped, [campaign]);
    })
    .await;
}

#[tokio::test]
async fn a_change_needs_the_revision_it_was_made_on() {
    on_both(|home| async move {
        let filter = filter(&home.db).await;
        let settings = Settings::default();
        let mut tx = home.db.begin().await.unwrap();
        let id = create(&mut tx, "o", "u", &draft(&filter, &settings), NOW)
            .await
            .unwrap();
        let mut change = draft(&filter, &settings);
        change.extract_count = 7;
        save(&mut tx, &id, 1, &change, NOW).await.unwrap();
        let stale = save(&mut tx, &id, 1, &change, NOW).await.unwrap_err();
        assert_eq!(stale.code(), Some("REVISION_CONFLICT"));
        order(&mut tx, &id, Order::Start, NOW).await.unwrap();
        change.campaign_type = Mode::Robot;
        let late = save(&mut tx, &id, 3, &change, NOW).await.unwrap_err();
        assert_eq!(late.code(), Some("NOT_DRAFT"));
        assert_eq!(
            delete(&mut tx, &id).await.unwrap_err().code(),
            Some("NOT_DRAFT")
        );
        let twice = create(&mut tx, "o", "u", &draft("flt_gone", &settings), NOW).await;
        assert_eq!(twice.unwrap_err().code(), Some("NO_SUCH_FILTER"));
        tx.commit().await.unwrap();
        let campaigns = list(&home.db, "o", None, 10).await.unwrap();
        assert_eq!((campaigns[0].extract_count, campaigns.len()), (7, 1));
    })
    .await;
}

#[tokio::test]
async fn targets_keep_their_order() {
    on_both(|home| async move {
        let filter = filter(&home.db).await;
        let settings = Settings::default();
        let mut tx = home.db.begin().await.unwrap();
        let id = create(&mut tx, "o", "u", &draft(&filter, &settings), NOW)
            .await
            .unwrap();
        let target = |id: &str, quantity| Target {
            weight: 3,
            hold_max: 7,
            ..Target::new(TargetType::Queue, id, quantity)
        };
        targets::replace(&mut tx, &id, &[target("x", 1)], NOW)
            .await
            .unwrap();
        let wanted = [target("b", 5), target("a", 0)];
        targets::replace(&mut tx, &id, &wanted, NOW).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(targets::list(&home.db, &id).await.unwrap(), wanted);
        let mut tx = home.db.begin().await.unwrap();
        assert!(delete(&mut tx, &id).await.unwrap());
        assert!(!delete(&mut tx, &id).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn a_report_of_a_campaign_without_calls_is_all_zeros() {
    on_both(|home| async move {
        let report = crate::campaign_report::of(&home.db, "cmp_x").await.unwrap();
        assert_eq!(
            (
                report.leads.allocated,
                report.attempts.dialled,
                report.calls.talk_ms
            ),
            (0, 0, 0)
        );
        assert!(report.outcomes.is_empty());
    })
    .await;
}

/// The live process finishes a campaign while a supervisor appends to it.
#[tokio::test]
async fn a_campaign_does_not_finish_under_a_task_that_is_being_appended() {
    on_both(|home| async move {
        let db = &home.db;
        let filter = filter(db).await;
        let settings = Settings::default();
        let mut tx = db.begin().await.unwrap();
        let id = create(&mut tx, "o", "u", &draft(&filter, &settings), NOW)
            .await
            .unwrap();
        order(&mut tx, &id, Order::Start, NOW).await.unwrap();
        tx.commit().await.unwrap();
        let campaign = find(db, &id).await.unwrap().unwrap();
        let mut tx = db.begin().await.unwrap();
        assert!(takes_more(&mut tx, &id).await.unwrap());
        let new = crate::tasks::NewTask {
            kind: "append",
            title: "追加",
            extract: None,
            by: "u",
        };
        crate::tasks::create(&mut tx, &campaign, new, NOW)
            .await
            .unwrap();
        let (other, of) = (db.clone(), id.clone());
        let finishing = tokio::spawn(async move {
            let mut tx = other.begin().await.unwrap();
            let done = finish(&mut tx, &of, NOW).await.unwrap();
            tx.commit().await.unwrap();
            done
        });
        crate::testing::until_it_waits(db, &finishing).await;
        tx.commit().await.unwrap();
        assert!(!finishing.await.unwrap());
        let after = find(db, &id).await.unwrap().unwrap();
        assert_eq!(after.state().unwrap(), State::Running);
    })
    .await;
}
