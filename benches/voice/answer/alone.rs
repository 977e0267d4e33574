//! The switch alone, told to bridge as soon as it says that the person has answered.

use std::sync::Arc;

use switch::{EventKind, OnEnd};

use super::board::{self, Answer, Board};
use crate::callers::Callers;

pub async fn measure(samples: u32) -> Vec<Arc<Answer>> {
    let board = Arc::<Board>::default();
    let (agent, people) = (board::agent(&board, 0, 0), board::people(&board));
    let mut callers = Callers::start(agent.address).await;
    let agents_leg = callers.answered("agent", 1).await[0];
    let gateway = embedded::Gateway::udp("people", people.address);
    callers.switch.set_gateways(vec![gateway]);
    for nth in 0..samples {
        let number = format!("13{nth:08}0");
        let leg = callers.dial("people", &number).expect("room for a call");
        callers
            .until("an answer", |event| {
                (event.kind == EventKind::Answered).then_some(())
            })
            .await;
        callers.send(switch::Command::Bridge {
            a: leg,
            b: agents_leg,
            on_end: OnEnd::Park,
        });
        callers
            .until("the end of a call", |event| {
                let over = matches!(event.kind, EventKind::Ended(_));
                (over && event.leg == Some(leg)).then_some(())
            })
            .await;
    }
    board.answers()
}
