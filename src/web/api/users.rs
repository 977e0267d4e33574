//! `/users`: who may sign in.

use axum::{
    Json,
    extract::{Path, State},
    http::{StatusCode, header},
};
use serde::{Deserialize, Serialize};
use store::{
    access::{
        Role, sessions,
        users::{self, User},
    },
    own_settings,
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{auth::check_password, check, configured::saved};
use crate::{
    caller::Caller,
    clock::{self, At},
    house::House,
    input::{Body, Params},
    paging::{List, Paging},
    problem::Problem,
    secret,
};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(get, change))
}

#[derive(Serialize, ToSchema)]
pub struct UserOut {
    id: String,
    username: String,
    display_name: String,
    role: &'static str,
    department_id: Option<String>,
    disabled: bool,
    created_at: At,
}

impl From<User> for UserOut {
    fn from(user: User) -> Self {
        Self {
            id: user.id,
            username: user.username,
            display_name: user.display_name,
            role: user.role.as_str(),
            department_id: user.department_id,
            disabled: user.disabled,
            created_at: At(user.created_at),
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// 1 to 32 letters, digits, `-`, `_`.
    username: String,
    /// 10 to 128 characters.
    password: String,
    display_name: String,
    /// admin, supervisor, marketer or agent.
    role: String,
    department_id: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserChange {
    display_name: Option<String>,
    role: Option<String>,
    /// An empty text takes the user out of the department.
    department_id: Option<String>,
    disabled: Option<bool>,
    /// A new password; all sessions of the user end.
    password: Option<String>,
}

/// 用户列表 · Users.
#[utoipa::path(get, path = "/api/v1/users", tag = "users", params(Paging),
    responses((status = 200, body = List<UserOut>)))]
async fn list(
    State(house): State<House>,
    caller: Caller,
    Params(paging): Params<Paging>,
) -> Result<Json<List<UserOut>>, Problem> {
    let limit = paging.limit()?;
    let after = paging.after()?.unwrap_or_default();
    let rows = users::list(&house.db, caller.orgi(), &after, limit as i64 + 1).await?;
    Ok(Json(List::of(
        rows,
        limit,
        |row| row.id.clone(),
        UserOut::from,
    )))
}

/// 新建用户 · Add a user.
#[utoipa::path(post, path = "/api/v1/users", tag = "users", request_body = NewUser,
    responses((status = 201, body = UserOut)))]
async fn add(
    State(house): State<House>,
    caller: Caller,
    Body(asked): Body<NewUser>,
) -> Result<(StatusCode, [(header::HeaderName, String); 1], Json<UserOut>), Problem> {
    check_password("/password", &asked.password)?;
    let user = User {
        id: store::new_id("usr"),
        orgi: caller.orgi().into(),
        username: check::chosen_id("/username", &asked.username)?,
        display_name: check::name("/display_name", &asked.display_name)?,
        role: role(&asked.role)?,
        password_hash: secret::hash(&asked.password).await,
        department_id: asked.department_id,
        disabled: false,
        created_at: clock::now().0,
    };
    users::add(&house.db, &user).await?;
    let place = [(header::LOCATION, format!("/api/v1/users/{}", user.id))];
    Ok((StatusCode::CREATED, place, Json(user.into())))
}

/// 用户 · One user.
#[utoipa::path(get, path = "/api/v1/users/{id}", tag = "users", params(("id" = String, Path)),
    responses((status = 200, body = UserOut)))]
async fn get(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<UserOut>, Problem> {
    Ok(Json(find(&house, &caller, &id).await?.into()))
}

/// 修改用户 · Change a user. The last administrator can neither be disabled nor lose the role.
#[utoipa::path(patch, path = "/api/v1/users/{id}", tag = "users", params(("id" = String, Path)),
    request_body = UserChange, responses((status = 200, body = UserOut)))]
async fn change(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<UserChange>,
) -> Result<Json<UserOut>, Problem> {
    let mut user = find(&house, &caller, &id).await?;
    let was_admin = user.role == Role::Admin && !user.disabled;
    let ends_sessions = asked.password.is_some() || asked.disabled == Some(true);
    apply(&mut user, asked).await?;
    let is_admin = user.role == Role::Admin && !user.disabled;
    if was_admin && !is_admin && users::admins(&house.db, caller.orgi()).await? < 2 {
        return Err(Problem::of("LAST_ADMIN"));
    }
    let mut tx = house.db.begin().await?;
    if !users::update_in(&mut tx, &user).await? {
        return Err(Problem::not_found());
    }
    // A campaign is its maker's department's.
    own_settings::follow(&mut tx, caller.orgi(), clock::now()).await?;
    // What an agent may see depends on the department.
    saved(&house, tx).await?;
    if ends_sessions {
        sessions::close_others(&house.db, &user.id, "").await?;
    }
    Ok(Json(user.into()))
}

async fn apply(user: &mut User, asked: UserChange) -> Result<(), Problem> {
    if let Some(name) = asked.display_name {
        user.display_name = check::name("/display_name", &name)?;
    }
    if let Some(name) = asked.role {
        user.role = role(&name)?;
    }
    if let Some(id) = asked.department_id {
        user.department_id = Some(id).filter(|id| !id.is_empty());
    }
    if let Some(disabled) = asked.disabled {
        user.disabled = disabled;
    }
    if let Some(password) = asked.password {
        check_password("/password", &password)?;
        user.password_hash = secret::hash(&password).await;
    }
    Ok(())
}

async fn find(house: &House, caller: &Caller, id: &str) -> Result<User, Problem> {
    users::get(&house.db, caller.orgi(), id)
        .await?
        .ok_or_else(Problem::not_found)
}

fn role(text: &str) -> Result<Role, Problem> {
    text.parse().map_err(|_| {
        Problem::at(
            "/role",
            "choice",
            "must be admin, supervisor, marketer or agent",
        )
    })
}
