use engine::filter::Condition;

use super::*;
use crate::{
    sample::{self, NOW},
    testing::on_both,
};

#[tokio::test]
async fn a_second_template_keeps_known_codes_and_adds_columns() {
    on_both(|home| async move {
        let (batch, before) = sample::batch(&home.db, "一").await;
        let mut tx = home.db.begin().await.unwrap();
        let titles = ["意向".to_owned(), " 号码 ".to_owned()];
        assert_eq!(add_titles(&mut tx, &batch, &titles, NOW).await.unwrap(), 1);
        tx.commit().await.unwrap();
        let after = list(&home.db, &batch).await.unwrap();
        assert_eq!(after[..2], before);
        assert_eq!(after[2].title, "意向");
        assert!(after[2].code.starts_with('f') && after[2].code.len() == 7);
    })
    .await;
}

#[tokio::test]
async fn all_templates_of_a_batch_have_200_columns_together() {
    on_both(|home| async move {
        let (batch, _) = sample::batch(&home.db, "一").await;
        let titles = |of: std::ops::Range<usize>| of.map(|n| format!("列{n}")).collect::<Vec<_>>();
        let mut tx = home.db.begin().await.unwrap();
        // Two are there.
        let added = add_titles(&mut tx, &batch, &titles(0..150), NOW).await;
        assert_eq!(added.unwrap(), 150);
        let added = add_titles(&mut tx, &batch, &titles(100..198), NOW).await;
        assert_eq!(added.unwrap(), 48, "those that are there count once");
        tx.commit().await.unwrap();
        let mut tx = home.db.begin().await.unwrap();
        let known = add_titles(&mut tx, &batch, &titles(0..198), NOW).await;
        assert_eq!(known.unwrap(), 0);
        let error = add_titles(&mut tx, &batch, &titles(0..199), NOW).await;
        assert_eq!(error.unwrap_err().code(), Some("TOO_MANY_COLUMNS"));
        drop(tx);
        assert_eq!(list(&home.db, &batch).await.unwrap().len(), COLUMNS_MAX);
    })
    .await;
}

#[tokio::test]
async fn a_field_is_changed_where_it_stays_usable() {
    on_both(|home| async move {
        let (batch, fields) = sample::batch(&home.db, "一").await;
        let mut tx = home.db.begin().await.unwrap();
        let changed = Field {
            max_len: 20,
            hidden: true,
            ..fields[1].clone()
        };
        assert!(update(&mut tx, &batch, &changed, NOW).await.unwrap());
        let bad = [
            (
                Field {
                    max_len: 0,
                    ..fields[0].clone()
                },
                "FIELD_INVALID",
            ),
            (
                Field {
                    title: "号码".into(),
                    ..fields[0].clone()
                },
                "TITLE_TAKEN",
            ),
            (
                Field {
                    is_phone: false,
                    ..fields[1].clone()
                },
                "FIELD_IN_USE",
            ),
        ];
        for (field, code) in bad {
            let error = update(&mut tx, &batch, &field, NOW).await.unwrap_err();
            assert_eq!(error.code(), Some(code));
        }
        let unknown = Field {
            code: "f000000".into(),
            ..fields[0].clone()
        };
        assert!(!update(&mut tx, &batch, &unknown, NOW).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(list(&home.db, &batch).await.unwrap()[1], changed);
    })
    .await;
}

#[tokio::test]
async fn a_filtered_field_is_not_deleted() {
    on_both(|home| async move {
        let (batch, fields) = sample::batch(&home.db, "一").await;
        let asks = Condition {
            field: Some(fields[0].code.clone()),
            op: Some("not_null".into()),
            ..Condition::default()
        };
        let filter = sample::filter(&home.db, &batch, "f", &[asks]).await;
        let old = crate::filters::get(&home.db, "o", &filter).await.unwrap();
        let old = old.unwrap();
        let mut tx = home.db.begin().await.unwrap();
        for field in &fields {
            let error = delete(&mut tx, &batch, &field.code, NOW).await.unwrap_err();
            assert_eq!(error.code(), Some("FIELD_IN_USE"));
        }
        crate::filters::save(&mut tx, &old, &Default::default(), "UTC", NOW)
            .await
            .unwrap();
        assert!(delete(&mut tx, &batch, &fields[0].code, NOW).await.unwrap());
        assert!(!delete(&mut tx, &batch, &fields[0].code, NOW).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn a_local_field_is_added_by_hand_and_fields_are_put_in_order() {
    on_both(|home| async move {
        let (batch, fields) = sample::batch(&home.db, "一").await;
        let mut tx = home.db.begin().await.unwrap();
        let local = Field {
            title: "备注".into(),
            local_only: true,
            ..Field::default()
        };
        let code = add_local(&mut tx, &batch, &local, NOW).await.unwrap();
        for (field, code) in [
            (local.clone(), "TITLE_TAKEN"),
            (Field::of_header("", "列"), "FIELD_NOT_LOCAL"),
            (
                Field {
                    title: "字典".into(),
                    dictionary: Some("dic_0".into()),
                    ..local.clone()
                },
                "NO_SUCH_DICTIONARY",
            ),
        ] {
            let error = add_local(&mut tx, &batch, &field, NOW).await.unwrap_err();
            assert_eq!(error.code(), Some(code));
        }
        let asked = [code.clone(), fields[1].code.clone()];
        assert!(order(&mut tx, &batch, &asked, NOW).await.unwrap());
        for wrong in [vec!["f0".to_owned()], vec![code.clone(), code.clone()]] {
            assert!(!order(&mut tx, &batch, &wrong, NOW).await.unwrap());
        }
        // A template that comes again adds behind all of them and keeps the order.
        add_titles(&mut tx, &batch, &["姓名".into(), "新".into()], NOW)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let titles: Vec<String> = list(&home.db, &batch)
            .await
            .unwrap()
            .into_iter()
            .map(|field| field.title)
            .collect();
        assert_eq!(titles, ["备注", "号码", "姓名", "新"]);
    })
    .await;
}

#[tokio::test]
async fn a_stricter_field_is_held_against_the_leads() {
    on_both(|home| async move {
        let (batch, fields) = sample::batch(&home.db, "一").await;
        sample::leads(&home.db, &batch, &fields, 3).await;
        let name = &fields[0];
        let all = unfit(&home.db, "o", &batch, name).await.unwrap();
        assert_eq!((all.values, all.unfit), (3, 0));
        let whole = Field {
            data_type: engine::field::DataType::Int,
            ..name.clone()
        };
        assert!(is_stricter(name, &whole) && !is_stricter(name, name));
        assert_eq!(unfit(&home.db, "o", &batch, &whole).await.unwrap().unfit, 3);
        let key = Field {
            is_key: true,
            ..name.clone()
        };
        let mut tx = home.db.begin().await.unwrap();
        let fixed = update(&mut tx, &batch, &key, NOW).await.unwrap_err();
        assert_eq!(fixed.code(), Some("KEY_FIXED"));
    })
    .await;
}

#[tokio::test]
async fn a_filter_that_asks_about_a_field_is_named() {
    on_both(|home| async move {
        let (batch, fields) = sample::batch(&home.db, "一").await;
        let asks = Condition {
            field: Some(fields[0].code.clone()),
            op: Some("not_null".into()),
            ..Condition::default()
        };
        sample::filter(&home.db, &batch, "有姓名", &[asks]).await;
        let mut tx = home.db.begin().await.unwrap();
        let found = uses(&mut tx, &batch, &fields[0].code).await.unwrap();
        let named = Use::Filter {
            name: "有姓名".into(),
            campaigns: Vec::new(),
        };
        assert_eq!(found, [named]);
        assert!(
            uses(&mut tx, &batch, &fields[1].code)
                .await
                .unwrap()
                .is_empty()
        );
    })
    .await;
}

#[tokio::test]
async fn a_field_that_others_show_or_name_is_kept_and_they_are_told() {
    on_both(|home| async move {
        let (batch, fields) = sample::batch(&home.db, "一").await;
        let (other, others) = sample::batch(&home.db, "二").await;
        let code = &fields[0].code;
        let shows = Field {
            association: Some(engine::field::Association {
                table: batch.clone(),
                column: code.clone(),
            }),
            ..others[0].clone()
        };
        let filter = sample::filter(&home.db, &batch, "f", &[]).await;
        let settings = engine::campaign::Settings {
            division: engine::draw::Division::Owner {
                field: code.clone(),
            },
            ..engine::campaign::Settings::default()
        };
        let draft = crate::campaigns::Draft {
            name: "回访",
            campaign_type: engine::campaign::Mode::Preview,
            filter_id: &filter,
            business_type: "followup",
            business_status: "",
            extract_count: 1,
            default_alloc: 1,
            alloc_mode: engine::draw::Share::All,
            description: "",
            settings: &settings,
            own_settings: &BTreeSet::new(),
        };
        let mut tx = home.db.begin().await.unwrap();
        assert!(uses(&mut tx, &batch, code).await.unwrap().is_empty());
        assert!(update(&mut tx, &other, &shows, NOW).await.unwrap());
        crate::campaigns::create(&mut tx, "o", "u", &draft, NOW)
            .await
            .unwrap();
        let told: Vec<String> = uses(&mut tx, &batch, code)
            .await
            .unwrap()
            .iter()
            .map(Use::to_string)
            .collect();
        assert_eq!(
            told,
            [
                "campaign 回访 names it: /settings/division/field",
                "field 姓名 of batch 二 shows it"
            ]
        );
        assert!(
            uses(&mut tx, &batch, &fields[1].code)
                .await
                .unwrap()
                .is_empty()
        );
        for refused in [
            delete(&mut tx, &batch, code, NOW).await.unwrap_err(),
            update(
                &mut tx,
                &batch,
                &Field {
                    multi: true,
                    ..fields[0].clone()
                },
                NOW,
            )
            .await
            .unwrap_err(),
        ] {
            assert_eq!(refused.code(), Some("FIELD_IN_USE"));
        }
        let filter = crate::filters::get_in(&mut tx, "o", &filter).await.unwrap();
        let lost = missing(&mut tx, &filter.unwrap(), &[code, "fnone"]).await;
        assert_eq!(lost.unwrap(), BTreeSet::from(["fnone".to_owned()]));
    })
    .await;
}

#[tokio::test]
async fn phone_fields_stay_as_they_are_once_leads_are_there_or_come() {
    on_both(|home| async move {
        let db = &home.db;
        let (batch, fields) = sample::batch(db, "一").await;
        let backup = Field {
            is_phone: true,
            ..fields[0].clone()
        };
        let mut tx = db.begin().await.unwrap();
        assert!(update(&mut tx, &batch, &backup, NOW).await.unwrap());
        let turned = [fields[1].code.clone(), fields[0].code.clone()];
        assert!(order(&mut tx, &batch, &turned, NOW).await.unwrap());
        add_titles(&mut tx, &batch, &["城市".into()], NOW)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let city = list(db, &batch).await.unwrap().remove(2).code;
        let back = [fields[0].code.clone(), fields[1].code.clone()];
        let is_fixed = async || {
            let mut tx = db.begin().await.unwrap();
            for field in &fields {
                let error = delete(&mut tx, &batch, &field.code, NOW).await.unwrap_err();
                assert_eq!(error.code(), Some("PHONE_FIXED"));
            }
            let error = order(&mut tx, &batch, &back, NOW).await.unwrap_err();
            assert_eq!(error.code(), Some("PHONE_FIXED"));
            let no_phone = Field {
                is_phone: false,
                ..backup.clone()
            };
            let error = update(&mut tx, &batch, &no_phone, NOW).await.unwrap_err();
            assert_eq!(error.code(), Some("PHONE_FIXED"));
            // Numbers are dialled as before.
            let first = [city.clone(), fields[1].code.clone()];
            assert!(order(&mut tx, &batch, &first, NOW).await.unwrap());
        };
        // Nothing is in yet of an import that waits for its worker.
        let id = sample::leads(db, &batch, &fields, 0).await;
        let waits = "UPDATE imports SET state = 'queued' WHERE id = $1";
        crate::testing::about(db, &id, waits).await;
        is_fixed().await;
        let over = "UPDATE imports SET state = 'failed' WHERE id = $1";
        crate::testing::about(db, &id, over).await;
        sample::leads(db, &batch, &fields, 1).await;
        is_fixed().await;
    })
    .await;
}
