use super::*;
use crate::{
    contacts::{self, Draft},
    fields::update,
    leads,
    sample::{self, NOW},
    testing::on_both,
};

fn to(field: &Field, table: &str, column: &str) -> Field {
    Field {
        association: Some(Association {
            table: table.into(),
            column: column.into(),
        }),
        ..field.clone()
    }
}

async fn contact(db: &Db, orgi: &str, name: &str) -> String {
    let draft = Draft {
        name,
        phone: "13800138000",
        phone_raw: "13800138000",
        note: "",
    };
    let mut tx = db.begin().await.unwrap();
    let id = contacts::create(&mut tx, orgi, draft, ("u", NOW))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    id
}

fn row(code: &str, value: &str) -> BTreeMap<String, String> {
    [(code.to_owned(), value.to_owned())].into()
}

#[tokio::test]
async fn a_field_may_only_name_what_the_tenant_has() {
    on_both(|home| async move {
        let db = &home.db;
        let (batch, fields) = sample::batch(db, "一").await;
        let (other, others) = sample::batch(db, "二").await;
        let name = &fields[0];
        for (field, fits) in [
            (to(name, "contacts", "name"), true),
            (to(name, &other, &others[0].code), true),
            (to(name, &other, "fnone"), false),
            (to(name, &batch, &others[0].code), false),
            (to(name, "bat_none", &others[0].code), false),
        ] {
            let mut tx = db.begin().await.unwrap();
            let done = update(&mut tx, &batch, &field, NOW).await;
            let code = done.as_ref().err().and_then(Error::code);
            assert_eq!(code, (!fits).then_some("NO_SUCH_ASSOCIATION"), "{field:?}");
        }
        // A batch of somebody else's.
        crate::testing::about(db, &other, "UPDATE batches SET orgi = 'p' WHERE id = $1").await;
        let mut tx = db.begin().await.unwrap();
        let strange = to(name, &other, &others[0].code);
        let error = update(&mut tx, &batch, &strange, NOW).await.unwrap_err();
        assert_eq!(error.code(), Some("NO_SUCH_ASSOCIATION"));
    })
    .await;
}

#[tokio::test]
async fn a_record_is_there_and_shows_its_column() {
    on_both(|home| async move {
        let db = &home.db;
        let ours = contact(db, "o", "张三").await;
        let theirs = contact(db, "p", "李四").await;
        let field = Field {
            multi: true,
            ..to(&Field::of_header("f1", "客户"), "contacts", "name")
        };
        let fields = [field.clone(), Field::of_header("f2", "备注")];
        let rows = [
            row("f1", &ours),
            row("f1", &theirs),
            row("f1", &format!("{ours},con_none")),
            row("f2", "con_none"),
        ];
        let mut conn = db.reading().await.unwrap();
        let astray = astray(&mut conn, "o", &fields, &rows).await.unwrap();
        let ids: Vec<Option<&str>> = astray
            .iter()
            .map(|one| one.as_ref().map(|one| one.id.as_str()))
            .collect();
        assert_eq!(ids, [None, Some(theirs.as_str()), Some("con_none"), None]);
        assert_eq!(astray[1].as_ref().unwrap().column, "客户");

        let related = Related::of(db, "o", &fields, rows.iter()).await.unwrap();
        let shown = |field: &Field, value: &str| related.shown(field, value);
        assert_eq!(shown(&field, &ours).as_deref(), Some("张三"));
        let both = format!("{ours},{theirs}");
        assert_eq!(shown(&field, &both), Some(format!("张三, {theirs}")));
        assert_eq!(shown(&fields[1], "x"), None);
        let hidden = true;
        assert_eq!(shown(&Field { hidden, ..field }, &ours), None);

        // A number is never shown whole.
        let phone = [to(&fields[1], "contacts", "phone")];
        let rows = [row("f2", &ours)];
        let related = Related::of(db, "o", &phone, rows.iter()).await.unwrap();
        assert_eq!(
            related.shown(&phone[0], &ours).as_deref(),
            Some("138****8000")
        );
    })
    .await;
}

#[tokio::test]
async fn leads_of_another_batch_show_their_field_as_that_batch_does() {
    on_both(|home| async move {
        let db = &home.db;
        let (other, others) = sample::batch(db, "二").await;
        sample::leads(db, &other, &others, 2).await;
        let lead = leads::page(db, &other, -1, 1).await.unwrap().remove(0);
        let patch = row(&others[0].code, "王五");
        let mut tx = db.begin().await.unwrap();
        leads::patch(&mut tx, &lead.id, &patch, NOW).await.unwrap();
        tx.commit().await.unwrap();
        let field = to(&Field::of_header("f1", "介绍人"), &other, &others[0].code);
        let fields = [field.clone()];
        let rows = [row("f1", &lead.id)];
        let related = Related::of(db, "o", &fields, rows.iter()).await.unwrap();
        assert_eq!(related.shown(&field, &lead.id).as_deref(), Some("王五"));
        let mut tx = db.begin().await.unwrap();
        let hides = Field {
            hidden: true,
            ..others[0].clone()
        };
        update(&mut tx, &other, &hides, NOW).await.unwrap();
        tx.commit().await.unwrap();
        let related = Related::of(db, "o", &fields, rows.iter()).await.unwrap();
        assert_eq!(related.shown(&field, &lead.id).as_deref(), Some("王****"));
    })
    .await;
}
