//! Promised call backs as they are shown.

use engine::{
    floor::{CallBack, OpenCall},
    ids::{CallId, LegId},
};
use store::{
    access::Role,
    call_backs,
    testing::{inbound, on_both},
};

use super::kit::Kit;
use crate::clock::now;

async fn promised(kit: &Kit, number: u64, to: &str) -> String {
    let call = OpenCall {
        queue: Some("sales".into()),
        caller: "4001".into(),
        callee: to.into(),
        is_call_back: true,
        is_ordered: false,
        ..inbound(number, now())
    };
    let id = call.id.to_string();
    let promise = CallBack {
        call,
        queue: "sales".into(),
        priority: 0,
        waits_since: now(),
        until: now().plus(3_600_000),
    };
    assert!(call_backs::promise(&kit.db, "n", &promise).await.unwrap());
    id
}

#[tokio::test]
async fn promises_are_shown_page_by_page_and_one_by_one() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Supervisor).await;
        let first = promised(&kit, 1, "13900000001").await;
        let second = promised(&kit, 2, "13900000002").await;
        let path = "/api/v1/call-backs?queue_id=sales&state=waiting&limit=1";
        let page = kit.with(&token, "GET", path, None).await;
        assert_eq!(page.body["data"][0]["call_id"], *second, "{}", page.text);
        let cursor = page.body["next_cursor"].as_str().expect("more");
        let rest = format!("{path}&cursor={cursor}");
        let rest = kit.with(&token, "GET", &rest, None).await;
        assert_eq!(rest.body["data"][0]["call_id"], *first, "{}", rest.text);
        let one = format!("/api/v1/call-backs/{first}");
        let one = kit.with(&token, "GET", &one, None).await;
        assert_eq!(one.body["number"], "13900000001", "{}", one.text);
        assert_eq!(one.body["called"], "4001");
        let odd = kit.with(&token, "GET", "/api/v1/call-backs?state=eaten", None);
        assert_eq!(odd.await.body["errors"][0]["pointer"], "/state");
        let none = kit.with(&token, "GET", "/api/v1/call-backs/cal_9", None);
        assert_eq!(none.await.status, 404);
        let agent = kit.token(Role::Agent).await;
        let refused = kit.with(&agent, "GET", "/api/v1/call-backs", None).await;
        assert_eq!(refused.status, 403);
    })
    .await;
}

#[tokio::test]
async fn a_promise_is_taken_back_while_it_waits_by_those_who_lead() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Supervisor).await;
        let waits = promised(&kit, 1, "13900000001").await;
        let begun = promised(&kit, 2, "13900000002").await;
        let leg = LegId(9);
        let taken = call_backs::take(&kit.db, CallId(2), leg, &[], now()).await;
        assert!(taken.unwrap());
        let path = |id: &str| format!("/api/v1/call-backs/{id}/cancel");
        let refused = kit.with(&token, "POST", &path(&begun), None).await;
        let told = (refused.status.as_u16(), refused.code());
        assert_eq!(told, (409, "CALL_BACK_BEGUN"), "{}", refused.text);
        for nobody in ["cal_0000000000009", "x"] {
            let refused = kit.with(&token, "POST", &path(nobody), None).await;
            assert_eq!(refused.status, 404, "{}", refused.text);
        }
        let agent = kit.token(Role::Agent).await;
        let refused = kit.with(&agent, "POST", &path(&waits), None).await;
        assert_eq!(refused.code(), "FORBIDDEN", "{}", refused.text);
    })
    .await;
}
