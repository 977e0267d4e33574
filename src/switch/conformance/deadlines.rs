//! Every accepted command ends in something.

use super::{
    Scene,
    probe::LONG,
    refusals::{classifications_of, commands_to, listening_to, mixes_of},
};
use crate::{Command, CommandId, EventKind, LegId};

/// Rule 1. What needs an answered leg and has none is taken, and has failed.
pub async fn what_comes_too_early_has_failed(scene: &mut Scene) {
    let leg = scene.dial("7100", LONG);
    let (far, _) = scene.callee.incoming().await;
    let able = scene.caller.capabilities();
    let mut commands = commands_to(leg, &scene.prompt);
    if able.mixing {
        commands.extend(mixes_of(leg));
    }
    if able.machine_detection {
        commands.extend(classifications_of(leg));
    }
    if able.speech_detection {
        commands.extend(listening_to(leg));
    }
    let mut failed = 0;
    for command in commands.into_iter().filter(needs_an_answer) {
        let told = format!("{command:?}");
        let id = scene.caller.take(command);
        assert_eq!(failure(scene, leg).await, id, "{told}");
        failed += 1;
    }
    assert!(failed >= 7, "{failed}");
    scene.caller.hang_up(leg);
    scene.caller.ended(leg).await;
    scene.callee.ended(far).await;
    // A refusal and a failure have one word each.
    let told = scene.caller.told(leg);
    assert_eq!(told.len(), failed + 1, "{told:?}");
}

/// Those that a leg which is being called takes, or that have nothing to end.
fn needs_an_answer(command: &Command) -> bool {
    !matches!(
        command,
        Command::Hangup { .. }
            | Command::StopPlay { .. }
            | Command::Resume { .. }
            | Command::Mute { .. }
            | Command::StopListening { .. }
    )
}

async fn failure(scene: &mut Scene, leg: LegId) -> CommandId {
    match scene.caller.until(leg, "Failed").await {
        EventKind::Failed { command, .. } => command,
        other => panic!("{other:?} is no failure"),
    }
}
