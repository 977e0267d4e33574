use std::collections::BTreeMap;

use engine::{
    draw::TargetType,
    field::{DataType, Field},
    filter::{self, Condition, Tree},
    lead_query::{AllocStatus, Appointment, CallStatus, Keyword, Span},
    time::Millis,
};

use super::*;
use crate::{
    doc,
    sample::{self, NOW},
    testing::{Home, on_both},
};

mod odd_texts;

const VALUES: [&str; 12] = [
    "",
    "7",
    "007",
    "-7",
    "7.5",
    "18",
    "a,b",
    "b",
    "AB",
    "意向\"强\"",
    "2026-01-02",
    "+9",
];

/// Small, seeded and good enough to mix values.
struct Dice(u64);

impl Dice {
    fn of(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }

    fn maybe(&mut self, most: usize) -> Option<i64> {
        (self.of(3) > 0).then(|| i64::try_from(self.of(most)).unwrap())
    }
}

/// Two batches whose leads are in every state; the fields of the first.
async fn leads(home: &Home) -> (String, Vec<Field>) {
    let db = &home.db;
    let (batch, fields) = sample::batch(db, "一").await;
    let (other, others) = sample::batch(db, "二").await;
    sample::leads(db, &batch, &fields, 60).await;
    sample::leads(db, &other, &others, 20).await;
    sample::leads(db, &batch, &fields, 40).await;
    let mut dice = Dice(20_261_120);
    for lead in everything(db).await {
        scatter(db, &lead, &fields[0].code, &mut dice).await;
    }
    (batch, fields)
}

async fn scatter(db: &Db, lead: &Lead, code: &str, dice: &mut Dice) {
    let value = VALUES[dice.of(VALUES.len())];
    let data: BTreeMap<&str, &str> = [(code, value)].into();
    let target = ["1001", "1002", "sales", "9"][dice.of(4)];
    let kind = ["agent", "agent", "queue", "robot"][dice.of(4)];
    let alloc = AllocStatus::ALL[dice.of(AllocStatus::ALL.len())].as_str();
    let call = CallStatus::ALL[dice.of(CallStatus::ALL.len())].as_str();
    let (last, next, appoint) = (dice.maybe(6), dice.maybe(6), dice.maybe(6));
    let (voided, task) = (dice.of(4) == 0, ["tsk_1", "tsk_2"][dice.of(2)]);
    on!(db.write(), c => sqlx::query(
        "UPDATE leads SET data = $2, alloc_target = $3, alloc_type = $4, alloc_status = $5,
             call_status = $6, last_dial_at = $7, next_dial_at = $8, appoint_at = $9,
             appointed = $10, voided = $11, task_id = $12
         WHERE id = $1"
    ).bind(&lead.id).bind(doc::text("data", &data).unwrap()).bind(target).bind(kind).bind(alloc)
        .bind(call).bind(last).bind(next).bind(appoint).bind(appoint.is_some()).bind(voided)
        .bind(task).execute(c).await.map(|_| ()))
    .unwrap();
}

async fn everything(db: &Db) -> Vec<Lead> {
    on!(db.read(), c => sqlx::query_as("SELECT * FROM leads ORDER BY position").fetch_all(c).await)
        .unwrap()
}

/// What the search says of one lead, without a database.
fn fits(query: &Query, lead: &Lead) -> bool {
    let is = |wanted: &Option<String>, value: Option<&str>| {
        wanted.as_deref().is_none_or(|wanted| value == Some(wanted))
    };
    let within = |span: Span, at: Option<i64>| {
        span.from
            .is_none_or(|from| at.is_some_and(|at| at >= from.0))
            && span.to.is_none_or(|to| at.is_some_and(|at| at < to.0))
    };
    let calls = &query.call_status;
    let allocs = &query.alloc_status;
    is(&query.batch, Some(&lead.batch_id))
        && is(&query.task, lead.task_id.as_deref())
        && query
            .alloc_type
            .is_none_or(|kind| lead.alloc_type.as_deref() == Some(kind.as_str()))
        && query.targets.iter().all(|(kind, id)| {
            lead.alloc_type.as_deref() == Some(kind.as_str())
                && lead.alloc_target.as_deref() == Some(id)
        })
        && (calls.is_empty() || calls.iter().any(|one| one.as_str() == lead.call_status))
        && (allocs.is_empty() || allocs.iter().any(|one| one.as_str() == lead.alloc_status))
        && query.voided.is_none_or(|voided| voided == lead.voided)
        && within(query.dialled, lead.last_dial_at)
        && within(query.appointed, lead.appoint_at)
        && match query.appointment {
            None => true,
            Some(Appointment::None) => !lead.appointed,
            Some(Appointment::Made) => lead.appointed,
            Some(Appointment::Today(day)) => lead.appointed && within(day, lead.appoint_at),
            Some(Appointment::Overdue(now)) => {
                lead.appointed
                    && lead.appoint_at.is_some_and(|at| at < now.0)
                    && lead
                        .last_dial_at
                        .is_none_or(|dialled| Some(dialled) < lead.appoint_at)
            }
        }
        && match &query.keyword {
            None => true,
            Some(Keyword::Phone(number)) if query.masked => lead.phone == *number,
            Some(Keyword::Phone(start)) => lead.phone.starts_with(start.as_str()),
            Some(Keyword::Text(part)) => lead
                .data
                .values()
                .any(|value| value.contains(part.as_str())),
        }
        && query.field.as_ref().is_none_or(|test| {
            Tree::Test(test.clone()).holds(&|code: &str| lead.data.get(code).map(String::as_str))
        })
}

fn time(sort: Sort, lead: &Lead) -> Option<i64> {
    match sort {
        Sort::Created | Sort::CreatedDown => None,
        Sort::LastDial => lead.last_dial_at,
        Sort::NextDial => lead.next_dial_at,
        Sort::Appointment => lead.appoint_at,
    }
}

fn expected(query: &Query, all: &[Lead]) -> Vec<String> {
    let mut found: Vec<&Lead> = all.iter().filter(|lead| fits(query, lead)).collect();
    found.sort_by(|one, other| {
        let (a, b) = (time(query.sort, one), time(query.sort, other));
        let missing = a.is_none().cmp(&b.is_none());
        let by_time = match query.sort {
            Sort::LastDial if a.is_some() => (b, other.position).cmp(&(a, one.position)),
            Sort::CreatedDown => other.position.cmp(&one.position),
            _ => (a, one.position).cmp(&(b, other.position)),
        };
        missing.then(by_time)
    });
    found.into_iter().map(|lead| lead.id.clone()).collect()
}

/// Every page of the answer.
async fn all_pages(db: &Db, query: &Query, limit: i64) -> Vec<String> {
    let (mut ids, mut after) = (Vec::new(), None);
    loop {
        let rows = page(db, "o", query, after.as_ref(), limit).await.unwrap();
        ids.extend(rows.iter().map(|row| row.lead.id.clone()));
        match rows.last() {
            Some(last) => after = Some(last.place(query.sort)),
            None => return ids,
        }
    }
}

const SORTS: [Sort; 5] = [
    Sort::Created,
    Sort::CreatedDown,
    Sort::LastDial,
    Sort::NextDial,
    Sort::Appointment,
];

fn random(dice: &mut Dice, batch: &str) -> Query {
    let some = |dice: &mut Dice| dice.of(3) == 0;
    let span = |dice: &mut Dice| Span {
        from: some(dice).then(|| Millis(dice.of(4) as i64)),
        to: some(dice).then(|| Millis(dice.of(6) as i64)),
    };
    Query {
        keyword: match dice.of(6) {
            0 => Some(Keyword::Phone("1380000000".into())),
            1 => Some(Keyword::Text(["7", "b", "\"强", "B"][dice.of(4)].into())),
            _ => None,
        },
        batch: some(dice).then(|| batch.into()),
        task: some(dice).then(|| "tsk_1".into()),
        alloc_type: some(dice).then_some(TargetType::Agent),
        targets: match dice.of(4) {
            0 => vec![(TargetType::Agent, "1001".into())],
            1 => vec![(TargetType::Queue, "sales".into())],
            _ => Vec::new(),
        },
        call_status: match dice.of(4) {
            0 => vec![CallStatus::Success, CallStatus::Failed],
            1 => vec![CallStatus::Notcall],
            _ => Vec::new(),
        },
        alloc_status: match dice.of(5) {
            0 => vec![AllocStatus::Agent, AllocStatus::Recycled],
            _ => Vec::new(),
        },
        dialled: span(dice),
        appointment: match dice.of(8) {
            0 => Some(Appointment::None),
            1 => Some(Appointment::Made),
            2 => Some(Appointment::Today(Span {
                from: Some(Millis(1)),
                to: Some(Millis(4)),
            })),
            3 => Some(Appointment::Overdue(Millis(4))),
            _ => None,
        },
        appointed: span(dice),
        voided: [None, None, Some(true), Some(false)][dice.of(4)],
        sort: SORTS[dice.of(SORTS.len())],
        ..Query::default()
    }
}

#[tokio::test]
async fn any_mixture_of_conditions_is_answered_page_by_page() {
    on_both(|home| async move {
        let (batch, _) = leads(&home).await;
        let all = everything(&home.db).await;
        let mut dice = Dice(7);
        let mut seen = 0;
        for _ in 0..150 {
            let query = random(&mut dice, &batch);
            let wanted = expected(&query, &all);
            let limit = 1 + dice.of(9) as i64;
            assert_eq!(
                all_pages(&home.db, &query, limit).await,
                wanted,
                "{query:?}"
            );
            let counted = count(&home.db, "o", &query, 5).await.unwrap();
            assert_eq!(counted, (wanted.len() as i64).min(5), "{query:?}");
            seen += wanted.len();
        }
        assert!(seen > 300, "the conditions select something: {seen}");
        assert_eq!(
            count(&home.db, "other", &Query::default(), 5)
                .await
                .unwrap(),
            0
        );
    })
    .await;
}

#[tokio::test]
async fn a_comparison_of_a_field_says_what_a_filter_says() {
    on_both(|home| async move {
        let (batch, fields) = leads(&home).await;
        let all = everything(&home.db).await;
        let code = fields[0].code.clone();
        let kinds = [
            Field::default(),
            Field {
                data_type: DataType::Decimal,
                ..Field::default()
            },
            Field {
                multi: true,
                ..Field::default()
            },
        ];
        let mut asked = 0;
        for kind in kinds {
            let field = Field {
                code: code.clone(),
                ..kind
            };
            for op in filter::Op::ALL {
                for value in VALUES.into_iter().chain(["7;18", "a、b", "0"]) {
                    let condition = Condition {
                        field: Some(code.clone()),
                        op: Some(op.as_str().into()),
                        value: filter::Value::One(value.into()),
                        ..Condition::default()
                    };
                    let columns = filter::columns(std::slice::from_ref(&field));
                    let form = filter::Form::Rows(vec![condition]);
                    let today = Default::default();
                    let Ok(Tree::Test(test)) = filter::compile(&form, &columns, today) else {
                        continue;
                    };
                    let by_size = matches!(
                        test.ask,
                        filter::Ask::Compare(..) | filter::Ask::Between(..)
                    );
                    let by_day = match &test.ask {
                        filter::Ask::Any(texts) | filter::Ask::None(texts) => {
                            texts.iter().any(|text| text.until.is_some())
                        }
                        _ => false,
                    };
                    if field.multi && (by_size || by_day) {
                        continue;
                    }
                    let query = Query {
                        batch: Some(batch.clone()),
                        field: Some(test),
                        ..Query::default()
                    };
                    let found = all_pages(&home.db, &query, 200).await;
                    assert_eq!(found, expected(&query, &all), "{query:?}");
                    asked += 1;
                }
            }
        }
        assert!(asked > 200, "{asked}");
    })
    .await;
}

#[tokio::test]
async fn the_leads_of_a_run_come_in_its_order() {
    on_both(|home| async move {
        let db = &home.db;
        let (batch, _) = leads(&home).await;
        let filter = sample::filter(db, &batch, "f", &[]).await;
        let hit: Vec<Lead> = everything(db)
            .await
            .into_iter()
            .filter(|lead| lead.batch_id == batch)
            .step_by(3)
            .collect();
        let hits: Vec<String> = hit.iter().map(|lead| lead.id.clone()).collect();
        let positions: Vec<i64> = hit.iter().map(|lead| lead.position).collect();
        let mut tx = db.begin().await.unwrap();
        let run = crate::filter_runs::create(&mut tx, "o", &filter, NOW)
            .await
            .unwrap()
            .unwrap();
        crate::filter_runs::add_hits(&mut tx, &run, &batch, &positions)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let mut query = Query {
            run: Some(run),
            ..Query::default()
        };
        assert_eq!(all_pages(db, &query, 4).await, hits);
        query.sort = Sort::LastDial;
        assert_eq!(all_pages(db, &query, 4).await, expected(&query, &hit));
        query.sort = Sort::CreatedDown;
        assert_eq!(all_pages(db, &query, 4).await, expected(&query, &hit));
        assert_eq!(
            count(db, "o", &query, 100).await.unwrap(),
            hits.len() as i64
        );
    })
    .await;
}

#[tokio::test]
async fn leads_that_come_meanwhile_neither_repeat_nor_hide_others() {
    on_both(|home| async move {
        let (batch, fields) = leads(&home).await;
        let query = Query {
            sort: Sort::CreatedDown,
            ..Query::default()
        };
        let before = all_pages(&home.db, &query, 100).await;
        let first = page(&home.db, "o", &query, None, 10).await.unwrap();
        sample::leads(&home.db, &batch, &fields, 15).await;
        let after = first[9].place(query.sort);
        let next = page(&home.db, "o", &query, Some(&after), 10).await.unwrap();
        let both: Vec<String> = first
            .into_iter()
            .chain(next)
            .map(|row| row.lead.id)
            .collect();
        assert_eq!(both, before[..20]);
    })
    .await;
}
