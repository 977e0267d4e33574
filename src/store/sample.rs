//! A batch with a few leads, for the tests of the files beside.

use engine::{field::Field, filter::Condition, import_row::NewLead, time::Millis};

use crate::{
    Db, batches, fields, filters,
    imports::{self, NewImport},
    leads::{self, NewRow, Origin},
};

pub const NOW: Millis = Millis(1_000);

pub async fn draft(db: &Db, name: &str) -> String {
    let mut tx = db.begin().await.unwrap();
    let new = batches::NewBatch {
        orgi: "o",
        creater: "u",
        name,
        batch_type: "temporary",
        description: "",
    };
    let id = batches::create(&mut tx, &new, NOW).await.unwrap();
    let titles = ["姓名".to_owned(), "号码".to_owned()];
    fields::add_titles(&mut tx, &id, &titles, NOW)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    id
}

/// A batch whose template is saved; the second field is the phone.
pub async fn batch(db: &Db, name: &str) -> (String, Vec<Field>) {
    let id = draft(db, name).await;
    let mut tx = db.begin().await.unwrap();
    let phone = fields::list_in(&mut tx, &id).await.unwrap().remove(1);
    fields::update(
        &mut tx,
        &id,
        &Field {
            is_phone: true,
            ..phone
        },
        NOW,
    )
    .await
    .unwrap();
    batches::save_template(&mut tx, &id, NOW).await.unwrap();
    tx.commit().await.unwrap();
    let fields = fields::list(db, &id).await.unwrap();
    (id, fields)
}

/// An import of so many leads.
pub async fn leads(db: &Db, batch: &str, fields: &[Field], count: i64) -> String {
    let id = imports::new_import_id();
    let mut tx = db.begin().await.unwrap();
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
        options: &crate::imports::Options::keeping_all(),
    };
    imports::create(&mut tx, &new, NOW).await.unwrap();
    tx.commit().await.unwrap();
    let import = imports::get(db, &id).await.unwrap().unwrap();
    let rows = (2..2 + count).map(|row_no| {
        let phone = (13_800_000_000 + row_no).to_string();
        let data = [(fields[0].code.clone(), format!("客户{row_no}"))];
        let lead = NewLead {
            phone: phone.clone(),
            phone_raw: phone.clone(),
            phones: vec![phone.clone()],
            key_value: phone,
            data: data.into(),
        };
        NewRow {
            row_no,
            lead,
            dnc: false,
        }
    });
    let origin = Origin {
        orgi: "o",
        creater: "u",
        batch_id: batch,
        import_id: &id,
        ordinal: import.ordinal,
    };
    let mut tx = db.begin().await.unwrap();
    leads::add(&mut tx, &origin, rows.collect(), NOW)
        .await
        .unwrap();
    imports::succeed(&mut tx, &id, &[], NOW).await.unwrap();
    tx.commit().await.unwrap();
    id
}

pub async fn filter(db: &Db, batch: &str, name: &str, conditions: &[Condition]) -> String {
    let mut tx = db.begin().await.unwrap();
    let new = filters::NewFilter {
        orgi: "o",
        creater: "u",
        name,
        over: filters::Over::Batch(batch),
        description: "",
        form: &conditions.to_vec().into(),
        zone: filters::ZONE,
    };
    let id = filters::create(&mut tx, &new, NOW).await.unwrap();
    tx.commit().await.unwrap();
    id
}
