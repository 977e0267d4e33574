//! A robot that listens: who speaks reaches the queue's agent, who does not is sent elsewhere.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    acd::{Office, has_sound, tones},
    kit::{
        sound::{RATE, read_stereo, tone, write_wav},
        wait,
    },
};

const SOON: Duration = Duration::from_secs(60);
const HELLO: &str = "4008001235";
const QUIET: &str = "4008001236";
const HELLO_HERTZ: f64 = 700.0;
const ASK_HERTZ: f64 = 1_300.0;
const AGAIN_HERTZ: f64 = 1_000.0;
const VOICEMAIL_HERTZ: f64 = 1_600.0;

impl Office {
    /// An office with a robot that says nothing for long, and one that talks longer than anybody listens.
    async fn with_robots() -> Self {
        let prompts = [
            ("ask", ASK_HERTZ),
            ("again", AGAIN_HERTZ),
            ("voicemail", VOICEMAIL_HERTZ),
        ];
        let settings = json!({ "max_wait_ms": 0, "music": "silence", "wrap_up_ms": 0 });
        let office = Self::with_prompts(settings, &prompts).await;
        let hello = office.house.data().join("prompts/hello.wav");
        write_wav(&hello, &tone(HELLO_HERTZ, 0.5, 0, 120 * RATE as usize));
        let sales = json!({ "type": "queue", "queue": "sales" });
        let hello = json!({ "number": HELLO, "rule": {
            "type": "robot", "prompt": "hello", "then": sales, "listens": {},
        } });
        office.api.put("/routes/hello", hello).await;
        // Nobody is as loud as that.
        let quiet = json!({ "number": QUIET, "rule": {
            "type": "robot", "prompt": "ask", "then": sales,
            "listens": { "voice_level": 10_000, "silence_level": 10_000, "wait_s": 2, "silent": "again" },
            "otherwise": { "type": "voicemail", "mailbox": "sales" },
        } });
        office.api.put("/routes/quiet", quiet).await;
        office.order("ready").await;
        office
    }

    async fn last_closed(&self, count: usize) -> Value {
        self.closed(count).await.pop().expect("a call")
    }
}

/// VOX-115, VOX-116
#[tokio::test(flavor = "multi_thread")]
async fn who_speaks_into_the_prompt_of_a_robot_reaches_an_agent() {
    let mut office = Office::with_robots().await;
    let kept = office.house.data().join("heard.wav");
    let leg = office.person.call(HELLO, "13900001111").await;
    office.person.keep(leg, &kept);
    // The robot talks on while nobody speaks.
    office.person.say(leg, "silence:1500").await;
    office.person.say(leg, "tone:600:1000").await;
    office.talking().await;
    office.person.say(leg, "silence:1500").await;
    office.person.hang_up(leg).await;
    office.person.until_kept(leg).await;
    let call = office.last_closed(1).await;
    assert_eq!(call["outcome"], "connected", "{call:#}");
    assert_eq!(call["agent_id"], "a1001", "{call:#}");
    assert_eq!(call["queue_id"], "sales", "{call:#}");
    let heard = &read_stereo(&kept)[0];
    assert_eq!(tones(heard, &[HELLO_HERTZ]), [HELLO_HERTZ], "and no more");
    let after = &heard[heard.len() - RATE as usize..];
    assert!(
        tones(after, &[HELLO_HERTZ]).is_empty(),
        "speech has ended it"
    );
}

/// VOX-115, VOX-116
#[tokio::test(flavor = "multi_thread")]
async fn who_says_nothing_that_is_loud_enough_reaches_no_agent() {
    let mut office = Office::with_robots().await;
    let kept = office.house.data().join("heard.wav");
    let leg = office.person.call(QUIET, "13900001111").await;
    office.person.keep(leg, &kept);
    office.person.say(leg, "tone:600:1000").await;
    // Nobody is rung meanwhile; the mailbox is what there is in the end.
    let folder = office.house.data().join("voicemails");
    wait::until("the recording to begin", SOON, || async {
        has_sound(&folder).then_some(())
    })
    .await;
    office.person.hang_up(leg).await;
    office.person.until_kept(leg).await;
    let call = office.last_closed(1).await;
    assert_eq!(call["outcome"], "exited", "{call:#}");
    assert_eq!(call["agent_id"], Value::Null, "{call:#}");
    assert_eq!(call["queued_at"], Value::Null, "{call:#}");
    let prompts = [ASK_HERTZ, AGAIN_HERTZ, VOICEMAIL_HERTZ];
    assert_eq!(tones(&read_stereo(&kept)[0], &prompts), prompts);
}
