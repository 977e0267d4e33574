//! What names prompts: queues, routes, voice menus, surveys, and campaigns that may still dial.

use engine::{
    campaign::{self, Mode},
    ivr::Menu,
    queue,
    route::Kind,
    survey::Survey,
};

use crate::{Db, Result, doc, on};

/// One place where a prompt is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    pub prompt: String,
    /// queue, route, menu, survey or campaign.
    pub kind: &'static str,
    /// How people call it.
    pub name: String,
}

/// Everything that names a prompt, of whatever tenant: they share the sounds. Settings that cannot be read
/// name none.
///
/// # Errors
/// When the database fails.
pub async fn uses(db: &Db) -> Result<Vec<Use>> {
    let mut uses = Vec::new();
    let queues: Vec<(String, String)> = on!(db.read(), c => sqlx::query_as(
        "SELECT name, settings FROM queues ORDER BY id").fetch_all(c).await)?;
    for (name, text) in &queues {
        if let Ok(settings) = doc::parse::<queue::Settings>("queue", text) {
            note(&mut uses, "queue", name, settings.prompts());
        }
    }
    let routes: Vec<(String, String)> = on!(db.read(), c => sqlx::query_as(
        "SELECT name, rule FROM routes ORDER BY id").fetch_all(c).await)?;
    for (name, text) in &routes {
        if let Ok(rule) = doc::parse::<Kind>("route", text) {
            note(&mut uses, "route", name, rule.prompts());
        }
    }
    let menus: Vec<(String, String)> = on!(db.read(), c => sqlx::query_as(
        "SELECT name, menu FROM ivr_menus ORDER BY id").fetch_all(c).await)?;
    for (name, text) in &menus {
        if let Ok(menu) = doc::parse::<Menu>("voice menu", text) {
            note(&mut uses, "menu", name, menu.prompts());
        }
    }
    let surveys: Vec<(String, String)> = on!(db.read(), c => sqlx::query_as(
        "SELECT name, survey FROM surveys ORDER BY id").fetch_all(c).await)?;
    for (name, text) in &surveys {
        if let Ok(survey) = doc::parse::<Survey>("survey", text) {
            note(&mut uses, "survey", name, survey.prompts());
        }
    }
    let campaigns: Vec<(String, String, String)> = on!(db.read(), c => sqlx::query_as(
        "SELECT name, campaign_type, settings FROM campaigns
         WHERE state <> 'finished' ORDER BY id").fetch_all(c).await)?;
    for (name, mode, text) in &campaigns {
        let mode = serde_json::from_value::<Mode>(mode.as_str().into());
        let settings = doc::parse::<campaign::Settings>("campaign", text);
        if let (Ok(mode), Ok(settings)) = (mode, settings) {
            note(&mut uses, "campaign", name, settings.prompts(mode));
        }
    }
    Ok(uses)
}

fn note<P>(uses: &mut Vec<Use>, kind: &'static str, name: &str, prompts: Vec<(P, &str)>) {
    uses.extend(prompts.into_iter().map(|(_, prompt)| Use {
        prompt: prompt.to_owned(),
        kind,
        name: name.to_owned(),
    }));
}

#[cfg(test)]
mod tests {
    use engine::route::Inbound;

    use super::*;
    use crate::{
        Doc,
        ivr_menus::{self, IvrMenu},
        queues::{self, Queue},
        routes::{self, Route},
        sample::NOW,
        sample_floor, surveys,
        testing::on_both,
    };

    #[tokio::test]
    async fn whatever_names_a_prompt_is_found_until_its_campaign_is_over() {
        on_both(|home| async move {
            let db = &home.db;
            let (campaign, _) = sample_floor::campaign(db, 1).await;
            let settings = campaign::Settings {
                abandon_prompt: Some("lost".into()),
                ..campaign::Settings::default()
            };
            let text = doc::text("campaign", &settings).unwrap();
            on!(db.write(), c => sqlx::query("UPDATE campaigns SET settings = $2 WHERE id = $1")
                .bind(&campaign).bind(&text).execute(c).await.map(|_| ()))
            .unwrap();
            let mut tx = db.begin().await.unwrap();
            let queue = Queue {
                id: "q".into(),
                name: "售后".into(),
                code: String::new(),
                settings: queue::Settings {
                    welcome: Some("hello".into()),
                    ..queue::Settings::default()
                },
                agents: Vec::new(),
            };
            queues::put(&mut tx, "o", &queue, NOW).await.unwrap();
            let route = Route {
                id: "r".into(),
                name: "night".into(),
                position: 1,
                number: "1".into(),
                rule: Doc(Kind::Inbound(Inbound {
                    to: "2".into(),
                    office: engine::route::Office::default(),
                    closed_prompt: Some("asleep".into()),
                    closed_to: None,
                })),
                enabled: true,
            };
            routes::put(&mut tx, "o", &route, "usr", NOW).await.unwrap();
            let menu = IvrMenu {
                id: "m".into(),
                name: "main".into(),
                menu: Doc(Menu {
                    greet_long: "press".into(),
                    ..Menu::default()
                }),
            };
            ivr_menus::put(&mut tx, "o", &menu, NOW).await.unwrap();
            let survey = surveys::Row {
                id: "s".into(),
                name: "five".into(),
                survey: Doc(Survey {
                    prompt: "how".into(),
                    ..Survey::default()
                }),
            };
            surveys::put(&mut tx, "o", &survey, NOW).await.unwrap();
            tx.commit().await.unwrap();
            let named = |uses: Vec<Use>| -> Vec<String> {
                let all = uses.iter();
                all.map(|one| format!("{} {} {}", one.kind, one.name, one.prompt))
                    .collect()
            };
            let mut expected = vec![
                "queue 售后 hello",
                "queue 售后 music",
                "queue 售后 sorry",
                "route night asleep",
                "menu main press",
                "survey five how",
                "survey five thanks",
                "campaign 回访 lost",
            ];
            assert_eq!(named(uses(db).await.unwrap()), expected);
            on!(db.write(), c => sqlx::query("UPDATE campaigns SET state = 'finished'")
                .execute(c).await.map(|_| ()))
            .unwrap();
            expected.pop();
            assert_eq!(named(uses(db).await.unwrap()), expected);
        })
        .await;
    }
}
