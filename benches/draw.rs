//! The next leads to dial, out of one million and out of ten million.
//!
//! `cargo bench -p store --bench draw [leads..]`: on SQLite and, when PACELINE_BENCH_PG names a
//! server (postgres://.../database; a database of its own is made there and dropped), on PostgreSQL:
//! 500 leads at a time in call order, while the 500 before are in hand and those before them have been
//! dialled in vain, and what the floor asks when it has run dry. Data lies under
//! PACELINE_BENCH_DIR or in the temporary directory, up to 8 GB, and is deleted afterwards.

use std::time::{Duration, Instant};

use engine::time::Millis;
use store::{Db, hopper};

#[path = "draw/list.rs"]
mod list;

const SIZES: [i64; 2] = [1_000_000, 10_000_000];
/// Draws that are timed, and leads of each.
const DRAWS: usize = 400;
const LEADS: u32 = 500;

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let root = std::env::var("PACELINE_BENCH_DIR");
    let root = root.map_or_else(|_| std::env::temp_dir(), Into::into);
    let dir = tempfile::tempdir_in(root).expect("a directory for the data");
    let asked: Vec<i64> = std::env::args()
        .filter_map(|text| text.parse().ok())
        .collect();
    let sizes = if asked.is_empty() {
        SIZES.to_vec()
    } else {
        asked
    };
    println!("| what | database | leads | p50 | p99 | longest |");
    println!("|---|---|---|---|---|---|");
    runtime.block_on(async {
        for leads in &sizes {
            let place = dir
                .path()
                .join(format!("draw{leads}"))
                .display()
                .to_string();
            draws("SQLite", &place, *leads).await;
            std::fs::remove_dir_all(&place).expect("the list can be deleted");
        }
        if let Ok(server) = std::env::var("PACELINE_BENCH_PG") {
            for leads in &sizes {
                let database = list::Database::make(&server).await;
                draws("PostgreSQL", &database.place, *leads).await;
                database.drop().await;
            }
        }
    });
}

async fn draws(name: &str, place: &str, leads: i64) {
    let db = Db::open(place).await.expect("the database");
    let began = Instant::now();
    let campaign = list::fill(&db, leads).await;
    eprintln!(
        "{name}: {leads} leads in {:.0} s",
        began.elapsed().as_secs_f64()
    );
    let now = Millis(list::NOW + 1);
    let mut took = Vec::with_capacity(DRAWS);
    let mut last = -1;
    let mut in_hand: Vec<String> = Vec::new();
    for _ in 0..DRAWS {
        let began = Instant::now();
        let drawn = hopper::draw(&db, "bench", &campaign, None, LEADS, now)
            .await
            .expect("a draw");
        took.push(began.elapsed());
        assert_eq!(drawn.leads.len(), LEADS as usize);
        last = in_order(last, &drawn.leads);
        let before = std::mem::replace(&mut in_hand, list::ids_of(&drawn.leads));
        list::dial(&db, &before).await;
    }
    say("next 500 in call order", name, leads, took);
    let began = Instant::now();
    let left = hopper::what_is_left(&db, &campaign, now)
        .await
        .expect("what is left");
    assert!(left.undone >= hopper::UNDONE_MOST);
    say("what is left", name, leads, vec![began.elapsed()]);
    db.close().await;
}

/// The list was filled in call order, and nothing is passed over.
fn in_order(last: i64, leads: &[engine::floor::Lead]) -> i64 {
    leads.iter().fold(last, |last, lead| {
        let rank = list::rank_of(lead.number.as_str());
        assert_eq!(rank, last + 1, "leads come in call order");
        rank
    })
}

fn say(what: &str, name: &str, leads: i64, mut took: Vec<Duration>) {
    took.sort_unstable();
    let at = |share: f64| {
        let place = (took.len() as f64 * share).ceil() as usize;
        took[place.clamp(1, took.len()) - 1].as_secs_f64() * 1e3
    };
    let (p50, p99, most) = (at(0.5), at(0.99), at(1.0));
    println!("| {what} | {name} | {leads} | {p50:.1} ms | {p99:.1} ms | {most:.1} ms |");
}
