use engine::queue::Settings;
use store::{
    queues::{self, Queue},
    testing::{Home, about, sqlite},
};

use super::*;

async fn queue(db: &Db) {
    let queue = Queue {
        id: "q".into(),
        name: "售后".into(),
        code: String::new(),
        settings: Settings::default(),
        agents: Vec::new(),
    };
    let mut tx = db.begin().await.unwrap();
    queues::put(&mut tx, "o", &queue, Millis(1)).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_configuration_that_could_not_be_read_is_read_again_without_being_told() {
    let Home { db, .. } = &sqlite().await;
    queue(db).await;
    about(db, "q", "UPDATE queues SET settings = '{' WHERE id = $1").await;
    let (inputs, mut fed) = mpsc::unbounded_channel();
    let watcher = Watcher {
        db: db.clone(),
        bus: Bus::default(),
        inputs,
        reload: watch::channel(0).1,
    };
    let mut seen = Seen {
        stale: true,
        ..Seen::default()
    };

    watcher.look(&mut seen).await;
    assert!(fed.try_recv().is_err(), "there is nothing to hand in");
    about(db, "q", "UPDATE queues SET settings = '{}' WHERE id = $1").await;
    watcher.look(&mut seen).await;
    let Ok(Input::Configured(configuration)) = fed.try_recv() else {
        panic!("the configuration was not read again");
    };
    assert_eq!(configuration.queues.len(), 1);
    watcher.look(&mut seen).await;
    assert!(fed.try_recv().is_err(), "once is enough");
}
