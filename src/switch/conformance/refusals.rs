//! What an engine does not take, and what it takes in silence.

use std::path::PathBuf;

use super::{Scene, probe::LONG};
use crate::{
    CallerId, Cause, Classify, Command, ConferenceId, Hear, LegId, Monitor, OnEnd, Originate,
    PlayId, RecordId, Refused, Speech, Target,
};

pub async fn what_does_not_exist_is_refused(scene: &mut Scene) {
    let (leg, far) = scene.answered("5000").await;
    let nobody = LegId(uuid::Uuid::new_v4());
    let able = scene.caller.capabilities();
    let refusals = [
        (commands_to(nobody, &scene.prompt), true),
        (recordings_of(nobody), able.recording),
        (mixes_of(nobody), able.mixing),
        (classifications_of(nobody), able.machine_detection),
        (listening_to(nobody), able.speech_detection),
    ];
    for (commands, able) in refusals {
        let refusal = match able {
            true => Refused::NoSuchLeg,
            false => Refused::Unsupported,
        };
        for command in commands {
            let told = format!("{command:?}");
            assert_eq!(scene.caller.send(command), Err(refusal), "{told}");
        }
    }
    let prompt = "there-is-no-such-prompt".to_owned();
    let play = Command::Play {
        leg,
        play: PlayId(9),
        prompt: prompt.clone(),
        times: 1,
    };
    assert_eq!(scene.caller.send(play), Err(Refused::NoSuchPrompt));
    let park = Command::Park {
        leg,
        hear: Hear::Music(prompt),
    };
    assert_eq!(scene.caller.send(park), Err(Refused::NoSuchPrompt));
    let number = "5001".to_owned();
    let to = Target::Gateway {
        gateway: "there-is-no-such-gateway".to_owned(),
        number,
    };
    assert_eq!(scene.caller.send(originate(to)), Err(Refused::GatewayDown));
    let to = Target::Phone {
        extension: "there-is-no-such-phone".to_owned(),
    };
    assert_eq!(
        scene.caller.send(originate(to)),
        Err(Refused::NotRegistered)
    );
    let to = Target::Gateway {
        gateway: scene.gateway.clone(),
        number: "5 0\r\n".to_owned(),
    };
    assert_eq!(scene.caller.send(originate(to)), Err(Refused::BadNumber));
    scene.caller.hang_up(leg);
    scene.caller.ended(leg).await;
    assert_eq!(
        scene.caller.told(leg),
        ["Answered", "Ended"],
        "a refusal has no event"
    );
    scene.callee.ended(far).await;
}

pub async fn what_holds_already_is_silent(scene: &mut Scene) {
    let (leg, incoming) = scene.call("5002").await;
    for _ in 0..2 {
        scene.callee.take(Command::Ring { leg: incoming });
    }
    for _ in 0..2 {
        scene.callee.take(Command::Answer { leg: incoming });
    }
    scene.callee.take(Command::Ring { leg: incoming });
    scene.caller.until(leg, "Answered").await;
    scene.caller.take(Command::Park {
        leg,
        hear: Hear::Silence,
    });
    for _ in 0..2 {
        scene.caller.take(Command::Park {
            leg,
            hear: Hear::Music(scene.prompt.clone()),
        });
    }
    scene.caller.take(Command::StopPlay {
        leg,
        play: PlayId(77),
    });
    scene.caller.take(Command::StopRecord {
        leg,
        record: RecordId(77),
    });
    scene.caller.hang_up(leg);
    scene.caller.ended(leg).await;
    scene.callee.ended(incoming).await;
    let told = scene.caller.told(leg);
    assert_eq!(
        told.iter().filter(|name| **name == "Parked").count(),
        1,
        "{told:?}"
    );
    assert!(!told.contains(&"Failed"), "{told:?}");
    let told = scene.callee.told(incoming);
    assert_eq!(
        told.iter().filter(|name| **name == "Answered").count(),
        1,
        "{told:?}"
    );
    assert!(!told.contains(&"Failed"), "{told:?}");
}

/// Every command to a leg that every engine knows.
pub fn commands_to(leg: LegId, prompt: &str) -> Vec<Command> {
    let prompt = prompt.to_owned();
    let play = PlayId(1);
    vec![
        Command::Ring { leg },
        Command::Progress { leg },
        Command::Answer { leg },
        Command::HearEarly { leg, of: leg },
        Command::Hangup {
            leg,
            cause: Cause::Normal,
        },
        Command::Bridge {
            a: leg,
            b: leg,
            on_end: OnEnd::Park,
        },
        Command::Park {
            leg,
            hear: Hear::Silence,
        },
        Command::Play {
            leg,
            play,
            prompt,
            times: 1,
        },
        Command::StopPlay { leg, play },
        Command::SendDtmf {
            leg,
            digits: "1".to_owned(),
        },
        Command::Refer {
            leg,
            to: "5".to_owned(),
            replaces: None,
        },
        Command::TransferResult {
            leg,
            sip_status: 200,
        },
    ]
}

fn recordings_of(leg: LegId) -> Vec<Command> {
    let record = RecordId(1);
    let path = PathBuf::from("/nowhere/x.wav");
    vec![
        Command::StartRecord { leg, record, path },
        Command::PauseRecord { leg, record },
        Command::ResumeRecord { leg, record },
        Command::StopRecord { leg, record },
    ]
}

/// What an engine knows that can mix.
pub fn mixes_of(leg: LegId) -> Vec<Command> {
    let (hear, conference) = (Hear::Silence, ConferenceId(1));
    vec![
        Command::Hold { leg, hear },
        Command::Resume { leg },
        Command::Mute { leg, on: true },
        Command::WithholdKeys { leg, on: true },
        Command::TakeUp { leg },
        Command::Supervise {
            leg,
            agent: leg,
            monitor: Monitor::Listen,
        },
        Command::Confer { leg, conference },
    ]
}

/// What an engine knows that can tell people from machines.
pub fn classifications_of(leg: LegId) -> Vec<Command> {
    let params = Classify::default();
    vec![
        Command::Classify { leg, params },
        Command::ListenEarly { leg },
    ]
}

/// What an engine knows that can tell speech from silence.
pub fn listening_to(leg: LegId) -> Vec<Command> {
    let params = Speech::default();
    vec![
        Command::ListenForSpeech { leg, params },
        Command::StopListening { leg },
    ]
}

pub fn originate(to: Target) -> Command {
    let caller = CallerId {
        number: "1000".to_owned(),
        ..CallerId::default()
    };
    Command::Originate(Originate {
        leg: LegId(uuid::Uuid::new_v4()),
        to,
        caller,
        ring_timeout: LONG,
    })
}
