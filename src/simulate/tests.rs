use clap::Parser;

use super::*;

#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    options: Options,
}

fn options(line: &str) -> Options {
    let words = std::iter::once("simulate").chain(line.split_whitespace());
    Line::try_parse_from(words).unwrap().options
}

#[test]
fn every_combination_of_what_is_asked_for_is_a_row() {
    let asked = options("--agents 5,10 --cap 0.01,0.03 --channels 40");
    let rows = what_if(&Scenario::default(), &asked).unwrap();
    let seen: Vec<_> = rows
        .iter()
        .map(|row| match row.pacing {
            Policy::Predictive(settings) => (row.agents, row.channels, settings.cap),
            _ => panic!("a cap is one of prediction"),
        })
        .collect();
    assert_eq!(
        seen,
        [(5, 40, 0.01), (5, 40, 0.03), (10, 40, 0.01), (10, 40, 0.03)]
    );
    let none = what_if(&Scenario::default(), &options("")).unwrap();
    assert_eq!(none, [Scenario::default()]);
}

#[test]
fn what_cannot_be_played_is_refused_before_anything_is() {
    let refusal = |line: &str| {
        let refused = what_if(&Scenario::default(), &options(line)).unwrap_err();
        refused.to_string()
    };
    assert_eq!(refusal("--agents 0"), "agents: must be 1 to 2,000");
    assert_eq!(refusal("--cap 0.2"), "pacing: is out of its range");
    let many = format!("--agents {}", vec!["5"; 65].join(","));
    assert!(refusal(&many).starts_with("65 rows"));
    let words = ["simulate", "--campaign", "cmp_1"];
    assert!(
        Line::try_parse_from(words).is_err(),
        "a campaign needs its day"
    );
}

#[test]
fn a_scenario_file_that_is_wrong_says_where() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shift.toml");
    fs::write(&path, "agents = 12\n").unwrap();
    assert_eq!(read(Some(&path)).unwrap().agents, 12);
    fs::write(&path, "agentz = 12\n").unwrap();
    let error = format!("{:#}", read(Some(&path)).unwrap_err());
    assert!(
        error.contains("shift.toml") && error.contains("agentz"),
        "{error}"
    );
    let gone = read(Some(&folder.path().join("gone.toml"))).unwrap_err();
    assert!(gone.to_string().contains("gone.toml"));
}

#[test]
fn the_table_has_a_line_for_each_row() {
    let scenario = Scenario {
        hours: 0.1,
        agents: 3,
        ..Scenario::default()
    };
    let rows = played(&[scenario.clone(), scenario]).unwrap();
    let table = table::of(&rows);
    let lines: Vec<_> = table.lines().collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[1], lines[2], "the same shift twice");
    assert!(lines[0].contains("occupancy %") && lines[1].contains("left)"));
}
