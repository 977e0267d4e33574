//! What names a queue, a voice menu, a gateway, a number or a survey: none is deleted while something
//! does, for a caller who was led there would be lost.

use engine::survey::Choice;
use store::{
    Db, Result, campaigns, extensions, ivr_menus, numbers, queues, routes,
    tenant_settings::{self, Surveys},
};

/// The route, the other queue, the voice menu or the campaign that leads to the queue; in words.
pub async fn queue(db: &Db, orgi: &str, id: &str) -> Result<Option<String>> {
    let leads_here = |to: &engine::ids::QueueId| to.as_str() == id;
    for route in routes::list(db, orgi).await? {
        if route.rule.queues().any(leads_here) {
            return Ok(Some(format!("the route {} leads to it", route.name)));
        }
    }
    for queue in queues::list(db, orgi).await? {
        if queue.id != id && queue.settings.leads_to().any(leads_here) {
            return Ok(Some(format!(
                "callers leave the queue {} for it",
                queue.name
            )));
        }
    }
    for menu in ivr_menus::list(db, orgi).await? {
        if menu.menu.queues().any(leads_here) {
            return Ok(Some(format!("the voice menu {} leads to it", menu.name)));
        }
    }
    let campaign = campaigns::with_queue(db, orgi, id).await?;
    Ok(campaign.map(|name| format!("the campaign {name} hands calls to it")))
}

/// The route, the queue, the other menu or the campaign that leads to the voice menu; in words.
pub async fn menu(db: &Db, orgi: &str, id: &str) -> Result<Option<String>> {
    let leads_here = |to: &engine::ids::MenuId| to.as_str() == id;
    for route in routes::list(db, orgi).await? {
        if route.rule.menus().any(leads_here) {
            return Ok(Some(format!("the route {} leads to it", route.name)));
        }
    }
    for queue in queues::list(db, orgi).await? {
        if queue.settings.menus().any(leads_here) {
            return Ok(Some(format!(
                "callers leave the queue {} for it",
                queue.name
            )));
        }
    }
    for menu in ivr_menus::list(db, orgi).await? {
        if menu.id != id && menu.menu.menus().any(leads_here) {
            return Ok(Some(format!("the voice menu {} leads to it", menu.name)));
        }
    }
    let campaign = campaigns::with_menu(db, orgi, id).await?;
    Ok(campaign.map(|name| format!("the campaign {name} leads to it")))
}

/// The route that goes through the gateway, the queue whose campaigns dial through it, or the number that
/// is shown through it; in words.
pub async fn gateway(db: &Db, orgi: &str, id: &str) -> Result<Option<String>> {
    let routes = routes::list(db, orgi).await?;
    let route = routes.into_iter().find(|route| route.rule.is_through(id));
    if let Some(route) = route {
        return Ok(Some(format!("the route {} goes through it", route.name)));
    }
    let mut queues = queues::list(db, orgi).await?.into_iter();
    let dials = |queue: &queues::Queue| {
        let gateway = queue.settings.gateway.as_ref();
        gateway.is_some_and(|gateway| gateway.as_str() == id)
    };
    if let Some(queue) = queues.find(dials) {
        return Ok(Some(format!("the queue {} dials through it", queue.name)));
    }
    let bound = extensions::gateways(db).await?;
    let mut phones = bound.iter().filter(|(_, gateway)| gateway.as_str() == id);
    if let Some((phone, _)) = phones.next() {
        return Ok(Some(format!("the extension {phone} is bound to it")));
    }
    let mut numbers = numbers::list(db, orgi).await?.into_iter();
    let number = numbers.find(|one| one.gateway_id.as_deref() == Some(id));
    Ok(number.map(|one| format!("the number {} is shown through it alone", one.number)))
}

/// The queue or the campaign that wants the survey, or the tenant; in words.
pub async fn survey(db: &Db, orgi: &str, id: &str) -> Result<Option<String>> {
    let wants = |choice: &Choice| choice.named() == Some(id);
    let mut queues = queues::list(db, orgi).await?.into_iter();
    let wants_it = |queue: &queues::Queue| queue.settings.survey.as_ref().is_some_and(wants);
    if let Some(queue) = queues.find(wants_it) {
        return Ok(Some(format!("the queue {} asks it", queue.name)));
    }
    if let Some(name) = campaigns::with_survey(db, orgi, id).await? {
        return Ok(Some(format!("the campaign {name} asks it")));
    }
    let tenant: Surveys = tenant_settings::get(db, orgi).await?;
    let text = "it is asked wherever neither campaign nor queue says otherwise";
    Ok(wants(&tenant.survey).then(|| text.to_owned()))
}

/// The extension, the queue, the outbound route or the campaign that shows the number; in words.
pub async fn number(db: &Db, orgi: &str, number: &str) -> Result<Option<String>> {
    let shows = |callers: &[String]| callers.iter().any(|caller| caller == number);
    let phones = numbers::of_phones(db).await?;
    if let Some((extension, _)) = phones.iter().find(|(_, callers)| shows(callers)) {
        return Ok(Some(format!("the extension {extension} shows it")));
    }
    let mut queues = queues::list(db, orgi).await?.into_iter();
    if let Some(queue) = queues.find(|queue| shows(&queue.settings.caller_ids)) {
        return Ok(Some(format!("the queue {} shows it", queue.name)));
    }
    let mut routes = routes::list(db, orgi).await?.into_iter();
    if let Some(route) = routes.find(|route| route.rule.caller() == Some(number)) {
        return Ok(Some(format!("the route {} shows it", route.name)));
    }
    let campaign = campaigns::with_caller(db, orgi, number).await?;
    Ok(campaign.map(|name| format!("the campaign {name} shows it")))
}
