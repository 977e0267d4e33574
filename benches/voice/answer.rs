//! From the 200 OK of a called person to sound both ways with an agent whose phone is up already: through
//! the whole server, through the switch alone, and through Asterisk, at the same far ends.

mod alone;
mod board;
mod house;
mod rival;
mod telephone;

use std::{sync::Arc, time::Duration};

use board::Answer;

use super::{
    Plan,
    proc::percentile,
    verdict::{self, Figure},
};

pub async fn measure(plan: &Plan) -> Vec<Figure> {
    println!("\n## From the answer to sound both ways with an agent who is on the line\n");
    let mut figures = Vec::new();
    let mut through = vec![(
        "paceline on SQLite".to_owned(),
        house::measure(None, plan.samples).await,
    )];
    if std::env::var_os("PACELINE_TEST_PG").is_some() {
        let home = store::testing::postgres().await;
        let measured = house::measure(Some(&home.place), plan.samples).await;
        through.push(("paceline on PostgreSQL".into(), measured));
    }
    println!(
        "| through | answers | unheard | agent's sound at the person, p50 / p95 / p99 / longest ms | person's sound at the agent | both |"
    );
    println!("| --- | --- | --- | --- | --- | --- |");
    for (name, house) in &through {
        let p99 = row(name, &house.answers);
        let (answers, unheard) = (house.answers.len(), unheard(&house.answers));
        // Whoever should have been called and was not is unheard, too.
        let unheard = unheard + (plan.samples as usize).saturating_sub(answers);
        figures.push(verdict::answer(name, p99, answers, unheard));
    }
    row("the switch alone", &alone::measure(plan.samples).await);
    match rival::measure(plan.samples).await {
        Some((name, answers)) => drop(row(&name, &answers)),
        None => println!("\nasterisk is not installed: no rival in this run."),
    }
    println!(
        "\n| where the time goes, p50 / p95 / p99 / longest ms | 200 OK to `answered_at` | to `bridged_at` | to sound both ways |"
    );
    println!("| --- | --- | --- | --- |");
    for (name, house) in &through {
        let [known, bridged, heard] = house.stages();
        println!(
            "| {name} | {} | {} | {} |",
            spread(known),
            spread(bridged),
            spread(heard)
        );
    }
    figures
}

/// Prints a line of the table; gives the 99th percentile of both ways.
fn row(name: &str, answers: &[Arc<Answer>]) -> Duration {
    let of = |way: fn(&Answer) -> Option<Duration>| -> Vec<Duration> {
        answers.iter().filter_map(|answer| way(answer)).collect()
    };
    let mut both = of(Answer::both_ways);
    println!(
        "| {name} | {} | {} | {} | {} | {} |",
        answers.len(),
        unheard(answers),
        spread(of(Answer::to_person)),
        spread(of(Answer::to_agent)),
        spread(both.clone()),
    );
    both.sort();
    percentile(&both, 0.99)
}

fn unheard(answers: &[Arc<Answer>]) -> usize {
    let unheard = answers.iter().filter(|answer| answer.both_ways().is_none());
    unheard.count()
}

fn spread(mut waits: Vec<Duration>) -> String {
    waits.sort();
    let ms = |share| format!("{:.1}", percentile(&waits, share).as_secs_f64() * 1_000.0);
    [0.5, 0.95, 0.99, 1.0].map(ms).join(" / ")
}
