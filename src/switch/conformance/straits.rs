//! Engines that take no new legs for a while.

use super::{Scene, refusals::originate};
use crate::{CommandId, Refused, Target};

/// Why an engine takes no new leg now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strait {
    /// Every channel of the gateway is in use.
    GatewayFull,
    /// The gateway has had its calls of this second.
    TooFast,
    /// Its sound is late.
    MediaLate,
    /// It is shutting down.
    Draining,
}

/// Rule 12. What is refused is not dialled: there is no leg and no word of it.
pub async fn whoever_takes_no_leg_says_why(scene: &mut Scene) {
    for (strait, refusal) in [
        (Strait::GatewayFull, Refused::GatewayFull),
        (Strait::TooFast, Refused::TooFast),
        (Strait::MediaLate, Refused::MediaOverload),
        (Strait::Draining, Refused::Draining),
    ] {
        let engine = (scene.strained)(strait).await;
        let mut events = engine.events().expect("the first listener");
        let up = engine.legs();
        for _ in 0..3 {
            let order = originate(Target::Gateway {
                gateway: scene.gateway.clone(),
                number: "7200".to_owned(),
            });
            let sent = engine.send(CommandId(1), order.clone());
            assert_eq!(sent, Err(refusal), "{strait:?}");
            let crate::Command::Originate(order) = order else {
                unreachable!("it is one")
            };
            assert!(!engine.legs().contains(&order.leg), "{strait:?}");
            while let Ok(event) = events.try_recv() {
                assert_ne!(event.leg, Some(order.leg), "{strait:?}: {event:?}");
            }
        }
        assert!(engine.legs().len() <= up.len(), "{strait:?}");
    }
}
