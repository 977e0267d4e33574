use engine::gate::Block;

use super::*;
use crate::{Db, dials, hopper, leads, sample::NOW, sample_floor as floor, testing::on_both};

fn entry(number: &str) -> NewEntry {
    NewEntry {
        number: number.into(),
        is_prefix: false,
        reason: "register".into(),
        source: "monthly file".into(),
        expires_at: None,
    }
}

async fn make(db: &Db, id: &str, campaigns: Option<&[String]>) {
    let new = NewList {
        name: id,
        campaigns,
        source: "a register",
    };
    let mut tx = db.begin().await.unwrap();
    put(&mut tx, "o", id, new, Some("u"), NOW).await.unwrap();
    tx.commit().await.unwrap();
}

async fn enter(db: &Db, list: &str, entries: &[NewEntry]) -> Option<Vec<bool>> {
    let mut tx = db.begin().await.unwrap();
    let told = add_many(&mut tx, "o", list, entries, Some("u"), NOW).await;
    tx.commit().await.unwrap();
    told.unwrap()
}

/// What forbids a number for a campaign.
async fn forbids(db: &Db, campaign: &str, number: &str, now: Millis) -> Option<Listed> {
    let mut conn = db.reading().await.unwrap();
    let spellings = engine::phone::spellings(number, "CN");
    let found = forbidding!(
        crate::Conn::conn(&mut conn),
        "o",
        campaign,
        four(&spellings),
        now
    );
    found.unwrap().map(Into::into)
}

#[tokio::test]
async fn a_list_holds_for_the_house_or_for_its_campaigns() {
    on_both(|home| async move {
        let db = &home.db;
        make(db, "register", None).await;
        make(db, "own", Some(&["cmp_1".into()])).await;
        let told = enter(db, "own", &[entry("13800138000"), entry("13800138000")]).await;
        assert_eq!(told, Some(vec![true, false]));
        enter(db, "register", &[entry("13900139000")]).await;
        assert_eq!(enter(db, "nowhere", &[entry("1390000")]).await, None);
        let listed = forbids(db, "cmp_1", "13800138000", NOW).await.unwrap();
        assert_eq!(
            (listed.list.as_str(), listed.version, listed.entry.as_str()),
            ("own", 2, "13800138000")
        );
        assert_eq!(forbids(db, "cmp_2", "13800138000", NOW).await, None);
        assert!(forbids(db, "cmp_2", "13900139000", NOW).await.is_some());
        let (own, campaigns) = get(db, "o", "own").await.unwrap().unwrap();
        assert_eq!((own.entries, own.version), (1, 2));
        assert_eq!(campaigns, ["cmp_1"]);
        let names: Vec<String> = list(db, "o")
            .await
            .unwrap()
            .into_iter()
            .map(|l| l.id)
            .collect();
        assert_eq!(names, ["own", "register"]);
        let mut tx = db.begin().await.unwrap();
        assert!(delete(&mut tx, "o", "own").await.unwrap());
        let refused = delete(&mut tx, "o", HOUSE).await.unwrap_err();
        assert_eq!(refused.code(), Some("HOUSE_LIST"));
        tx.commit().await.unwrap();
        assert_eq!(forbids(db, "cmp_1", "13800138000", NOW).await, None);
    })
    .await;
}

#[tokio::test]
async fn an_entry_is_a_number_or_a_beginning_and_may_end() {
    on_both(|home| async move {
        let db = &home.db;
        let later = NOW.plus(60_000);
        let prefix = NewEntry {
            is_prefix: true,
            ..entry("+1900")
        };
        let passing = NewEntry {
            expires_at: Some(later),
            ..entry("13800138000")
        };
        enter(db, HOUSE, &[prefix, passing.clone()]).await;
        let listed = forbids(db, "c", "001900555010", NOW).await.unwrap();
        assert_eq!(listed.entry, "+1900*", "however it is written");
        assert_eq!(forbids(db, "c", "+1212555010", NOW).await, None);
        let listed = forbids(db, "c", "13800138000", NOW).await.unwrap();
        assert_eq!(listed.until, Some(later));
        assert_eq!(forbids(db, "c", "13800138000", later).await, None);
        // Again, and for longer; never for shorter.
        let longer = NewEntry {
            expires_at: Some(later.plus(9)),
            ..passing.clone()
        };
        enter(db, HOUSE, &[longer]).await;
        enter(db, HOUSE, &[passing]).await;
        assert!(forbids(db, "c", "13800138000", later).await.is_some());
        let house = page(db, "o", HOUSE, "", 10).await.unwrap();
        assert_eq!(house.len(), 2);
        let first = page(db, "o", HOUSE, "", 1).await.unwrap().remove(0);
        let rest = page(db, "o", HOUSE, &first.key(), 10).await.unwrap();
        assert_eq!(rest.len(), 1);
        assert_ne!(rest[0], first);
        assert_eq!(
            holding(db, "o", &["001900555".into(), "+1900555".into()])
                .await
                .unwrap()
                .len(),
            1
        );
    })
    .await;
}

#[tokio::test]
async fn only_a_removal_takes_a_number_off_and_it_is_kept() {
    on_both(|home| async move {
        let db = &home.db;
        let (_, ids) = floor::campaign(db, 1).await;
        let lead = leads::find(db, &ids[0]).await.unwrap().unwrap();
        let mut tx = db.begin().await.unwrap();
        add(&mut tx, "o", &lead.phone, "asked", Some("u"), NOW)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert!(leads::find(db, &ids[0]).await.unwrap().unwrap().dnc);
        let why = Removal {
            reason: "entered by mistake",
            by: "boss",
        };
        let mut tx = db.begin().await.unwrap();
        let number = (lead.phone.as_str(), false);
        assert!(remove(&mut tx, "o", HOUSE, number, why, NOW).await.unwrap());
        assert!(!remove(&mut tx, "o", HOUSE, number, why, NOW).await.unwrap());
        tx.commit().await.unwrap();
        assert!(!leads::find(db, &ids[0]).await.unwrap().unwrap().dnc);
        assert_eq!(removed(db, "o", &lead.phone).await.unwrap(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_number_that_is_listed_between_its_check_and_its_dial_is_not_dialled() {
    on_both(|home| async move {
        let db = &home.db;
        let (campaign, ids) = floor::campaign(db, 1).await;
        let drawn = hopper::draw(db, floor::NODE, &campaign, None, 1, NOW)
            .await
            .unwrap()
            .leads;
        let open = floor::attempt(1, &campaign, &drawn[0]);
        make(db, "own", Some(std::slice::from_ref(&campaign))).await;
        enter(db, "own", &[entry(&drawn[0].number)]).await;
        let refused = dials::open(db, floor::NODE, &open).await.unwrap();
        assert_eq!(refused, Some(Block::Dnc));
        let lead = leads::find(db, &ids[0]).await.unwrap().unwrap();
        assert_eq!((lead.call_status.as_str(), lead.dial_count), ("notcall", 0));
        let other = floor::attempt(2, "cmp_other", &drawn[0]);
        let opened = dials::open(db, floor::NODE, &other).await.unwrap();
        assert_eq!(opened, None, "the list is not of that campaign");
    })
    .await;
}

#[tokio::test]
async fn a_callee_that_wants_no_calls_is_put_on_the_house_s_list() {
    on_both(|home| async move {
        let db = &home.db;
        let (campaign, ids) = floor::campaign(db, 1).await;
        let lead = hopper::draw(db, floor::NODE, &campaign, None, 1, NOW)
            .await
            .unwrap()
            .leads
            .remove(0);
        let open = floor::attempt(1, &campaign, &lead);
        dials::open(db, floor::NODE, &open).await.unwrap();
        let close = floor::close(&open, engine::outcome::Outcome::Unwanted, None);
        dials::close(db, &close).await.unwrap();
        let stored = leads::find(db, &ids[0]).await.unwrap().unwrap();
        assert_eq!((stored.dnc, stored.next_dial_at), (true, None));
        let listed = forbids(db, "any", &lead.number, NOW).await.unwrap();
        assert_eq!(listed.list, HOUSE);
    })
    .await;
}
