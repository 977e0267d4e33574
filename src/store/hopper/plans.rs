//! The draw is as fast on ten million leads as on a thousand because it only ever walks the front
//! of an index. These tests ask both databases whether they mean to.

use super::{
    draw::{FRESH, RETURNING, choice},
    left,
};
use crate::{Db, testing::on_both};

/// How the database would run this, in its own words.
async fn plan(db: &Db, sql: &str) -> String {
    match db {
        Db::Lite { writer, .. } => {
            let rows: Vec<(i64, i64, i64, String)> =
                sqlx::query_as(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}")))
                    .fetch_all(writer)
                    .await
                    .unwrap();
            rows.into_iter().map(|row| row.3 + "\n").collect()
        }
        Db::Pg(pool) => {
            let mut tx = pool.begin().await.unwrap();
            // A small table is read whole, whatever indexes there are.
            sqlx::query("SET LOCAL enable_seqscan = off")
                .execute(&mut *tx)
                .await
                .unwrap();
            sqlx::query("SET LOCAL enable_bitmapscan = off")
                .execute(&mut *tx)
                .await
                .unwrap();
            let rows: Vec<(String,)> =
                sqlx::query_as(sqlx::AssertSqlSafe(format!("EXPLAIN {sql}")))
                    .fetch_all(&mut *tx)
                    .await
                    .unwrap();
            rows.into_iter().map(|row| row.0 + "\n").collect()
        }
    }
}

fn with_values(sql: &str) -> String {
    sql.replace("$1", "'cmp_1'")
        .replace("$2", "500")
        .replace("$3", "2305843009213700000")
        .replace("$4", "'1001'")
}

#[tokio::test]
async fn a_draw_walks_the_front_of_its_index() {
    on_both(|home| async move {
        for (lane, own, index) in [
            (FRESH, false, "leads_fresh"),
            (FRESH, true, "leads_fresh_own"),
            (RETURNING, false, "leads_back"),
            (RETURNING, true, "leads_back_own"),
        ] {
            let said = plan(&home.db, &with_values(&choice(&lane, own, ""))).await;
            let named = said
                .split(|c: char| !(c.is_alphanumeric() || c == '_'))
                .any(|word| word == index);
            assert!(named, "{index} is not used:\n{said}");
            assert!(
                !said.contains("TEMP B-TREE") && !said.contains("Sort"),
                "{said}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_left_is_read_from_the_ends_of_indexes() {
    on_both(|home| async move {
        let said = plan(&home.db, &with_values(left::SQL)).await;
        for index in [
            "leads_fresh",
            "leads_fresh_own",
            "leads_back",
            "leads_back_own",
            "reservations_campaign",
            "tasks_campaign",
        ] {
            assert!(said.contains(index), "{index} is not used:\n{said}");
        }
        assert!(!said.contains("leads_campaign"), "{said}");
        assert!(
            !said.contains("TEMP B-TREE") && !said.contains("Sort"),
            "{said}"
        );
    })
    .await;
}
