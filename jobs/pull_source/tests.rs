//! Directories and a web server of the test's own, reached only because the settings allow it.

use std::{
    os::unix::fs::symlink,
    sync::{Arc, Mutex},
};

use store::{
    jobs,
    sources::Spec,
    testing::{Home, on_both},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;
use crate::{settings::Settings, settings::Sources, testing};

/// Answers each request with the next page; keeps what was asked.
struct Server {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Server {
    async fn start(pages: Vec<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&asked);
        let task = tokio::spawn(async move {
            for page in pages {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    let byte = stream.read_u8().await.unwrap();
                    request.push(byte);
                }
                let request = String::from_utf8(request).unwrap().to_lowercase();
                kept.lock().unwrap().push(request);
                // A client that has seen enough closes early.
                let _ = stream.write_all(page.as_bytes()).await;
                let _ = stream.shutdown().await;
            }
        });
        Self { port, asked, task }
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn page(head: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {head}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn local() -> Sources {
    Sources {
        hosts: vec!["127.0.0.1".into()],
        allow_private: true,
        allow_http: true,
        settle_s: 0,
        ..Sources::default()
    }
}

fn house(home: Home, sources: Sources) -> (House, testing::Guard) {
    let (house, guard) = testing::house(home);
    let settings = Settings {
        sources,
        ..Settings::default()
    };
    (house.with(settings), guard)
}

/// A planned batch with this source. Returns the batch and the source.
async fn planned(house: &House, from: Place) -> (String, Source) {
    let batch = testing::batch(house, &["号码"]).await;
    let spec = Spec {
        from,
        cron: None,
        zone: "Asia/Shanghai".into(),
        options: imports::Options::default(),
    };
    let mut tx = house.db.begin().await.unwrap();
    sources::save(&mut tx, ("o", &batch, "u"), &spec, true, house.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let source = sources::of_batch(&house.db, &batch).await.unwrap().unwrap();
    (batch, source)
}

/// Pulls, and tells how the job and the source stand.
async fn pull(house: &House, source: &Source) -> (jobs::Job, Source) {
    let mut tx = house.db.begin().await.unwrap();
    let job = sources::pull(&mut tx, source, "u", house.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let job = job.expect("no other pull is under way");
    testing::start(house, &job).await.unwrap();
    let job = jobs::get(&house.db, &job).await.unwrap().unwrap();
    let source = sources::get(&house.db, &source.id).await.unwrap().unwrap();
    (job, source)
}

/// Does the imports that a pull queued; returns how many leads the batch has then.
async fn import_all(house: &House, job: &jobs::Job, batch: &str) -> i64 {
    for import in job.result["imports"].as_array().unwrap() {
        let import = imports::get(&house.db, import.as_str().unwrap())
            .await
            .unwrap()
            .unwrap();
        testing::start(house, &import.job_id.unwrap())
            .await
            .unwrap();
    }
    store::leads::count(&house.db, batch).await.unwrap()
}

#[tokio::test]
async fn each_file_of_a_directory_is_imported_once() {
    on_both(|home| async move {
        let root = tempfile::tempdir().unwrap();
        let lists = root.path().join("lists");
        std::fs::create_dir(&lists).unwrap();
        let sources = Sources {
            roots: vec![root.path().to_owned()],
            settle_s: 0,
            ..Sources::default()
        };
        let (house, _guard) = house(home, sources);
        let from = Place::Directory {
            path: lists.display().to_string(),
            pattern: "*.csv".into(),
        };
        let (batch, source) = planned(&house, from).await;
        let (job, seen) = pull(&house, &source).await;
        assert_eq!(
            (job.state.as_str(), seen.last_state.as_deref()),
            ("succeeded", Some("nothing_new"))
        );
        let write = |name: &str, phone: &str| {
            std::fs::write(lists.join(name), format!("号码\n{phone}\n")).unwrap();
        };
        write("a.csv", "13800138001");
        write("b.csv", "13800138002");
        write("c.txt", "13800138003");
        let (job, seen) = pull(&house, &source).await;
        assert_eq!(job.result["imported"], 2, "{:?}", job.error_text);
        assert_eq!(seen.last_state.as_deref(), Some("imported"));
        assert_eq!(import_all(&house, &job, &batch).await, 2);
        // The same content under another name is the same file.
        std::fs::rename(lists.join("a.csv"), lists.join("z.csv")).unwrap();
        let (job, _) = pull(&house, &source).await;
        assert_eq!(
            (&job.result["files"], &job.result["imported"]),
            (&json!(2), &json!(0))
        );
        write("b.csv", "13800138004");
        let (job, _) = pull(&house, &source).await;
        assert_eq!(job.result["imported"], 1);
        assert_eq!(import_all(&house, &job, &batch).await, 3);
        let left: Vec<_> = std::fs::read_dir(house.data_dir.join("uploads"))
            .unwrap()
            .filter(|entry| {
                let name = entry.as_ref().unwrap().file_name();
                name.to_string_lossy().ends_with(".part")
            })
            .collect();
        assert!(left.is_empty(), "{left:?}");
    })
    .await;
}

/// Two workers have the same file before either has remembered it.
#[tokio::test]
async fn a_file_that_two_pulls_have_at_once_is_imported_once() {
    on_both(|home| async move {
        let (house, _guard) = house(home, local());
        let from = Place::Directory {
            path: "/srv/lists".into(),
            pattern: "*".into(),
        };
        let (batch, source) = planned(&house, from).await;
        let batch = batches::get(&house.db, "o", &batch).await.unwrap().unwrap();
        let uploads = house.data_dir.join("uploads");
        std::fs::create_dir_all(&uploads).unwrap();
        let mut tickets = Vec::new();
        for _ in 0..2 {
            let source = source.id.clone();
            let job = testing::enqueue(&house, Work::PullSource { source }).await;
            tickets.push(testing::ticket(&testing::take(&house, &job).await.unwrap()));
        }
        // Whoever holds the source keeps both from writing until both have looked.
        let mut held = house.db.begin().await.unwrap();
        sources::seen(&mut held, &source.id, None, None)
            .await
            .unwrap();
        let (mut parts, mut pulls) = (Vec::new(), Vec::new());
        for ticket in tickets {
            let part = own_part(&house, &ticket).await;
            std::fs::write(&part, "号码\n13800138001\n").unwrap();
            parts.push(part.clone());
            let (house, source, batch) = (house.clone(), source.clone(), batch.clone());
            pulls.push(tokio::spawn(async move {
                let taken = Taken {
                    name: "a.csv".into(),
                    sha256: "the same".into(),
                    bytes: 19,
                };
                let of = (&source, &batch);
                import(&house, &ticket, of, taken, &part, Some((None, None))).await
            }));
        }
        assert_ne!(parts[0], parts[1]);
        while parts.iter().any(|part| part.exists()) {
            tokio::task::yield_now().await;
        }
        held.commit().await.unwrap();
        let mut made = Vec::new();
        for pull in pulls {
            made.extend(pull.await.unwrap().unwrap());
        }
        let known = imports::list(&house.db, &batch.id, None, 9).await.unwrap();
        let known: Vec<String> = known.into_iter().map(|import| import.id).collect();
        assert_eq!(made, known);
        assert_eq!(made.len(), 1);
        assert_eq!(std::fs::read_dir(&uploads).unwrap().count(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_file_that_cannot_be_taken_is_told_and_in_no_others_way() {
    on_both(|home| async move {
        let lists = tempfile::tempdir().unwrap();
        let sources = Sources {
            roots: vec![lists.path().to_owned()],
            settle_s: 0,
            max_bytes: 40,
            ..Sources::default()
        };
        let (house, _guard) = house(home, sources);
        let from = Place::Directory {
            path: lists.path().display().to_string(),
            pattern: "*.csv".into(),
        };
        let (_, source) = planned(&house, from).await;
        std::fs::write(lists.path().join("a.csv"), "x".repeat(41)).unwrap();
        std::fs::write(lists.path().join("b.csv"), "号码\n13800138001\n").unwrap();
        let (job, seen) = pull(&house, &source).await;
        let told = (job.state.as_str(), &job.result["imported"]);
        assert_eq!(told, ("succeeded", &json!(1)));
        let bad = job.result["bad"][0].as_str().unwrap();
        assert!(bad.contains("a.csv"), "{bad}");
        let trouble = (seen.last_state.as_deref(), seen.last_code.as_deref());
        assert_eq!(trouble, (Some("failed"), Some("TOO_LARGE")));
    })
    .await;
}

#[test]
fn of_very_many_files_the_last_changed_are_looked_at() {
    let root = tempfile::tempdir().unwrap();
    for at in 0..FILES_MAX + 1 {
        let file = std::fs::File::create(root.path().join(format!("{:04}.csv", FILES_MAX - at)));
        let age = Duration::from_secs(1_700_000_000 + u64::try_from(at).unwrap());
        file.unwrap()
            .set_modified(SystemTime::UNIX_EPOCH + age)
            .unwrap();
    }
    let roots = [root.path().to_owned()];
    let found = list(root.path(), "*.csv", &roots, Duration::ZERO).unwrap();
    assert_eq!(found.len(), FILES_MAX);
    let oldest = format!("{FILES_MAX:04}.csv");
    assert!(!found.iter().any(|file| file.ends_with(&oldest)));
    assert!(found.is_sorted());
}

#[tokio::test]
async fn nothing_is_read_outside_the_roots() {
    on_both(|home| async move {
        let root = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("secret.csv"), "号码\n13800138000\n").unwrap();
        let lists = root.path().join("lists");
        std::fs::create_dir(&lists).unwrap();
        symlink(outside.path(), root.path().join("way-out")).unwrap();
        symlink(outside.path().join("secret.csv"), lists.join("link.csv")).unwrap();
        let sources = Sources {
            roots: vec![root.path().to_owned()],
            settle_s: 0,
            ..Sources::default()
        };
        let (house, _guard) = house(home, sources);
        for path in [
            outside.path().to_owned(),
            root.path().join("way-out"),
            "/".into(),
        ] {
            let from = Place::Directory {
                path: path.display().to_string(),
                pattern: "*".into(),
            };
            let (_, source) = planned(&house, from).await;
            let (job, seen) = pull(&house, &source).await;
            assert_eq!(job.error_code.as_deref(), Some("SOURCE_NOT_ALLOWED"));
            assert_eq!(seen.last_state.as_deref(), Some("failed"));
            assert_eq!(seen.last_code.as_deref(), Some("SOURCE_NOT_ALLOWED"));
        }
        let from = Place::Directory {
            path: lists.display().to_string(),
            pattern: "*".into(),
        };
        let (_, source) = planned(&house, from).await;
        let (job, _) = pull(&house, &source).await;
        assert_eq!(job.result["files"], 0, "a link that leads out is no file");
    })
    .await;
}

#[tokio::test]
async fn a_file_behind_an_address_is_asked_for_only_when_it_is_new() {
    on_both(|home| async move {
        let sheet = "号码\n13800138001\n13800138002\n";
        let server = Server::start(vec![
            page("302 Found\r\nLocation: /there/list.csv\r\n", ""),
            page(
                "200 OK\r\nETag: \"v1\"\r\nLast-Modified: Fri, 20 Nov 2026 00:00:00 GMT\r\n",
                sheet,
            ),
            page("304 Not Modified\r\n", ""),
            page("200 OK\r\nETag: \"v2\"\r\n", sheet),
        ])
        .await;
        let (house, _guard) = house(home, local());
        let url = server.url("/list");
        let (batch, source) = planned(&house, Place::Url { url }).await;
        let (job, seen) = pull(&house, &source).await;
        assert_eq!(job.result["imported"], 1, "{:?}", job.error_text);
        assert_eq!(seen.etag.as_deref(), Some("\"v1\""));
        assert_eq!(import_all(&house, &job, &batch).await, 2);
        let (job, _) = pull(&house, &source).await;
        assert_eq!(job.result["imported"], 0);
        // Another tag, the same content.
        let (job, seen) = pull(&house, &source).await;
        assert_eq!(job.result["imported"], 0);
        assert_eq!(seen.etag.as_deref(), Some("\"v2\""));
        let asked = server.asked.lock().unwrap().clone();
        assert!(asked[1].starts_with("get /there/list.csv"));
        assert!(asked[2].contains("if-none-match: \"v1\""), "{}", asked[2]);
        assert!(asked[2].contains("if-modified-since: fri, 20 nov 2026"));
    })
    .await;
}

#[tokio::test]
async fn an_address_that_leads_elsewhere_is_checked_again() {
    on_both(|home| async move {
        let lead = |to: &str| page(&format!("302 Found\r\nLocation: {to}\r\n"), "");
        let table = [
            ("http://localhost:1/a.csv", "SOURCE_NOT_ALLOWED"),
            ("http://169.254.169.254/latest", "SOURCE_NOT_ALLOWED"),
            ("file:///etc/passwd", "SOURCE_NOT_ALLOWED"),
        ];
        let (house, _guard) = house(home, local());
        for (to, code) in table {
            let server = Server::start(vec![lead(to)]).await;
            let url = server.url("/list.csv");
            let (_, source) = planned(&house, Place::Url { url }).await;
            let (job, _) = pull(&house, &source).await;
            assert_eq!(job.error_code.as_deref(), Some(code), "{to}");
        }
        let server = Server::start(vec![lead("/list.csv"); 6]).await;
        let url = server.url("/list.csv");
        let (_, source) = planned(&house, Place::Url { url }).await;
        let (job, _) = pull(&house, &source).await;
        assert_eq!(
            job.error_code.as_deref(),
            Some("SOURCE_REFUSED"),
            "in a circle"
        );
    })
    .await;
}

/// The same server, without the setting that lets the tests reach it.
#[tokio::test]
async fn an_inner_address_is_refused_unless_the_settings_allow_it() {
    on_both(|home| async move {
        let sources = Sources {
            allow_private: false,
            ..local()
        };
        let server = Server::start(Vec::new()).await;
        let (house, _guard) = house(home, sources);
        let url = server.url("/list.csv");
        let (_, source) = planned(&house, Place::Url { url }).await;
        let (job, seen) = pull(&house, &source).await;
        assert_eq!(job.error_code.as_deref(), Some("SOURCE_NOT_ALLOWED"));
        assert!(seen.last_text.unwrap().contains("not public"));
        assert!(server.asked.lock().unwrap().is_empty(), "nobody was asked");
    })
    .await;
}

#[tokio::test]
async fn what_a_server_refuses_is_told_and_what_may_pass_is_tried_again() {
    on_both(|home| async move {
        let sources = Sources {
            max_bytes: 20,
            ..local()
        };
        let (house, _guard) = house(home, sources);
        for (answer, state, code) in [
            (page("404 Not Found\r\n", ""), "failed", "SOURCE_REFUSED"),
            (page("200 OK\r\n", &"x".repeat(21)), "failed", "TOO_LARGE"),
            (page("503 Busy\r\n", ""), "queued", "SOURCE_UNREACHABLE"),
        ] {
            let server = Server::start(vec![answer]).await;
            let url = server.url("/list.csv");
            let (batch, source) = planned(&house, Place::Url { url }).await;
            let (job, _) = pull(&house, &source).await;
            assert_eq!(
                (job.state.as_str(), job.error_code.as_deref()),
                (state, Some(code))
            );
            assert_eq!(store::leads::count(&house.db, &batch).await.unwrap(), 0);
        }
    })
    .await;
}
