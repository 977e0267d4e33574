use std::{collections::BTreeMap, fmt::Write as _};

use engine::{
    campaign,
    draw::{Share, Target, TargetType},
};
use proptest::{collection::vec, prelude::*, sample::select};
use store::{
    imports::{DupPolicy, DupScope, Mode, Options},
    leads, tasks,
    testing::{each, on_both},
    undo,
    work::Work,
};
use tempfile::TempDir;

use super::*;
use crate::testing::{self, code_of, enqueue, perform, upload_with};

/// The leads of a batch and its tasks' counts, as text.
async fn dump(house: &House, batch: &str, task: Option<&str>) -> String {
    let leads = leads::page(&house.db, batch, -1, 1_000_000).await.unwrap();
    let mut text: String = leads
        .iter()
        .map(|lead| serde_json::to_string(lead).unwrap() + "\n")
        .collect();
    if let Some(task) = task {
        let task = tasks::get(&house.db, task).await.unwrap().unwrap();
        text += &serde_json::to_string(&task).unwrap();
    }
    text
}

async fn now(house: &House, id: &str) -> Import {
    imports::get(&house.db, id).await.unwrap().unwrap()
}

async fn bring(house: &House, batch: &str, csv: &str, options: &Options) -> Import {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("data.csv");
    std::fs::write(&path, csv).unwrap();
    let (id, job) = upload_with(house, batch, &path, options).await;
    let work = Work::ImportBatch { import: id.clone() };
    perform(house, &job, &work).await.unwrap();
    now(house, &id).await
}

async fn ask(house: &House, import: &Import) -> String {
    let mut tx = house.db.begin().await.unwrap();
    undo::begin(&mut tx, &import.id, "u").await.unwrap();
    tx.commit().await.unwrap();
    let import = import.id.clone();
    enqueue(house, Work::UndoImport { import }).await
}

async fn take_back(house: &House, import: &Import) {
    let job = ask(house, import).await;
    testing::start(house, &job).await.unwrap();
}

fn merging(mode: Mode) -> Options {
    Options {
        mode,
        ..Options::default()
    }
}

/// A row: 0 of fifty is empty, 1 bad; a number out of a few; a city.
type Line = (usize, u64, usize);

/// A few rows, or more than a write takes.
fn lines() -> impl Strategy<Value = Vec<Line>> {
    prop_oneof![
        3 => vec((0..12_usize, 0..40_u64, 0..3_usize), 1..60),
        1 => vec((0..50_usize, 0..2_000_u64, 0..3_usize), 1..2_600),
    ]
}

/// The sheet of these rows, and how many it has down to the last that is not empty.
fn sheet(lines: &[Line]) -> (String, i64) {
    let mut text = String::from("姓名,号码,城市\n");
    let mut last = 0;
    for (row, (kind, number, city)) in (1..).zip(lines) {
        let number = 13_800_000_000 + number;
        let city = ["北京", "上海", ""][*city];
        match kind {
            0 => text.push_str(",,\n"),
            1 => writeln!(text, "x{row},12,{city}").unwrap(),
            _ => writeln!(text, "n{row},{number},{city}").unwrap(),
        }
        if *kind != 0 {
            last = row;
        }
    }
    (text, last)
}

fn options() -> impl Strategy<Value = Options> {
    let scope = select(vec![DupScope::File, DupScope::Batch, DupScope::All]);
    prop_oneof![
        Just(merging(Mode::Upsert)),
        Just(merging(Mode::Update)),
        Just(Options::keeping_all()),
        scope.prop_map(|dup_scope| Options {
            dup_policy: DupPolicy::Skip,
            dup_scope,
            ..Options::default()
        }),
    ]
}

/// What an import may touch, beside its own record, that of its jobs, and the version of its batch, which
/// rises with every change.
const TOUCHED: &[&str] = &[
    "fields",
    "dictionaries",
    "leads",
    "rejects",
    "duplicates",
    "import_journal",
    "reservations",
    "tasks",
    "contacts",
    "dnc",
    "mappings",
];

/// Whatever was imported before: the counts add up, and an undo leaves nothing behind, in no table.
#[tokio::test(flavor = "multi_thread")]
async fn an_undo_leaves_the_database_as_it_was() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        each(
            8,
            vec((options(), any::<Option<bool>>(), lines()), 1..4),
            async |steps: Vec<(Options, Option<bool>, Vec<Line>)>| {
                let batch = testing::batch(&house, &["姓名", "号码", "城市"]).await;
                let mut undone: Vec<(Import, String)> = Vec::new();
                let phone = code_of(&house.db, &batch, "号码").await;
                let name = code_of(&house.db, &batch, "姓名").await;
                for (options, maps, lines) in &steps {
                    // A mapping is remembered for the header, another one the next time.
                    let to = ["", &name][usize::from(*maps == Some(true))];
                    let mapping = [("号码", phone.as_str()), ("姓名", to)];
                    let mapping = mapping.map(|(title, code)| (title.to_owned(), code.to_owned()));
                    let options = &Options {
                        mapping: maps.map(|_| mapping.into()).unwrap_or_default(),
                        ..options.clone()
                    };
                    let before = store::testing::dump(&house.db, TOUCHED).await;
                    let (csv, rows) = sheet(lines);
                    let import = bring(&house, &batch, &csv, options).await;
                    let sum = import.good + import.invalid + import.duplicate + import.updated;
                    assert_eq!(sum + import.blank, rows, "{import:?}");
                    let listed = store::duplicates::page(&house.db, &import.id, 0, 10_000).await;
                    assert_eq!(listed.unwrap().len() as i64, import.duplicate, "{import:?}");
                    undone.push((import, before));
                }
                while let Some((import, before)) = undone.pop() {
                    take_back(&house, &import).await;
                    let after = now(&house, &import.id).await;
                    assert_eq!(after.state, "undone", "{after:?}");
                    assert_eq!(
                        (after.good, after.updated, after.invalid, after.duplicate),
                        (0, 0, 0, 0)
                    );
                    let left = store::testing::dump(&house.db, TOUCHED).await;
                    assert!(left == before, "{}", first_difference(&before, &left));
                }
            },
        )
        .await;
    })
    .await;
}

fn first_difference(before: &str, after: &str) -> String {
    let mut lines = before.lines().zip(after.lines());
    let differs = lines.find(|(before, after)| before != after);
    differs.map_or("more or fewer rows".into(), |(before, after)| {
        format!("before: {before}\nafter: {after}")
    })
}

/// Rows one after the other, as a person would do it: number to name and city.
fn by_hand(known: &mut BTreeMap<String, (String, String)>, csv: &str, mode: Mode) {
    for line in csv.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let (name, number, city) = (cells[0], cells[1], cells[2]);
        if number.len() != 11 || (mode == Mode::Update && !known.contains_key(number)) {
            continue;
        }
        let lead = known.entry(number.into()).or_default();
        lead.0 = name.into();
        if !city.is_empty() {
            lead.1 = city.into();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_one_lead_do_the_same_in_one_chunk_in_several_and_in_two_imports() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        each(3, vec(lines(), 3), async |sheets: Vec<Vec<Line>>| {
            let batch = testing::batch(&house, &["姓名", "号码", "城市"]).await;
            let name = code_of(&house.db, &batch, "姓名").await;
            let city = code_of(&house.db, &batch, "城市").await;
            let mut known = BTreeMap::new();
            for (mode, lines) in [Mode::Upsert, Mode::Update, Mode::Upsert]
                .into_iter()
                .zip(sheets)
            {
                let (csv, _) = sheet(&lines);
                by_hand(&mut known, &csv, mode);
                bring(&house, &batch, &csv, &merging(mode)).await;
                let leads = leads::page(&house.db, &batch, -1, 10_000).await.unwrap();
                let found: BTreeMap<String, (String, String)> = leads
                    .into_iter()
                    .map(|lead| {
                        let text = |code: &str| lead.data.get(code).cloned().unwrap_or_default();
                        (lead.phone.clone(), (text(&name), text(&city)))
                    })
                    .collect();
                assert!(found == known, "{mode:?}");
            }
        })
        .await;
    })
    .await;
}

/// Two imports at once, and a worker that is believed dead and is not: each row is done once, and
/// each number is one lead.
#[tokio::test(flavor = "multi_thread")]
async fn imports_at_once_do_no_chunk_twice() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let batch = testing::batch(&house, &["姓名", "号码", "城市"]).await;
        let dir = TempDir::new().unwrap();
        let mut starts = Vec::new();
        let mut all = Vec::new();
        for nth in 0..2 {
            let mut csv = String::from("姓名,号码,城市\n");
            for row in 0..5_000_u64 {
                writeln!(csv, "f{nth},{},", 13_800_000_000 + row % 4_000).unwrap();
            }
            let path = dir.path().join(format!("{nth}.csv"));
            std::fs::write(&path, csv).unwrap();
            let (id, job) = upload_with(&house, &batch, &path, &Options::default()).await;
            let first = testing::take(&house, &job).await.unwrap();
            let second = testing::take(&house, &job).await.unwrap();
            starts.extend([(first, id.clone()), (second, id.clone())]);
            all.push(id);
        }
        let mut doing = tokio::task::JoinSet::new();
        for (taken, import) in starts {
            let house = house.clone();
            doing.spawn(async move {
                let work = Work::ImportBatch { import };
                house.perform(&testing::ticket(&taken), &work).await
            });
        }
        let mut superseded = 0;
        while let Some(done) = doing.join_next().await {
            match done.unwrap() {
                Ok(()) => {}
                Err(JobError::Superseded) => superseded += 1,
                Err(other) => panic!("{other:?}"),
            }
        }
        assert_eq!(superseded, 2);
        let (mut good, mut duplicate) = (0, 0);
        for id in &all {
            let import = now(&house, id).await;
            assert_eq!(import.state, "succeeded");
            assert_eq!(import.good + import.duplicate, 5_000);
            good += import.good;
            duplicate += import.duplicate;
        }
        assert_eq!((good, duplicate), (4_000, 6_000));
        assert_eq!(leads::count(&house.db, &batch).await.unwrap(), 4_000);
    })
    .await;
}

#[tokio::test]
async fn duplicates_elsewhere_are_left_out() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let other = testing::batch(&house, &["姓名", "号码", "城市"]).await;
        let batch = testing::batch(&house, &["姓名", "号码", "城市"]).await;
        let csv = "姓名,号码,城市\na,13800138000,\nb,13800138001,\n";
        bring(&house, &other, csv, &Options::default()).await;
        let lead = leads::page(&house.db, &other, -1, 1)
            .await
            .unwrap()
            .remove(0);
        let scoped = |dup_scope, dup_days| Options {
            dup_scope,
            dup_days,
            ..Options::default()
        };
        // Nothing of the other batch is in a campaign that runs.
        let none = bring(&house, &batch, csv, &scoped(DupScope::Campaign, None)).await;
        assert_eq!((none.good, none.duplicate), (2, 0));
        take_back(&house, &none).await;
        let all = bring(&house, &batch, csv, &scoped(DupScope::All, Some(90))).await;
        assert_eq!((all.good, all.duplicate), (0, 2));
        let listed = store::duplicates::page(&house.db, &all.id, 0, 10)
            .await
            .unwrap();
        assert_eq!((listed[0].row_no, &listed[0].lead_id), (2, &lead.id));
        assert_eq!(listed[0].of_row, None);
        assert!(listed[0].batch.is_some());
        // A hundred days later it is another matter.
        store::testing::age(&house.db, &other, 100).await;
        let old = bring(&house, &batch, csv, &scoped(DupScope::All, Some(90))).await;
        assert_eq!((old.good, old.duplicate), (2, 0));
        take_back(&house, &old).await;
        let ever = bring(&house, &batch, csv, &scoped(DupScope::All, None)).await;
        assert_eq!((ever.good, ever.duplicate), (0, 2));
        take_back(&house, &ever).await;
        // One of them is in a campaign that runs.
        let filter = testing::filter(&house, &other, &[]).await;
        let plan = testing::Plan {
            mode: campaign::Mode::Predictive,
            extract: 1,
            share: Share::All,
            targets: &[Target::new(TargetType::Queue, "q", 1)],
        };
        let campaign = testing::campaign(&house, &filter, &plan).await;
        let run = "UPDATE campaigns SET state = 'running' WHERE id = $1";
        store::testing::about(&house.db, &campaign, run).await;
        store::testing::into_campaign(&house.db, &lead.id, &campaign).await;
        for (days, duplicate) in [(Some(30), 0), (Some(90), 0), (Some(180), 1), (None, 1)] {
            let some = bring(&house, &batch, csv, &scoped(DupScope::Campaign, days)).await;
            assert_eq!(
                (some.good, some.duplicate),
                (2 - duplicate, duplicate),
                "{days:?}"
            );
            take_back(&house, &some).await;
        }
    })
    .await;
}

#[tokio::test]
async fn an_import_in_use_is_not_undone() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let batch = testing::batch(&house, &["姓名", "号码", "城市"]).await;
        let csv = "姓名,号码,城市\na,13800138000,\nb,13800138001,\nc,13800138002,\n";
        let first = bring(&house, &batch, csv, &Options::default()).await;
        let over = "姓名,号码,城市\nx,13800138000,北京\n";
        let second = bring(&house, &batch, over, &merging(Mode::Upsert)).await;
        let usage = undo::usage(&house.db, &first).await.unwrap();
        assert_eq!((usage.imported_over, usage.dialled), (1, 0));
        assert!(undo::usage(&house.db, &second).await.unwrap().is_free());

        let before = dump(&house, &batch, None).await;
        let job = ask(&house, &first).await;
        testing::start(&house, &job).await.unwrap();
        let refused = store::jobs::get(&house.db, &job).await.unwrap().unwrap();
        assert_eq!(refused.error_code.as_deref(), Some("IMPORT_IN_USE"));
        let text = refused.error_text.unwrap();
        assert!(text.contains("1 changed by a later import"), "{text}");
        assert_eq!(now(&house, &first.id).await.state, "succeeded");
        assert_eq!(dump(&house, &batch, None).await, before);

        // By hand, and by a call.
        let leads = leads::page(&house.db, &batch, -1, 10).await.unwrap();
        let name = code_of(&house.db, &batch, "姓名").await;
        let mut tx = house.db.begin().await.unwrap();
        let patch = [(name, "by hand".to_owned())].into();
        leads::patch(&mut tx, &leads[0].id, &patch, house.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(undo::usage(&house.db, &second).await.unwrap().edited, 1);
        store::testing::mark_dialled(&house.db, &leads[1].id).await;
        let usage = undo::usage(&house.db, &first).await.unwrap();
        assert_eq!(
            (usage.dialled, usage.edited, usage.imported_over),
            (1, 1, 1)
        );
    })
    .await;
}

/// Killed between any two chunks, an undo ends where one ends that was left alone.
#[tokio::test]
async fn an_interrupted_undo_goes_on_where_it_was() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let batch = testing::batch(&house, &["姓名", "号码", "城市"]).await;
        let rows = |from: u64, to: u64, name: &str| {
            let rows = (from..to).map(|n| format!("{name},{},\n", 13_800_000_000 + n));
            format!("姓名,号码,城市\n{}", rows.collect::<String>())
        };
        bring(&house, &batch, &rows(0, 1_500, "a"), &Options::default()).await;
        let before = dump(&house, &batch, None).await;
        let upsert = merging(Mode::Upsert);
        let import = bring(&house, &batch, &rows(500, 3_000, "b"), &upsert).await;
        assert_eq!((import.good, import.updated), (1_500, 1_000));
        let job = ask(&house, &import).await;
        let mut steps = 0;
        loop {
            let ticket = testing::ticket(&testing::take(&house, &job).await.unwrap());
            let mut at = now(&house, &import.id).await;
            let mut behind = at.clone();
            if chunk(&house, &ticket, &mut at).await.unwrap().is_last {
                break;
            }
            steps += 1;
            // The one that was believed dead does nothing.
            let late = chunk(&house, &ticket, &mut behind).await;
            assert!(matches!(late, Err(JobError::Superseded)));
            if steps == 2 {
                break;
            }
        }
        assert_eq!(now(&house, &import.id).await.state, "undoing");
        testing::start(&house, &job).await.unwrap();
        let done = now(&house, &import.id).await;
        assert_eq!(
            (done.state.as_str(), done.removed, done.restored),
            ("undone", 1_500, 1_000)
        );
        assert!(dump(&house, &batch, None).await == before);
    })
    .await;
}

/// Leads that were given to somebody and never called leave their task, whose counts add up.
#[tokio::test]
async fn allocated_leads_are_taken_out_of_their_task() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let batch = testing::batch(&house, &["姓名", "号码", "城市"]).await;
        let csv = |from: u64| {
            let rows = (from..from + 10).map(|n| format!("n,{},\n", 13_800_000_000 + n));
            format!("姓名,号码,城市\n{}", rows.collect::<String>())
        };
        let first = bring(&house, &batch, &csv(0), &Options::default()).await;
        bring(&house, &batch, &csv(100), &Options::default()).await;
        let filter = testing::filter(&house, &batch, &[]).await;
        let targets = [Target::new(TargetType::Queue, "q", 15)];
        let plan = testing::Plan {
            mode: campaign::Mode::Predictive,
            extract: 15,
            share: Share::All,
            targets: &targets,
        };
        let campaign = testing::campaign(&house, &filter, &plan).await;
        let task = testing::task(&house, &campaign).await;
        testing::run(&house, Work::AllocateTask { task: task.clone() })
            .await
            .unwrap();
        let given = tasks::get(&house.db, &task).await.unwrap().unwrap();
        assert_eq!((given.filtered, given.to_queue), (20, 15));
        take_back(&house, &first).await;
        assert_eq!(now(&house, &first.id).await.removed, 10);
        let task = tasks::get(&house.db, &task).await.unwrap().unwrap();
        assert_eq!((task.filtered, task.to_queue, task.unallocated), (10, 5, 5));
    })
    .await;
}
