//! Taking leads back (OUT-133 to OUT-135, OUT-233).

use std::collections::{BTreeMap, BTreeSet};

use engine::{draw::TargetType, time::Millis};
use sqlx::{FromRow, QueryBuilder};

use super::of;
use crate::{Db, Result, Tx, on, reservations::reserved};

/// Which leads are taken back.
#[derive(Debug, Clone, Copy)]
pub enum Scope<'a> {
    /// All undialled leads of a task, or of one of its targets.
    Task {
        task: &'a str,
        target: Option<&'a str>,
    },
    /// All undialled leads of an agent, department, queue or robot, of whatever task.
    Target {
        orgi: &'a str,
        kind: TargetType,
        id: &'a str,
    },
    /// These, dialled or not, as far as they are of the task and with the holder that are named.
    Leads {
        orgi: &'a str,
        ids: &'a [String],
        task: Option<&'a str>,
        holder: Option<(TargetType, &'a str)>,
    },
}

/// A lead that can be taken back, with who has it.
#[derive(Debug, Clone, FromRow)]
pub struct Held {
    pub id: String,
    pub position: i64,
    pub task_id: Option<String>,
    pub campaign_id: Option<String>,
    pub alloc_type: String,
    pub alloc_status: String,
    /// Department to give it back to, where there is one.
    pub department: Option<String>,
}

/// Of whoever has it.
const DEPARTMENT: &str =
    "CASE WHEN l.alloc_type = 'department' THEN l.alloc_target ELSE u.department_id END";
const OF_LEAD: &str = " FROM leads l
     LEFT JOIN agents a ON l.alloc_type = 'agent' AND a.id = l.alloc_target
     LEFT JOIN users u ON u.id = a.user_id WHERE ";
/// Some node holds it, or dials it.
const IN_HAND: &str = concat!("(l.call_status = 'calling' OR ", reserved!("l.id"), ")");
const NOT_IN_HAND: &str = concat!(
    " AND l.call_status <> 'calling' AND NOT ",
    reserved!("l.id")
);
const ALLOCATED: &str = " AND l.alloc_status IN ('agent', 'dept', 'ai', 'queue', 'recycled_dept')";

/// The scope as a condition, on whichever database the builder is for.
macro_rules! in_scope {
    ($query:ident, $scope:expr) => {
        match $scope {
            Scope::Task { task, target } => {
                $query.push("l.task_id = ").push_bind(task);
                if let Some(target) = target {
                    $query.push(" AND l.alloc_target = ").push_bind(target);
                }
            }
            Scope::Target { orgi, kind, id } => {
                $query.push("l.alloc_type = ").push_bind(kind.as_str());
                $query.push(" AND l.alloc_target = ").push_bind(id);
                $query.push(" AND l.orgi = ").push_bind(orgi);
            }
            Scope::Leads {
                orgi,
                ids,
                task,
                holder,
            } => {
                $query
                    .push("l.orgi = ")
                    .push_bind(orgi)
                    .push(" AND l.id IN (");
                let mut list = $query.separated(", ");
                for id in ids {
                    list.push_bind(id);
                }
                $query.push(")");
                if let Some(task) = task {
                    $query.push(" AND l.task_id = ").push_bind(task);
                }
                if let Some((kind, id)) = holder {
                    $query
                        .push(" AND l.alloc_type = ")
                        .push_bind(kind.as_str())
                        .push(" AND l.alloc_target = ")
                        .push_bind(id);
                }
            }
        }
    };
}

/// The scope's leads that nobody is dialling, those after the position `after`, at most `limit`, kept
/// from being reserved until the write ends.
///
/// # Errors
/// When the database fails.
pub async fn returnable(
    tx: &mut Tx,
    scope: Scope<'_>,
    after: i64,
    limit: i64,
) -> Result<Vec<Held>> {
    let lock = match tx {
        Tx::Lite(_) => "",
        Tx::Pg(_) => " FOR UPDATE OF l",
    };
    Ok(on!(tx.conn(), c => {
        let mut query = QueryBuilder::new(
            "SELECT l.id, l.position, l.task_id, l.campaign_id, l.alloc_type, l.alloc_status, ",
        );
        query.push(DEPARTMENT).push(" AS department");
        query.push(OF_LEAD);
        in_scope!(query, scope);
        query.push(ALLOCATED).push(NOT_IN_HAND);
        if !matches!(scope, Scope::Leads { .. }) {
            query.push(" AND l.call_status = 'notcall'");
        }
        query.push(" AND l.position > ").push_bind(after);
        query.push(" ORDER BY l.position LIMIT ").push_bind(limit).push(lock);
        query.build_query_as().fetch_all(c).await
    })?)
}

/// Leads of the scope that stay where they are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromRow)]
pub struct Skipped {
    pub being_dialled: i64,
    /// Dialled before; only rows that are named are taken back then (OUT-233).
    pub dialled: i64,
    /// Whoever has them is in no department that they could go back to.
    pub no_department: i64,
}

/// What of the scope cannot be taken back now (OUT-135).
///
/// # Errors
/// When the database fails.
pub async fn left_behind(db: &Db, scope: Scope<'_>) -> Result<Skipped> {
    let named = match scope {
        Scope::Leads { .. } => "TRUE",
        Scope::Task { .. } | Scope::Target { .. } => "FALSE",
    };
    Ok(on!(db.read(), c => {
        let mut query = QueryBuilder::new(
            "SELECT CAST(COALESCE(SUM(CASE WHEN in_hand THEN 1 ELSE 0 END), 0) AS BIGINT)
                     AS being_dialled,
                 CAST(COALESCE(SUM(CASE WHEN NOT in_hand AND call_status <> 'notcall'
                     THEN 1 ELSE 0 END), 0) AS BIGINT) AS dialled,
                 CAST(COALESCE(SUM(CASE WHEN NOT in_hand AND department IS NULL
                     AND (call_status = 'notcall' OR ",
        );
        query.push(named).push(") THEN 1 ELSE 0 END), 0) AS BIGINT) AS no_department
             FROM (SELECT l.call_status, ");
        query.push(DEPARTMENT).push(" AS department, ");
        query.push(IN_HAND).push(" AS in_hand");
        query.push(OF_LEAD);
        in_scope!(query, scope);
        query.push(ALLOCATED).push(") AS held");
        query.build_query_as().fetch_one(c).await
    })?)
}

/// What one task lost.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lost {
    pub from: Vec<(TargetType, i64)>,
    /// From departments to which they had been given back before.
    pub again: i64,
}

/// What a write took back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taken {
    pub leads: i64,
    pub tasks: BTreeMap<String, Lost>,
    /// They may have fewer leads now.
    pub campaigns: BTreeSet<String>,
}

/// Takes leads back: to the pool, or to the department of whoever has them. Those without a
/// department stay. What they are dialled (`call_status`) stays in any case.
///
/// # Errors
/// When the database fails.
pub async fn take_back(
    tx: &mut Tx,
    leads: &[Held],
    to_department: bool,
    now: Millis,
) -> Result<Taken> {
    let mut groups: BTreeMap<Option<&str>, Vec<&Held>> = BTreeMap::new();
    for lead in leads {
        let is_back = lead.alloc_status == "recycled_dept";
        match (to_department, lead.department.as_deref()) {
            (true, None) => {}
            (true, Some(_)) if is_back => {}
            (true, department) => groups.entry(department).or_default().push(lead),
            (false, _) => groups.entry(None).or_default().push(lead),
        }
    }
    let mut taken = Taken::default();
    for (department, leads) in groups {
        let went: BTreeSet<String> = set_back(tx, &leads, department, now)
            .await?
            .into_iter()
            .collect();
        for lead in leads.into_iter().filter(|lead| went.contains(&lead.id)) {
            taken.leads += 1;
            taken.campaigns.extend(lead.campaign_id.clone());
            let Some(task) = &lead.task_id else { continue };
            let lost = taken.tasks.entry(task.clone()).or_default();
            match TargetType::parse(&lead.alloc_type) {
                Some(kind) if lead.alloc_status != "recycled_dept" => lost.from.push((kind, 1)),
                _ => lost.again += 1,
            }
        }
    }
    Ok(taken)
}

async fn set_back(
    tx: &mut Tx,
    leads: &[&Held],
    department: Option<&str>,
    now: Millis,
) -> Result<Vec<String>> {
    let (status, kind) = match department {
        Some(_) => ("recycled_dept", Some("department")),
        None => ("recycled", None),
    };
    Ok(on!(tx.conn(), c => {
        let mut query = QueryBuilder::new("UPDATE leads SET alloc_status = ");
        query.push_bind(status).push(", alloc_type = ").push_bind(kind);
        query.push(", alloc_target = ").push_bind(department);
        query.push(", updated_at = ").push_bind(now.0);
        query.push(", alloc_by = NULL, campaign_id = NULL, next_dial_at = NULL
            WHERE call_status <> 'calling' AND NOT ").push(reserved!("leads.id")).push(" AND id IN (");
        let mut list = query.separated(", ");
        for lead in leads {
            list.push_bind(&lead.id);
        }
        query.push(") RETURNING id");
        query.build_query_scalar().fetch_all(c).await
    })?)
}

/// Records in the write that took the leads what each task lost (OUT-134).
///
/// # Errors
/// When the database fails.
pub async fn record_recycled(tx: &mut Tx, taken: &Taken, to_department: bool) -> Result<()> {
    for (task, Lost { from, again }) in &taken.tasks {
        let lost: i64 = from.iter().map(|one| one.1).sum();
        let back = lost + again;
        on!(tx.conn(), c => sqlx::query(
            "UPDATE tasks SET to_agent = to_agent - $2, to_dept = to_dept - $3, to_ai = to_ai - $4,
                 to_queue = to_queue - $5, unallocated = unallocated + $6, recycled = recycled + $7,
                 recycled_dept = recycled_dept + $8
             WHERE id = $1"
        ).bind(task).bind(of(from, TargetType::Agent)).bind(of(from, TargetType::Department))
            .bind(of(from, TargetType::Robot)).bind(of(from, TargetType::Queue)).bind(lost)
            .bind(if to_department { 0 } else { back })
            .bind(if to_department { back } else { 0 }).execute(c).await.map(|_| ()))?;
    }
    Ok(())
}
