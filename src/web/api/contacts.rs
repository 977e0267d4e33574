//! `/contacts` (联系人), and giving them away as leads (OUT-136, OUT-143, OUT-144).

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use engine::draw::{Target, TargetType};
use serde::Deserialize;
use store::{
    campaigns,
    contacts::{self, Contact, Draft},
    imports, targets,
    tasks::{self, ContactsAsk},
    work::{By, Work, enqueue},
};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    answer::{Accepted, created},
    check, find,
    grants::may_give,
    running::timed,
    shown::shown,
};
use crate::{
    caller::Caller,
    clock::{At, now},
    house::House,
    input::{Body, Params},
    paging::{self, List},
    problem::Problem,
};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(get, change, remove))
        .routes(routes!(allocate))
}

shown! {
    ContactOut of Contact {
        id: String,
        name: String,
        phone: String,
        note: String,
        created_by: String,
        created_at: At,
        updated_at: At,
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// Name or number contains it.
    q: Option<String>,
    limit: Option<u32>,
    cursor: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContactIn {
    name: String,
    /// One contact a number.
    phone: String,
    note: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContactChange {
    name: Option<String>,
    phone: Option<String>,
    note: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Allocate {
    /// These, at most 5,000.
    contact_ids: Option<Vec<String>>,
    /// Or all of them; those whose name or number contains `q` when it is given.
    all: Option<bool>,
    q: Option<String>,
    /// The campaign that calls them, if it runs; otherwise when it is started.
    campaign_id: String,
    /// Its target that gets all of them: agent, department, queue or robot, with `target_id`. Its targets share
    /// them when this is not given.
    target_type: Option<String>,
    target_id: Option<String>,
    /// Of the leads, 0 (when not given) to 9.
    priority: Option<i64>,
}

/// 联系人列表 · Contacts, oldest first.
#[utoipa::path(get, path = "/api/v1/contacts", tag = "contacts", params(Which),
    responses((status = 200, body = List<ContactOut>)))]
async fn list(
    State(house): State<House>,
    caller: Caller,
    Params(asked): Params<Which>,
) -> Result<Json<List<ContactOut>>, Problem> {
    let limit = paging::limit(asked.limit)?;
    let after = asked.cursor.as_deref().map(paging::open).transpose()?;
    let search = check::text("/q", asked.q.unwrap_or_default(), 100)?;
    let after = after.unwrap_or_default();
    let most = limit as i64 + 1;
    let rows = contacts::list(&house.db, caller.orgi(), &search, &after, most).await?;
    let key = |row: &Contact| row.id.clone();
    Ok(Json(List::of(rows, limit, key, ContactOut::from)))
}

/// 新建联系人 · Add a contact. `CONTACT_EXISTS` when another has the number.
#[utoipa::path(post, path = "/api/v1/contacts", tag = "contacts", request_body = ContactIn,
    responses((status = 201, body = ContactOut)))]
async fn add(
    State(house): State<House>,
    caller: Caller,
    Body(asked): Body<ContactIn>,
) -> Result<Response, Problem> {
    let form = Form::checked(&asked.name, &asked.phone, asked.note.unwrap_or_default())?;
    let mut tx = house.db.begin().await?;
    let by = (caller.user_id(), now());
    let id = contacts::create(&mut tx, caller.orgi(), form.draft(), by).await?;
    tx.commit().await?;
    let contact = contact(&house, &caller, &id).await?;
    Ok(created(
        format!("/api/v1/contacts/{id}"),
        ContactOut::from(contact),
    ))
}

/// 联系人 · One contact.
#[utoipa::path(get, path = "/api/v1/contacts/{id}", tag = "contacts",
    params(("id" = String, Path)), responses((status = 200, body = ContactOut)))]
async fn get(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<ContactOut>, Problem> {
    Ok(Json(contact(&house, &caller, &id).await?.into()))
}

/// 修改联系人 · Change a contact; leads that were made of it stay as they are.
#[utoipa::path(patch, path = "/api/v1/contacts/{id}", tag = "contacts",
    params(("id" = String, Path)), request_body = ContactChange,
    responses((status = 200, body = ContactOut)))]
async fn change(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<ContactChange>,
) -> Result<Json<ContactOut>, Problem> {
    let old = contact(&house, &caller, &id).await?;
    let form = Form::checked(
        asked.name.as_deref().unwrap_or(&old.name),
        asked.phone.as_deref().unwrap_or(&old.phone_raw),
        asked.note.unwrap_or(old.note),
    )?;
    let mut tx = house.db.begin().await?;
    contacts::save(&mut tx, caller.orgi(), &id, form.draft(), now()).await?;
    tx.commit().await?;
    Ok(Json(contact(&house, &caller, &id).await?.into()))
}

/// 删除联系人 · Delete a contact; leads that were made of it stay.
#[utoipa::path(delete, path = "/api/v1/contacts/{id}", tag = "contacts",
    params(("id" = String, Path)), responses((status = 204)))]
async fn remove(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    contact(&house, &caller, &id).await?;
    let mut tx = house.db.begin().await?;
    contacts::delete(&mut tx, caller.orgi(), &id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// 联系人分配 · Make leads of contacts and give them to a campaign's targets, or to one of them. A
/// contact of whom the receiver has an undialled lead already is left out. `ALLOC_FORBIDDEN`,
/// `NO_TARGETS`.
#[utoipa::path(post, path = "/api/v1/contacts/allocate", tag = "contacts",
    request_body = Allocate, responses((status = 202, body = Accepted)))]
async fn allocate(
    State(house): State<House>,
    caller: Caller,
    Body(asked): Body<Allocate>,
) -> Result<Accepted, Problem> {
    let at = now();
    let priority = asked.priority.unwrap_or(0);
    if !(0..=9).contains(&priority) {
        return Err(Problem::at("/priority", "range", "must be 0 to 9"));
    }
    let (contacts, search) = which(&asked)?;
    let campaign = find::campaign(&house, &caller, &asked.campaign_id).await?;
    let all = targets::list(&house.db, &campaign.id).await?;
    if all.is_empty() {
        return Err(Problem::of("NO_TARGETS"));
    }
    let target = chosen(&all, asked.target_type, asked.target_id)?;
    let receivers = target.as_ref().map_or(&all[..], std::slice::from_ref);
    may_give(&house, &caller, receivers).await?;
    let title = timed("联系人分配", &campaign.settings.0.window, at);
    let ask = ContactsAsk {
        import: imports::new_import_id(),
        contacts,
        search,
        target,
        priority,
    };
    let by = (caller.user_id(), at);
    let mut tx = house.db.begin().await?;
    // One that runs out of leads at this moment ends before or sees the task.
    campaigns::takes_more(&mut tx, &campaign.id).await?;
    let campaign = Some(campaign.id.as_str());
    let task = tasks::create_other(&mut tx, caller.orgi(), campaign, &title, &ask, by).await?;
    let work = Work::AllocateContacts { task: task.clone() };
    let by = By {
        orgi: caller.orgi(),
        user: caller.user_id(),
        batch: None,
    };
    let job = enqueue(&mut tx, work, by, at).await?;
    tx.commit().await?;
    Ok(Accepted {
        task_id: Some(task),
        ..Accepted::job(job)
    })
}

/// Named contacts, or a search over all.
fn which(asked: &Allocate) -> Result<(Option<Vec<String>>, String), Problem> {
    match (&asked.contact_ids, asked.all.unwrap_or(false), &asked.q) {
        (Some(ids), false, None) if (1..=5_000).contains(&ids.len()) => {
            Ok((Some(ids.clone()), String::new()))
        }
        (None, true, search) => {
            let search = check::text("/q", search.clone().unwrap_or_default(), 100)?;
            Ok((None, search))
        }
        _ => {
            let message = "give 1 to 5,000 contact_ids, or all with or without q";
            Err(Problem::at("/contact_ids", "choice", message))
        }
    }
}

/// The one of a campaign's targets that is to have all; `None`: they share.
fn chosen(
    all: &[Target],
    kind: Option<String>,
    id: Option<String>,
) -> Result<Option<Target>, Problem> {
    let (kind, id) = match (kind, id) {
        (None, None) => return Ok(None),
        (Some(kind), Some(id)) => (kind, id),
        _ => {
            let message = "give target_type and target_id, or neither";
            return Err(Problem::because("MALFORMED", message));
        }
    };
    let Some(kind) = TargetType::parse(&kind) else {
        let message = "must be agent, department, queue or robot";
        return Err(Problem::at("/target_type", "choice", message));
    };
    let found = all
        .iter()
        .find(|one| one.target_type == kind && one.target_id == id);
    let message = "the campaign has no such target";
    let found = found.ok_or_else(|| Problem::at("/target_id", "unknown", message))?;
    Ok(Some(Target::new(kind, found.target_id.clone(), 0)))
}

async fn contact(house: &House, caller: &Caller, id: &str) -> Result<Contact, Problem> {
    find::there(contacts::get(&house.db, caller.orgi(), id).await?)
}

/// A contact as it is to be.
struct Form {
    name: String,
    phone: String,
    phone_raw: String,
    note: String,
}

impl Form {
    fn checked(name: &str, phone: &str, note: String) -> Result<Self, Problem> {
        Ok(Self {
            name: check::name("/name", name)?,
            phone: check::number("/phone", phone)?,
            phone_raw: check::text("/phone", phone.to_owned(), 40)?,
            note: check::text("/note", note, 2_000)?,
        })
    }

    fn draft(&self) -> Draft<'_> {
        Draft {
            name: &self.name,
            phone: &self.phone,
            phone_raw: &self.phone_raw,
            note: &self.note,
        }
    }
}
