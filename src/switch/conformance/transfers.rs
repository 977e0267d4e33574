//! Transfers that one end asks the other for. Whether they happen, the house decides.

use super::{Scene, probe::LONG};
use crate::{Command, EventKind, LegId};

pub async fn a_transfer_is_asked_for_and_reported(scene: &mut Scene) {
    let (leg, far) = scene.answered("6000").await;
    refer(scene, leg, "6001", None);
    let asked = scene.callee.until(far, "TransferAsked").await;
    let expected = EventKind::TransferAsked {
        to: "6001".to_owned(),
        replaces: None,
    };
    assert_eq!(asked, expected);
    // One after the other.
    refer(scene, leg, "6009", None);
    scene.caller.until(leg, "Failed").await;
    scene.callee.take(Command::TransferResult {
        leg: far,
        sip_status: 200,
    });
    assert_eq!(over(scene, leg).await, 200);
    // It is over, so there is nothing more to report.
    scene.callee.take(Command::TransferResult {
        leg: far,
        sip_status: 200,
    });
    scene.callee.until(far, "Failed").await;
    end(scene, leg, far).await;
}

pub async fn an_attended_transfer_names_the_other_leg(scene: &mut Scene) {
    let (customer, far_customer) = scene.answered("6002").await;
    let (consulted, far_consulted) = scene.answered("6003").await;
    refer(scene, customer, "", Some(consulted));
    match scene.callee.until(far_customer, "TransferAsked").await {
        EventKind::TransferAsked { replaces, .. } => assert_eq!(replaces, Some(far_consulted)),
        other => panic!("{other:?} asks for no transfer"),
    }
    scene.callee.take(Command::TransferResult {
        leg: far_customer,
        sip_status: 603,
    });
    assert_eq!(over(scene, customer).await, 603);
    end(scene, customer, far_customer).await;
    end(scene, consulted, far_consulted).await;
}

pub async fn what_is_not_answered_cannot_be_transferred(scene: &mut Scene) {
    let leg = scene.dial("6004", LONG);
    let (far, _) = scene.callee.incoming().await;
    refer(scene, leg, "6005", None);
    scene.caller.until(leg, "Failed").await;
    end(scene, leg, far).await;
}

fn refer(scene: &mut Scene, leg: LegId, to: &str, replaces: Option<LegId>) {
    let to = to.to_owned();
    scene.caller.take(Command::Refer { leg, to, replaces });
}

/// The last word on a transfer.
async fn over(scene: &mut Scene, leg: LegId) -> u16 {
    loop {
        match scene.caller.until(leg, "TransferProgress").await {
            EventKind::TransferProgress {
                sip_status,
                done: true,
            } => return sip_status,
            EventKind::TransferProgress { .. } => {}
            other => panic!("{other:?} tells of no transfer"),
        }
    }
}

async fn end(scene: &mut Scene, leg: LegId, far: LegId) {
    scene.caller.hang_up(leg);
    scene.caller.ended(leg).await;
    scene.callee.ended(far).await;
}
