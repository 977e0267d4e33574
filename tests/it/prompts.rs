//! What callers hear: sounds that are uploaded and replaced, and the number of who has answered.

use std::{path::Path, time::Duration};

use serde_json::json;

use crate::{
    acd::{NUMBER, Office, tones},
    kit::{
        baresip::AGENT_HERTZ,
        sound::{RATE, read_stereo, tone},
        wait,
    },
};

const SOON: Duration = Duration::from_secs(60);
const BEFORE: f64 = 700.0;
const AFTER: f64 = 1_300.0;

/// A second of this tone as a phone or a studio would record it.
fn wav(folder: &Path, hertz: f64, rate: u32) -> Vec<u8> {
    let path = folder.join("upload.wav");
    let count = rate as usize;
    let sound = tone(hertz * f64::from(RATE) / f64::from(rate), 0.5, 0, count);
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: rate,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(&path, spec).expect("a file");
    for sample in sound {
        writer.write_sample(sample).expect("a sample");
        writer.write_sample(sample).expect("a sample");
    }
    writer.finalize().expect("a whole file");
    std::fs::read(path).expect("a file")
}

impl Office {
    /// What a caller hears who waits for so long in the queue.
    async fn heard(&mut self, from: &str, ms: i64) -> Vec<f64> {
        let path = self.house.data().join(format!("heard-by-{from}.wav"));
        let leg = self.person.call(NUMBER, from).await;
        self.person.keep(leg, &path);
        wait::until("the greeting to be over", SOON, || async {
            let line = self.line("sales", 1).await;
            (line[0]["waited_ms"].as_i64() > Some(ms)).then_some(())
        })
        .await;
        self.person.hang_up(leg).await;
        self.person.until_kept(leg).await;
        self.line("sales", 0).await;
        tones(&read_stereo(&path)[0], &[BEFORE, AFTER])
    }
}

/// What callers hear is uploaded and replaced: VOX-095.
#[tokio::test(flavor = "multi_thread")]
async fn the_next_caller_hears_the_sound_that_was_put_in_the_place_of_another() {
    let settings = json!({ "max_wait_ms": 0, "music": "silence" });
    let mut office = Office::with_prompts(settings, &[]).await;
    let folder = tempfile::tempdir().expect("a folder");
    let sound = wav(folder.path(), BEFORE, 48_000);
    let fields = [("name", "hello")];
    let made = office
        .api
        .upload("/prompts", &fields, "hello.wav", sound)
        .await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(made.body["ms"], 1_000, "{}", made.body);
    let welcoming = json!({ "name": "sales", "agents": ["a1001"], "settings": {
        "max_wait_ms": 0, "music": "silence", "welcome": "hello",
    } });
    office.api.put("/queues/sales", welcoming).await;
    office.in_effect().await;
    assert_eq!(office.heard("13900000001", 2_000).await, [BEFORE]);
    let other = wav(folder.path(), AFTER, 16_000);
    office.api.replace("/prompts/hello", other).await;
    assert_eq!(office.heard("13900000002", 2_000).await, [AFTER]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_hears_the_number_of_the_agent_and_then_the_agent() {
    let settings = json!({ "max_wait_ms": 0, "music": "silence", "announce_agent": true });
    let words = [
        ("agent", 700.0),
        ("number-1", 1_000.0),
        ("number-0", 1_300.0),
        ("agent-end", 1_600.0),
    ];
    let mut office = Office::with_prompts(settings, &words).await;
    let path = office.house.data().join("heard.wav");
    let leg = office.person.call(NUMBER, "13900000001").await;
    office.person.keep(leg, &path);
    office.line("sales", 1).await;
    office.order("ready").await;
    office.talking().await;
    office.person.say(leg, "tone:500:1500").await;
    office.person.hang_up(leg).await;
    office.person.until_kept(leg).await;
    let said = [700.0, 1_000.0, 1_300.0, 1_000.0, 1_600.0, AGENT_HERTZ];
    let known = [700.0, 1_000.0, 1_300.0, 1_600.0, AGENT_HERTZ];
    // The agent's number is 1001.
    assert_eq!(tones(&read_stereo(&path)[0], &known), said);
}
