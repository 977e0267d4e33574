//! Keys of desk phones that are pressed from the desk (话机控制): over HTTP where that is set for a phone
//! (AGT-145, CTI-079 to CTI-081), else over SIP where the phone says that it lets others (AGT-062).

use std::{collections::BTreeSet, net::IpAddr};

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use engine::{
    desk::Function,
    phone_control::{Key, Template},
};
use live::lines::{NotPressed, PhoneKey};
use serde::{Deserialize, Serialize};
use store::{
    extensions,
    phone_control::{self, PhoneControl},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    check,
    commanded::{commanded, has},
    find,
};
use crate::{caller::Caller, house::House, input::Body, phone_client::SignIn, problem::Problem};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(get, put, remove))
        .routes(routes!(press))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ControlIn {
    /// As `http://{phone}/servlet?key={key}`: `{phone}` is the address that the phone registered from, no other
    /// machine is asked; `{key}` what is pressed.
    url: String,
    /// At most 64 characters.
    username: Option<String>,
    /// At most 128 characters. Not given: it stays; empty: there is none.
    password: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct ControlOut {
    url: String,
    username: Option<String>,
    /// There is one; it is never shown.
    has_password: bool,
}

impl From<PhoneControl> for ControlOut {
    fn from(control: PhoneControl) -> Self {
        Self {
            url: control.url,
            username: control.username,
            has_password: control.password.is_some(),
        }
    }
}

/// What is pressed: exactly one of these.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum PressIn {
    /// speaker (hands-free), off_hook (takes the call that rings, over SIP also the one that the phone holds by
    /// itself), on_hook (hangs up) or hold (the phone itself holds, over SIP).
    Key(KeyIn),
    /// A number, 1 to 32 digits, `+`, `*` or `#`, that the phone itself calls.
    Dial(String),
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyIn {
    Speaker,
    OffHook,
    OnHook,
    Hold,
}

/// 话机控制设置 · How the keys of an extension's phone are pressed over HTTP. `NOT_FOUND` when they are not.
#[utoipa::path(get, path = "/api/v1/extensions/{extension}/control", tag = "setup",
    params(("extension" = String, Path)), responses((status = 200, body = ControlOut)))]
async fn get(
    State(house): State<House>,
    caller: Caller,
    Path(extension): Path<String>,
) -> Result<Json<ControlOut>, Problem> {
    Ok(Json(one(&house, &caller, &extension).await?.into()))
}

/// 设置话机控制 · Set how they are; the phone must allow it.
#[utoipa::path(put, path = "/api/v1/extensions/{extension}/control", tag = "setup",
    params(("extension" = String, Path)),
    request_body(content = ControlIn, example = json!({"url": "http://{phone}/servlet?key={key}", "username": "admin"})),
    responses((status = 200, body = ControlOut)))]
async fn put(
    State(house): State<House>,
    caller: Caller,
    Path(extension): Path<String>,
    Body(asked): Body<ControlIn>,
) -> Result<Json<ControlOut>, Problem> {
    let url = Template::parse(&asked.url)
        .map_err(|bad| Problem::at("/url", "format", bad.to_string()))?;
    let username = asked.username.filter(|text| !text.is_empty());
    let username = username.map(|text| check::text("/username", text, 64));
    if asked
        .password
        .as_ref()
        .is_some_and(|text| text.chars().count() > 128)
    {
        return Err(Problem::at("/password", "length", "at most 128 characters"));
    }
    let control = PhoneControl {
        url: url.as_str().to_owned(),
        username: username.transpose()?,
        password: asked.password,
    };
    let mut tx = house.db.begin().await?;
    if !phone_control::put(&mut tx, caller.orgi(), &extension, &control).await? {
        return Err(Problem::not_found());
    }
    tx.commit().await?;
    Ok(Json(one(&house, &caller, &extension).await?.into()))
}

/// 取消话机控制 · Press no keys there any more.
#[utoipa::path(delete, path = "/api/v1/extensions/{extension}/control", tag = "setup",
    params(("extension" = String, Path)), responses((status = 204)))]
async fn remove(
    State(house): State<House>,
    caller: Caller,
    Path(extension): Path<String>,
) -> Result<StatusCode, Problem> {
    let mut tx = house.db.begin().await?;
    if !phone_control::remove(&mut tx, caller.orgi(), &extension).await? {
        return Err(Problem::not_found());
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// 话机控制 · Press a key at the desk phone that the agent works at. `me` is the caller's own; supervisors
/// press for their department's. Over HTTP where that is set for the extension; else `off_hook`, and `hold` always,
/// by a NOTIFY of SIP (`Event: talk`, `Event: hold`) to phones that name these in `Allow-Events`.
/// `PHONE_NOT_CONTROLLED` where neither is there, `NO_SUCH_CALL` where over SIP no call is there that the key is for,
/// `PHONE_NOT_REGISTERED`, `SEVERAL_PHONES` where phones at several addresses have the extension (HTTP),
/// `PHONE_UNREACHABLE` when it does not answer within three seconds, `PHONE_REFUSED` when it answers no. What
/// rings then rings on.
#[utoipa::path(post, path = "/api/v1/agents/{id}/phone", tag = "agents",
    params(("id" = String, Path)),
    request_body(content = PressIn, example = json!({"key": "off_hook"})),
    responses((status = 204)))]
async fn press(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<PressIn>,
) -> Result<StatusCode, Problem> {
    let agent = commanded(&house, &caller, &id).await?;
    has(&house, &caller, function_of(&house, &caller, &asked).await?)?;
    let (by_http, by_sip) = match asked {
        PressIn::Key(KeyIn::Speaker) => (Some(Key::Speaker), None),
        PressIn::Key(KeyIn::OffHook) => (Some(Key::OffHook), Some(PhoneKey::Talk)),
        PressIn::Key(KeyIn::OnHook) => (Some(Key::OnHook), None),
        PressIn::Key(KeyIn::Hold) => (None, Some(PhoneKey::Hold)),
        PressIn::Dial(number) => {
            let key = Key::dial(&number);
            let key = key.map_err(|bad| Problem::at("/dial", "format", bad.to_string()))?;
            (Some(key), None)
        }
    };
    let view = house.live.view();
    let seen = view.agents.iter().find(|seen| seen.id == agent);
    let extension = seen.map(|seen| seen.extension.clone());
    let extension = extension.ok_or_else(|| Problem::of("PHONE_NOT_REGISTERED"))?;
    let control = phone_control::get(&house.db, caller.orgi(), &extension).await?;
    match (by_http.zip(control), by_sip) {
        (Some((key, control)), _) => over_http(&house, &extension, control, &key).await,
        (None, Some(key)) => over_sip(&house, &extension, key).await,
        (None, None) => Err(Problem::of("PHONE_NOT_CONTROLLED")),
    }
}

async fn over_sip(house: &House, extension: &str, key: PhoneKey) -> Result<StatusCode, Problem> {
    let pressed = house.live.lines().press(extension, key).await;
    let code = match pressed {
        Ok(()) => return Ok(StatusCode::NO_CONTENT),
        Err(NotPressed::NoCall) => "NO_SUCH_CALL",
        Err(NotPressed::NotTaken) => "PHONE_NOT_CONTROLLED",
        Err(NotPressed::Refused(_)) => "PHONE_REFUSED",
        Err(NotPressed::Silent) => "PHONE_UNREACHABLE",
    };
    let why = pressed.err().map(|why| why.to_string());
    Err(Problem::because(code, why.unwrap_or_default()))
}

async fn over_http(
    house: &House,
    extension: &str,
    control: PhoneControl,
    key: &Key,
) -> Result<StatusCode, Problem> {
    let client = house.config.phone_client.clone();
    let client = client.ok_or_else(|| Problem::of("PHONE_NOT_CONTROLLED"))?;
    let template = Template::parse(&control.url).map_err(|error| Problem::internal(&error))?;
    let url = template.asked_at(address(house, extension)?, key);
    let sign_in = control.username.map(|username| SignIn {
        username,
        password: control.password.unwrap_or_default(),
    });
    match client.get(url, sign_in).await {
        Ok(200..300) => Ok(StatusCode::NO_CONTENT),
        Ok(status) => Err(Problem::because(
            "PHONE_REFUSED",
            format!("the phone answered {status}"),
        )),
        Err(why) => Err(Problem::because("PHONE_UNREACHABLE", why)),
    }
}

/// Which function of the desk that is.
async fn function_of(house: &House, caller: &Caller, asked: &PressIn) -> Result<Function, Problem> {
    Ok(match asked {
        PressIn::Key(KeyIn::Speaker | KeyIn::OffHook) => Function::OffHook,
        PressIn::Key(KeyIn::OnHook) => Function::HangUp,
        PressIn::Key(KeyIn::Hold) => Function::Hold,
        PressIn::Dial(number) => match extensions::is_of(&house.db, caller.orgi(), number).await? {
            true => Function::CallInside,
            false => Function::CallOutside,
        },
    })
}

/// Where the one phone of an extension is.
fn address(house: &House, extension: &str) -> Result<IpAddr, Problem> {
    let phones = house.live.lines().registrations().into_iter();
    let own = phones.filter(|phone| phone.extension == extension);
    let addresses: BTreeSet<IpAddr> = own.map(|phone| phone.source.ip()).collect();
    match (addresses.first(), addresses.len()) {
        (Some(address), 1) => Ok(*address),
        (Some(_), _) => Err(Problem::of("SEVERAL_PHONES")),
        (None, _) => Err(Problem::of("PHONE_NOT_REGISTERED")),
    }
}

/// The extensions at whose phones a call that rings can be taken from the desk.
///
/// # Errors
/// When the database does not answer.
pub async fn controlled(house: &House, caller: &Caller) -> Result<BTreeSet<String>, Problem> {
    let mut all = phone_control::all(&house.db, caller.orgi()).await?;
    let phones = house.live.lines().registrations().into_iter();
    all.extend(
        phones
            .filter(|phone| phone.takes_talk)
            .map(|phone| phone.extension),
    );
    Ok(all)
}

async fn one(house: &House, caller: &Caller, extension: &str) -> Result<PhoneControl, Problem> {
    find::there(phone_control::get(&house.db, caller.orgi(), extension).await?)
}
