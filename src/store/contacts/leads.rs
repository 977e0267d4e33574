//! Leads of contacts: they lie in a batch that the house itself keeps.

use std::collections::BTreeSet;

use engine::{draw::Target, field::Field, import_row::NewLead, time::Millis};
use sqlx::QueryBuilder;

use super::{Contact, list};
use crate::{
    Db, Error, Result, Tx, batches, doc, fields,
    imports::{self, NewImport},
    leads::{self, NewRow, Origin},
    on,
    tasks::{ContactsAsk, Task},
};

const NAMES: [&str; 2] = ["联系人", "联系人（系统）"];
const TITLES: [&str; 2] = ["姓名", "号码"];

/// The tenant's batch for leads of contacts; it is made when there is none.
///
/// # Errors
/// When the database fails, or other batches bear both of its names.
pub async fn batch(tx: &mut Tx, orgi: &str, by: &str, now: Millis) -> Result<String> {
    let found: Option<String> = on!(tx.conn(), c => sqlx::query_scalar(
        "SELECT id FROM batches WHERE orgi = $1 AND batch_type = 'contacts' AND state = 'ready'
         ORDER BY id LIMIT 1"
    ).bind(orgi).fetch_optional(c).await)?;
    if let Some(found) = found {
        return Ok(found);
    }
    let mut name = NAMES[0];
    for other in NAMES {
        let taken: i64 = on!(tx.conn(), c => sqlx::query_scalar(
            "SELECT COUNT(*) FROM batches WHERE orgi = $1 AND name = $2"
        ).bind(orgi).bind(other).fetch_one(c).await)?;
        if taken == 0 {
            name = other;
            break;
        }
    }
    let new = batches::NewBatch {
        orgi,
        creater: by,
        name,
        batch_type: "contacts",
        description: "",
    };
    let id = batches::create(tx, &new, now).await?;
    fields::add_titles(tx, &id, &TITLES.map(str::to_owned), now).await?;
    for field in fields::list_in(tx, &id).await? {
        if field.title == TITLES[1] {
            let is_phone = true;
            fields::update(tx, &id, &Field { is_phone, ..field }, now).await?;
        }
    }
    batches::save_template(tx, &id, now).await?;
    Ok(id)
}

/// Records the import that a task's leads belong to, unless it is there, and returns its ordinal.
///
/// # Errors
/// When the database fails.
pub async fn import(tx: &mut Tx, task: &Task, ask: &ContactsAsk, now: Millis) -> Result<i64> {
    let known: Option<i64> = on!(tx.conn(), c => sqlx::query_scalar(
        "SELECT ordinal FROM imports WHERE id = $1"
    ).bind(&ask.import).fetch_optional(c).await)?;
    if let Some(ordinal) = known {
        return Ok(ordinal);
    }
    let by = task.created_by.as_deref().unwrap_or_default();
    let batch = batch(tx, &task.orgi, by, now).await?;
    let new = NewImport {
        id: &ask.import,
        orgi: &task.orgi,
        batch_id: &batch,
        creater: by,
        title: &task.title,
        file_name: "",
        file_path: "",
        sha256: "",
        bytes: 0,
        options: &imports::Options::keeping_all(),
    };
    imports::create(tx, &new, now).await?;
    Ok(
        on!(tx.conn(), c => sqlx::query_scalar("SELECT ordinal FROM imports WHERE id = $1")
        .bind(&ask.import).fetch_one(c).await)?,
    )
}

/// The next contacts that the ask names, after the id `after`, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn chunk(
    db: &Db,
    orgi: &str,
    ask: &ContactsAsk,
    after: &str,
    limit: i64,
) -> Result<Vec<Contact>> {
    let Some(ids) = &ask.contacts else {
        return list(db, orgi, &ask.search, after, limit).await;
    };
    let mut ids: Vec<&String> = ids.iter().filter(|id| id.as_str() > after).collect();
    ids.sort_unstable();
    ids.truncate(usize::try_from(limit).unwrap_or_default());
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(on!(db.read(), c => {
        let mut query = QueryBuilder::new("SELECT * FROM contacts WHERE orgi = ");
        query.push_bind(orgi).push(" AND id IN (");
        let mut named = query.separated(", ");
        for id in ids {
            named.push_bind(id);
        }
        query.push(") ORDER BY id");
        query.build_query_as().fetch_all(c).await
    })?)
}

/// What a chunk of contacts came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Made {
    pub leads: i64,
    /// Contacts that the same target, or the same campaign, has undialled already.
    pub duplicates: i64,
}

/// Makes leads of contacts; they follow the import's row `after_row`.
///
/// # Errors
/// When the database fails.
pub async fn make(
    tx: &mut Tx,
    task: &Task,
    (ordinal, after_row): (i64, i64),
    contacts: Vec<Contact>,
    now: Millis,
) -> Result<Made> {
    let ask = task.ask.0.as_ref().ok_or(Error::conflict("NO_SUCH_TASK"))?;
    let had = already(tx, task, ask.target.as_ref(), &contacts).await?;
    let phones = contacts.iter().map(|one| one.phone.clone()).collect();
    let dnc = leads::dnc_among(tx, &task.orgi, phones).await?;
    let batch: String = on!(tx.conn(), c => sqlx::query_scalar(
        "SELECT batch_id FROM imports WHERE id = $1"
    ).bind(&ask.import).fetch_one(c).await)?;
    let fields = fields::list_in(tx, &batch).await?;
    let code = |title: &str| {
        fields
            .iter()
            .find(|field| field.title == title)
            .map(|f| &f.code)
    };
    let mut made = Made::default();
    let mut rows = Vec::new();
    let mut marks: Vec<(i64, String)> = Vec::new();
    for contact in contacts {
        if had.contains(&contact.id) {
            made.duplicates += 1;
            continue;
        }
        made.leads += 1;
        let row_no = after_row + made.leads;
        marks.push(((ordinal << 24) + row_no, contact.id));
        let values = [
            (TITLES[0], contact.name),
            (TITLES[1], contact.phone.clone()),
        ];
        let data = values
            .into_iter()
            .filter_map(|(title, value)| Some((code(title)?.clone(), value)));
        rows.push(NewRow {
            row_no,
            dnc: dnc.contains(&contact.phone),
            lead: NewLead {
                data: data.collect(),
                key_value: contact.phone.clone(),
                phone_raw: contact.phone_raw,
                phones: vec![contact.phone.clone()],
                phone: contact.phone,
            },
        });
    }
    let origin = Origin {
        orgi: &task.orgi,
        creater: task.created_by.as_deref().unwrap_or_default(),
        batch_id: &batch,
        import_id: &ask.import,
        ordinal,
    };
    leads::add(tx, &origin, rows, now).await?;
    mark(tx, &marks, ask.priority).await?;
    batches::touch(tx, &batch, now).await?;
    Ok(made)
}

/// Contacts of whom the receiver has an undialled lead.
async fn already(
    tx: &mut Tx,
    task: &Task,
    target: Option<&Target>,
    contacts: &[Contact],
) -> Result<BTreeSet<String>> {
    if contacts.is_empty() {
        return Ok(BTreeSet::new());
    }
    let rows: Vec<String> = on!(tx.conn(), c => {
        let mut query = QueryBuilder::new(
            "SELECT contact_id FROM leads WHERE call_status = 'notcall' AND voided = FALSE
             AND alloc_status IN ('agent', 'dept', 'ai', 'queue', 'recycled_dept')",
        );
        if let Some(target) = target {
            query.push(" AND alloc_type = ").push_bind(target.target_type.as_str());
            query.push(" AND alloc_target = ").push_bind(target.target_id.as_str());
        } else {
            query.push(" AND campaign_id = ").push_bind(task.campaign_id.as_deref());
        }
        query.push(" AND contact_id IN (");
        let mut named = query.separated(", ");
        for contact in contacts {
            named.push_bind(&contact.id);
        }
        query.push(")");
        query.build_query_scalar().fetch_all(c).await
    })?;
    Ok(rows.into_iter().collect())
}

/// Says of which contacts the leads at these positions were made.
async fn mark(tx: &mut Tx, marks: &[(i64, String)], priority: i64) -> Result<()> {
    match tx {
        Tx::Lite(c) => {
            sqlx::query(
                "UPDATE leads SET contact_id = v.contact, priority = $1
                 FROM (SELECT value ->> 0 AS at, value ->> 1 AS contact FROM json_each($2)) AS v
                 WHERE leads.position = v.at AND alloc_status = 'unallocated'",
            )
            .bind(priority)
            .bind(doc::text("marks", marks)?)
            .execute(&mut **c)
            .await?;
        }
        Tx::Pg(c) => {
            let positions: Vec<i64> = marks.iter().map(|mark| mark.0).collect();
            let contacts: Vec<&str> = marks.iter().map(|mark| mark.1.as_str()).collect();
            sqlx::query(
                "UPDATE leads SET contact_id = v.contact, priority = $1
                 FROM unnest($2::bigint[], $3::text[]) AS v (at, contact)
                 WHERE leads.position = v.at AND alloc_status = 'unallocated'",
            )
            .bind(priority)
            .bind(positions)
            .bind(contacts)
            .execute(&mut **c)
            .await?;
        }
    }
    Ok(())
}
