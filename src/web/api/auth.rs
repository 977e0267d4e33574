//! `/auth`: signing in and out.

use std::net::SocketAddr;

use axum::{
    Extension, Json,
    extract::{ConnectInfo, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use store::access::{
    Role, heads, sessions,
    users::{self, User},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    caller::Caller,
    clock::{self, At},
    front::{cookie, guard::same_origin},
    house::House,
    input::Body,
    problem::Problem,
    rights, secret,
};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(login))
        .routes(routes!(logout))
        .routes(routes!(me))
        .routes(routes!(password))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    username: String,
    password: String,
    /// For pages: the token comes as an HttpOnly cookie instead of in the answer.
    #[serde(default)]
    cookie: bool,
}

#[derive(Serialize, ToSchema)]
pub struct SignedIn {
    /// Send it as `Authorization: Bearer`. `null` when it came as a cookie.
    token: Option<String>,
    expires_at: At,
    user: Me,
    /// `METHOD /path` of everything this role may use.
    rights: Vec<String>,
}

#[derive(Serialize, ToSchema)]
pub struct Me {
    id: String,
    username: String,
    display_name: String,
    role: &'static str,
    department_id: Option<String>,
    /// The agent this user is, when the user is one.
    agent_id: Option<String>,
    /// Departments that the user heads.
    heads: Vec<String>,
}

/// 登录 · Sign in. Five failures are free; then name and address wait longer each time.
#[utoipa::path(post, path = "/api/v1/auth/login", tag = "auth",
    request_body(content = Login, example = json!({"username": "admin", "password": "one-time"})),
    responses((status = 200, body = SignedIn)))]
async fn login(
    State(house): State<House>,
    address: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
    Body(asked): Body<Login>,
) -> Result<Response, Problem> {
    if asked.cookie {
        same_origin(&headers)?;
    }
    let user = verified(&house, &asked, address.map(|Extension(ConnectInfo(a))| a)).await?;
    let token = secret::token();
    let now = clock::now().0;
    let expires_at = now + house.config.session_ms();
    let token_hash = secret::digest(token.as_bytes());
    let session = sessions::NewSession {
        token_hash: &token_hash,
        user_id: &user.id,
        csrf: &secret::token(),
        now,
        expires_at,
    };
    sessions::open(&house.db, &session).await?;
    let session = sessions::find(&house.db, &token_hash, now)
        .await?
        .ok_or_else(|| Problem::of("BAD_CREDENTIALS"))?;
    let set_cookie = cookie::set(&token, house.config.session_ms() / 1_000, house.config.tls);
    let heads = heads::of_user(&house.db, &session.user_id).await?;
    let by_cookie = asked.cookie;
    let answer = Json(SignedIn {
        token: (!by_cookie).then_some(token),
        expires_at: At(expires_at),
        rights: allowed(session.role),
        user: Me::of(session, heads),
    });
    Ok(if by_cookie {
        ([(header::SET_COOKIE, set_cookie)], answer).into_response()
    } else {
        answer.into_response()
    })
}

async fn verified(
    house: &House,
    asked: &Login,
    address: Option<SocketAddr>,
) -> Result<User, Problem> {
    let now = clock::now();
    let keys = [
        Some(format!(
            "name:{}",
            asked.username.chars().take(100).collect::<String>()
        )),
        // A proxy on this machine is everybody's address: one who guesses must not lock all out.
        address
            .filter(|address| !address.ip().is_loopback())
            .map(|address| format!("from:{}", address.ip())),
    ];
    let keys: Vec<String> = keys.into_iter().flatten().collect();
    let wait = keys.iter().map(|key| house.sign_ins.wait(key, now)).max();
    if let Some(seconds) = wait.filter(|seconds| *seconds > 0) {
        return Err(Problem {
            retry_after: Some(seconds),
            ..Problem::because("LOCKED_OUT", format!("try again in {seconds} s"))
        });
    }
    let user = users::by_username(&house.db, &asked.username).await?;
    let hash = user.as_ref().map(|user| user.password_hash.as_str());
    let good = asked.password.len() <= 1_000 && secret::matches(&asked.password, hash).await;
    match user.filter(|user| good && !user.disabled) {
        Some(user) => {
            keys.iter().for_each(|key| house.sign_ins.succeeded(key));
            Ok(user)
        }
        None => {
            keys.iter().for_each(|key| house.sign_ins.failed(key, now));
            Err(Problem::of("BAD_CREDENTIALS"))
        }
    }
}

/// 退出 · Sign out: the token ends at once.
#[utoipa::path(post, path = "/api/v1/auth/logout", tag = "auth", responses((status = 204)))]
async fn logout(State(house): State<House>, caller: Caller) -> Result<Response, Problem> {
    sessions::close(&house.db, &caller.session.token_hash).await?;
    let gone = cookie::set("", 0, house.config.tls);
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, gone)]).into_response())
}

/// 我是谁 · Who am I?
#[utoipa::path(get, path = "/api/v1/auth/me", tag = "auth", responses((status = 200, body = Me)))]
async fn me(State(house): State<House>, caller: Caller) -> Result<Json<Me>, Problem> {
    let heads = heads::of_user(&house.db, caller.user_id()).await?;
    Ok(Json(Me::of(caller.session, heads)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    old: String,
    /// 10 to 128 characters.
    new: String,
}

/// 修改密码 · Change one's own password; all other sessions of the user end.
#[utoipa::path(post, path = "/api/v1/auth/password", tag = "auth", request_body = NewPassword,
    responses((status = 204)))]
async fn password(
    State(house): State<House>,
    caller: Caller,
    Body(asked): Body<NewPassword>,
) -> Result<StatusCode, Problem> {
    check_password("/new", &asked.new)?;
    let mut user = users::get(&house.db, caller.orgi(), caller.user_id())
        .await?
        .ok_or_else(|| Problem::of("UNAUTHENTICATED"))?;
    if !secret::matches(&asked.old, Some(&user.password_hash)).await {
        return Err(Problem::at("/old", "wrong", "is not the present password"));
    }
    user.password_hash = secret::hash(&asked.new).await;
    users::update(&house.db, &user).await?;
    sessions::close_others(&house.db, &user.id, &caller.session.token_hash).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// # Errors
/// `INVALID` when the password is too short or too long.
pub fn check_password(pointer: &str, password: &str) -> Result<(), Problem> {
    if (10..=128).contains(&password.chars().count()) {
        Ok(())
    } else {
        Err(Problem::at(
            pointer,
            "length",
            "must have 10 to 128 characters",
        ))
    }
}

fn allowed(role: Role) -> Vec<String> {
    rights::TABLE
        .iter()
        .filter(|(_, path, who)| path.starts_with("/api/") && who.includes(role))
        .map(|(method, path, _)| format!("{method} {path}"))
        .collect()
}

impl Me {
    fn of(session: sessions::Session, heads: Vec<String>) -> Self {
        Self {
            id: session.user_id,
            username: session.username,
            display_name: session.display_name,
            role: session.role.as_str(),
            department_id: session.department_id,
            agent_id: session.agent_id,
            heads,
        }
    }
}
