//! The rules that hold for dialling: jurisdictions and holidays.

use serde::Serialize;

use super::Choice;
use crate::page::Page;

/// Hours of some weekdays in a row.
#[derive(Debug, Serialize)]
pub struct HoursRow {
    /// ISO weekdays, 1 = Monday.
    pub first: u8,
    pub last: u8,
    /// `HH:MM`.
    pub from: String,
    pub to: String,
}

/// A limit of a pack.
#[derive(Debug, Serialize)]
pub struct LimitRow {
    /// day, week, rest-days, ring, message or after-abandoned.
    pub kind: &'static str,
    pub number: i64,
}

#[derive(Debug, Serialize)]
pub struct PackRow {
    pub id: String,
    pub title: String,
    pub version: String,
    /// It holds for every number that is placed there, whether a campaign names it or not.
    pub derived: bool,
    pub hours: Vec<HoursRow>,
    pub limits: Vec<LimitRow>,
    pub consent: bool,
    pub holidays: Vec<String>,
    pub sources: Vec<String>,
}

#[derive(Debug, Serialize)]
pub struct Rules {
    /// Day and name.
    pub holidays: Vec<Choice>,
    pub packs: Vec<PackRow>,
    pub may_change: bool,
}

impl Page for Rules {
    const TEMPLATE: &'static str = "pages/rules.html";

    fn samples() -> Vec<Self> {
        let limits = [
            "day",
            "week",
            "rest-days",
            "ring",
            "message",
            "after-abandoned",
        ];
        let hours = |first, last| HoursRow {
            first,
            last,
            from: "08:00".into(),
            to: "21:00".into(),
        };
        let pack = |derived| PackRow {
            id: "us".into(),
            title: "United States, federal".into(),
            version: "2026-11-01".into(),
            derived,
            hours: vec![hours(1, 7), hours(6, 6)],
            limits: limits.map(|kind| LimitRow { kind, number: 3 }).into(),
            consent: derived,
            holidays: vec!["2026-12-25".into()],
            sources: vec!["47 CFR 64.1200(c)(1)".into()],
        };
        let bare = PackRow {
            hours: Vec::new(),
            limits: Vec::new(),
            holidays: Vec::new(),
            ..pack(false)
        };
        let full = Self {
            holidays: vec![Choice::new("2026-10-01", "国庆节")],
            packs: vec![pack(true), bare],
            may_change: true,
        };
        let none = Self {
            holidays: Vec::new(),
            packs: Vec::new(),
            may_change: false,
        };
        vec![full, none]
    }
}
