//! What a leg hears, and what is kept of it.

use super::{Scene, probe::name_of};
use crate::{Classify, Command, EventKind, LegId, PlayEnd, PlayId, RecordId, Verdict};

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

pub async fn keys_arrive_as_they_were_pressed(scene: &mut Scene) {
    let (leg, far) = scene.answered("4002").await;
    let digits = "1*9".to_owned();
    scene.caller.take(Command::SendDtmf { leg, digits });
    let mut heard = String::new();
    for _ in 0..3 {
        if let EventKind::Dtmf { digit, .. } = scene.callee.until(far, "Dtmf").await {
            heard.push(digit);
        }
    }
    assert_eq!(heard, "1*9");
    scene.caller.until(leg, "DtmfSent").await;
    scene.caller.hang_up(leg);
    scene.caller.ended(leg).await;
    scene.callee.ended(far).await;
}

pub async fn a_silent_far_end_is_unsure(scene: &mut Scene) {
    let (leg, far) = scene.answered("4003").await;
    let params = Classify {
        initial_silence_ms: 400,
        ..Classify::default()
    };
    scene.caller.take(Command::Classify { leg, params });
    let told = scene.caller.until(leg, "Classified").await;
    let EventKind::Classified { verdict, .. } = told else {
        panic!("{told:?}")
    };
    assert_eq!(verdict, Verdict::Unsure);
    scene.caller.hang_up(leg);
    scene.caller.ended(leg).await;
    scene.callee.ended(far).await;
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
            for _ in 0..2 {
                scene.caller.take(Command::PauseRecord { leg, record });
            }
            scene.caller.until(leg, "RecordPaused").await;
            for _ in 0..2 {
                scene.caller.take(Command::ResumeRecord { leg, record });
            }
            scene.caller.until(leg, "RecordResumed").await;
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
    let told = scene.caller.told(leg);
    let pauses = told.iter().filter(|name| **name == "RecordPaused").count();
    assert_eq!(pauses, 1, "{told:?}");
}

pub async fn a_recording_is_born_with_its_leg(scene: &mut Scene) {
    let (leg, far) = scene.call("4004").await;
    let record = RecordId(3);
    let path = scene.folder.join("3.wav");
    scene
        .caller
        .take(Command::StartRecord { leg, record, path });
    scene.caller.until(leg, "RecordStarted").await;
    scene.callee.take(Command::Answer { leg: far });
    scene.caller.until(leg, "Answered").await;
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
