use std::collections::BTreeMap;

use store::{
    Doc,
    imports::{DupPolicy, DupScope, Options},
};

use super::*;

fn import(options: Options) -> Import {
    Import {
        id: "imp".into(),
        ordinal: 2,
        orgi: "o".into(),
        batch_id: "bat".into(),
        creater: "u".into(),
        title: String::new(),
        file_name: String::new(),
        file_path: String::new(),
        sha256: String::new(),
        bytes: 0,
        dup_policy: String::new(),
        options: Doc(options),
        state: "running".into(),
        row_cursor: 0,
        good: 0,
        invalid: 0,
        duplicate: 0,
        updated: 0,
        blank: 0,
        blacklisted: 0,
        undo_cursor: -1,
        removed: 0,
        restored: 0,
        undone_by: None,
        undone_at: None,
        warnings: Doc(Vec::new()),
        error_code: None,
        error_text: None,
        job_id: None,
        created_at: 0,
        finished_at: None,
    }
}

fn rules() -> Rules {
    let phone = |code: &str| Field {
        is_phone: true,
        ..Field::of_header(code, code)
    };
    Rules::of(&[phone("mobile"), phone("backup")])
}

/// A row with these values; the key is the first number.
fn row(no: i64, data: &[(&str, &str)]) -> Row {
    let data: BTreeMap<String, String> = data
        .iter()
        .map(|(code, text)| ((*code).to_owned(), (*text).to_owned()))
        .collect();
    let phones: Vec<String> = ["mobile", "backup"]
        .iter()
        .filter_map(|code| data.get(*code).cloned())
        .collect();
    let phone = phones[0].clone();
    Row {
        no,
        lead: NewLead {
            phone_raw: format!("raw {phone}"),
            key_value: phone.clone(),
            phone,
            phones,
            data: data.into(),
        },
        may_be_met: true,
        cells: Vec::new(),
    }
}

fn held(id: &str, data: &[(&str, &str)], busy: bool) -> Earlier {
    let lead = row(0, data).lead;
    Earlier {
        id: id.into(),
        position: 9,
        phone: lead.phone,
        phone_raw: "as it was".into(),
        key_value: lead.key_value,
        phones: Doc(lead.phones),
        data: Doc(lead.data.to_map()),
        dnc: false,
        dial_count: 0,
        preview_count: 0,
        edited_at: None,
        updated_at: 1,
        busy,
    }
}

fn facts(leads: Vec<Earlier>) -> Facts {
    let known = leads.iter().map(|lead| {
        let known = Known {
            id: lead.id.clone(),
            position: lead.position,
        };
        (lead.phone.clone(), known)
    });
    Facts {
        known: known.collect(),
        held: leads
            .into_iter()
            .map(|lead| (lead.id.clone(), lead))
            .collect(),
        ..Facts::default()
    }
}

fn sorted(options: Options, rows: Vec<Row>, facts: &Facts) -> Sorted {
    sort(rows, (&import(options), &rules(), 2), facts)
}

fn upsert() -> Options {
    Options {
        mode: Mode::Upsert,
        ..Options::default()
    }
}

#[test]
fn an_update_fills_in_and_keeps_what_the_row_leaves_empty() {
    let lead = held(
        "led",
        &[("mobile", "1"), ("backup", "2"), ("city", "x")],
        false,
    );
    let rows = vec![
        row(2, &[("mobile", "1"), ("wish", "yes")]),
        row(3, &[("mobile", "1"), ("backup", "3")]),
    ];
    let sorted = sorted(upsert(), rows, &facts(vec![lead]));
    assert_eq!((sorted.updated, sorted.new.len()), (2, 0));
    let [change] = &sorted.changes[..] else {
        panic!("one lead, one change: {:?}", sorted.changes)
    };
    assert_eq!(change.phones, ["1", "3"]);
    assert_eq!(change.phone_raw, "raw 1");
    assert_eq!(change.data["city"], "x");
    assert_eq!(change.data["wish"], "yes");
}

#[test]
fn a_second_number_does_not_become_the_first() {
    let mut lead = held("led", &[("mobile", "1"), ("backup", "2")], false);
    lead.phone = "1".into();
    let mut facts = facts(vec![lead]);
    let known = facts.known.remove("1").unwrap();
    facts.known.insert("key".into(), known);
    let mut row = row(2, &[("backup", "5")]);
    row.lead.key_value = "key".into();
    let sorted = sorted(upsert(), vec![row], &facts);
    assert_eq!(sorted.changes[0].phone, "1");
    assert_eq!(sorted.changes[0].phone_raw, "as it was");
    assert_eq!(sorted.changes[0].phones, ["1", "5"]);
}

#[test]
fn an_import_never_takes_a_number_off_the_blacklist() {
    let mut lead = held("led", &[("mobile", "1")], false);
    lead.dnc = true;
    let one = sorted(
        upsert(),
        vec![row(2, &[("mobile", "1")])],
        &facts(vec![lead]),
    );
    assert!(one.changes[0].dnc);
    assert_eq!(one.blacklisted, 0);
    let mut facts = facts(vec![held("led", &[("mobile", "1")], false)]);
    facts.listed.insert("1".into());
    let other = sorted(upsert(), vec![row(2, &[("mobile", "1")])], &facts);
    assert!(other.changes[0].dnc);
    assert_eq!(other.blacklisted, 1);
}

#[test]
fn a_flag_is_that_of_the_number_that_results() {
    let listed = |leads: Vec<Earlier>, phone: &str| {
        let mut facts = facts(leads);
        let known = facts.known.remove("1").unwrap();
        facts.known.insert("key".into(), known);
        facts.listed.insert(phone.into());
        facts
    };
    let keyed = |no: i64, data: &[(&str, &str)]| {
        let mut row = row(no, data);
        row.lead.key_value = "key".into();
        row
    };
    let both = [("mobile", "1"), ("backup", "2")];
    // A backup that is listed leaves the lead alone, a first number that stays does not.
    for (phone, flagged) in [("2", false), ("1", true)] {
        let facts = listed(vec![held("led", &both, false)], phone);
        let rows = vec![keyed(2, &[("backup", "2")])];
        let sorted = sorted(upsert(), rows, &facts);
        assert_eq!(sorted.changes[0].phone, "1");
        assert_eq!(sorted.changes[0].dnc, flagged);
        assert_eq!(sorted.blacklisted, i64::from(flagged));
    }
    // A listed number that is corrected, by a sheet that has it wrong first.
    let mut lead = held("led", &both, false);
    lead.dnc = true;
    let facts = listed(vec![lead], "1");
    let rows = vec![keyed(2, &[("backup", "3")]), keyed(3, &[("mobile", "4")])];
    let there = sorted(upsert(), rows, &facts);
    assert!(!there.changes[0].dnc);
    let rows = vec![
        keyed(2, &[("mobile", "1"), ("backup", "2")]),
        keyed(3, &[("mobile", "4")]),
        keyed(4, &[("backup", "1")]),
    ];
    let mut facts = Facts::default();
    facts.listed.insert("1".into());
    let here = sorted(upsert(), rows, &facts);
    assert_eq!(
        (here.new[0].lead.phone.as_str(), here.new[0].dnc),
        ("4", false)
    );
}

#[test]
fn a_lead_that_is_dialled_is_left_alone() {
    let lead = held("led", &[("mobile", "1")], true);
    let sorted = sorted(
        upsert(),
        vec![row(2, &[("mobile", "1")])],
        &facts(vec![lead]),
    );
    assert!(sorted.changes.is_empty());
    assert_eq!(sorted.rejects[0].code, "LEAD_BUSY");
}

#[test]
fn an_update_makes_no_leads() {
    let options = Options {
        mode: Mode::Update,
        ..Options::default()
    };
    let sorted = sorted(options, vec![row(2, &[("mobile", "1")])], &Facts::default());
    assert!(sorted.new.is_empty());
    assert_eq!(sorted.rejects[0].code, "NO_MATCH");
    assert_eq!(sorted.rejects[0].column_title, "mobile");
}

#[test]
fn duplicates_name_the_lead_that_was_first() {
    let rows = || {
        vec![
            row(2, &[("mobile", "1")]),
            row(3, &[("mobile", "1")]),
            row(4, &[("mobile", "2")]),
            row(5, &[("mobile", "3")]),
        ]
    };
    let mut facts = facts(vec![held("there", &[("mobile", "2")], false)]);
    facts.elsewhere.insert("3".into(), "far".into());
    let skip = sorted(Options::default(), rows(), &facts);
    let first = id_of(position(2, 2));
    assert_eq!(
        skip.duplicates,
        [(3, first.clone()), (4, "there".into()), (5, "far".into())]
    );
    let file = Options {
        dup_scope: DupScope::File,
        ..Options::default()
    };
    // Those of the batch are not looked for then.
    facts.elsewhere.clear();
    facts.known.clear();
    assert_eq!(sorted(file, rows(), &facts).duplicates, [(3, first)]);
    let keep = Options {
        dup_policy: DupPolicy::KeepAll,
        ..Options::default()
    };
    assert_eq!(sorted(keep, rows(), &facts).new.len(), 4);
}
