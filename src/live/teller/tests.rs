use engine::{
    field::{Element, Field, Position},
    import_row::NewLead,
    time::Millis,
};
use store::{
    batches, dictionaries, fields,
    imports::{self, NewImport},
    leads::{self, NewRow, Origin},
    testing::{about, on_both},
};

use super::*;

const NOW: Millis = Millis(1_000);

/// A batch of three leads of agent 1001; the leads' ids.
async fn list(db: &Db) -> Vec<String> {
    let mut tx = db.begin().await.unwrap();
    let new = batches::NewBatch {
        orgi: "o",
        creater: "u",
        name: "一",
        batch_type: "temporary",
        description: "",
    };
    let batch = batches::create(&mut tx, &new, NOW).await.unwrap();
    let titles = ["号码", "客户意向", "备注"].map(String::from);
    fields::add_titles(&mut tx, &batch, &titles, NOW)
        .await
        .unwrap();
    let choice = |code: &str| dictionaries::Choice {
        code: code.into(),
        label: code.into(),
        enabled: true,
        sort: 0,
    };
    let draft = dictionaries::Draft {
        name: "客户意向",
        description: "",
        items: &[choice("yes"), choice("no")],
    };
    let dictionary = dictionaries::create(&mut tx, "o", "u", &draft, NOW).await;
    let [number, wish, note] = fields::list_in(&mut tx, &batch)
        .await
        .unwrap()
        .try_into()
        .unwrap();
    for field in [
        Field {
            is_phone: true,
            hidden: true,
            ..number
        },
        Field {
            element: Element::Radio,
            dictionary: Some(dictionary.unwrap()),
            positions: vec![Position::Edit],
            ..wish
        },
        Field {
            positions: vec![Position::List],
            ..note
        },
    ] {
        fields::update(&mut tx, &batch, &field, NOW).await.unwrap();
    }
    batches::save_template(&mut tx, &batch, NOW).await.unwrap();
    tx.commit().await.unwrap();
    import(db, &batch).await
}

async fn import(db: &Db, batch: &str) -> Vec<String> {
    let id = imports::new_import_id();
    let new = NewImport {
        id: &id,
        orgi: "o",
        batch_id: batch,
        creater: "u",
        title: "导入",
        file_name: "a.csv",
        file_path: "uploads/a.csv",
        sha256: "",
        bytes: 1,
        options: &imports::Options::keeping_all(),
    };
    let mut tx = db.begin().await.unwrap();
    imports::create(&mut tx, &new, NOW).await.unwrap();
    tx.commit().await.unwrap();
    let found = imports::get(db, &id).await.unwrap().unwrap();
    let code = fields::list(db, batch).await.unwrap().remove(0).code;
    let origin = Origin {
        orgi: "o",
        creater: "u",
        batch_id: batch,
        import_id: &id,
        ordinal: found.ordinal,
    };
    let rows = (2..5).map(|row_no| {
        let phone = (13_800_000_000_i64 + row_no).to_string();
        NewRow {
            row_no,
            lead: NewLead {
                phone: phone.clone(),
                phone_raw: phone.clone(),
                phones: vec![phone.clone()],
                key_value: phone.clone(),
                data: [(code.clone(), phone)].into(),
            },
            dnc: false,
        }
    });
    let mut tx = db.begin().await.unwrap();
    leads::add(&mut tx, &origin, rows.collect(), NOW)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let rows = leads::page(db, batch, -1, 10).await.unwrap();
    for lead in &rows {
        let own = "UPDATE leads SET alloc_type = 'agent', alloc_target = '1001',
            campaign_id = 'cmp_1', task_id = 'tsk_1', next_dial_at = 1 WHERE id = $1";
        about(db, &lead.id, own).await;
    }
    rows.into_iter().map(|lead| lead.id).collect()
}

#[tokio::test]
async fn a_preview_says_what_to_choose_from_and_what_is_left() {
    on_both(|home| async move {
        let leads = list(&home.db).await;
        let bus = Bus::default();
        let mut heard = bus.subscribe();
        let teller = Teller {
            db: home.db.clone(),
            bus,
        };
        let (sender, events) = mpsc::unbounded_channel();
        let event = Event::Preview {
            agent: "1001".into(),
            lead_id: leads[0].as_str().into(),
            campaign_id: "cmp_1".into(),
            countdown_s: 0,
            masked: false,
        };
        sender.send(event).unwrap();
        drop(sender);
        teller.run(events).await;
        let told = heard.recv().await.unwrap();
        let data = &told.data;
        assert_eq!(
            (&data["task_id"], &data["left_count"], &data["phone"]),
            (&json!("tsk_1"), &json!(2), &json!("138****0002")),
            "{data:#}"
        );
        let [number, wish] = data["fields"].as_array().unwrap().as_slice() else {
            panic!("a field of lists alone pops up: {data:#}");
        };
        assert_eq!(
            (&number["value"], &number["editable"], &number["choices"]),
            (&json!("138****0002"), &json!(false), &Value::Null)
        );
        assert_eq!(
            (&wish["element"], &wish["positions"], &wish["editable"]),
            (&json!("radio"), &json!(["edit"]), &json!(true))
        );
        assert_eq!(wish["choices"][1], json!({"code": "no", "label": "no"}));
    })
    .await;
}
