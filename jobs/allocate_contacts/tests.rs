use engine::draw::{Target, TargetType};
use store::{
    campaigns, contacts, imports, leads,
    tasks::{self, ContactsAsk, Task},
    testing::on_both,
    work::Work,
};

use super::*;
use crate::testing;

async fn add(house: &House, name: &str, phone: &str) -> String {
    let mut tx = house.db.begin().await.unwrap();
    let draft = contacts::Draft {
        name,
        phone,
        phone_raw: phone,
        note: "",
    };
    let id = contacts::create(&mut tx, "o", draft, ("u", house.now()))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    id
}

fn ask(contacts: Option<Vec<String>>, target: Option<Target>) -> ContactsAsk {
    ContactsAsk {
        import: imports::new_import_id(),
        contacts,
        search: String::new(),
        target,
        priority: 4,
    }
}

async fn task(house: &House, campaign: Option<&str>, ask: &ContactsAsk) -> String {
    let mut tx = house.db.begin().await.unwrap();
    let by = ("u", house.now());
    let id = tasks::create_other(&mut tx, "o", campaign, "联系人分配_x", ask, by)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    id
}

async fn allocate(house: &House, campaign: Option<&str>, ask: &ContactsAsk) -> Task {
    let id = task(house, campaign, ask).await;
    let work = Work::AllocateContacts { task: id.clone() };
    testing::run(house, work).await.unwrap();
    find(house, &id).await.unwrap()
}

#[tokio::test]
async fn contacts_become_leads_of_a_target_once() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let mut ids = Vec::new();
        for n in 0..5 {
            ids.push(add(&house, &format!("联系人{n}"), &format!("1861861600{n}")).await);
        }
        let mut tx = house.db.begin().await.unwrap();
        store::dnc::add(&mut tx, "o", "18618616003", "asked", None, house.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let to = Target::new(TargetType::Agent, "1001", 0);
        let some = ask(Some(ids[..2].to_vec()), Some(to.clone()));
        let first = allocate(&house, None, &some).await;
        assert_eq!(
            (first.kind.as_str(), first.state.as_str()),
            ("other", "ready")
        );
        assert_eq!(
            (first.filtered, first.to_agent, first.unallocated),
            (2, 2, 0)
        );
        let rows = leads::page_of_task(&house.db, &first.id, -1, 9)
            .await
            .unwrap();
        let has = |at: usize, value: &str| rows[at].data.values().any(|one| one == value);
        assert!(has(0, "联系人0") && has(1, "联系人1"));
        assert!(has(0, "18618616000"));
        assert_eq!(rows[0].phone, "18618616000");
        assert_eq!(rows[0].alloc_target.as_deref(), Some("1001"));

        // All: the two are there already, and one may not be called.
        let all = allocate(&house, None, &ask(None, Some(to))).await;
        assert_eq!((all.filtered, all.to_agent), (2, 2));
        assert_eq!(all.reasons.0.get("duplicate"), Some(&2));
        // Another target may have them.
        let other = Target::new(TargetType::Queue, "q", 0);
        let other = allocate(&house, None, &ask(None, Some(other))).await;
        assert_eq!(
            (other.filtered, other.to_queue, other.unallocated),
            (4, 4, 0)
        );
    })
    .await;
}

#[tokio::test]
async fn a_campaign_gets_leads_of_contacts_for_its_targets() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        for n in 0..3 {
            add(&house, "李", &format!("1861861600{n}")).await;
        }
        let batch = testing::sample(&house).await;
        let filter = testing::filter(&house, &batch, &[]).await;
        let targets = [Target::new(TargetType::Queue, "q", 2)];
        let plan = testing::Plan {
            mode: engine::campaign::Mode::Predictive,
            extract: 1,
            share: Share::Half,
            targets: &targets,
        };
        let campaign = testing::campaign(&house, &filter, &plan).await;
        let before = campaigns::find(&house.db, &campaign)
            .await
            .unwrap()
            .unwrap();
        let task = allocate(&house, Some(&campaign), &ask(None, None)).await;
        assert_eq!((task.filtered, task.to_queue, task.unallocated), (3, 2, 1));
        let now = house.now();
        let drawn = store::hopper::draw(&house.db, "n", &campaign, None, 9, now);
        assert_eq!(drawn.await.unwrap().leads.len(), 2);
        let after = campaigns::find(&house.db, &campaign)
            .await
            .unwrap()
            .unwrap();
        assert!(after.revision > before.revision, "the floor is told");

        // To one target alone, whose own list the campaign calls.
        let to = Target::new(TargetType::Agent, "1001", 0);
        let task = allocate(&house, Some(&campaign), &ask(None, Some(to))).await;
        assert_eq!((task.filtered, task.to_agent), (3, 3));
        let own = store::hopper::draw(&house.db, "n", &campaign, Some("1001"), 9, house.now());
        assert_eq!(own.await.unwrap().leads.len(), 3);
    })
    .await;
}

#[tokio::test]
async fn an_interrupted_allocation_of_contacts_makes_each_lead_once() {
    on_both(|home| async move {
        let (house, guard) = testing::house(home);
        for n in 0..1_200 {
            add(&house, "李", &format!("1861861{n:04}")).await;
        }
        let to = Target::new(TargetType::Robot, "201", 0);
        let id = task(&house, None, &ask(None, Some(to))).await;
        let work = Work::AllocateContacts { task: id.clone() };
        let job = testing::enqueue(&house, work).await;
        // The first start is cut off after its first thousand.
        let ticket = testing::ticket(&testing::take(&house, &job).await.unwrap());
        let row = find(&house, &id).await.unwrap();
        let mut tx = house.db.begin().await.unwrap();
        let given = row.ask.0.clone().unwrap();
        let ordinal = contacts::import(&mut tx, &row, &given, house.now())
            .await
            .unwrap();
        let chunk = contacts::chunk(&house.db, "o", &given, "", 1_000)
            .await
            .unwrap();
        let last = chunk.last().unwrap().id.clone();
        contacts::make(&mut tx, &row, (ordinal, 0), chunk, house.now())
            .await
            .unwrap();
        let counts = Counts {
            good: 1_000,
            ..Counts::default()
        };
        imports::advance(&mut tx, &given.import, 0, 1_000, counts)
            .await
            .unwrap();
        assert!(tasks::saw(&mut tx, &id, "", &last, 0).await.unwrap());
        ticket.progress(&mut tx, "reading", 1_000, 0).await.unwrap();
        tx.commit().await.unwrap();
        guard.stop.send(true).unwrap();
        testing::start(&house, &job).await.unwrap();
        guard.stop.send(false).unwrap();
        testing::start(&house, &job).await.unwrap();
        let done = find(&house, &id).await.unwrap();
        assert_eq!(
            (done.state.as_str(), done.filtered, done.to_ai),
            ("ready", 1_200, 1_200)
        );
        let import = imports::get(&house.db, &given.import)
            .await
            .unwrap()
            .unwrap();
        assert_eq!((import.good, import.state.as_str()), (1_200, "succeeded"));
    })
    .await;
}
