//! What a leg hears, and what is kept of it.

use super::{Scene, probe::name_of};
use crate::{Command, EventKind, LegId, PlayEnd, PlayId, RecordId};

pub async fn a_prompt_ends_in_three_ways(scene: &mut Scene) {
    let (leg, far) = scene.answered("4000").await;
    play(scene, leg, 1, 2);
    let (played_ms, why) = done(scene, leg, 1).await;
    assert_eq!(why, PlayEnd::Finished);
    assert!(
        (700..=900).contains(&played_ms),
        "twice 400 ms are not {played_ms} ms"
    );
    play(scene, leg, 2, 1_000);
    scene.caller.take(Command::StopPlay {
        leg,
        play: PlayId(2),
    });
    assert_eq!(done(scene, leg, 2).await.1, PlayEnd::Stopped);
    scene.caller.take(Command::StopPlay {
        leg,
        play: PlayId(2),
    });
    play(scene, leg, 3, 1_000);
    scene.caller.hang_up(leg);
    assert_eq!(done(scene, leg, 3).await.1, PlayEnd::LegEnded);
    scene.caller.ended(leg).await;
    scene.callee.ended(far).await;
}

fn play(scene: &mut Scene, leg: LegId, id: u64, times: u32) {
    let prompt = scene.prompt.clone();
    scene.caller.take(Command::Play {
        leg,
        play: PlayId(id),
        prompt,
        times,
    });
}

async fn done(scene: &mut Scene, leg: LegId, id: u64) -> (u64, PlayEnd) {
    match scene.caller.until(leg, "PlayDone").await {
        EventKind::PlayDone {
            play: PlayId(play),
            played_ms,
            why,
        } if play == id => (played_ms, why),
        other => panic!("{other:?} does not end playback {id}"),
    }
}

pub async fn a_recording_may_end_after_its_leg(scene: &mut Scene) {
    let (leg, far) = scene.answered("4001").await;
    for record in [RecordId(1), RecordId(2)] {
        let path = scene.folder.join(format!("{}.wav", record.0));
        scene
            .caller
            .take(Command::StartRecord { leg, record, path });
        scene.caller.until(leg, "RecordStarted").await;
        if record == RecordId(1) {
            scene.caller.take(Command::StopRecord { leg, record });
            assert_whole(&scene.caller.until(leg, "RecordDone").await);
        }
    }
    scene.caller.hang_up(leg);
    assert_whole(&scene.caller.until(leg, "RecordDone").await);
    if !scene.caller.told(leg).contains(&"Ended") {
        scene.caller.ended(leg).await;
    }
    scene.callee.ended(far).await;
}

fn assert_whole(done: &EventKind) {
    let EventKind::RecordDone {
        path, bytes, error, ..
    } = done
    else {
        panic!("{} is no RecordDone", name_of(done))
    };
    assert_eq!(*error, None);
    let size = std::fs::metadata(path).map(|file| file.len());
    assert_eq!(
        size.ok(),
        Some(*bytes),
        "the file is complete when the event arrives"
    );
}
