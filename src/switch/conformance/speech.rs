//! Whether somebody speaks.

use super::Scene;
use crate::{Command, EventKind, LegId, PlayId, Speech};

/// The callee makes a sound twice, and then once more when nobody listens for it.
pub async fn who_speaks_is_told_of_until_listening_ends(scene: &mut Scene) {
    let (leg, far) = scene.answered("4005").await;
    let params = Speech::default();
    scene.caller.take(Command::ListenForSpeech { leg, params });
    for play in [PlayId(45), PlayId(46)] {
        make_a_sound(scene, far, play);
        let began = scene.caller.until(leg, "SpeechBegan").await;
        assert_eq!(began, EventKind::SpeechBegan);
        let paused = scene.caller.until(leg, "SpeechPaused").await;
        assert_eq!(paused, EventKind::SpeechPaused);
        scene.callee.until(far, "PlayDone").await;
    }
    for _ in 0..2 {
        scene.caller.take(Command::StopListening { leg });
    }
    make_a_sound(scene, far, PlayId(47));
    scene.callee.until(far, "PlayDone").await;
    scene.caller.hang_up(leg);
    scene.caller.ended(leg).await;
    scene.callee.ended(far).await;
    let once = ["SpeechBegan", "SpeechPaused"];
    let told = [&["Answered"][..], &once, &once, &["Ended"]].concat();
    assert_eq!(scene.caller.told(leg), told);
}

fn make_a_sound(scene: &mut Scene, leg: LegId, play: PlayId) {
    let prompt = scene.sit.clone();
    scene.callee.take(Command::Play {
        leg,
        play,
        prompt,
        times: 1,
    });
}
