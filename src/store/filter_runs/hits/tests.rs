use super::*;
use crate::{
    filter_runs,
    sample::{self, NOW},
    testing::{Home, on_both},
};

struct Stage {
    batch: String,
    run: String,
    leads: Vec<Lead>,
}

/// Two imports, so two blocks; `count` leads each.
async fn stage(home: &Home, count: i64) -> Stage {
    let (batch, fields) = sample::batch(&home.db, "一").await;
    sample::leads(&home.db, &batch, &fields, count).await;
    sample::leads(&home.db, &batch, &fields, count).await;
    let leads = crate::leads::page(&home.db, &batch, -1, 2 * count)
        .await
        .unwrap();
    let filter = sample::filter(&home.db, &batch, "f", &[]).await;
    let mut tx = home.db.begin().await.unwrap();
    let run = filter_runs::create(&mut tx, "o", &filter, NOW)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    Stage {
        batch,
        run: run.unwrap(),
        leads,
    }
}

async fn keep(home: &Home, stage: &Stage, positions: &[i64]) {
    let mut tx = home.db.begin().await.unwrap();
    add_hits(&mut tx, &stage.run, &stage.batch, positions)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

async fn mark(home: &Home, leads: &[&Lead], set: &str) {
    for lead in leads {
        let sql = format!("UPDATE leads SET {set} WHERE id = $1");
        crate::on!(home.db.write(), c => sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(&lead.id).execute(c).await.map(|_| ()))
        .unwrap();
    }
}

#[tokio::test]
async fn hits_come_back_in_order_and_after_any_position() {
    on_both(|home| async move {
        let stage = stage(&home, 10).await;
        let all: Vec<i64> = stage.leads.iter().map(|lead| lead.position).collect();
        let odd: Vec<i64> = all.iter().skip(1).step_by(2).copied().collect();
        keep(&home, &stage, &odd).await;
        keep(&home, &stage, &odd).await;
        let mut conn = home.db.reading().await.unwrap();
        let run = stage.run.as_str();
        assert_eq!(count(&mut conn, run).await.unwrap(), 10);
        for after in [-1, odd[0] - 1, odd[0], odd[4], odd[4] + 1, odd[9], i64::MAX] {
            for limit in [0, 1, 3, 100] {
                let found = hits_after(&mut conn, run, after, limit).await.unwrap();
                let expected: Vec<i64> = odd
                    .iter()
                    .copied()
                    .filter(|one| *one > after)
                    .take(limit)
                    .collect();
                assert_eq!(found, expected, "{after} {limit}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_page_steps_over_leads_that_are_gone() {
    on_both(|home| async move {
        let stage = stage(&home, 4).await;
        let all: Vec<i64> = stage.leads.iter().map(|lead| lead.position).collect();
        keep(&home, &stage, &all).await;
        let mut tx = home.db.begin().await.unwrap();
        for lead in &stage.leads[1..5] {
            assert!(
                crate::leads::delete(&mut tx, "o", &lead.id, NOW)
                    .await
                    .unwrap()
            );
        }
        tx.commit().await.unwrap();
        let found = page(&home.db, &stage.run, -1, 3).await.unwrap();
        let found: Vec<i64> = found.into_iter().map(|lead| lead.position).collect();
        assert_eq!(found, [all[0], all[5], all[6]]);
        let rest = page(&home.db, &stage.run, all[6], 3).await.unwrap();
        assert_eq!(rest.len(), 1);
        assert_eq!(rest[0].position, all[7]);
        let mut conn = home.db.reading().await.unwrap();
        assert_eq!(remaining(&mut conn, &stage.run).await.unwrap(), 4);
    })
    .await;
}

#[tokio::test]
async fn only_what_is_free_remains_and_is_drawn() {
    // A few are asked for one by one, many as a whole.
    for count in [7, 2_100] {
        on_both(|home| async move {
            let stage = stage(&home, count).await;
            let all: Vec<i64> = stage.leads.iter().map(|lead| lead.position).collect();
            // The last lead is free, but was not selected.
            keep(&home, &stage, &all[..all.len() - 1]).await;
            let leads: Vec<&Lead> = stage.leads.iter().collect();
            mark(&home, &leads[0..1], "alloc_status = 'agent'").await;
            mark(&home, &leads[1..2], "alloc_status = 'recycled'").await;
            mark(&home, &leads[2..3], "voided = TRUE").await;
            mark(&home, &leads[3..4], "dnc = TRUE").await;
            let mut tx = home.db.begin().await.unwrap();
            let expected = 2 * count - 1 - 3;
            let available = remaining(&mut tx, &stage.run).await.unwrap();
            assert_eq!(available, expected);
            let (mut after, mut drawn) = (-1, Vec::new());
            while let Some(&(last, _)) = {
                let part = free_after(&mut tx, &stage.run, after, 500).await.unwrap();
                drawn.extend(part.clone());
                part
            }
            .last()
            {
                after = last;
            }
            let drawn: Vec<i64> = drawn.into_iter().map(|(position, _)| position).collect();
            let free = |at: &usize| ![0, 2, 3].contains(at);
            let expected: Vec<i64> = (0..all.len() - 1).filter(free).map(|at| all[at]).collect();
            assert_eq!(drawn, expected);
        })
        .await;
    }
}

/// The plan must not read a table for what an index knows.
#[tokio::test]
async fn what_remains_is_read_from_the_index() {
    let home = crate::testing::sqlite().await;
    let Db::Lite { reader, .. } = &home.db else {
        unreachable!("it is SQLite")
    };
    let sql = format!(
        "EXPLAIN QUERY PLAN SELECT json_group_array(position - 1) FROM leads
         WHERE position >= 1 AND position < 2 AND {FREE}"
    );
    let plan: Vec<(i64, i64, i64, String)> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .fetch_all(reader)
        .await
        .unwrap();
    assert!(plan[0].3.contains("leads_free"), "{plan:?}");
}

#[test]
fn a_full_block_is_small() {
    let mut low: RoaringBitmap = (0..1 << BITS).collect();
    low.optimize();
    assert!(low.serialized_size() < 64);
}
