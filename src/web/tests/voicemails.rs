//! Messages of callers: who may hear them, and what is done about them.

use engine::{
    floor::VoiceMessage,
    ids::{CallId, SoundId},
};
use serde_json::json;
use store::{access::Role, testing::on_both, voicemails};

use super::kit::Kit;
use crate::clock::now;

async fn left(kit: &Kit, number: u64, mailbox: &str) -> String {
    let message = VoiceMessage {
        sound: SoundId(number),
        call: CallId(number),
        mailbox: mailbox.into(),
        queue: None,
        caller: "13900001111".into(),
        called: "4001".into(),
        at: now(),
        ms: 4_000,
        file: format!("2026-11-20/{number}.wav"),
    };
    voicemails::keep(&kit.db, &message).await.unwrap();
    format!("vm_{number:013x}")
}

#[tokio::test]
async fn a_message_is_listened_to_marked_and_deleted() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Supervisor).await;
        let id = left(&kit, 1, "sales").await;
        let folder = home.data_dir.join("voicemails/2026-11-20");
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("1.wav");
        std::fs::write(&file, b"RIFF").unwrap();
        let path = format!("/api/v1/voicemails/{id}");
        let sound = kit
            .with(&token, "GET", &format!("{path}/audio"), None)
            .await;
        assert_eq!((sound.status.as_u16(), sound.text.as_str()), (200, "RIFF"));
        let read = json!({"state": "read"});
        let marked = kit.with(&token, "PATCH", &path, Some(read)).await;
        assert_eq!(
            marked.body["handled_by"], "usr_supervisor",
            "{}",
            marked.text
        );
        let odd = json!({"state": "eaten"});
        let refused = kit.with(&token, "PATCH", &path, Some(odd)).await;
        assert_eq!(refused.body["errors"][0]["pointer"], "/state");
        let unread = kit
            .with(&token, "GET", "/api/v1/voicemails?state=unread", None)
            .await;
        assert_eq!(unread.body["data"], json!([]));
        let gone = kit.with(&token, "DELETE", &path, None).await;
        assert_eq!(gone.status, 204, "{}", gone.text);
        assert!(!file.exists());
        assert_eq!(kit.with(&token, "GET", &path, None).await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn an_agent_hears_the_own_mailboxes_only_and_sees_no_number() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let admin = kit.token(Role::Admin).await;
        let user = kit.user(Role::Agent).await;
        let agent = json!({"name": "one", "extension": "8001", "user_id": user});
        kit.with(&admin, "PUT", "/api/v1/extensions/8001", Some(json!({})))
            .await;
        let made = kit
            .with(&admin, "PUT", "/api/v1/agents/1001", Some(agent))
            .await;
        assert_eq!(made.status, 200, "{}", made.text);
        let queue = json!({"name": "sales", "agents": ["1001"]});
        kit.with(&admin, "PUT", "/api/v1/queues/sales", Some(queue))
            .await;
        let own = left(&kit, 1, "sales").await;
        let foreign = left(&kit, 2, "care").await;
        let token = kit.sign_in("agent").await;
        let rows = kit.with(&token, "GET", "/api/v1/voicemails", None).await;
        let rows = rows.body["data"].as_array().unwrap().clone();
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0]["id"], *own);
        assert_ne!(rows[0]["caller"], "13900001111");
        let page = kit.page(&token, "/voicemails").await.text;
        let sound = |id: &str| page.contains(&format!("/api/v1/voicemails/{id}/audio"));
        assert!(sound(&own) && !sound(&foreign), "{page}");
        assert!(!page.contains("13900001111"), "{page}");
        let path = format!("/api/v1/voicemails/{foreign}");
        assert_eq!(kit.with(&token, "GET", &path, None).await.status, 404);
        let read = Some(json!({"state": "read"}));
        assert_eq!(kit.with(&token, "PATCH", &path, read).await.status, 404);
        let delete = kit
            .with(&token, "DELETE", &format!("/api/v1/voicemails/{own}"), None)
            .await;
        assert_eq!(delete.code(), "FORBIDDEN");
    })
    .await;
}
