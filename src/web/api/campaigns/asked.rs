//! The settings that a request asks for.

use engine::campaign::Settings;
use store::{Tx, fields, filters::Filter};

use crate::{
    input::strict_at,
    problem::{Fault, Problem},
};

/// What is asked, laid over the settings that a new campaign begins with (OUT-154).
pub fn over(base: Settings, asked: Option<serde_json::Value>) -> Result<Settings, Problem> {
    let Some(mut asked) = asked else {
        return Ok(base);
    };
    let base = serde_json::to_value(base).map_err(|error| Problem::internal(&error))?;
    for (name, value) in base.as_object().into_iter().flatten() {
        let Some(asked) = asked.as_object_mut() else {
            break;
        };
        match (asked.get_mut(name), value) {
            (None, value) => {
                asked.insert(name.clone(), value.clone());
            }
            // Another pacing mode has other values.
            (Some(serde_json::Value::Object(asked)), serde_json::Value::Object(base))
                if name == "retry"
                    || (name == "pacing" && asked.get("mode") == base.get("mode")) =>
            {
                for (name, value) in base {
                    asked.entry(name.clone()).or_insert_with(|| value.clone());
                }
            }
            _ => {}
        }
    }
    settings_of(asked)
}

/// The settings that are asked for with the window that is asked for by itself (RST-007), which else
/// stands in `old` or nowhere.
pub fn with_window(
    settings: Option<serde_json::Value>,
    window: Option<serde_json::Value>,
    old: Option<&Settings>,
) -> Result<Option<serde_json::Value>, Problem> {
    let Some(window) = window else {
        return Ok(settings);
    };
    if settings
        .as_ref()
        .is_some_and(|all| old.is_some() || all.get("window").is_some())
    {
        return Err(Problem::at("/window", "choice", "stands in settings, too"));
    }
    let old = old.map(serde_json::to_value).transpose();
    let old = old.map_err(|error| Problem::internal(&error))?;
    let mut settings = settings.or(old).unwrap_or_else(|| serde_json::json!({}));
    if let Some(all) = settings.as_object_mut() {
        all.insert("window".into(), window);
    }
    Ok(Some(settings))
}

pub fn settings_of(asked: serde_json::Value) -> Result<Settings, Problem> {
    strict_at("/settings", asked)
}

/// Whether these codes, each with its pointer, are fields of the leads that the filter looks at.
///
/// # Errors
/// `INVALID`, with every code that is none.
pub async fn are_fields(
    tx: &mut Tx,
    filter: &Filter,
    named: Vec<(&'static str, &str)>,
) -> Result<(), Problem> {
    let codes: Vec<&str> = named.iter().map(|(_, code)| *code).collect();
    let missing = fields::missing(tx, filter, &codes).await?;
    let faults: Vec<Fault> = named
        .into_iter()
        .filter(|(_, code)| missing.contains(*code))
        .map(|(at, code)| Fault::new(at, "unknown", format!("{code} is no field of its leads")))
        .collect();
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Problem::invalid(faults))
    }
}
