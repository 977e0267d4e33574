use engine::{
    floor::OpenCall,
    ids::{AgentId, CallId},
    time::Millis,
};
use serde_json::json;
use store::{
    access::Role,
    agents, calls, recover,
    testing::{inbound, on_both},
};

use super::kit::Kit;

const CALL: CallId = CallId(7);

/// An inbound call with a recording of ten bytes, where the floor puts it: in a folder a day.
async fn recorded(kit: &Kit, data_dir: &std::path::Path) -> String {
    let call = OpenCall {
        agent: Some(AgentId::from("1001")),
        caller: "18618616001".into(),
        callee: "4008001234".into(),
        ..inbound(CALL.0, Millis(1_000))
    };
    calls::open_inbound(&kit.db, "n", &call).await.unwrap();
    let id = CALL.to_string();
    calls::recorded(&kit.db, &id, "2026-11-20/one.wav", 10, None)
        .await
        .unwrap();
    std::fs::create_dir_all(data_dir.join("recordings/2026-11-20")).unwrap();
    std::fs::write(
        data_dir.join("recordings/2026-11-20/one.wav"),
        b"0123456789",
    )
    .unwrap();
    id
}

#[tokio::test]
async fn a_recording_is_handed_out_in_ranges_and_from_its_folder_only() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Supervisor).await;
        let id = recorded(&kit, &home.data_dir).await;
        let path = format!("/api/v1/calls/{id}/recording");
        let bearer = format!("Bearer {token}");
        let part = |range: &'static str| {
            let (kit, path, bearer) = (kit.clone(), path.clone(), bearer.clone());
            async move {
                let headers = [("authorization", bearer.as_str()), ("range", range)];
                kit.ask("GET", &path, &headers, None).await
            }
        };
        let some = part("bytes=2-4").await;
        assert_eq!((some.status.as_u16(), some.text.as_str()), (206, "234"));
        assert_eq!(part("bytes=90-").await.code(), "BAD_RANGE");
        let whole = kit.with(&token, "GET", &path, None).await;
        assert_eq!(
            (whole.status.as_u16(), whole.text.as_str()),
            (200, "0123456789")
        );
        assert!(
            whole.headers["content-type"]
                .to_str()
                .unwrap()
                .starts_with("audio/")
        );
        std::fs::write(home.data_dir.join("secret.wav"), b"secret").unwrap();
        let absolute = home.data_dir.join("secret.wav").display().to_string();
        for elsewhere in ["../secret.wav", "2026-11-20/../../secret.wav", &absolute] {
            calls::recorded(&kit.db, &id, elsewhere, 10, None)
                .await
                .unwrap();
            let refused = kit.with(&token, "GET", &path, None).await;
            assert_eq!(refused.code(), "NOT_FOUND", "{elsewhere}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_recording_is_heard_while_it_is_given_the_name_of_its_queue() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Admin).await;
        let settings = json!({"recording_name": "archive/{call_id}"});
        let asked = json!({"name": "sales", "settings": settings});
        let put = kit
            .with(&token, "PUT", "/api/v1/queues/sales", Some(asked))
            .await;
        assert_eq!(put.status, 200, "{}", put.text);
        let call = OpenCall {
            queue: Some("sales".into()),
            ..inbound(CALL.0, Millis(1_000))
        };
        calls::open_inbound(&kit.db, "n", &call).await.unwrap();
        let id = CALL.to_string();
        calls::recorded(&kit.db, &id, "one.wav", 10, None)
            .await
            .unwrap();
        recover::recover(&kit.db, "n", Millis(2_000)).await.unwrap();
        let folder = home.data_dir.join("recordings");
        std::fs::create_dir_all(folder.join("archive")).unwrap();
        std::fs::write(folder.join("one.wav"), b"0123456789").unwrap();
        let heard = async || {
            let path = format!("/api/v1/calls/{id}/recording");
            kit.with(&token, "GET", &path, None).await
        };
        assert_eq!(heard().await.text, "0123456789");
        let to = folder.join(format!("archive/{id}.wav"));
        std::fs::rename(folder.join("one.wav"), &to).unwrap();
        assert_eq!(heard().await.text, "0123456789");
        std::fs::remove_file(&to).unwrap();
        assert_eq!(heard().await.code(), "NOT_FOUND");
    })
    .await;
}

#[tokio::test]
async fn an_agent_sees_the_own_calls_with_masked_numbers() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let user = kit.user(Role::Agent).await;
        let token = kit.sign_in("agent").await;
        let list = kit.with(&token, "GET", "/api/v1/calls", None).await;
        assert_eq!(list.code(), "NOT_AN_AGENT");
        for (agent, seen) in [("1002", 0), ("1001", 1)] {
            let row = agents::Agent {
                id: agent.into(),
                user_id: Some(user.clone()),
                name: "韩梅梅".into(),
                extension: "8001".into(),
                wrap_up_s: None,
                auto_ready: false,
                keep_leg: false,
            };
            let mut tx = kit.db.begin().await.unwrap();
            for other in ["1001", "1002"] {
                agents::delete(&mut tx, store::access::FIRST_ORGI, other)
                    .await
                    .unwrap();
            }
            agents::put(&mut tx, store::access::FIRST_ORGI, &row, Millis(1))
                .await
                .unwrap();
            tx.commit().await.unwrap();
            if seen == 0 {
                recorded(&kit, &home.data_dir).await;
            }
            let list = kit.with(&token, "GET", "/api/v1/calls", None).await.body;
            let rows = list["data"].as_array().unwrap();
            assert_eq!(rows.len(), seen, "{agent}");
            if let Some(row) = rows.first() {
                assert_eq!(row["caller"], "186****6001");
                assert_eq!(row["callee"], "4008001234");
                assert_eq!(row["recording"], format!("{CALL}.wav"));
            }
            let one = kit
                .with(&token, "GET", &format!("/api/v1/calls/{CALL}"), None)
                .await;
            assert_eq!(one.status.is_success(), seen == 1);
        }
        let order = json!({"order": "ready"});
        let own = kit
            .with(
                &token,
                "POST",
                "/api/v1/agents/me/state",
                Some(order.clone()),
            )
            .await;
        assert_eq!(own.code(), "DRAINING");
        let other = kit
            .with(&token, "POST", "/api/v1/agents/1002/state", Some(order))
            .await;
        assert_eq!(other.code(), "FORBIDDEN");
    })
    .await;
}
