//! Prompts: uploaded, replaced, listened to, named and deleted.

use serde_json::{Value, json};
use store::{access::Role, testing::on_both};

use super::kit::{Answer, Kit};

const PROMPTS: &str = "/api/v1/prompts";

/// A wav file of 16 kHz, mono, 16 bit.
fn wav(ms: u32) -> Vec<u8> {
    let data: Vec<u8> = (0..ms * 16)
        .flat_map(|n| ((n % 40) as i16 * 300).to_le_bytes())
        .collect();
    let mut bytes = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
    bytes.extend(16_000_u32.to_le_bytes());
    bytes.extend(32_000_u32.to_le_bytes());
    bytes.extend([2, 0, 16, 0]);
    bytes.extend(b"data");
    bytes.extend((data.len() as u32).to_le_bytes());
    bytes.extend(data);
    let length = bytes.len() as u32 - 8;
    bytes[4..8].copy_from_slice(&length.to_le_bytes());
    bytes
}

async fn add(kit: &Kit, token: &str, name: &str, bytes: &[u8]) -> Answer {
    let file = ("sound.wav", bytes);
    kit.form(token, ("POST", PROMPTS), &[("name", name)], file)
        .await
}

#[tokio::test]
async fn a_sound_is_added_listed_heard_and_replaced() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Supervisor).await;
        let sound = wav(1_500);
        let made = add(&kit, &token, "欢迎", &sound).await;
        assert_eq!(made.status, 201, "{}", made.text);
        let told = |body: &Value| {
            let parts = ["name", "ms", "original", "own", "used_by"];
            parts.map(|part| body[part].clone())
        };
        let expected = [
            json!("欢迎"),
            json!(1500),
            json!("wav"),
            json!(false),
            json!([]),
        ];
        assert_eq!(told(&made.body), expected);
        let list = kit.with(&token, "GET", PROMPTS, None).await;
        assert_eq!(list.body["data"].as_array().map(Vec::len), Some(1));
        assert_eq!(told(&list.body["data"][0]), expected);

        let one = format!("{PROMPTS}/%E6%AC%A2%E8%BF%8E");
        let heard = kit.with(&token, "GET", &format!("{one}/sound"), None).await;
        assert_eq!(
            (heard.status.as_u16(), heard.bytes.len()),
            (200, 44 + 2 * 12_000)
        );
        let kept = kit
            .with(&token, "GET", &format!("{one}/original"), None)
            .await;
        assert_eq!((kept.status.as_u16(), kept.bytes), (200, sound));

        let again = add(&kit, &token, "欢迎", &wav(100)).await;
        assert_eq!((again.status.as_u16(), again.code()), (409, "NAME_TAKEN"));
        let longer = wav(3_000);
        let file = ("longer.wav", &longer[..]);
        let put = kit.form(&token, ("PUT", &one), &[], file).await;
        assert_eq!((put.status.as_u16(), &put.body["ms"]), (200, &json!(3000)));
        let nobody = format!("{PROMPTS}/nobody");
        let put = kit.form(&token, ("PUT", &nobody), &[], file).await;
        assert_eq!((put.status.as_u16(), put.code()), (404, "NOT_FOUND"));

        let gone = kit.with(&token, "DELETE", &one, None).await;
        assert_eq!(gone.status, 204, "{}", gone.text);
        let gone = kit.with(&token, "DELETE", &one, None).await;
        assert_eq!(gone.status, 404);
        let heard = kit.with(&token, "GET", &format!("{one}/sound"), None).await;
        assert_eq!(heard.status, 404);
        // Nothing of what came and went is left, and nothing of what was refused.
        let uploads = std::fs::read_dir(home.data_dir.join("uploads"));
        assert_eq!(uploads.map(Iterator::count).ok(), Some(0));
    })
    .await;
}

#[tokio::test]
async fn what_is_no_sound_is_refused_with_its_reason() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Admin).await;
        let large = vec![0; 20 * 1024 * 1024 + 1];
        let mut fast = wav(100);
        fast[24..28].copy_from_slice(&96_000_u32.to_le_bytes());
        fast[28..32].copy_from_slice(&192_000_u32.to_le_bytes());
        let table: [(&str, &[u8], u16, &str); 5] = [
            ("hello", b"a letter", 422, "SOUND_UNUSABLE"),
            ("hello", &fast, 422, "SOUND_UNUSABLE"),
            ("hello", &wav(0), 422, "SOUND_UNUSABLE"),
            ("hello", &large, 413, "TOO_LARGE"),
            ("../hello", &wav(100), 422, "INVALID"),
        ];
        for (name, bytes, status, code) in table {
            let answer = add(&kit, &token, name, bytes).await;
            let told = (answer.status.as_u16(), answer.code());
            assert_eq!(told, (status, code), "{}", answer.text);
        }
        let fast = add(&kit, &token, "hello", &fast).await;
        let why = fast.body["detail"].as_str().unwrap_or_default().to_owned();
        assert!(why.contains("8 and 48 kHz"), "{why}");
        let list = kit.with(&token, "GET", PROMPTS, None).await;
        assert_eq!(list.body["data"], json!([]));
        let uploads = std::fs::read_dir(home.data_dir.join("uploads"));
        assert_eq!(uploads.map(Iterator::count).ok(), Some(0));
    })
    .await;
}

#[tokio::test]
async fn a_prompt_must_be_there_to_be_named_and_stays_while_it_is() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Admin).await;
        let queue = json!({"name": "sales", "settings": {"welcome": "hello",
            "announcement": {"prompt": "news"}}});
        let refused = kit
            .with(&token, "PUT", "/api/v1/queues/sales", Some(queue.clone()))
            .await;
        assert_eq!((refused.status.as_u16(), refused.code()), (422, "INVALID"));
        let faults = refused.body["errors"].as_array().unwrap();
        let faults: Vec<_> = faults
            .iter()
            .map(|fault| {
                (
                    fault["pointer"].as_str().unwrap(),
                    fault["code"].as_str().unwrap(),
                )
            })
            .collect();
        let unknown = ["/settings/welcome", "/settings/announcement/prompt"];
        assert_eq!(faults, unknown.map(|at| (at, "unknown_prompt")));
        let robot = json!({"number": "1", "rule": {"type": "robot", "prompt": "robots"}});
        let refused = kit
            .with(&token, "PUT", "/api/v1/routes/r", Some(robot.clone()))
            .await;
        assert_eq!(
            refused.body["errors"][0]["pointer"], "/rule/prompt",
            "{}",
            refused.text
        );

        for name in ["hello", "news", "robots"] {
            assert_eq!(add(&kit, &token, name, &wav(500)).await.status, 201);
        }
        for (path, body) in [("queues/sales", queue), ("routes/r", robot)] {
            let put = kit
                .with(&token, "PUT", &format!("/api/v1/{path}"), Some(body))
                .await;
            assert_eq!(put.status, 200, "{}", put.text);
        }
        // A tone needs no file, and what the house itself says comes with it.
        let tones =
            json!({"name": "care", "settings": {"music": "tone:440:2000", "sorry": "sorry"}});
        let put = kit
            .with(&token, "PUT", "/api/v1/queues/care", Some(tones))
            .await;
        assert_eq!(put.status, 200, "{}", put.text);
        let list = kit.with(&token, "GET", PROMPTS, None).await;
        assert_eq!(
            list.body["data"][0]["used_by"],
            json!([{"kind": "queue", "name": "sales"}])
        );

        for (name, why) in [
            ("hello", "the queue sales plays it"),
            ("robots", "the route r plays it"),
        ] {
            let path = format!("{PROMPTS}/{name}");
            let kept = kit.with(&token, "DELETE", &path, None).await;
            let told = (
                kept.status.as_u16(),
                kept.code(),
                kept.body["detail"].as_str(),
            );
            assert_eq!(told, (409, "MEDIA_IN_USE", Some(why)));
        }
        let own = kit
            .with(&token, "DELETE", &format!("{PROMPTS}/sorry"), None)
            .await;
        assert_eq!((own.status.as_u16(), own.code()), (409, "MEDIA_IN_USE"));
        let plain = json!({"name": "sales", "settings": {}});
        kit.with(&token, "PUT", "/api/v1/queues/sales", Some(plain))
            .await;
        let gone = kit
            .with(&token, "DELETE", &format!("{PROMPTS}/hello"), None)
            .await;
        assert_eq!(gone.status, 204, "{}", gone.text);
    })
    .await;
}

#[tokio::test]
async fn who_makes_campaigns_hears_prompts_and_who_runs_the_floor_changes_them() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let lead = kit.token(Role::Supervisor).await;
        assert_eq!(add(&kit, &lead, "hello", &wav(100)).await.status, 201);
        let sound = format!("{PROMPTS}/hello/sound");
        for (role, hears) in [(Role::Marketer, 200), (Role::Agent, 403)] {
            let token = kit.token(role).await;
            assert_eq!(kit.with(&token, "GET", PROMPTS, None).await.status, hears);
            assert_eq!(kit.with(&token, "GET", &sound, None).await.status, hears);
            assert_eq!(add(&kit, &token, "mine", &wav(100)).await.status, 403);
            let path = format!("{PROMPTS}/hello");
            assert_eq!(kit.with(&token, "DELETE", &path, None).await.status, 403);
        }
    })
    .await;
}
