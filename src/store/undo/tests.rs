use engine::import_row::NewLead;

use super::*;
use crate::{
    imports, products,
    rows::{Push, Row, push},
    sales,
    sample::{self, NOW},
    testing::{about, on_both},
};

/// A pushed row for the lead `a` of the other system; returns the day's import.
async fn send(db: &Db, batch: &str, day: &str, name: &str) -> String {
    let lead = NewLead {
        phone: "13800000002".into(),
        phone_raw: "13800000002".into(),
        phones: vec!["13800000002".into()],
        key_value: "13800000002".into(),
        data: [("name".to_owned(), name.to_owned())].into(),
    };
    let row = Row {
        external_id: Some("a".into()),
        lead,
        priority: None,
        cells: Vec::new(),
    };
    let from = Push {
        orgi: "o",
        creater: "u",
        batch,
        day,
        title: "t",
        phones: &[],
        is_keyed: false,
        titles: &[],
    };
    let mut tx = db.begin().await.unwrap();
    let (import, _) = push(&mut tx, from, vec![row], Vec::new(), NOW)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    import
}

async fn import_of(db: &Db, id: &str) -> Import {
    imports::get(db, id).await.unwrap().unwrap()
}

async fn name_of(db: &Db, batch: &str) -> String {
    let lead = leads::page(db, batch, -1, 1).await.unwrap().remove(0);
    lead.data["name"].clone()
}

/// Undoes what this import changed, as a chunk of its job does.
async fn restore(db: &Db, id: &str) -> Chunk {
    let import = import_of(db, id).await;
    let mut tx = db.begin().await.unwrap();
    let done = restore_some(&mut tx, &import, 10).await.unwrap();
    tx.commit().await.unwrap();
    done
}

#[tokio::test]
async fn what_is_changed_again_while_an_undo_runs_stays() {
    on_both(|home| async move {
        let db = &home.db;
        let (batch, _) = sample::batch(db, "一").await;
        send(db, &batch, "d1", "first").await;
        let second = send(db, &batch, "d2", "second").await;
        let mut tx = db.begin().await.unwrap();
        begin(&mut tx, &second, "u").await.unwrap();
        tx.commit().await.unwrap();
        // Between two chunks of the undo another value comes.
        send(db, &batch, "d3", "third").await;
        let done = restore(db, &second).await;
        assert_eq!((done.restored, done.kept), (0, 1));
        assert_eq!(name_of(db, &batch).await, "third");
        assert!(restore(db, &second).await.is_last);
    })
    .await;
}

#[tokio::test]
async fn a_day_that_changes_its_own_lead_again_after_another_is_seen_by_the_others_undo() {
    on_both(|home| async move {
        let db = &home.db;
        let (batch, _) = sample::batch(db, "一").await;
        let first = send(db, &batch, "d1", "first").await;
        let second = send(db, &batch, "d2", "second").await;
        let of = async |id: &str| usage(db, &import_of(db, id).await).await.unwrap();
        assert!(of(&second).await.is_free());
        // A push that began before midnight ends after one of the next day.
        assert_eq!(send(db, &batch, "d1", "first again").await, first);
        assert_eq!(of(&second).await.imported_over, 1);
        let done = restore(db, &second).await;
        assert_eq!((done.restored, done.kept), (0, 1));
        assert_eq!(name_of(db, &batch).await, "first again");
    })
    .await;
}

#[tokio::test]
async fn a_lead_with_a_sale_or_a_business_status_stays() {
    on_both(|home| async move {
        let db = &home.db;
        let (batch, fields) = sample::batch(db, "一").await;
        let id = sample::leads(db, &batch, &fields, 3).await;
        let leads = leads::page(db, &batch, -1, 3).await.unwrap();
        let draft = products::Draft {
            title: "宽带",
            kind: "product",
            category: "",
            price_cents: 1,
            stock: 1,
            description: "",
            image: "",
        };
        let mut tx = db.begin().await.unwrap();
        let product = products::create(&mut tx, "o", "u", &draft, NOW)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let product = products::get(db, "o", &product).await.unwrap().unwrap();
        let sale = sales::NewSale {
            lead: &leads[0].id,
            campaign: None,
            call: None,
            product: &product,
            quantity: 1,
            price_cents: 1,
            note: "",
            by: "u",
        };
        let mut tx = db.begin().await.unwrap();
        sales::record(&mut tx, sale, NOW).await.unwrap();
        tx.commit().await.unwrap();
        let status = "UPDATE leads SET business_status = 'yes' WHERE id = $1";
        about(db, &leads[1].id, status).await;
        let import = import_of(db, &id).await;
        let found = usage(db, &import).await.unwrap();
        assert_eq!(found.dispositioned, 2);
        assert!(found.text().contains("a business status or a sale"));
        let mut tx = db.begin().await.unwrap();
        let (done, _) = remove_some(&mut tx, &import, -1, 10, NOW).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!((done.removed, done.kept), (1, 2));
    })
    .await;
}
