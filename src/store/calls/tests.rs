use super::*;
use crate::{
    dials, hopper, leads,
    sample::NOW,
    sample_floor as floor,
    testing::{inbound, on_both},
};
use engine::outcome::Outcome;

fn said(code: Code) -> Disposition {
    Disposition {
        code,
        note: "明天再打".into(),
        callback_at: None,
    }
}

#[tokio::test]
async fn a_callback_brings_the_lead_back_and_an_opt_out_never() {
    on_both(|home| async move {
        let db = &home.db;
        let (campaign, ids) = floor::campaign(db, 1).await;
        let lead = hopper::draw(db, floor::NODE, &campaign, None, 1, NOW)
            .await
            .unwrap()
            .leads
            .remove(0);
        let open = floor::attempt(1, &campaign, &lead);
        dials::open(db, floor::NODE, &open).await.unwrap();
        let chosen = Choice {
            menu: "main".into(),
            keys: "1".into(),
            led_to: "queue".into(),
        };
        let mut closed = floor::close(&open, Outcome::Connected, None);
        closed.choices = vec![chosen.clone()];
        dials::close(db, &closed).await.unwrap();
        let call = open.call.id.to_string();
        let stored = get(db, "o", &call).await.unwrap().unwrap();
        assert_eq!(stored.choices.0, [chosen]);
        let at = NOW.plus(3_600_000);
        let step = Step::CallAgain(at);
        dispose(db, &call, Some(&ids[0]), &said(Code::Callback), step, NOW)
            .await
            .unwrap();
        let lead = leads::find(db, &ids[0]).await.unwrap().unwrap();
        assert_eq!((lead.appointed, lead.appoint_at), (true, Some(at.0)));
        assert_eq!(lead.next_dial_at, Some(at.0));
        let step = Step::Suppress;
        dispose(db, &call, Some(&ids[0]), &said(Code::DoNotCall), step, NOW)
            .await
            .unwrap();
        let lead = leads::find(db, &ids[0]).await.unwrap().unwrap();
        assert_eq!((lead.dnc, lead.next_dial_at), (true, None));
        let listed = dnc::page(db, "o", dnc::HOUSE, "", 10).await.unwrap();
        assert_eq!(listed.len(), 1);
        let stored = get(db, "o", &call).await.unwrap().unwrap();
        assert_eq!(stored.disposition.as_deref(), Some("do_not_call"));
        assert_eq!(counts(db, &campaign).await.unwrap().connected, 1);
    })
    .await;
}

#[tokio::test]
async fn an_inbound_call_is_opened_recorded_and_listed() {
    on_both(|home| async move {
        let db = &home.db;
        let call = OpenCall {
            gateway: Some("gw".into()),
            caller: "13900001111".into(),
            callee: "4001".into(),
            ..inbound(5, NOW)
        };
        open_inbound(db, floor::NODE, &call).await.unwrap();
        let id = call.id.to_string();
        recorded(db, &id, "2026-11-20/a.wav", 900, None)
            .await
            .unwrap();
        let wanted = Wanted {
            direction: Some("inbound".into()),
            ..Wanted::default()
        };
        let listed = page(db, FIRST_ORGI, &wanted, None, 10).await.unwrap();
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0].recording_ms, Some(900));
        assert!(
            page(db, FIRST_ORGI, &wanted, Some(&id), 10)
                .await
                .unwrap()
                .is_empty()
        );
    })
    .await;
}
#[tokio::test]
async fn an_ordered_call_is_of_the_tenant_that_it_names_and_another_of_the_first() {
    on_both(|home| async move {
        let db = &home.db;
        for (number, tenant) in [(1, Some("p")), (2, None)] {
            let call = OpenCall {
                is_ordered: true,
                tenant: tenant.map(Into::into),
                ..inbound(number, NOW)
            };
            open_inbound(db, floor::NODE, &call).await.unwrap();
            let id = call.id.to_string();
            let theirs = get(db, "p", &id).await.unwrap();
            assert_eq!(theirs.is_some(), tenant.is_some());
            let first = get(db, FIRST_ORGI, &id).await.unwrap();
            assert_eq!(first.is_none(), tenant.is_some());
        }
    })
    .await;
}
