//! A satisfaction survey is built in the console and changed there, and a queue asks it.

use serde_json::{Value, json};

use crate::{
    console::{Console, filled},
    kit::{furniture::furnish, server::House},
};

const SURVEY: &str = "form[data-keep='name survey']";

#[tokio::test(flavor = "multi_thread")]
async fn a_survey_is_built_in_the_console_and_a_queue_asks_it() {
    let house = House::new();
    let _server = house.start();
    let api = house.admin().await;
    furnish(&api).await;
    let mut console = Console::sign_in(&api, "admin", "en", async |_| {}).await;

    console.open("/setup").await;
    // Three keys stand there as in the standard survey.
    let values = [
        ("@id", "night"),
        ("name", "Night"),
        ("survey.prompt", "welcome"),
        ("survey.thanks", ""),
        ("survey.wait_ms", "5"),
        ("survey.keys.0.key", "5"),
        ("survey.keys.1.key", "4"),
        ("survey.keys.1.score", "3"),
        ("survey.keys.2.key", ""),
    ];
    console.send_and_leave(SURVEY, &values).await;
    let survey = json!({
        "prompt": "welcome", "thanks": null, "wait_ms": 5_000,
        "keys": [{ "key": "5", "score": 1 }, { "key": "4", "score": 3 }],
    });
    let made = api.get("/surveys/night").await;
    assert_eq!(made["survey"], survey);

    console.click("[data-edit='/api/v1/surveys/night']").await;
    console
        .browser
        .until(&filled(SURVEY, "survey.keys.1.key", "4"))
        .await;
    console.send_and_leave(SURVEY, &[("name", "Late")]).await;
    let changed = api.get("/surveys/night").await;
    let told = (&changed["name"], &changed["survey"]);
    assert_eq!(told, (&json!("Late"), &survey));

    let queue = "form[data-keep='name code agents settings']";
    console.click("[data-edit='/api/v1/queues/sales']").await;
    console
        .browser
        .until(&filled(queue, "settings.survey", ""))
        .await;
    let asks = [("settings.survey", "night")];
    console.send_and_leave(queue, &asks).await;
    let asked: Value = api.get("/queues/sales").await;
    assert_eq!(asked["settings"]["survey"], "night");
    assert_eq!(console.browser.faults().await, [""; 0]);

    console.browser.run("window.confirm = () => true").await;
    console
        .click("[data-api='DELETE /api/v1/surveys/night']")
        .await;
    let kept = "document.getElementById('toasts').innerText.includes('asks the survey')";
    console.browser.until(kept).await;
    assert_eq!(api.get("/surveys/night").await["name"], "Late");
}
