//! Contacts become leads of a batch that the house keeps, and the leads go to whom the task says
//! (OUT-136, OUT-143).

use engine::draw::{Division, ListOrder, Share};
use store::{
    contacts,
    imports::{self, Counts},
    tasks::{self, ContactsAsk, Task},
};

use crate::{
    allocate::{
        self,
        decide::{Rules, Source, decide},
        find, give_all,
    },
    error::JobError,
    house::{House, Ticket},
};

/// Contacts a write.
const CHUNK: i64 = 1_000;

pub async fn run(house: &House, ticket: &Ticket, id: &str) -> Result<(), JobError> {
    let task = find(house, id).await?;
    if task.state == "queued" {
        let ordinal = make_all(house, ticket, id).await?;
        let task = find(house, id).await?;
        let rules = rules(house, &task).await?;
        let positions = Source::Positions((ordinal << 24) - 1, ((ordinal + 1) << 24) - 1);
        decide(house, ticket, &task, positions, &rules).await?;
    }
    give_all(house, ticket, id).await?;
    allocate::finish(house, ticket, id).await
}

/// Makes the leads; returns their import's ordinal.
async fn make_all(house: &House, ticket: &Ticket, id: &str) -> Result<i64, JobError> {
    let now = house.now();
    let mut tx = house.db.begin().await?;
    ticket.progress(&mut tx, "reading", 0, 0).await?;
    let task = find(house, id).await?;
    let ordinal = contacts::import(&mut tx, &task, ask_of(&task)?, now).await?;
    tx.commit().await?;
    loop {
        house.may_go_on()?;
        let task = find(house, id).await?;
        let ask = ask_of(&task)?;
        let chunk = contacts::chunk(&house.db, &task.orgi, ask, &task.seen, CHUNK).await?;
        let Some(last) = chunk.last().map(|one| one.id.clone()) else {
            break;
        };
        let import = imports::get(&house.db, &ask.import).await?;
        let row = import.map_or(0, |import| import.row_cursor);
        let mut tx = house.db.begin().await?;
        let made = contacts::make(&mut tx, &task, (ordinal, row), chunk, now).await?;
        let counts = Counts {
            good: made.leads,
            duplicate: made.duplicates,
            ..Counts::default()
        };
        let moved = imports::advance(&mut tx, &ask.import, row, row + made.leads, counts).await?;
        if !moved || !tasks::saw(&mut tx, id, &task.seen, &last, made.duplicates).await? {
            return Err(JobError::Superseded);
        }
        ticket
            .progress(&mut tx, "reading", row + made.leads, 0)
            .await?;
        tx.commit().await?;
    }
    let mut tx = house.db.begin().await?;
    ticket.progress(&mut tx, "drawing", 0, 0).await?;
    imports::succeed(&mut tx, &ask_of(&task)?.import, &[], now).await?;
    tx.commit().await?;
    Ok(ordinal)
}

fn ask_of(task: &Task) -> Result<&ContactsAsk, JobError> {
    let gone = || JobError::user("NO_SUCH_TASK", "the task does not say which contacts");
    task.ask.0.as_ref().ok_or_else(gone)
}

/// All of them go: what a campaign draws at one start does not hold here.
async fn rules(house: &House, task: &Task) -> Result<Rules, JobError> {
    let rules = match &ask_of(task)?.target {
        Some(target) => Rules {
            order: ListOrder::Creation,
            division: Division::Manual,
            share: Share::All,
            targets: vec![target.clone()],
            most: u64::MAX,
        },
        None => Rules::of(house, task).await?,
    };
    Ok(Rules {
        share: Share::All,
        most: u64::MAX,
        ..rules
    })
}

#[cfg(test)]
mod tests;
