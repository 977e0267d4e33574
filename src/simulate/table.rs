//! Figures as a table for people.

use simulation::Figures;

const HEAD: [&str; 13] = [
    "agents",
    "channels",
    "cap %",
    "occupancy %",
    "abandoned %",
    "worst hour %",
    "dials",
    "answered",
    "connected",
    "connects/agent-h",
    "idle wait s",
    "channels mean/peak",
    "done after",
];

/// One line a row, right-aligned under its heads.
pub fn of(rows: &[Figures]) -> String {
    let cells: Vec<Vec<String>> = rows.iter().map(row).collect();
    let widths: Vec<usize> = (0..HEAD.len())
        .map(|column| {
            let longest = cells.iter().map(|row| row[column].len()).max().unwrap_or(0);
            longest.max(HEAD[column].len())
        })
        .collect();
    let line = |cells: &[String]| {
        let padded = cells
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:>width$}"));
        padded.collect::<Vec<_>>().join("  ") + "\n"
    };
    let head: Vec<String> = HEAD.iter().map(|head| (*head).to_owned()).collect();
    line(&head) + &cells.iter().map(|row| line(row)).collect::<String>()
}

fn row(row: &Figures) -> Vec<String> {
    let percent = |share: f64| format!("{:.2}", share * 100.0);
    vec![
        row.agents.to_string(),
        row.channels.to_string(),
        row.cap.map_or_else(|| "-".into(), percent),
        percent(row.occupancy),
        percent(row.abandoned),
        percent(row.worst_hour),
        row.dials.to_string(),
        row.answered.to_string(),
        row.connected.to_string(),
        format!("{:.1}", row.connects_per_agent_hour),
        format!("{:.1}", row.idle_wait_s),
        format!("{:.1}/{}", row.channels_mean, row.channels_peak),
        row.finished_after_s
            .map_or_else(|| format!("- ({} left)", row.untouched), clock),
    ]
}

fn clock(s: f64) -> String {
    let minutes = (s / 60.0).round() as u64;
    format!("{}:{:02}", minutes / 60, minutes % 60)
}
