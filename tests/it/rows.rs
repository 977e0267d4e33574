//! Which requirement of the voice is shown by which test: a test of a call names in its doc comment the
//! rows that it would fail for.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    ops::RangeInclusive,
};

use crate::tidy::root;

/// Rows that stand together.
struct Chapter {
    /// `VOX` or `AGT`
    prefix: &'static str,
    numbers: RangeInclusive<u16>,
    no_calls: &'static [NoCall],
}

/// A row that no call can show, why, and the test that holds it, as `path::function`.
type NoCall = (u16, &'static str, &'static str);

const CHAPTERS: &[Chapter] = &[ROUTES, GATEWAYS, QUEUES, CALLS];

const ROUTES: Chapter = Chapter {
    prefix: "VOX",
    numbers: 97..=118,
    no_calls: &[
        (
            98,
            "words beside a form: how a name is best written",
            "tests/it/console.rs::every_page_is_well_in_both_languages",
        ),
        (
            117,
            "a page: the text of a route",
            "tests/it/members.rs::a_route_is_made_again_what_it_was",
        ),
    ],
};

const GATEWAYS: Chapter = Chapter {
    prefix: "VOX",
    numbers: 184..=200,
    no_calls: &[
        (
            190,
            "a note that there are more settings: those of VOX-191",
            "src/web/tests/gateways.rs::the_document_describes_every_knob_of_a_trunk",
        ),
        (
            192,
            "a page: the list of gateways",
            "tests/it/setup.rs::a_gateway_and_a_queue_keep_what_the_console_wrote",
        ),
        (
            199,
            "a page: the list of the house's numbers",
            "src/web/tests/numbers.rs::several_numbers_are_added_at_once_or_none",
        ),
    ],
};

const QUEUES: Chapter = Chapter {
    prefix: "VOX",
    numbers: 31..=95,
    no_calls: &[
        (37, "how a form is divided", QUEUE_FORM),
        (38, "a name is a name", QUEUE_FORM),
        (39, "a remark of the house", QUEUE_FORM),
        (
            42,
            "names of another switch's parameters, which stand beside ours",
            "src/engine/queue/strategy.rs::every_strategy_has_its_order_and_a_lower_tier_comes_first",
        ),
        (
            64,
            "what stays unchanged is the default",
            "src/engine/queue.rs::a_stored_queue_of_an_older_version_has_the_defaults",
        ),
        (
            69,
            "names of another switch's states; what ours do to calls is VOX-068",
            "tests/it/console.rs::an_agent_works_from_the_desk",
        ),
        (
            77,
            "defaults and ranges of a form",
            "tests/it/members.rs::agents_are_put_in_a_queue_changed_there_and_taken_out",
        ),
        (
            83,
            "modules of another switch; here both kinds are settings of a queue",
            "src/engine/floor/tests/acd.rs::a_fifo_queue_knows_no_levels_and_no_strategy",
        ),
        (
            85,
            "decided otherwise: an agent's state is one over all queues",
            "src/engine/floor/tests/acd.rs::a_fifo_queue_knows_no_levels_and_no_strategy",
        ),
    ],
};

const QUEUE_FORM: &str = "tests/it/setup.rs::a_gateway_and_a_queue_keep_what_the_console_wrote";

const CALLS: Chapter = Chapter {
    prefix: "AGT",
    numbers: 134..=162,
    no_calls: &[
        (
            156,
            "a message is no call",
            "src/web/tests/messages.rs::a_message_is_kept_and_told_to_whom_it_is_for",
        ),
        (
            157,
            "a message is no call",
            "src/store/messages.rs::a_message_is_seen_by_whom_it_is_for_and_goes_after_ninety_days",
        ),
    ],
};

#[test]
fn every_row_is_named_by_the_test_that_shows_it() {
    let shown = shown();
    let missing: Vec<_> = CHAPTERS
        .iter()
        .flat_map(|chapter| {
            let no_call = |number: &u16| chapter.no_calls.iter().any(|(row, ..)| row == number);
            let numbers = chapter.numbers.clone().filter(move |row| !no_call(row));
            numbers.map(|number| id(chapter.prefix, number))
        })
        .filter(|row| !shown.contains_key(row))
        .collect();
    assert!(missing.is_empty(), "no test of a call names {missing:?}");
}

#[test]
fn a_row_that_is_no_call_is_held_by_a_test_elsewhere() {
    let shown = shown();
    for chapter in CHAPTERS {
        for (number, why, place) in chapter.no_calls {
            let row = id(chapter.prefix, *number);
            assert!(chapter.numbers.contains(number), "{row} is not of its list");
            assert!(!why.is_empty(), "{row} does not say why");
            assert!(
                !shown.contains_key(&row),
                "{row} is shown: {:?}",
                shown[&row]
            );
            let (path, test) = place.split_once("::").expect("path::function");
            let source = fs::read_to_string(root().join(path))
                .unwrap_or_else(|error| panic!("{row}: {path}: {error}"));
            assert!(
                tests_in(&source).any(|(name, _)| name == test),
                "{row}: there is no test {test} in {path}"
            );
        }
    }
}

/// The rows that doc comments of the tests here name, and those tests.
fn shown() -> BTreeMap<String, Vec<String>> {
    let mut shown = BTreeMap::<_, Vec<_>>::new();
    let entries = fs::read_dir(root().join("tests/it")).expect("a folder");
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        if path.extension().is_none_or(|end| end != "rs") {
            continue;
        }
        let source = fs::read_to_string(&path).expect("readable");
        for (test, rows) in tests_in(&source) {
            for row in rows {
                shown.entry(row).or_default().push(test.to_owned());
            }
        }
    }
    shown
}

/// Every test function, with the rows that its doc comment names.
fn tests_in(source: &str) -> impl Iterator<Item = (&str, BTreeSet<String>)> {
    let (mut rows, mut is_test) = (BTreeSet::new(), false);
    source.lines().filter_map(move |line| {
        let line = line.trim();
        if let Some(comment) = line.strip_prefix("///") {
            rows.extend(rows_in(comment));
            return None;
        }
        if line.starts_with("#[") {
            is_test |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
            return None;
        }
        let rows = std::mem::take(&mut rows);
        let is_test = std::mem::take(&mut is_test);
        let name = line.split_once("fn ")?.1.split(['(', '<']).next()?;
        is_test.then_some((name, rows))
    })
}

fn rows_in(comment: &str) -> impl Iterator<Item = String> {
    comment
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
        .filter(|word| {
            word.split_once('-').is_some_and(|(prefix, number)| {
                ["VOX", "AGT"].contains(&prefix)
                    && number.len() == 3
                    && number.bytes().all(|digit| digit.is_ascii_digit())
            })
        })
        .map(str::to_owned)
}

fn id(prefix: &str, number: u16) -> String {
    format!("{prefix}-{number:03}")
}
