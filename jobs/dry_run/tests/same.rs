//! Whatever is asked for and whatever the house has: the counts of a dry run are those of the import that
//! follows.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    sync::atomic::{AtomicU64, Ordering},
};

use engine::{
    campaign,
    draw::{Share, Target, TargetType},
    field::Field,
};
use proptest::{collection::vec, option, prelude::*, sample::select};
use store::{
    fields,
    imports::{DupPolicy, DupScope, Import, Mode},
    leads::{self, Lead, id_of},
    rejects,
    testing::{about, age, each, into_campaign},
};

use super::*;
use crate::House;

/// Numbers that matter; all others are new.
const FEW: u64 = 12;
/// More rows than a chunk has.
const MANY: u64 = 1_100;

/// What there is, and what is asked for. Rows and leads are numbers out of a few.
#[derive(Debug, Clone)]
struct Case {
    options: Options,
    /// Leads of the batch, and those of them that are being dialled.
    there: Vec<u64>,
    busy: Vec<u64>,
    /// Leads of two other batches in a campaign that runs; the second is old.
    campaign: Vec<u64>,
    long_ago: Vec<u64>,
    /// Must not be called.
    listed: Vec<u64>,
    /// The key is a field of its own.
    keyed: bool,
    rows: Vec<(u64, Row)>,
    /// Many other rows stand in the middle.
    is_long: bool,
}

#[derive(Debug, Clone, Copy)]
enum Row {
    Good,
    NoNumber,
    Bad,
    Empty,
}

fn options() -> impl Strategy<Value = Options> {
    let mode = select(vec![Mode::Insert, Mode::Update, Mode::Upsert]);
    let policy = select(vec![DupPolicy::KeepAll, DupPolicy::Skip, DupPolicy::Update]);
    let scope = select(vec![
        DupScope::File,
        DupScope::Batch,
        DupScope::Campaign,
        DupScope::All,
    ]);
    let days = option::of(select(vec![30_u32, 90, 180]));
    let all =
        (mode, policy, scope, days).prop_map(|(mode, dup_policy, dup_scope, dup_days)| Options {
            mode,
            dup_policy,
            dup_scope,
            dup_days,
            ..Options::default()
        });
    all.prop_filter("contradictory", |options| options.validate().is_ok())
}

fn case() -> impl Strategy<Value = Case> {
    let few = || vec(0..FEW, 0..5);
    let row = prop_oneof![
        8 => Just(Row::Good),
        1 => Just(Row::NoNumber),
        1 => Just(Row::Bad),
        1 => Just(Row::Empty),
    ];
    let house = (few(), few(), few(), few(), few());
    let file = (any::<bool>(), vec((0..FEW, row), 1..20), any::<bool>());
    (options(), house, file).prop_map(|(options, house, file)| Case {
        options,
        there: house.0,
        busy: house.1,
        campaign: house.2,
        long_ago: house.3,
        listed: house.4,
        keyed: file.0,
        rows: file.1,
        is_long: file.2,
    })
}

/// A number of the case; no other case of the same house has it.
fn number(nth: u64, few: u64) -> u64 {
    13_800_000_000 + nth * 10_000 + few
}

fn sheet(case: &Case, nth: u64) -> String {
    let mut text = String::from("编号,号码\n");
    let half = case.rows.len() / 2;
    for (at, (few, row)) in case.rows.iter().enumerate() {
        if case.is_long && at == half {
            for other in 0..MANY {
                writeln!(text, "o{other},{}", number(nth, FEW + other)).unwrap();
            }
        }
        match row {
            Row::Good => writeln!(text, "k{few},{}", number(nth, *few)),
            Row::NoNumber => writeln!(text, "k{few},"),
            Row::Bad => writeln!(text, "k{few},12"),
            Row::Empty => writeln!(text, ","),
        }
        .unwrap();
    }
    text
}

async fn new_batch(house: &House, keyed: bool) -> String {
    let batch = testing::batch(house, &["编号", "号码"]).await;
    let mut tx = house.db.begin().await.unwrap();
    for field in fields::list_in(&mut tx, &batch).await.unwrap() {
        if keyed && field.title == "编号" {
            let is_key = true;
            let key = Field { is_key, ..field };
            fields::update(&mut tx, &batch, &key, house.now())
                .await
                .unwrap();
        }
    }
    tx.commit().await.unwrap();
    batch
}

async fn bring(house: &House, batch: &str, text: &str, options: &Options) -> Import {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("list.csv");
    std::fs::write(&file, text).unwrap();
    let (id, job) = upload_with(house, batch, &file, options).await;
    perform(house, &job, &Work::ImportBatch { import: id.clone() })
        .await
        .unwrap();
    imports::get(&house.db, &id).await.unwrap().unwrap()
}

/// A batch with these leads.
async fn with(house: &House, keyed: bool, nth: u64, leads: &[u64]) -> String {
    let batch = new_batch(house, keyed).await;
    let rows = leads
        .iter()
        .map(|few| format!("k{few},{}\n", number(nth, *few)));
    let text = format!("编号,号码\n{}", rows.collect::<String>());
    bring(house, &batch, &text, &Options::default()).await;
    batch
}

/// A campaign that runs.
async fn running(house: &House, batch: &str) -> String {
    let filter = testing::filter(house, batch, &[]).await;
    let plan = testing::Plan {
        mode: campaign::Mode::Predictive,
        extract: 1,
        share: Share::All,
        targets: &[Target::new(TargetType::Queue, "q", 1)],
    };
    let campaign = testing::campaign(house, &filter, &plan).await;
    let run = "UPDATE campaigns SET state = 'running' WHERE id = $1";
    about(&house.db, &campaign, run).await;
    campaign
}

async fn all(house: &House, batch: &str) -> Vec<Lead> {
    leads::page(&house.db, batch, -1, 10_000).await.unwrap()
}

/// Puts everything into the house that the case says; returns the batch.
async fn set_up(house: &House, case: &Case, nth: u64) -> String {
    let batch = with(house, case.keyed, nth, &case.there).await;
    let busy = |phone: &str| {
        case.busy
            .iter()
            .any(|few| number(nth, *few).to_string() == phone)
    };
    for lead in all(house, &batch).await {
        if busy(&lead.phone) {
            let dial = "UPDATE leads SET call_status = 'calling' WHERE id = $1";
            about(&house.db, &lead.id, dial).await;
        }
    }
    let other = with(house, case.keyed, nth, &case.campaign).await;
    let old = with(house, case.keyed, nth, &case.long_ago).await;
    let campaign = running(house, &other).await;
    for batch in [&other, &old] {
        for lead in all(house, batch).await {
            into_campaign(&house.db, &lead.id, &campaign).await;
        }
    }
    age(&house.db, &old, 100).await;
    let mut tx = house.db.begin().await.unwrap();
    for few in case.listed.iter().collect::<BTreeSet<_>>() {
        let number = number(nth, *few).to_string();
        store::dnc::add(&mut tx, "o", &number, "test", None, house.now())
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    batch
}

async fn holds(house: &House, case: Case, nth: u64) {
    let batch = set_up(house, &case, nth).await;
    let before = all(house, &batch).await;
    let text = sheet(&case, nth);
    let told = look(house, &batch, &text, &case.options).await;
    assert_eq!(all(house, &batch).await, before, "a dry run changed leads");
    let sum = told.good + told.invalid + told.duplicates + told.updated;
    assert_eq!(told.rows, sum);

    let did = bring(house, &batch, &text, &case.options).await;
    let counts = [
        ("good", told.good, did.good),
        ("invalid", told.invalid, did.invalid),
        ("duplicates", told.duplicates, did.duplicate),
        ("updated", told.updated, did.updated),
        ("blank", told.blank, did.blank),
        ("blacklisted", told.blacklisted, did.blacklisted),
    ];
    for (what, said, came) in counts {
        assert_eq!(said, came, "{what}");
    }
    let refused = rejects::page(&house.db, &did.id, 0, 20).await.unwrap();
    let refused = refused.into_iter();
    let refused: Vec<_> = refused
        .map(|row| (row.row_no, row.code, row.cells.0))
        .collect();
    let problems = told.problems.into_iter();
    let problems: Vec<_> = problems
        .map(|row| (row.row_no, row.code, row.cells))
        .collect();
    assert_eq!(problems, refused);
    assert_eq!(
        told.existing,
        there_before(house, &case, &did, &before).await
    );
}

/// Of the rows that were left out or changed a lead: those whose lead is not the import's own.
async fn there_before(house: &House, case: &Case, import: &Import, before: &[Lead]) -> i64 {
    let left_out = store::duplicates::page(&house.db, &import.id, 0, 10_000)
        .await
        .unwrap();
    let positions = import.positions();
    let own = id_of(*positions.start())..=id_of(*positions.end());
    let others = left_out.iter().filter(|row| !own.contains(&row.lead_id));
    let others = i64::try_from(others.count()).unwrap();
    if import.updated == 0 {
        return others;
    }
    let first_is_there = |(few, row): &&(u64, Row)| {
        let key = if case.keyed {
            format!("k{few}")
        } else {
            case_number(before, *few)
        };
        let lead = before.iter().find(|lead| lead.key_value == key);
        let is_read = matches!(row, Row::Good);
        is_read && lead.is_some_and(|lead| lead.call_status != "calling")
    };
    let changed = case.rows.iter().filter(first_is_there).count();
    others + i64::try_from(changed).unwrap()
}

/// The number of one of a few, as the batch has it; empty where it has not.
fn case_number(leads: &[Lead], few: u64) -> String {
    let ends = |lead: &&Lead| {
        let number: u64 = lead.phone.parse().unwrap();
        (number - 13_800_000_000) % 10_000 == few
    };
    let lead = leads.iter().find(ends);
    lead.map(|lead| lead.phone.clone()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_counts_as_the_import_that_follows() {
    on_both(|home| async move {
        let (house, _guard) = house(home);
        let nth = AtomicU64::new(0);
        each(60, case(), async |case: Case| {
            holds(&house, case, nth.fetch_add(1, Ordering::Relaxed)).await;
        })
        .await;
    })
    .await;
}
