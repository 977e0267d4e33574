use super::*;
use crate::{
    sample_floor as floor,
    testing::{about, on_both},
};

#[tokio::test]
async fn tasks_of_contacts_are_listed_apart_from_those_of_campaigns() {
    on_both(|home| async move {
        let db = &home.db;
        let (campaign, _) = floor::campaign(db, 0).await;
        for (id, sql) in [
            (
                "tsk_1",
                "INSERT INTO tasks (id, orgi, kind, title, state, created_at)
                 VALUES ($1, 'o', 'other', '联系人分配_1', 'ready', 1)",
            ),
            (
                "tsk_2",
                "INSERT INTO tasks (id, orgi, kind, campaign_id, title, state, created_at)
                 SELECT $1, 'o', 'other', MAX(id), '联系人分配_2', 'ready', 2 FROM campaigns",
            ),
            (
                "tsk_3",
                "INSERT INTO tasks (id, orgi, kind, campaign_id, title, state, created_at)
                 SELECT $1, 'o', 'start', MAX(id), '回访_1', 'ready', 3 FROM campaigns",
            ),
            (
                "tsk_4",
                "INSERT INTO tasks (id, orgi, kind, campaign_id, title, state, created_at)
                 SELECT $1, 'o', 'append', MAX(id), '回访_2', 'ready', 4 FROM campaigns",
            ),
            (
                "tsk_5",
                "INSERT INTO tasks (id, orgi, kind, title, state, created_at)
                 VALUES ($1, 'else', 'other', '联系人分配_3', 'ready', 5)",
            ),
        ] {
            about(db, id, sql).await;
        }
        let of = async |wanted: &Wanted, others: bool| {
            let (rows, all) = tasks(db, "o", wanted, others, "", 10).await.unwrap();
            let ids: Vec<String> = rows.into_iter().map(|row| row.id).collect();
            assert_eq!(all, i64::try_from(ids.len()).unwrap());
            ids
        };
        let any = Wanted::default();
        assert_eq!(of(&any, true).await, ["tsk_2", "tsk_1"]);
        assert_eq!(of(&any, false).await, ["tsk_4", "tsk_3"]);
        let its = Wanted {
            campaign,
            ..Wanted::default()
        };
        assert_eq!(of(&its, true).await, ["tsk_2"]);
    })
    .await;
}
