//! Carries the floor's commands to the store, in order, and feeds the answers back.
//!
//! Order matters: an attempt is opened before it is closed. A database that is away is waited for;
//! nothing is dropped.

use std::time::Duration;

use engine::{
    floor::{Command, Input},
    gate::{Block, Used},
    time::Millis,
};
use store::Db;
use tokio::sync::mpsc;
use tracing::{error, warn};

use crate::{clock, failpoint};

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

pub(crate) struct Scribe {
    pub db: Db,
    pub node: String,
    pub inputs: mpsc::UnboundedSender<Input>,
}

impl Scribe {
    /// Until the shell closes its end; then what was queued is written and the scribe is done.
    pub async fn run(self, mut commands: mpsc::UnboundedReceiver<Command>) {
        while let Some(command) = commands.recv().await {
            let mut pause = FIRST_PAUSE;
            let steps = failpoint::around(&command);
            if let Some((before, _)) = steps {
                failpoint::reach(before);
            }
            loop {
                match self.write(&command).await {
                    Ok(Some(input)) => {
                        // The shell is gone only when the process ends.
                        let _ = self.inputs.send(input);
                        break;
                    }
                    Ok(None) => break,
                    Err(fault) if fault.is_passing() => {
                        warn!(error = ?fault, "the database is away; waiting for it");
                        tokio::time::sleep(pause).await;
                        pause = (pause * 2).min(LONGEST_PAUSE);
                    }
                    Err(fault) => {
                        error!(error = ?fault, "the store refused a command");
                        if let Some(input) = refusal(&command) {
                            let _ = self.inputs.send(input);
                        }
                        break;
                    }
                }
            }
            if let Some((_, after)) = steps {
                failpoint::reach(after);
            }
        }
    }

    async fn write(&self, command: &Command) -> store::Result<Option<Input>> {
        let now = clock::now();
        let db = &self.db;
        match command {
            Command::Draw { campaign, count } => {
                let id = campaign.as_str();
                let drawn = store::hopper::draw(db, &self.node, id, None, *count, now).await?;
                return Ok(Some(Input::Drawn {
                    campaign: campaign.clone(),
                    leads: drawn.leads,
                    undone: drawn.undone,
                    next_due: drawn.next_due,
                }));
            }
            Command::DrawPreview {
                agent,
                campaign,
                lead,
            } => {
                let (id, own) = (campaign.as_str(), agent.as_str());
                let found = match lead {
                    Some(lead) => {
                        let lead = lead.as_str();
                        store::hopper::pick(db, &self.node, (id, own), lead, now).await?
                    }
                    None => {
                        let own = Some(own);
                        let drawn = store::hopper::draw(db, &self.node, id, own, 1, now).await?;
                        drawn.leads.into_iter().next()
                    }
                };
                return Ok(Some(Input::PreviewLead {
                    agent: agent.clone(),
                    campaign: campaign.clone(),
                    lead: found.map(Box::new),
                }));
            }
            Command::Check { lead, ask } => {
                let facts = store::hopper::facts(db, &self.node, lead.as_str(), ask, now).await?;
                return Ok(Some(Input::Checked {
                    lead: lead.clone(),
                    facts: facts.map(Box::new),
                }));
            }
            Command::OpenAttempt(open) => {
                let attempt = open.attempt;
                let refused = store::dials::open(db, &self.node, open).await?;
                return Ok(Some(match refused {
                    None => Input::AttemptOpened { attempt },
                    Some(block) => Input::AttemptRefused { attempt, block },
                }));
            }
            Command::CheckNumber {
                leg,
                call,
                campaign,
                spellings,
                callers,
                day_start,
            } => {
                let campaign = campaign.as_ref().map_or("", |id| id.as_str());
                let call = call.to_string();
                let forbidden =
                    store::dnc::forbids_beside(db, &call, campaign, spellings, now).await?;
                return Ok(Some(Input::NumberChecked {
                    leg: *leg,
                    allowed: !forbidden,
                    callers: used(db, &call, callers, *day_start).await?,
                }));
            }
            Command::Promise(promise) => {
                let kept = store::call_backs::promise(db, &self.node, promise).await?;
                let call = promise.call.id;
                return Ok(Some(Input::Promised { call, kept }));
            }
            Command::TakeCallBack {
                leg,
                call,
                spellings,
                callers,
                day_start,
            } => {
                let allowed = store::call_backs::take(db, *call, *leg, spellings, now).await?;
                return Ok(Some(Input::NumberChecked {
                    leg: *leg,
                    allowed,
                    callers: used(db, &call.to_string(), callers, *day_start).await?,
                }));
            }
            Command::CheckPhone {
                leg,
                agent,
                spellings,
            } => {
                let forbidden =
                    store::dnc::forbids_phone(db, agent.as_str(), spellings, now).await?;
                return Ok(Some(Input::NumberChecked {
                    leg: *leg,
                    allowed: !forbidden,
                    callers: Vec::new(),
                }));
            }
            Command::Shown { call, caller, at } => {
                store::numbers::shown(db, &call.to_string(), caller, *at).await?;
            }
            Command::Block {
                lead,
                block,
                retry_at,
                basis,
            } => {
                let basis = basis.as_deref();
                let (node, lead) = (&self.node, lead.as_str());
                store::hopper::block(db, node, lead, *block, *retry_at, basis, now).await?;
            }
            Command::Release { lead, retry_at } => {
                store::hopper::release(db, &self.node, lead.as_str(), *retry_at).await?;
            }
            Command::ReleaseAll { campaign } => {
                store::hopper::release_all(db, &self.node, campaign.as_str()).await?;
            }
            Command::OpenCall(call) => {
                store::calls::open_inbound(db, &self.node, call).await?;
            }
            Command::CloseCall(call) => store::dials::close(db, call).await?,
            Command::Dispose {
                call,
                lead,
                disposition,
                step,
            } => {
                let lead = lead.as_ref().map(|lead| lead.as_str());
                store::calls::dispose(db, &call.to_string(), lead, disposition, *step, now).await?;
            }
            Command::NameRecording { call, file } => {
                store::recordings::begin(db, &call.to_string(), file).await?;
            }
            Command::Recorded {
                call,
                file,
                ms,
                error,
            } => {
                store::calls::recorded(db, &call.to_string(), file, *ms, error.as_deref()).await?;
            }
            Command::AgentLegOver { call, quality } => {
                store::call_quality::of_agent(db, *call, quality).await?;
            }
            Command::BeginMessage(message) => store::voicemails::begin(db, message).await?,
            Command::ForgetMessage { sound } => store::voicemails::forget(db, *sound).await?,
            Command::KeepMessage(message) => store::voicemails::keep(db, message).await?,
            Command::AgentChanged(change) => store::agents::changed(db, &self.node, change).await?,
            Command::Keep { campaign, learned } => {
                store::learned::keep(db, campaign.as_str(), learned, now).await?;
            }
            Command::FinishCampaign { campaign } => {
                let mut tx = db.begin().await?;
                store::campaigns::finish(&mut tx, campaign.as_str(), now).await?;
                tx.commit().await?;
            }
            _ => {}
        }
        Ok(None)
    }
}

/// How often these numbers of the house were shown today.
async fn used(
    db: &Db,
    call: &str,
    callers: &[String],
    day_start: Millis,
) -> store::Result<Vec<Used>> {
    store::hopper::callers_of_call(db, call, callers, day_start).await
}

/// A command that cannot be written still has an answer: nothing on the floor waits for ever.
fn refusal(command: &Command) -> Option<Input> {
    Some(match command {
        Command::Draw { campaign, .. } => Input::Drawn {
            campaign: campaign.clone(),
            leads: Vec::new(),
            undone: None,
            next_due: None,
        },
        Command::DrawPreview {
            agent, campaign, ..
        } => Input::PreviewLead {
            agent: agent.clone(),
            campaign: campaign.clone(),
            lead: None,
        },
        Command::Check { lead, .. } => Input::Checked {
            lead: lead.clone(),
            facts: None,
        },
        Command::CheckNumber { leg, .. }
        | Command::TakeCallBack { leg, .. }
        | Command::CheckPhone { leg, .. } => Input::NumberChecked {
            leg: *leg,
            allowed: false,
            callers: Vec::new(),
        },
        Command::Promise(promise) => Input::Promised {
            call: promise.call.id,
            kept: false,
        },
        Command::OpenAttempt(open) => Input::AttemptRefused {
            attempt: open.attempt,
            block: Block::Live,
        },
        _ => return None,
    })
}
