use engine::queue::Settings;
use store::{
    configuration,
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
    configuration::changed(&mut tx, Millis(1)).await.unwrap();
    tx.commit().await.unwrap();
}

fn watcher(db: &Db) -> (Watcher, mpsc::UnboundedReceiver<Input>) {
    let (inputs, fed) = mpsc::unbounded_channel();
    let (reload, reloads) = watch::channel(0);
    let watcher = Watcher {
        db: db.clone(),
        bus: Bus::default(),
        inputs,
        reload,
        reloads,
    };
    (watcher, fed)
}

#[tokio::test]
async fn what_is_saved_at_another_node_is_handed_in_and_told_to_whoever_follows() {
    let Home { db, .. } = &sqlite().await;
    let (mut watcher, mut fed) = watcher(db);
    let mut gateways = watcher.reload.subscribe();
    let mut seen = Seen::default();
    watcher.look(&mut seen).await;
    assert!(fed.try_recv().is_err() && !gateways.has_changed().unwrap());

    queue(db).await;
    watcher.look(&mut seen).await;
    let Ok(Input::Configured(configuration)) = fed.try_recv() else {
        panic!("nobody heard of it");
    };
    assert_eq!(configuration.queues.len(), 1);
    assert!(gateways.has_changed().unwrap());
    gateways.mark_unchanged();
    watcher.look(&mut seen).await;
    assert!(fed.try_recv().is_err() && !gateways.has_changed().unwrap());
    assert!(!watcher.reloads.has_changed().unwrap(), "it was read once");
}

#[tokio::test]
async fn a_configuration_that_could_not_be_read_is_read_again_without_being_told() {
    let Home { db, .. } = &sqlite().await;
    queue(db).await;
    about(db, "q", "UPDATE queues SET settings = '{' WHERE id = $1").await;
    let (mut watcher, mut fed) = watcher(db);
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
