use axum::routing::get;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::oneshot,
    time::timeout,
};

use super::*;

const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn one_address_has_half_of_the_places() {
    let places = Arc::new(Places::new(4));
    let [one, other] = [1, 2].map(|last| IpAddr::from([192, 0, 2, last]));
    let held: Vec<_> = (0..9).filter_map(|_| places.take(one)).collect();
    let others: Vec<_> = (0..9).filter_map(|_| places.take(other)).collect();
    assert_eq!((held.len(), others.len()), (2, 2));
    assert!(places.take(IpAddr::from([192, 0, 2, 3])).is_none());
    drop(held);
    assert!(places.take(one).is_some());
    assert_eq!(places.taken().by.len(), 1);
}

async fn ask(stream: &mut TcpStream) -> String {
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .expect("sent");
    let mut answer = [0; 1_024];
    let read = timeout(PATIENCE, stream.read(&mut answer)).await;
    let length = read.expect("in time").unwrap_or_default();
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

#[tokio::test]
async fn whom_there_is_no_place_for_is_let_go_and_who_asks_while_it_ends_is_answered() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let at = listener.local_addr().expect("bound");
    let (go_on, goes_on) = oneshot::channel::<()>();
    let waits = Arc::new(Mutex::new(Some(goes_on)));
    let taken = waits.clone();
    let app = Router::new().route(
        "/",
        get(move || {
            let waits = taken.lock().expect("unpoisoned").take();
            async move {
                if let Some(waits) = waits {
                    waits.await.ok();
                }
                "here"
            }
        }),
    );
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(answer(listener, app, 2, async {
        stopped.await.ok();
    }));
    let mut first = TcpStream::connect(at).await.expect("it listens");
    let asked = tokio::spawn(async move {
        let answer = ask(&mut first).await;
        (answer, first)
    });
    while waits.lock().expect("unpoisoned").is_some() {
        tokio::task::yield_now().await;
    }
    let mut second = TcpStream::connect(at).await.expect("it listens");
    assert_eq!(ask(&mut second).await, "", "one address has half");
    stop.send(()).expect("it serves");
    go_on.send(()).expect("somebody waits");
    let (answer, _) = timeout(PATIENCE, asked)
        .await
        .expect("in time")
        .expect("no panic");
    assert!(answer.ends_with("here"), "{answer}");
    timeout(PATIENCE, serving)
        .await
        .expect("it ends")
        .expect("no panic");
}
