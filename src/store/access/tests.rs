use super::{
    FIRST_ORGI, Role, audit, departments, idempotency, idempotency::Seen, sessions, users,
};
use crate::{Db, testing::on_both};

fn user(id: &str, role: Role) -> users::User {
    users::User {
        id: id.into(),
        orgi: FIRST_ORGI.into(),
        username: format!("{id}@house"),
        password_hash: "$argon2id$x".into(),
        display_name: "李雷".into(),
        role,
        department_id: None,
        disabled: false,
        created_at: 7,
    }
}

async fn session(db: &Db, token: &str, of: &str) {
    sessions::open(
        db,
        &sessions::NewSession {
            token_hash: token,
            user_id: of,
            csrf: "c",
            now: 10,
            expires_at: 100,
        },
    )
    .await
    .unwrap();
}

#[tokio::test]
async fn only_the_first_user_is_a_first_user() {
    on_both(|home| async move {
        let first = user("usr_1", Role::Admin);
        assert!(users::add_first(&home.db, &first).await.unwrap());
        assert!(
            !users::add_first(&home.db, &user("usr_2", Role::Admin))
                .await
                .unwrap()
        );
        let found = users::by_username(&home.db, "usr_1@house").await.unwrap();
        assert_eq!(found, Some(first));
        assert_eq!(users::admins(&home.db, FIRST_ORGI).await.unwrap(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_user_is_changed_but_keeps_its_name_to_itself() {
    on_both(|home| async move {
        let db = &home.db;
        let mut one = user("usr_1", Role::Agent);
        users::add(db, &one).await.unwrap();
        let mut twin = user("usr_2", Role::Agent);
        twin.username = one.username.clone();
        let taken = users::add(db, &twin).await.unwrap_err();
        assert_eq!(taken.code(), Some("USERNAME_TAKEN"));
        one.department_id = Some("dep_9".into());
        let lost = users::update(db, &one).await.unwrap_err();
        assert_eq!(lost.code(), Some("NO_SUCH_DEPARTMENT"));
        let sales = departments::Department {
            id: "dep_9".into(),
            orgi: FIRST_ORGI.into(),
            name: "销售一部".into(),
        };
        departments::add(db, &sales).await.unwrap();
        assert!(users::update(db, &one).await.unwrap());
        assert_eq!(
            users::get(db, FIRST_ORGI, "usr_1").await.unwrap(),
            Some(one)
        );
        assert_eq!(users::list(db, FIRST_ORGI, "usr_1", 5).await.unwrap(), []);
        assert_eq!(departments::list(db, FIRST_ORGI).await.unwrap(), [sales]);
    })
    .await;
}

#[tokio::test]
async fn a_department_goes_when_nobody_needs_it() {
    on_both(|home| async move {
        let db = &home.db;
        for id in ["dep_1", "dep_2"] {
            let department = departments::Department {
                id: id.into(),
                orgi: FIRST_ORGI.into(),
                name: id.into(),
            };
            departments::add(db, &department).await.unwrap();
        }
        let rename = async |id: &str, name: &str| {
            let done = departments::rename(db, FIRST_ORGI, id, name).await;
            done.map_err(|error| error.code())
        };
        assert_eq!(rename("dep_1", "dep_2").await, Err(Some("NAME_TAKEN")));
        assert_eq!(rename("dep_1", "销售").await, Ok(true));
        assert_eq!(rename("dep_9", "别的").await, Ok(false));
        let delete = async |orgi: &str| {
            let mut tx = db.begin().await.unwrap();
            let done = departments::delete(&mut tx, orgi, "dep_1").await;
            if done.is_ok() {
                tx.commit().await.unwrap();
            }
            done.map_err(|error| error.code())
        };
        let mut one = user("usr_1", Role::Marketer);
        one.department_id = Some("dep_1".into());
        users::add(db, &one).await.unwrap();
        assert_eq!(delete(FIRST_ORGI).await, Err(Some("DEPARTMENT_IN_USE")));
        one.department_id = None;
        users::update(db, &one).await.unwrap();
        assert_eq!(delete("other").await, Ok(false));
        assert_eq!(delete(FIRST_ORGI).await, Ok(true));
        assert_eq!(departments::list(db, FIRST_ORGI).await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_session_ends_with_its_time_its_user_or_its_closing() {
    on_both(|home| async move {
        let db = &home.db;
        let mut one = user("usr_1", Role::Supervisor);
        users::add(db, &one).await.unwrap();
        session(db, "a", "usr_1").await;
        session(db, "b", "usr_1").await;
        let found = sessions::find(db, "a", 99).await.unwrap().unwrap();
        assert_eq!((found.role, found.agent_id), (Role::Supervisor, None));
        assert_eq!(sessions::find(db, "a", 100).await.unwrap(), None);
        sessions::close_others(db, "usr_1", "a").await.unwrap();
        assert_eq!(sessions::find(db, "b", 50).await.unwrap(), None);
        sessions::touch(db, "a", 55).await.unwrap();
        assert_eq!(
            sessions::find(db, "a", 56).await.unwrap().unwrap().seen_at,
            55
        );
        one.disabled = true;
        users::update(db, &one).await.unwrap();
        assert_eq!(sessions::find(db, "a", 56).await.unwrap(), None);
        sessions::purge(db, 100).await.unwrap();
        sessions::close(db, "a").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_key_belongs_to_one_request() {
    on_both(|home| async move {
        let db = &home.db;
        let begin = |hash: &'static str, now| idempotency::begin(db, FIRST_ORGI, "k", hash, now);
        assert_eq!(begin("h", 1_000).await.unwrap(), Seen::Never);
        assert_eq!(begin("h", 1_001).await.unwrap(), Seen::Running);
        assert_eq!(begin("other", 1_001).await.unwrap(), Seen::Otherwise);
        idempotency::finish(db, FIRST_ORGI, "k", 201, "{}")
            .await
            .unwrap();
        let answered = Seen::Answered {
            status: 201,
            response: "{}".into(),
        };
        assert_eq!(begin("h", 900_000).await.unwrap(), answered);
        assert_eq!(begin("h", 1_001 + 86_400_000).await.unwrap(), Seen::Never);
        idempotency::forget(db, FIRST_ORGI, "k").await.unwrap();
        assert_eq!(begin("other", 2).await.unwrap(), Seen::Never);
        idempotency::purge(db, 3 + 86_400_000).await.unwrap();
        assert_eq!(begin("h", 3).await.unwrap(), Seen::Never);
    })
    .await;
}

#[tokio::test]
async fn a_request_that_died_gives_its_key_free() {
    on_both(|home| async move {
        let begin = |now| idempotency::begin(&home.db, FIRST_ORGI, "k", "h", now);
        assert_eq!(begin(1_000).await.unwrap(), Seen::Never);
        assert_eq!(begin(121_000).await.unwrap(), Seen::Running);
        assert_eq!(begin(121_001).await.unwrap(), Seen::Never);
    })
    .await;
}

#[tokio::test]
async fn the_trail_is_read_from_its_end() {
    on_both(|home| async move {
        for id in ["aud_1", "aud_2", "aud_3"] {
            let entry = audit::Entry {
                id: id.into(),
                orgi: FIRST_ORGI.into(),
                at: 5,
                user_id: None,
                action: "campaigns.start".into(),
                subject: "cmp_1".into(),
                detail: "{}".into(),
            };
            audit::add(&home.db, &entry).await.unwrap();
        }
        let ids = |entries: Vec<audit::Entry>| -> Vec<String> {
            entries.into_iter().map(|entry| entry.id).collect()
        };
        let newest = audit::list(&home.db, FIRST_ORGI, None, 2).await.unwrap();
        assert_eq!(ids(newest), ["aud_3", "aud_2"]);
        let rest = audit::list(&home.db, FIRST_ORGI, Some("aud_2"), 9)
            .await
            .unwrap();
        assert_eq!(ids(rest), ["aud_1"]);
    })
    .await;
}
