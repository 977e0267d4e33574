//! Puts the floor's events on the bus; pop-ups and previews get the lead's fields first.

use engine::{
    control::Control,
    floor::Event,
    ids::{AgentId, CampaignId, LeadId},
    phone::mask,
};
use serde_json::{Value, json};
use store::{Db, associations::Related};
use tokio::sync::mpsc;
use tracing::warn;

use crate::{bus::Bus, clock};

pub(crate) struct Teller {
    pub db: Db,
    pub bus: Bus,
}

impl Teller {
    pub async fn run(self, mut events: mpsc::UnboundedReceiver<Event>) {
        while let Some(event) = events.recv().await {
            let fields = match &event {
                Event::Popup {
                    lead_id: Some(lead),
                    masked,
                    number,
                    ..
                } => {
                    let fields = self.fields(lead.as_str(), *masked).await;
                    fields.map(|mut fields| {
                        if fields["masked"] == true {
                            fields["number"] = mask(number).into();
                        }
                        fields
                    })
                }
                Event::Preview {
                    agent,
                    lead_id,
                    campaign_id,
                    masked,
                    ..
                } => {
                    if let Err(error) = store::leads::previewed(&self.db, lead_id.as_str()).await {
                        warn!(error = ?error, "a preview was not counted");
                    }
                    let left = self.left(agent, campaign_id, lead_id).await;
                    let fields = self.fields(lead_id.as_str(), *masked).await;
                    fields.map(|mut fields| {
                        fields["left_count"] = left.into();
                        fields
                    })
                }
                _ => None,
            };
            let mut data = serde_json::to_value(&event).unwrap_or_default();
            if let (Some(Value::Object(fields)), Value::Object(data)) = (fields, &mut data) {
                data.extend(fields);
            }
            self.bus
                .publish(event.topic(), event.name(), data, clock::now());
        }
    }

    /// Leads that the agent's list has besides the one that is shown.
    async fn left(&self, agent: &AgentId, campaign: &CampaignId, shown: &LeadId) -> Option<i64> {
        let (agent, campaign) = (agent.as_str(), campaign.as_str());
        let left = store::agent_list::left(&self.db, campaign, agent, shown.as_str()).await;
        left.map_err(|error| warn!(error = ?error, "a preview goes out without what is left"))
            .ok()
    }

    /// The lead as the agent's screen wants it: its number and its fields in their order, what is
    /// hidden masked (OUT-052, OUT-203); with `masked` every number.
    async fn fields(&self, lead: &str, masked: bool) -> Option<Value> {
        match self.read(lead, masked).await {
            Ok(fields) => fields,
            Err(error) => {
                warn!(error = ?error, "a pop-up goes out without its fields");
                None
            }
        }
    }

    async fn read(&self, lead: &str, masked: bool) -> store::Result<Option<Value>> {
        let Some(lead) = store::leads::find(&self.db, lead).await? else {
            return Ok(None);
        };
        let specs = store::fields::list(&self.db, &lead.batch_id).await?;
        let dictionaries = store::dictionaries::for_fields(&self.db, &specs).await?;
        let data = std::iter::once(&lead.data.0);
        let related = Related::of(&self.db, &lead.orgi, &specs, data).await?;
        let fields: Vec<Value> = specs
            .iter()
            .map(|field| (field, Control::of(field, &dictionaries)))
            .filter(|(_, control)| control.pops_up())
            .map(|(field, control)| {
                let value = lead.data.get(&field.code).cloned().unwrap_or_default();
                let value = match field.is_phone && masked {
                    true if !value.is_empty() => mask(&value),
                    _ => field.shown(&value),
                };
                let mut shown = json!(control);
                if let Some(text) = related.shown(field, &value) {
                    shown["shown"] = text.into();
                }
                shown["value"] = value.into();
                shown
            })
            .collect();
        let campaign = match &lead.campaign_id {
            Some(id) => store::campaigns::find(&self.db, id).await?,
            None => None,
        };
        let masked = masked || specs.iter().any(|field| field.is_phone && field.hidden);
        Ok(Some(json!({
            "fields": fields,
            "campaign": campaign.map(|campaign| campaign.name),
            "task_id": lead.task_id,
            "masked": masked,
            "phone": if masked { mask(&lead.phone) } else { lead.phone },
            "dial_count": lead.dial_count,
            "fail_count": lead.fail_count,
            "preview_count": lead.preview_count,
        })))
    }
}

#[cfg(test)]
mod tests;
