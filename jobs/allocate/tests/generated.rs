//! Whatever is started, dialled, taken back and undone, in whatever order: the counts add up, and each
//! count is the number of leads that it stands for (OUT-129, OUT-134, OUT-145).

use proptest::{collection::vec, prelude::*};
use store::{jobs, testing::each, undo, work::Recycle};

use super::*;

const LEADS: usize = 24;
/// Each is an import's.
const IMPORTS: usize = 2;

/// What people and calls do; numbers count what there is, from the first again behind the last.
#[derive(Debug, Clone)]
enum Step {
    Start {
        mode: Mode,
        extract: i64,
        share: Share,
        quantities: Vec<u64>,
    },
    Dial(usize),
    RecycleTask {
        task: usize,
        only: Option<usize>,
        to_department: bool,
    },
    RecycleHolder {
        mode: Mode,
        holder: usize,
        to_department: bool,
    },
    RecycleLeads {
        leads: Vec<usize>,
        to_department: bool,
    },
    Undo(usize),
}

fn mode() -> impl Strategy<Value = Mode> {
    prop_oneof![
        Just(Mode::Preview),
        Just(Mode::Predictive),
        Just(Mode::Robot)
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let share = prop_oneof![
        3 => Just(Share::All),
        1 => Just(Share::ThreeQuarters),
        1 => Just(Share::Half),
        1 => Just(Share::Quarter),
    ];
    let start = (mode(), 1..30_i64, share, vec(0..9_u64, 1..4));
    prop_oneof![
        6 => start.prop_map(|(mode, extract, share, quantities)| Step::Start {
            mode, extract, share, quantities,
        }),
        4 => (0..LEADS).prop_map(Step::Dial),
        3 => (0..9_usize, proptest::option::of(0..3_usize), any::<bool>()).prop_map(
            |(task, only, to_department)| Step::RecycleTask { task, only, to_department }),
        2 => (mode(), 0..3_usize, any::<bool>()).prop_map(
            |(mode, holder, to_department)| Step::RecycleHolder { mode, holder, to_department }),
        2 => (vec(0..LEADS, 1..6), any::<bool>()).prop_map(
            |(leads, to_department)| Step::RecycleLeads { leads, to_department }),
        1 => (0..IMPORTS).prop_map(Step::Undo),
    ]
}

struct World {
    house: House,
    batch: String,
    filter: String,
    imports: Vec<String>,
    tasks: Vec<String>,
}

impl World {
    async fn new(house: &House) -> Self {
        let batch = testing::batch(house, &["号码"]).await;
        let dir = tempfile::tempdir().unwrap();
        let mut imports = Vec::new();
        for import in 0..IMPORTS {
            let path = dir.path().join("list.csv");
            let rows =
                (0..LEADS / IMPORTS).map(|n| format!("{}\n", 13_800_000_000 + import * 100 + n));
            std::fs::write(&path, format!("号码\n{}", rows.collect::<String>())).unwrap();
            imports.push(testing::import(house, &batch, &path).await.id);
        }
        Self {
            house: house.clone(),
            filter: testing::filter(house, &batch, &[]).await,
            batch,
            imports,
            tasks: Vec::new(),
        }
    }

    /// Who may have leads in a campaign of this mode, here and in no other world of this database; the
    /// third of a preview is a department.
    fn holder(&self, mode: Mode, nth: usize) -> (TargetType, String) {
        let kind = match (mode, nth % 3) {
            (Mode::Preview, 2) => TargetType::Department,
            (Mode::Preview, _) => TargetType::Agent,
            (Mode::Predictive, _) => TargetType::Queue,
            (Mode::Robot, _) => TargetType::Robot,
        };
        (kind, format!("{}-{}", self.batch, nth % 3))
    }

    async fn leads(&self) -> Vec<leads::Lead> {
        leads::page(&self.house.db, &self.batch, -1, 1_000)
            .await
            .unwrap()
    }

    async fn task(&self, id: &str) -> Task {
        find(&self.house, id).await.unwrap()
    }

    async fn take(&mut self, step: &Step) {
        match step {
            Step::Start {
                mode,
                extract,
                share,
                quantities,
            } => self.start(*mode, *extract, *share, quantities).await,
            Step::Dial(lead) => {
                let leads = self.leads().await;
                if let Some(lead) = leads.get(lead % leads.len().max(1)) {
                    store::testing::mark_dialled(&self.house.db, &lead.id).await;
                }
            }
            Step::RecycleTask {
                task,
                only,
                to_department,
            } => {
                let Some(task) = self.tasks.get(task % self.tasks.len().max(1)) else {
                    return;
                };
                let kinds = [Mode::Preview, Mode::Predictive, Mode::Robot];
                let only = only.map(|nth| self.holder(kinds[nth], nth));
                self.recycle(Recycle {
                    task: Some(task.clone()),
                    holder: only,
                    to_department: *to_department,
                    ..Recycle::default()
                })
                .await;
            }
            Step::RecycleHolder {
                mode,
                holder: nth,
                to_department,
            } => {
                self.recycle(Recycle {
                    holder: Some(self.holder(*mode, *nth)),
                    to_department: *to_department,
                    ..Recycle::default()
                })
                .await;
            }
            Step::RecycleLeads {
                leads,
                to_department,
            } => {
                let all = self.leads().await;
                let named = leads.iter().filter_map(|nth| all.get(*nth));
                let leads: Vec<String> = named.map(|lead| lead.id.clone()).collect();
                if !leads.is_empty() {
                    self.recycle(Recycle {
                        leads,
                        to_department: *to_department,
                        ..Recycle::default()
                    })
                    .await;
                }
            }
            Step::Undo(import) => self.undo(&self.imports[*import]).await,
        }
    }

    async fn start(&mut self, mode: Mode, extract: i64, share: Share, quantities: &[u64]) {
        let free = self
            .leads()
            .await
            .iter()
            .filter(|lead| is_free(lead))
            .count() as i64;
        let targets: Vec<Target> = (0..)
            .zip(quantities)
            .map(|(nth, quantity)| {
                let (kind, id) = self.holder(mode, nth);
                target(kind, &id, *quantity)
            })
            .collect();
        let plan = Plan {
            mode,
            extract,
            share,
            targets: &targets,
        };
        let campaign = testing::campaign(&self.house, &self.filter, &plan).await;
        let task = start(&self.house, &campaign).await;
        let state = if free == 0 { "failed" } else { "ready" };
        assert_eq!((task.state.as_str(), task.filtered), (state, free));
        assert!(free - task.unallocated <= extract, "{task:?}");
        let leads = self.leads().await;
        for target in targets.iter().filter(|target| target.quantity > 0) {
            let has = |lead: &&leads::Lead| {
                lead.task_id.as_ref() == Some(&task.id)
                    && lead.alloc_target.as_ref() == Some(&target.target_id)
            };
            assert!(leads.iter().filter(has).count() as u64 <= target.quantity);
        }
        self.tasks.push(task.id);
    }

    /// What the job says it took back is what the tasks say they lost.
    async fn recycle(&self, ask: Recycle) {
        let before = self.recycled().await;
        let work = Work::RecycleTask(Recycle {
            orgi: "o".into(),
            ..ask
        });
        let job = testing::enqueue(&self.house, work.clone()).await;
        testing::perform(&self.house, &job, &work).await.unwrap();
        let job = jobs::get(&self.house.db, &job).await.unwrap().unwrap();
        assert_eq!(job.result.0["recycled"], self.recycled().await - before);
    }

    async fn recycled(&self) -> i64 {
        let mut sum = 0;
        for task in &self.tasks {
            let task = self.task(task).await;
            sum += task.recycled + task.recycled_dept;
        }
        sum
    }

    async fn undo(&self, import: &str) {
        let mut tx = self.house.db.begin().await.unwrap();
        let begun = undo::begin(&mut tx, import, "u").await;
        tx.commit().await.unwrap();
        if begun.is_err() {
            return;
        }
        let import = import.to_owned();
        let job = testing::enqueue(&self.house, Work::UndoImport { import }).await;
        testing::start(&self.house, &job).await.unwrap();
    }

    async fn adds_up(&self) {
        let leads = self.leads().await;
        for task in &self.tasks {
            let task = self.task(task).await;
            assert!(adds_up(&task), "{task:?}");
            let of = |status: &str| {
                let is = |lead: &&leads::Lead| {
                    lead.task_id.as_ref() == Some(&task.id) && lead.alloc_status == status
                };
                leads.iter().filter(is).count() as i64
            };
            let have = ["agent", "dept", "ai", "queue"].map(of);
            let told = [task.to_agent, task.to_dept, task.to_ai, task.to_queue];
            assert_eq!(told, have, "{task:?}");
            assert!(task.recycled >= 0 && task.recycled_dept >= 0 && task.unallocated >= 0);
        }
        for lead in &leads {
            let is_held = lead.alloc_type.is_some();
            let word = ["agent", "dept", "ai", "queue", "recycled_dept"];
            assert_eq!(
                is_held,
                word.contains(&lead.alloc_status.as_str()),
                "{lead:?}"
            );
        }
    }
}

fn is_free(lead: &leads::Lead) -> bool {
    ["unallocated", "recycled"].contains(&lead.alloc_status.as_str()) && !lead.voided && !lead.dnc
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_add_up_whatever_is_done() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        each(30, vec(step(), 1..14), async |steps: Vec<Step>| {
            let mut world = World::new(&house).await;
            for step in &steps {
                world.take(step).await;
                world.adds_up().await;
            }
        })
        .await;
    })
    .await;
}
