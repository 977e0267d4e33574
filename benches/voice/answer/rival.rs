//! Asterisk: an agent's channel that waits, and people whose channels are bridged with it when they answer.

use std::sync::Arc;

use super::board::{self, Answer, Board};
use crate::{
    asterisk::Asterisk,
    setup::{News, Placer},
};

/// Its name and the answers; none where it is not installed.
pub async fn measure(samples: u32) -> Option<(String, Vec<Arc<Answer>>)> {
    let board = Arc::<Board>::default();
    let (agent, people) = (board::agent(&board, 0, 0), board::people(&board));
    let mut asterisk = Asterisk::start_with_desk(people.address, agent.address).await?;
    asterisk.seat().await;
    for nth in 0..samples {
        let number = format!("13{nth:08}0");
        let (what, with) = Asterisk::TO_DESK;
        let key = asterisk.call(&number, what, with).await;
        loop {
            match asterisk.next().await {
                (of, News::Ended(_)) if of == key => break,
                _ => {}
            }
        }
    }
    Some((
        format!("Asterisk {}, AMI", asterisk.version()),
        board.answers(),
    ))
}
