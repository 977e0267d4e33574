//! Who gets which of the leads that a filter found.

use std::collections::BTreeMap;

use engine::draw::{
    Division, ListOrder, Owners, Rank, Share, Taker, Target, TargetType, Undealt, deal_in_turn,
    deal_one_after_another, in_order, in_proportion, to_give,
};
use store::{
    access::members,
    campaigns,
    filter_runs::{self, Places},
    hopper, targets,
    task_draws::{self, BLOCK, Deal},
    tasks::{self, Asked, Decision, Portion, Task},
};

use crate::{
    error::JobError,
    house::{House, Ticket},
};

/// Hits a read.
const PAGE: usize = 10_000;
/// Blocks a write.
const BLOCKS: usize = 20;

/// A drawn lead, with what decides about it.
struct Drawn {
    rank: Rank,
    position: i64,
    owner: Option<String>,
}

/// What a task draws from.
#[derive(Clone, Copy)]
pub enum Source<'a> {
    /// The hits of a filter run.
    Run(&'a str),
    /// Leads at positions behind the first up to the second.
    Positions(i64, i64),
}

/// How it is drawn and divided.
pub struct Rules {
    pub order: ListOrder,
    pub division: Division,
    pub share: Share,
    pub targets: Vec<Target>,
    /// Most leads to draw.
    pub most: u64,
}

impl Rules {
    /// A campaign's.
    pub async fn of(house: &House, task: &Task) -> Result<Self, JobError> {
        let campaign = task.campaign_id.as_deref().unwrap_or_default();
        let campaign = campaigns::find(&house.db, campaign)
            .await?
            .ok_or_else(|| JobError::user("NO_SUCH_CAMPAIGN", "the campaign is gone"))?;
        let targets = targets::list(&house.db, &campaign.id).await?;
        if targets.is_empty() {
            return Err(JobError::user(
                "NO_TARGET",
                "the campaign has nobody to give leads to",
            ));
        }
        Ok(Self {
            share: campaign.share(),
            order: campaign.settings.0.list_order,
            division: campaign.settings.0.division,
            targets,
            most: u64::try_from(task.extract).unwrap_or_default(),
        })
    }

    fn owner(&self) -> Option<&str> {
        match &self.division {
            Division::Owner { field } => Some(field),
            Division::Manual | Division::Even | Division::Proportional => None,
        }
    }
}

/// Decides and writes down who gets what; afterwards the task is `allocating`.
///
/// # Errors
/// `NOTHING_TO_ALLOCATE` when the filter leaves nothing to draw and the campaign has nothing else to do.
pub async fn decide(
    house: &House,
    ticket: &Ticket,
    task: &Task,
    source: Source<'_>,
    rules: &Rules,
) -> Result<(), JobError> {
    let mut tx = house.db.begin().await?;
    ticket.progress(&mut tx, "drawing", 0, 0).await?;
    task_draws::clear(&mut tx, &task.id).await?;
    tx.commit().await?;
    let (free, drawn) = draw(house, source, rules).await?;
    if let Source::Run(run) = source {
        if free.is_empty() && !goes_on(house, task).await? {
            let text = "no lead that the filter selects may be drawn";
            return Err(JobError::user("NOTHING_TO_ALLOCATE", text));
        }
        keep_free(house, &task.id, run, &free).await?;
    }
    let filtered = i64::try_from(free.len()).unwrap_or(i64::MAX);
    let mut dealt = deal(house, task, rules, drawn).await?;
    for (reason, count) in &task.reasons.0 {
        *dealt.reasons.entry(reason.clone()).or_default() += count;
    }
    keep(house, ticket, task, filtered, dealt).await
}

/// Whether the start goes on with leads that an earlier one left (OUT-222).
async fn goes_on(house: &House, task: &Task) -> Result<bool, JobError> {
    let campaign = task.campaign_id.as_deref().unwrap_or_default();
    let left = hopper::what_is_left(&house.db, campaign, house.now()).await?;
    Ok(task.kind == "start" && left.leads > 0)
}

/// Remembers what there was to choose from, so that the task's counts can be opened (OUT-145).
async fn keep_free(house: &House, task: &str, run: &str, free: &Places) -> Result<(), JobError> {
    let mut tx = house.db.begin().await?;
    filter_runs::keep_drawn(&mut tx, task, run, free, house.now()).await?;
    Ok(tx.commit().await?)
}

/// What there was to choose from, and the first leads of it in the order.
async fn draw(
    house: &House,
    source: Source<'_>,
    rules: &Rules,
) -> Result<(Places, Vec<Drawn>), JobError> {
    let order = &rules.order;
    let asked = Asked {
        ordered_by: order.field(),
        owner: rules.owner(),
    };
    // A lead without an owner does not count, so all that have one may be needed.
    let most = match rules.owner() {
        Some(_) => usize::MAX,
        None => usize::try_from(rules.most).unwrap_or(usize::MAX),
    };
    let mut conn = house.db.reading().await?;
    let mut places = Places::default();
    let mut drawn: Vec<Drawn> = Vec::new();
    let mut after = -1;
    loop {
        house.may_go_on()?;
        let hits = match source {
            Source::Run(run) => filter_runs::hits_after(&mut conn, run, after, PAGE).await?,
            Source::Positions(first, last) => {
                tasks::free_between(&mut conn, after.max(first), last, PAGE).await?
            }
        };
        let Some(last) = hits.last() else { break };
        after = *last;
        let free = tasks::candidates(&mut conn, &hits, asked).await?;
        places.extend(free.iter().map(|lead| lead.position));
        drawn.extend(free.into_iter().map(|lead| Drawn {
            rank: lead.rank(order),
            position: lead.position,
            owner: lead.owner,
        }));
        if drawn.len() > most.saturating_mul(2) {
            keep_first(&mut drawn, most, order);
        }
    }
    keep_first(&mut drawn, most, order);
    Ok((places, drawn))
}

fn keep_first(drawn: &mut Vec<Drawn>, most: usize, order: &ListOrder) {
    // They come in order of creation.
    if *order != ListOrder::Creation {
        drawn.sort_unstable_by(|a, b| (&a.rank, a.position).cmp(&(&b.rank, b.position)));
    }
    drawn.truncate(most);
}

/// What was decided, not yet written down.
#[derive(Default)]
struct Dealt {
    plan: Vec<Portion>,
    deals: Vec<Deal>,
    reasons: BTreeMap<String, i64>,
}

async fn deal(
    house: &House,
    task: &Task,
    rules: &Rules,
    drawn: Vec<Drawn>,
) -> Result<Dealt, JobError> {
    let targets = rules.targets.as_slice();
    let give = to_give(drawn.len() as u64, rules.most, rules.share);
    if rules.owner().is_some() {
        return to_owners(house, task, targets, drawn, give).await;
    }
    let takers = takers(house, task, targets).await?;
    let even: Vec<Taker> = takers
        .iter()
        .map(|one| Taker { weight: 1, ..*one })
        .collect();
    let (gets, places) = match &rules.division {
        Division::Even => in_turn(in_proportion(give, &even)),
        Division::Proportional => in_turn(in_proportion(give, &takers)),
        Division::Manual | Division::Owner { .. } => {
            let gets = in_order(give, &takers);
            let places = deal_one_after_another(&gets);
            (gets, places)
        }
    };
    let mut dealt = Dealt {
        plan: targets.iter().zip(gets).map(portion).collect(),
        ..Dealt::default()
    };
    let without = give - places.len() as u64;
    if without > 0 {
        let without = i64::try_from(without).unwrap_or(i64::MAX);
        let why = Undealt::TargetFull.as_str();
        dealt.reasons.insert(why.into(), without);
    }
    let rows = drawn.into_iter().zip(places);
    dealt.deals = rows.map(|(lead, place)| deal_of(lead, place)).collect();
    Ok(dealt)
}

fn in_turn(gets: Vec<u64>) -> (Vec<u64>, Vec<usize>) {
    let places = deal_in_turn(&gets);
    (gets, places)
}

fn portion((target, gets): (&Target, u64)) -> Portion {
    Portion {
        target_type: target.target_type,
        target_id: target.target_id.clone(),
        gets,
    }
}

fn deal_of(lead: Drawn, target: usize) -> Deal {
    Deal {
        position: lead.position,
        target,
        rank: lead.rank.rank,
        key: lead.rank.key,
    }
}

async fn takers(house: &House, task: &Task, targets: &[Target]) -> Result<Vec<Taker>, JobError> {
    let mut takers = Vec::with_capacity(targets.len());
    for target in targets {
        let (kind, id) = (target.target_type, target.target_id.as_str());
        let held = match target.hold_max {
            0 => 0,
            _ => tasks::held(&house.db, &task.orgi, kind, id).await?,
        };
        takers.push(target.taker(held));
    }
    Ok(takers)
}

/// Each lead to the agent that it names; what a target may take holds for each of its members.
async fn to_owners(
    house: &House,
    task: &Task,
    targets: &[Target],
    drawn: Vec<Drawn>,
    give: u64,
) -> Result<Dealt, JobError> {
    let people = members::list(&house.db, &task.orgi).await?;
    let mut owners = Owners::default();
    let mut dealt = Dealt::default();
    for person in &people {
        let named = |target: &&Target| match target.target_type {
            TargetType::Agent => target.target_id == person.agent,
            TargetType::Department => Some(&target.target_id) == person.department.as_ref(),
            TargetType::Queue | TargetType::Robot => false,
        };
        // A target that names the person goes before one that names the department.
        let by_name = targets
            .iter()
            .filter(named)
            .min_by_key(|target| target.target_type);
        let Some(target) = by_name else { continue };
        let as_agent = Target {
            target_type: TargetType::Agent,
            target_id: person.agent.clone(),
            ..target.clone()
        };
        let taker = takers(house, task, std::slice::from_ref(&as_agent)).await?;
        owners.add(person.names(), taker[0]);
        dealt.plan.push(portion((&as_agent, 0)));
    }
    for lead in drawn {
        if dealt.deals.len() as u64 == give {
            break;
        }
        match owners.deal(lead.owner.as_deref()) {
            Ok(place) => {
                dealt.plan[place].gets += 1;
                dealt.deals.push(deal_of(lead, place));
            }
            Err(why) => *dealt.reasons.entry(why.as_str().into()).or_default() += 1,
        }
    }
    Ok(dealt)
}

/// Writes the decision down; with the last write it holds.
async fn keep(
    house: &House,
    ticket: &Ticket,
    task: &Task,
    filtered: i64,
    dealt: Dealt,
) -> Result<(), JobError> {
    let total = i64::try_from(dealt.deals.len()).unwrap_or(i64::MAX);
    let mut block = 0;
    for part in dealt.deals.chunks(BLOCK * BLOCKS) {
        house.may_go_on()?;
        let mut tx = house.db.begin().await?;
        ticket.progress(&mut tx, "drawing", 0, total).await?;
        for deals in part.chunks(BLOCK) {
            task_draws::add(&mut tx, &task.id, block, deals).await?;
            block += 1;
        }
        tx.commit().await?;
    }
    let mut tx = house.db.begin().await?;
    ticket.progress(&mut tx, "allocating", 0, total).await?;
    let decision = Decision {
        filtered,
        plan: &dealt.plan,
        reasons: &dealt.reasons,
    };
    tasks::decide(&mut tx, &task.id, decision).await?;
    Ok(tx.commit().await?)
}
