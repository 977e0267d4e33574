//! Each condition of the search for leads by itself (OUT-188), and pages while leads come in.

use std::collections::BTreeSet;

use serde_json::Value;
use store::{
    access::Role,
    testing::{about, on_both},
};

use super::{
    kit::Kit,
    leads::{batch, ids, import},
    lists::run,
};

/// What makes each lead of the list another than the others, in its order.
const APART: [&str; 11] = [
    "UPDATE leads SET alloc_status = 'agent', alloc_type = 'agent', alloc_target = '1001',
        task_id = 'tsk_1', campaign_id = 'cmp_1' WHERE id = $1",
    "UPDATE leads SET alloc_status = 'dept', alloc_type = 'department', alloc_target = 'dep_1'
        WHERE id = $1",
    "UPDATE leads SET alloc_status = 'ai', alloc_type = 'robot', alloc_target = '201' WHERE id = $1",
    "UPDATE leads SET alloc_status = 'queue', alloc_type = 'queue', alloc_target = 'sales'
        WHERE id = $1",
    "UPDATE leads SET business_status = 'keen' WHERE id = $1",
    // 2026-03-04 12:00 in Shanghai.
    "UPDATE leads SET call_status = 'failed', last_dial_at = 1772596800000 WHERE id = $1",
    "UPDATE leads SET alloc_status = 'recycled' WHERE id = $1",
    // 2026-05-06 10:00 in Shanghai.
    "UPDATE leads SET appointed = TRUE, appoint_at = 1778032800000 WHERE id = $1",
    "UPDATE leads SET voided = TRUE WHERE id = $1",
    "UPDATE leads SET alloc_status = 'recycled_dept', alloc_type = 'department',
        alloc_target = 'dep_2' WHERE id = $1",
    "UPDATE leads SET call_status = 'exception' WHERE id = $1",
];

/// A condition, and which leads of the list it is true of. `{batch}`, `{run}` and so on are ids.
const CONDITIONS: [(&str, &[usize]); 33] = [
    ("keyword=13800000008", &[6]),
    ("keyword=138000000", &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
    ("keyword=%E5%AE%A2%E6%88%B712", &[10]),
    ("filter_id={filter}", &[0, 1, 2, 3, 4, 5, 6, 7, 8]),
    ("run_id={run}&alloc_status=recycled_dept", &[]),
    ("import_id={import}&voided=true", &[8]),
    ("task_id=tsk_1", &[0]),
    ("campaign_id=cmp_1", &[0]),
    ("alloc_type=queue", &[3]),
    ("alloc_type=department", &[1, 9]),
    ("agent_id=1001", &[0]),
    ("department_id=dep_1", &[1]),
    ("robot_id=201", &[2]),
    ("queue_id=sales", &[3]),
    ("business_status=keen", &[4]),
    ("call_status=failed", &[5]),
    ("call_status=failed,exception", &[5, 10]),
    ("tab=exception", &[10]),
    ("tab=overdue", &[7]),
    ("alloc_status=recycled", &[6]),
    ("alloc_status=recycled,recycled_dept", &[6, 9]),
    ("alloc_status=unallocated&tab=notcall", &[4, 7, 8, 11]),
    ("appointment=appointed", &[7]),
    ("appointment=overdue", &[7]),
    ("appointment=today", &[]),
    ("dialled_from=2026-03-04&dialled_to=2026-03-04", &[5]),
    ("dialled_to=2026-03-03", &[]),
    ("dialled_from=2026-03-04T12:00:01%2B08:00", &[]),
    ("appointed_from=2026-05-06&appointed_to=2026-05-06", &[7]),
    ("appointed_from=2026-05-07", &[]),
    ("voided=true", &[8]),
    ("field={name}&op=eq&value=%E5%AE%A2%E6%88%B73", &[1]),
    (
        "field={name}&op=in&value=%E5%AE%A2%E6%88%B73,%E5%AE%A2%E6%88%B74",
        &[1, 2],
    ),
];

#[tokio::test]
async fn each_condition_finds_what_it_says_and_nothing_else() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Supervisor).await;
        let (id, fields, all) = batch(&kit.db, "一", 12).await;
        let (other, _, _) = batch(&kit.db, "二", 1).await;
        for (lead, apart) in all.iter().zip(APART) {
            about(&kit.db, lead, apart).await;
        }
        let get = async |path: &str| {
            let path = format!("/api/v1/{path}");
            kit.with(&token, "GET", &path, None).await
        };
        let run = run(&kit, &id).await;
        let filter = get("filters").await.body["data"][0]["id"].clone();
        let import = get(&format!("leads/{}", all[0])).await.body["import_id"].clone();
        let word = |value: &Value| value.as_str().unwrap().to_owned();
        for (condition, wanted) in CONDITIONS {
            let query = condition
                .replace("{filter}", &word(&filter))
                .replace("{run}", &run)
                .replace("{import}", &word(&import))
                .replace("{name}", &fields[0].code);
            let found = get(&format!("leads?batch_id={id}&{query}")).await;
            let wanted: Vec<&String> = wanted.iter().map(|at| &all[*at]).collect();
            assert_eq!(
                ids(&found).iter().collect::<Vec<_>>(),
                wanted,
                "{condition}"
            );
            let counted = get(&format!("leads?batch_id={id}&{query}&count=exact")).await;
            assert_eq!(counted.body["count"], wanted.len(), "{condition}");
        }
        let others = get(&format!("leads?batch_id={other}&count=exact")).await;
        assert_eq!(others.body["count"], 1);
        assert_eq!(
            ids(&get("leads?count=exact").await).len(),
            13,
            "of every batch"
        );
    })
    .await;
}

#[tokio::test]
async fn leads_that_come_in_neither_repeat_nor_hide_others_in_any_order() {
    const EACH: [&str; 5] = [
        "created",
        "-created",
        "last_dial",
        "next_dial",
        "appointment",
    ];
    const DIALLED: &str =
        "UPDATE leads SET last_dial_at = position / 2, next_dial_at = position / 3,
        appoint_at = position / 4, appointed = TRUE, call_status = 'failed' WHERE id = $1";
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Supervisor).await;
        let (id, fields, all) = batch(&kit.db, "一", 20).await;
        // The others have no such time.
        for lead in &all[..13] {
            about(&kit.db, lead, DIALLED).await;
        }
        let mut known: BTreeSet<String> = all.into_iter().collect();
        for sort in EACH {
            let mut seen = Vec::new();
            let mut cursor = String::new();
            loop {
                let query = format!("batch_id={id}&sort={sort}&limit=3{cursor}");
                let path = format!("/api/v1/leads?{query}");
                let page = kit.with(&token, "GET", &path, None).await;
                seen.extend(ids(&page));
                let Some(next) = page.body["next_cursor"].as_str() else {
                    break;
                };
                cursor = format!("&cursor={next}");
                if seen.len() <= 12 {
                    import(&kit.db, &id, &fields, 2).await;
                }
            }
            let once: BTreeSet<String> = seen.iter().cloned().collect();
            assert_eq!(once.len(), seen.len(), "{sort}: somebody came twice");
            let missed: Vec<&String> = known.difference(&once).collect();
            assert!(missed.is_empty(), "{sort}: {missed:?}");
            known = once.union(&known).cloned().collect();
        }
    })
    .await;
}
