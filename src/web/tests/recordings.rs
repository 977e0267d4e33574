//! Sealed recordings: opened for those who may hear them, and for nobody without the key.

use std::{io::Write, path::Path};

use engine::{floor::OpenCall, ids::CallId, time::Millis};
use seal::{Key, Keys, Writer};
use serde_json::json;
use store::{
    access::Role,
    calls,
    testing::{inbound, sqlite},
};

use super::kit::Kit;
use crate::Config;

const CALL: CallId = CallId(9);

fn keys() -> Keys {
    Keys::new(Key::new([7; 32]), Vec::new())
}

/// A second and a half of sound that is no silence.
fn sound() -> Vec<u8> {
    (0..150_000_u32).map(|at| (at % 253) as u8).collect()
}

async fn recorded(kit: &Kit, folder: &Path) -> String {
    let call = OpenCall {
        caller: "18618616001".into(),
        callee: "4008001234".into(),
        ..inbound(CALL.0, Millis(1_000))
    };
    calls::open_inbound(&kit.db, "n", &call)
        .await
        .expect("a call");
    let id = CALL.to_string();
    calls::recorded(&kit.db, &id, "one.wav.sealed", 10, None)
        .await
        .expect("a recording");
    std::fs::create_dir_all(folder.join("recordings")).expect("a folder");
    let file = std::fs::File::create(folder.join("recordings/one.wav.sealed")).expect("a file");
    let mut writer = Writer::new(file, keys().sealing()).expect("a disk");
    writer.write_all(&sound()).expect("a disk");
    writer.finish().expect("a disk");
    id
}

#[tokio::test]
async fn a_sealed_recording_is_heard_as_a_wav_file_whole_or_in_part() {
    let home = sqlite().await;
    let kit = Kit::set_up(&home, |config| Config {
        keys: Some(keys()),
        ..config
    });
    let token = kit.token(Role::Supervisor).await;
    let id = recorded(&kit, &home.data_dir).await;
    let path = format!("/api/v1/calls/{id}/recording");
    let whole = kit.with(&token, "GET", &path, None).await;
    assert_eq!(whole.status, 200, "{}", whole.text);
    assert_eq!(&whole.bytes[..4], b"RIFF");
    assert_eq!(&whole.bytes[44..], sound());
    let size = u32::from_le_bytes(whole.bytes[40..44].try_into().expect("four"));
    assert_eq!(size, 150_000);
    assert_eq!(whole.headers["content-length"], "150044");
    let bearer = format!("Bearer {token}");
    for (range, first, last) in [
        ("bytes=0-9", 0, 9),
        ("bytes=40-50", 40, 50),
        ("bytes=65570-131200", 65_570, 131_200),
        ("bytes=150000-", 150_000, 150_043),
        ("bytes=-4", 150_040, 150_043),
    ] {
        let headers = [("authorization", bearer.as_str()), ("range", range)];
        let part = kit.ask("GET", &path, &headers, None).await;
        assert_eq!(part.status, 206, "{range}");
        assert_eq!(part.bytes, whole.bytes[first..=last], "{range}");
        let told = format!("bytes {first}-{last}/150044");
        assert_eq!(part.headers["content-range"], told.as_str());
    }
    let headers = [
        ("authorization", bearer.as_str()),
        ("range", "bytes=150044-"),
    ];
    assert_eq!(
        kit.ask("GET", &path, &headers, None).await.code(),
        "BAD_RANGE"
    );
    // Somebody changes the file.
    let file = home.data_dir.join("recordings/one.wav.sealed");
    let mut bytes = std::fs::read(&file).expect("a file");
    bytes[20] ^= 1;
    std::fs::write(&file, bytes).expect("a disk");
    assert_eq!(
        kit.with(&token, "GET", &path, None).await.code(),
        "RECORDING_FORGED"
    );
}

#[tokio::test]
async fn without_the_key_nobody_hears_it() {
    let home = sqlite().await;
    let other = Keys::new(Key::new([8; 32]), Vec::new());
    for known in [None, Some(other)] {
        let kit = Kit::set_up(&home, |config| Config {
            keys: known.clone(),
            ..config
        });
        if known.is_none() {
            kit.user(Role::Supervisor).await;
            recorded(&kit, &home.data_dir).await;
        }
        let token = kit.sign_in("supervisor").await;
        let path = format!("/api/v1/calls/{CALL}/recording");
        let refused = kit.with(&token, "GET", &path, None).await;
        assert_eq!(
            (refused.status.as_u16(), refused.code()),
            (409, "RECORDING_SEALED")
        );
    }
}

#[tokio::test]
async fn limits_of_phones_and_the_days_of_recordings_are_settings() {
    let home = sqlite().await;
    let kit = Kit::new(&home);
    let admin = kit.token(Role::Admin).await;
    let lead = kit.token(Role::Supervisor).await;
    let phones = "/api/v1/settings/phones";
    let shown = kit.with(&lead, "GET", phones, None).await;
    assert_eq!(
        shown.body,
        json!({"at_once": 4, "per_hour": 120, "denied": []})
    );
    let caps = json!({"at_once": 2, "per_hour": 30, "denied": ["00", "+882"]});
    let put = kit.with(&lead, "PUT", phones, Some(caps.clone())).await;
    assert_eq!(put.code(), "FORBIDDEN");
    assert_eq!(
        kit.with(&admin, "PUT", phones, Some(caps.clone()))
            .await
            .body,
        caps
    );
    assert_eq!(kit.with(&lead, "GET", phones, None).await.body, caps);
    let wrong = json!({"at_once": 0, "per_hour": 20_000, "denied": ["", "a"]});
    let refused = kit.with(&admin, "PUT", phones, Some(wrong)).await;
    assert_eq!(
        refused.body["errors"].as_array().map(Vec::len),
        Some(4),
        "{}",
        refused.text
    );
    let recordings = "/api/v1/settings/recordings";
    let shown = kit.with(&lead, "GET", recordings, None).await;
    assert_eq!(
        shown.body,
        json!({"keep_days": 180, "keep_message_days": 180, "last_look": null})
    );
    let put = kit
        .with(&admin, "PUT", recordings, Some(json!({"keep_days": 7})))
        .await;
    assert_eq!(put.body["keep_days"], 7);
    assert_eq!(put.body["keep_message_days"], 180);
    let both = json!({"keep_days": 7, "keep_message_days": 30});
    let put = kit.with(&admin, "PUT", recordings, Some(both)).await;
    assert_eq!(put.body["keep_message_days"], 30);
    for wrong in [
        json!({"keep_days": 9_999}),
        json!({"keep_days": 7, "keep_message_days": 9_999}),
    ] {
        let refused = kit.with(&admin, "PUT", recordings, Some(wrong)).await;
        assert_eq!(refused.code(), "INVALID");
    }
    let put = kit
        .with(&admin, "PUT", recordings, Some(json!({"keep_days": 8})))
        .await;
    assert_eq!(put.body["keep_message_days"], 30);
    let files = "/api/v1/settings/files";
    let shown = kit.with(&lead, "GET", files, None).await;
    assert_eq!(shown.body, json!({"keep_days": 30}));
    let never = Some(json!({"keep_days": 0}));
    let put = kit.with(&admin, "PUT", files, never.clone()).await;
    assert_eq!(put.status, 200, "{}", put.text);
    let shown = kit.with(&lead, "GET", files, None).await;
    assert_eq!(shown.body, json!({"keep_days": 0}));
    assert_eq!(kit.with(&lead, "PUT", files, never).await.status, 403);
    let long = Some(json!({"keep_days": 9_999}));
    assert_eq!(kit.with(&admin, "PUT", files, long).await.code(), "INVALID");
}
