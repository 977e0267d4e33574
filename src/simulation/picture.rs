//! Shifts as a picture: occupancy and abandonment over time, one line for each set of figures.

use std::fmt::Write;

use crate::{Figures, Span};

const WIDTH: f64 = 1000.0;
const LEFT: f64 = 70.0;
const PLOT: f64 = 660.0;
const HEIGHT: f64 = 180.0;
const COLOURS: [&str; 8] = [
    "#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf", "#8c564b", "#7f7f7f",
];
/// Losses are shown as the share of the half hour around each point: five minutes have few.
const AROUND: usize = 3;

/// An SVG document. Only the first eight are drawn.
#[must_use]
pub fn svg(rows: &[Figures]) -> String {
    let shown = &rows[..rows.len().min(COLOURS.len())];
    let height = 2.0 * (HEIGHT + 60.0) + 20.0;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"white\"/>\n"
    );
    let longest = shown
        .iter()
        .map(|row| row.spans.len())
        .max()
        .unwrap_or(1)
        .max(2);
    let occupancy = |row: &Figures| row.spans.iter().map(|span| span.occupancy).collect();
    chart(&mut out, 40.0, "occupancy", 1.0, longest, shown, occupancy);
    let lost: Vec<Vec<f64>> = shown.iter().map(|row| losses(&row.spans)).collect();
    let most = lost.iter().flatten().copied().fold(0.05, f64::max);
    chart(
        &mut out,
        HEIGHT + 100.0,
        "abandoned",
        most,
        longest,
        shown,
        |row| losses(&row.spans),
    );
    for (no, row) in shown.iter().enumerate() {
        let (y, colour) = (40.0 + 32.0 * no as f64, COLOURS[no]);
        let x = LEFT + PLOT + 20.0;
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "<rect x=\"{x}\" y=\"{}\" width=\"12\" height=\"4\" fill=\"{colour}\"/>\
             <text x=\"{}\" y=\"{y}\">{}</text><text x=\"{}\" y=\"{}\" fill=\"#555\">{}</text>",
            y - 6.0,
            x + 18.0,
            head(row),
            x + 18.0,
            y + 14.0,
            result(row),
        );
    }
    out.push_str("</svg>\n");
    out
}

fn head(row: &Figures) -> String {
    let cap = row
        .cap
        .map_or(String::new(), |cap| format!(", cap {:.1} %", cap * 100.0));
    format!("{} agents, {} channels{cap}", row.agents, row.channels)
}

fn result(row: &Figures) -> String {
    format!(
        "{:.1} % busy, {:.2} % lost",
        row.occupancy * 100.0,
        row.abandoned * 100.0
    )
}

fn losses(spans: &[Span]) -> Vec<f64> {
    let around = |at: usize| {
        let near = &spans[at.saturating_sub(AROUND)..(at + AROUND + 1).min(spans.len())];
        let sum = |of: fn(&Span) -> u64| near.iter().map(of).sum::<u64>() as f64;
        sum(|span| span.lost) / sum(|span| span.answered).max(1.0)
    };
    (0..spans.len()).map(around).collect()
}

fn chart(
    out: &mut String,
    top: f64,
    title: &str,
    most: f64,
    longest: usize,
    rows: &[Figures],
    values: impl Fn(&Figures) -> Vec<f64>,
) {
    let y = |value: f64| top + HEIGHT * (1.0 - (value / most).clamp(0.0, 1.0));
    let x = |at: usize| LEFT + PLOT * at as f64 / (longest - 1) as f64;
    let _ = writeln!(
        out,
        "<text x=\"{LEFT}\" y=\"{}\" font-weight=\"bold\">{title}</text>",
        top - 12.0
    );
    for part in 0..=4 {
        let value = most * f64::from(part) / 4.0;
        let at = y(value);
        let _ = writeln!(
            out,
            "<line x1=\"{LEFT}\" x2=\"{}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"#ddd\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{:.1} %</text>",
            LEFT + PLOT,
            LEFT - 8.0,
            at + 4.0,
            value * 100.0
        );
    }
    for at in (0..longest).step_by(12) {
        let _ = writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{} h</text>",
            x(at),
            top + HEIGHT + 18.0,
            at / 12
        );
    }
    for (row, colour) in rows.iter().zip(COLOURS) {
        let points: Vec<String> = values(row)
            .iter()
            .enumerate()
            .map(|(at, value)| format!("{:.1},{:.1}", x(at), y(*value)))
            .collect();
        let _ = writeln!(
            out,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\"/>",
            points.join(" ")
        );
    }
}
