use super::*;

fn of(evidence: &Evidence<'_>) -> Vec<&'static str> {
    let place = locate(evidence).unwrap();
    place.zones.iter().map(|zone| zone.name()).collect()
}

fn number<'a>(number: &'a str, home: &'a str) -> Evidence<'a> {
    Evidence {
        number,
        home,
        ..Evidence::default()
    }
}

#[test]
fn a_number_tells_its_country_and_area() {
    let table: &[(&str, &str, &[&str])] = &[
        ("13800138000", "CN", &["Asia/Shanghai"]),
        ("01062345678", "CN", &["Asia/Shanghai"]),
        ("+8613800138000", "US", &["Asia/Shanghai"]),
        ("+12125550100", "CN", &["America/New_York"]),
        ("0012125550100", "CN", &["America/New_York"]),
        ("2125550100", "US", &["America/New_York"]),
        ("12125550100", "US", &["America/New_York"]),
        ("011442079460000", "US", &["Europe/London"]),
        ("+16025550100", "CN", &["America/Phoenix"]),
        ("+19285550100", "CN", &["America/Phoenix", "America/Denver"]),
        (
            "+18505550100",
            "CN",
            &["America/New_York", "America/Chicago"],
        ),
        ("+13055550100", "CN", &["America/New_York"]),
        ("+19155550100", "CN", &["America/Denver"]),
        (
            "+13065550100",
            "CN",
            &["America/Regina", "America/Edmonton"],
        ),
        ("+12425550100", "CN", &["America/Nassau"]),
        ("+442079460000", "CN", &["Europe/London"]),
        ("+919876543210", "CN", &["Asia/Kolkata"]),
        ("+4930123456", "CN", &["Europe/Berlin"]),
        ("+3519100000", "CN", &["Europe/Lisbon", "Atlantic/Azores"]),
        // Nobody can say where a freephone number or an unknown country is.
        ("+18005550100", "CN", &[]),
        ("+999123456", "CN", &[]),
        ("5550100", "US", &[]),
        ("", "CN", &[]),
    ];
    for (digits, home, zones) in table {
        assert_eq!(of(&number(digits, home)), *zones, "{digits} from {home}");
    }
}

#[test]
fn pieces_that_agree_narrow_each_other() {
    let florida = Evidence {
        state: Some("florida"),
        ..number("+18505550100", "CN")
    };
    assert_eq!(of(&florida).len(), 2);
    let tallahassee = Evidence {
        zip: Some("32301"),
        ..florida
    };
    assert_eq!(of(&tallahassee), ["America/New_York"]);
    let pensacola = Evidence {
        zip: Some("32501-1234"),
        ..florida
    };
    assert_eq!(of(&pensacola), ["America/Chicago"]);
    let told = Evidence {
        zone: Some("America/Chicago"),
        ..florida
    };
    assert_eq!(of(&told), ["America/Chicago"]);
}

#[test]
fn pieces_that_conflict_all_hold() {
    let moved = Evidence {
        state: Some("CA"),
        ..number("+12125550100", "CN")
    };
    let place = locate(&moved).unwrap();
    assert_eq!(of(&moved), ["America/New_York", "America/Los_Angeles"]);
    let states: Vec<&str> = place.states.iter().map(String::as_str).collect();
    assert_eq!(states, ["US-CA", "US-NY"]);
    let abroad = Evidence {
        zone: Some("Europe/London"),
        ..number("13800138000", "CN")
    };
    assert_eq!(of(&abroad), ["Asia/Shanghai", "Europe/London"]);
}

#[test]
fn a_state_is_one_of_the_country_it_stands_in() {
    let here = |state| Evidence {
        state: Some(state),
        ..number("13800138000", "CN")
    };
    assert_eq!(
        of(&here("CA")),
        ["Asia/Shanghai"],
        "a code of China, if any"
    );
    assert_eq!(of(&here("US-CA")), ["Asia/Shanghai", "America/Los_Angeles"]);
    let canada = Evidence {
        zip: Some("m5v 2t6"),
        ..number("+18005550100", "CA")
    };
    assert_eq!(of(&canada), ["America/Toronto"]);
    let said = Evidence {
        country: Some("us"),
        state: Some("TX"),
        ..number("", "CN")
    };
    assert_eq!(of(&said), ["America/Chicago", "America/Denver"]);
}

#[test]
fn a_zone_that_does_not_exist_is_told() {
    let lost = Evidence {
        zone: Some("Mars/Olympus"),
        ..number("13800138000", "CN")
    };
    assert_eq!(locate(&lost), Err(NoSuchZone("Mars/Olympus".into())));
    let blank = Evidence {
        zone: Some(" "),
        ..number("13800138000", "CN")
    };
    assert_eq!(of(&blank), ["Asia/Shanghai"]);
}

#[test]
fn text_of_any_kind_is_no_reason_to_fail() {
    for odd in ["é", "日本語", "+é12", "0", "+", "001", "1é2345678"] {
        for home in ["CN", "US", "", "é"] {
            let evidence = Evidence {
                country: Some(odd),
                state: Some(odd),
                zip: Some(odd),
                ..number(odd, home)
            };
            assert!(locate(&evidence).is_ok(), "{odd}");
        }
    }
}
