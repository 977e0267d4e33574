use crate::{
    attempts::page, calls, hopper, leads, on, sample::NOW, sample_floor as floor, segments,
    testing::on_both,
};
use engine::{campaign::Mode, floor::OpenAttempt, gate::Block, outcome::Outcome};

#[tokio::test]
async fn an_attempt_is_opened_once_and_closed_with_its_leads_next_step() {
    on_both(|home| async move {
        let db = &home.db;
        let (campaign, ids) = floor::campaign(db, 1).await;
        let drawn = hopper::draw(db, floor::NODE, &campaign, None, 1, NOW)
            .await
            .unwrap();
        let open = floor::attempt(7, &campaign, &drawn.leads[0]);
        assert_eq!(super::open(db, floor::NODE, &open).await.unwrap(), None);
        assert_eq!(
            super::open(db, floor::NODE, &open).await.unwrap(),
            None,
            "the same one again, after its answer was lost"
        );
        let twice = floor::attempt(8, &campaign, &drawn.leads[0]);
        let again = super::open(db, floor::NODE, &twice).await.unwrap();
        assert_eq!(again, Some(Block::Live));
        let calling = leads::find(db, &ids[0]).await.unwrap().unwrap();
        assert_eq!(
            (calling.call_status.as_str(), calling.dial_count),
            ("calling", 1)
        );
        let again = NOW.plus(600_000);
        let mut close = floor::close(&open, Outcome::Busy, Some(again));
        close.gateway = Some("second".into());
        super::close(db, &close).await.unwrap();
        let lead = leads::find(db, &ids[0]).await.unwrap().unwrap();
        assert_eq!(lead.call_status, "failed");
        assert_eq!(lead.outcome.as_deref(), Some("busy"));
        assert_eq!((lead.next_dial_at, lead.fail_count), (Some(again.0), 1));
        let rows = page(db, "o", Some(&ids[0]), None, None, 10).await.unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!(
            (rows[0].state.as_str(), rows[0].sip_status),
            ("closed", Some(486))
        );
        assert_eq!(rows[0].q850, Some(17));
        assert_eq!(
            rows[0].gateway_id, "second",
            "it carried the call in the end"
        );
        let call = calls::get(db, "o", &open.call.id.to_string())
            .await
            .unwrap();
        assert_eq!(call.unwrap().gateway_id.as_deref(), Some("second"));
    })
    .await;
}

#[tokio::test]
async fn a_dial_that_is_given_back_is_not_on_the_lead() {
    on_both(|home| async move {
        let db = &home.db;
        let (campaign, ids) = floor::campaign(db, 1).await;
        for (number, given_back) in [(1, false), (2, true)] {
            let drawn = hopper::draw(db, floor::NODE, &campaign, None, 1, NOW)
                .await
                .unwrap();
            let open = floor::attempt(number, &campaign, &drawn.leads[0]);
            assert_eq!(super::open(db, floor::NODE, &open).await.unwrap(), None);
            let mut close = floor::close(&open, Outcome::Cancelled, Some(NOW));
            close.attempt.as_mut().unwrap().given_back = given_back;
            super::close(db, &close).await.unwrap();
        }
        let lead = leads::find(db, &ids[0]).await.unwrap().unwrap();
        assert_eq!((lead.call_status.as_str(), lead.dial_count), ("notcall", 1));
    })
    .await;
}

#[tokio::test]
async fn one_number_is_never_in_two_live_attempts() {
    on_both(|home| async move {
        let db = &home.db;
        let (campaign, ids) = floor::campaign(db, 2).await;
        on!(db.write(), c => sqlx::query("UPDATE leads SET phone = '13900000000'")
            .execute(c).await.map(|_| ()))
        .unwrap();
        let drawn = hopper::draw(db, floor::NODE, &campaign, None, 2, NOW)
            .await
            .unwrap()
            .leads;
        let first = floor::attempt(1, &campaign, &drawn[0]);
        let second = floor::attempt(2, &campaign, &drawn[1]);
        assert_eq!(super::open(db, floor::NODE, &first).await.unwrap(), None);
        let live = super::open(db, floor::NODE, &second).await.unwrap();
        assert_eq!(live, Some(Block::Live));
        let untouched = leads::find(db, &ids[1]).await.unwrap().unwrap();
        assert_eq!(
            (untouched.call_status.as_str(), untouched.dial_count),
            ("notcall", 0)
        );
        super::close(db, &floor::close(&first, Outcome::Connected, None))
            .await
            .unwrap();
        assert_eq!(super::open(db, floor::NODE, &second).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_test_call_is_written_whole_and_counts_for_nothing() {
    on_both(|home| async move {
        let db = &home.db;
        let (campaign, ids) = floor::campaign(db, 1).await;
        let lead = engine::floor::Lead {
            next_number: None,
            id: "".into(),
            task: None,
            batch: String::new(),
            number: "13900001111".into(),
            dials: 0,
        };
        let mut open = floor::attempt(1, &campaign, &lead);
        let mut close = floor::close(&open, Outcome::Connected, None);
        open.call.is_test = true;
        open.call.mode = Some(Mode::Robot);
        open.call.lead = None;
        assert_eq!(super::open(db, floor::NODE, &open).await.unwrap(), None);
        assert_eq!(
            super::open(db, floor::NODE, &open).await.unwrap(),
            None,
            "the same one again, after its answer was lost"
        );
        let twice = floor::attempt(2, &campaign, &lead);
        let mut twice = OpenAttempt {
            call: engine::floor::OpenCall {
                lead: None,
                is_test: true,
                ..twice.call
            },
            ..twice
        };
        let refused = super::open(db, floor::NODE, &twice).await.unwrap();
        assert_eq!(refused, Some(Block::Live));
        if let Some(attempt) = &mut close.attempt {
            attempt.counted = false;
        }
        super::close(db, &close).await.unwrap();

        let rows = page(db, "o", None, Some(&campaign), None, 9).await.unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!(
            (rows[0].mode.as_str(), rows[0].is_test, rows[0].counted),
            ("test", true, false)
        );
        let id = open.call.id.to_string();
        let call = crate::calls::get(db, "o", &id).await.unwrap().unwrap();
        assert!(call.is_test && call.mode == "test" && call.state == "closed");
        assert_eq!(call.campaign_id.as_deref(), Some(campaign.as_str()));

        let counts = crate::calls::counts(db, &campaign).await.unwrap();
        assert_eq!(counts, engine::pacing::Counts::default());
        let report = crate::campaign_report::of(db, &campaign).await.unwrap();
        assert_eq!(report.attempts, crate::campaign_report::Attempts::default());
        assert_eq!(report.calls, crate::campaign_report::Calls::default());
        assert!(report.outcomes.is_empty() && report.dispositions.is_empty());
        let day = (NOW.plus(-1_000), NOW.plus(100_000));
        let past = crate::past::dials(db, &campaign, day.0, day.1).await;
        assert!(past.unwrap().is_empty());
        let lead = leads::find(db, &ids[0]).await.unwrap().unwrap();
        assert_eq!((lead.call_status.as_str(), lead.dial_count), ("notcall", 0));

        let ask = floor::ask(&campaign, "13900001111");
        let facts = hopper::facts_of_number(db, "o", &ask, NOW).await.unwrap();
        assert_eq!((facts.attempts_today, facts.live), (0, false));
        assert!(facts.of_number.dials.is_empty() && facts.listed.is_none());
        let mut tx = db.begin().await.unwrap();
        crate::dnc::add(&mut tx, "o", "13900001111", "asked", None, NOW)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let facts = hopper::facts_of_number(db, "o", &ask, NOW).await.unwrap();
        assert!(facts.listed.is_some());
        twice.call.id = engine::ids::CallId(3);
        let listed = super::open(db, floor::NODE, &twice).await.unwrap();
        assert_eq!(listed, Some(Block::Dnc), "listed since the gate looked");
    })
    .await;
}

#[tokio::test]
async fn a_test_call_of_a_process_that_died_is_closed() {
    on_both(|home| async move {
        let db = &home.db;
        let (campaign, _) = floor::campaign(db, 0).await;
        let lead = engine::floor::Lead {
            next_number: None,
            id: "".into(),
            task: None,
            batch: String::new(),
            number: "13900001111".into(),
            dials: 0,
        };
        let mut open = floor::attempt(1, &campaign, &lead);
        open.call.is_test = true;
        open.call.lead = None;
        super::open(db, floor::NODE, &open).await.unwrap();
        let found = crate::recover::recover(db, floor::NODE, NOW).await.unwrap();
        assert_eq!((found.attempts, found.calls, found.leads), (1, 1, 0));
        let rows = page(db, "o", None, Some(&campaign), None, 9).await.unwrap();
        assert_eq!(rows[0].state, "closed");
    })
    .await;
}

#[tokio::test]
async fn a_lead_whose_number_nobody_has_goes_on_with_its_next() {
    on_both(|home| async move {
        let db = &home.db;
        let (campaign, ids) = floor::campaign(db, 1).await;
        on!(db.write(), c => sqlx::query(
            "UPDATE leads SET phone = '13900000001',
                 phones = '[\"13900000001\", \"13900000002\", \"13900000003\"]'")
            .execute(c).await.map(|_| ()))
        .unwrap();
        let mut tx = db.begin().await.unwrap();
        crate::dnc::add(&mut tx, "o", "13900000003", "asked", None, NOW)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let walk = [
            ("13900000001", "13900000002"),
            ("13900000002", "13900000003"),
        ];
        for (no, (number, next)) in walk.into_iter().enumerate() {
            let drawn = hopper::draw(db, floor::NODE, &campaign, None, 1, NOW)
                .await
                .unwrap();
            let lead = &drawn.leads[0];
            let of = (lead.number.as_str(), lead.next_number.as_deref());
            assert_eq!(of, (number, Some(next)));
            let open = floor::attempt(no as u64 + 1, &campaign, lead);
            super::open(db, floor::NODE, &open).await.unwrap();
            let mut close = floor::close(&open, Outcome::Unallocated, Some(NOW));
            if let Some(attempt) = &mut close.attempt {
                attempt.number.clone_from(&lead.next_number);
            }
            super::close(db, &close).await.unwrap();
        }
        let lead = leads::find(db, &ids[0]).await.unwrap().unwrap();
        assert_eq!((lead.phone.as_str(), lead.dnc), ("13900000003", true));
        assert_eq!(lead.phones.0.len(), 3, "none is forgotten");
        let drawn = hopper::draw(db, floor::NODE, &campaign, None, 1, NOW).await;
        let last = &drawn.unwrap().leads[0];
        assert_eq!(last.next_number, None);
    })
    .await;
}

#[tokio::test]
async fn an_attempt_of_which_no_invite_left_is_told_apart_from_dialled_ones() {
    on_both(|home| async move {
        let db = &home.db;
        let (campaign, _) = floor::campaign(db, 2).await;
        let drawn = hopper::draw(db, floor::NODE, &campaign, None, 2, NOW).await;
        let leads = drawn.unwrap().leads;
        for (number, (lead, dialled)) in leads.iter().zip([true, false]).enumerate() {
            let open = floor::attempt(number as u64 + 1, &campaign, lead);
            super::open(db, floor::NODE, &open).await.unwrap();
            let mut close = floor::close(&open, Outcome::Cancelled, None);
            if let Some(attempt) = &mut close.attempt {
                attempt.dialled = dialled;
            }
            super::close(db, &close).await.unwrap();
        }
        let rows = page(db, "o", None, Some(&campaign), None, 9).await.unwrap();
        let dialled: Vec<bool> = rows.iter().rev().map(|row| row.dialled).collect();
        assert_eq!(dialled, [true, false]);
        let report = crate::campaign_report::of(db, &campaign).await.unwrap();
        let sums = (report.attempts.dialled, report.attempts.undialled);
        assert_eq!(sums, (1, 1));
        assert_eq!(report.outcomes["cancelled"], 2);
        let counts = crate::calls::counts(db, &campaign).await.unwrap();
        assert_eq!(counts.dialled, 1);
    })
    .await;
}

#[tokio::test]
async fn filters_find_a_lead_by_the_number_that_it_goes_on_with() {
    on_both(|home| async move {
        let db = &home.db;
        let (campaign, ids) = floor::campaign(db, 1).await;
        let drawn = hopper::draw(db, floor::NODE, &campaign, None, 1, NOW)
            .await
            .unwrap();
        let open = floor::attempt(7, &campaign, &drawn.leads[0]);
        assert_eq!(super::open(db, floor::NODE, &open).await.unwrap(), None);
        let before = segments::list(db, &open.batch).await.unwrap();
        let mut close = floor::close(&open, Outcome::Busy, Some(NOW.plus(600_000)));
        close.attempt.as_mut().unwrap().number = Some("13900000009".into());
        super::close(db, &close).await.unwrap();
        let lead = leads::find(db, &ids[0]).await.unwrap().unwrap();
        assert_eq!(lead.phone, "13900000009");
        let after = segments::list(db, &open.batch).await.unwrap();
        assert_eq!(after[0].version, before[0].version + 1);
    })
    .await;
}
