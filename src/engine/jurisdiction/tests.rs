use chrono::DateTime;
use chrono_tz::Tz;

use super::*;
use crate::{
    place::{self, Evidence},
    time::Millis,
    window::hours,
};

fn at(text: &str) -> Millis {
    Millis(
        DateTime::parse_from_rfc3339(text)
            .unwrap()
            .timestamp_millis(),
    )
}

fn holding(named: &[&str], number: &str, state: Option<&str>) -> Vec<&'static str> {
    let place = place::locate(&Evidence {
        number,
        home: "CN",
        state,
        ..Evidence::default()
    });
    let named: Vec<String> = named.iter().map(|id| (*id).to_owned()).collect();
    let packs = of(&named, &place.unwrap()).unwrap();
    packs.iter().map(|pack| pack.id.as_str()).collect()
}

#[test]
fn every_pack_is_whole() {
    let mut ids: Vec<&str> = all().iter().map(|pack| pack.id.as_str()).collect();
    for pack in all() {
        assert!(!pack.sources.is_empty(), "{} has no source", pack.id);
        assert!(!pack.version.is_empty(), "{}", pack.id);
        assert!(
            pack.country.is_empty() || place::is_country(&pack.country),
            "{}",
            pack.id
        );
        assert!(pack.state.is_none() || pack.derived, "{}", pack.id);
        for span in &pack.hours {
            assert!(span.from < span.to && !span.days.is_empty(), "{}", pack.id);
        }
    }
    ids.sort_unstable();
    let all = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), all);
}

#[test]
fn a_number_brings_the_packs_of_where_it_may_be() {
    assert_eq!(holding(&[], "13800138000", None), [""; 0]);
    assert_eq!(holding(&["cn"], "13800138000", None), ["cn"]);
    assert_eq!(holding(&[], "+12125550100", None), ["us"]);
    assert_eq!(holding(&[], "+13055550100", None), ["us", "us-fl"]);
    assert_eq!(
        holding(&["us-debt"], "+12125550100", Some("FL")),
        ["us", "us-debt", "us-fl"]
    );
    assert_eq!(holding(&[], "+919876543210", None), ["in"]);
    assert_eq!(holding(&[], "+442079460000", None), [""; 0]);
    let unknown = of(&["us-tx".into()], &Place::default());
    assert_eq!(unknown, Err(NoSuchPack("us-tx".into())));
}

#[test]
fn each_pack_keeps_its_hours() {
    use Tz::{America__Chicago as CHICAGO, America__New_York as NEW_YORK};
    // 2026-11-20 is a Friday.
    let table = [
        ("us", NEW_YORK, "2026-11-20T07:59:00-05:00", false),
        ("us", NEW_YORK, "2026-11-20T08:00:00-05:00", true),
        ("us", NEW_YORK, "2026-11-20T20:59:00-05:00", true),
        ("us", NEW_YORK, "2026-11-20T21:00:00-05:00", false),
        ("us-fl", NEW_YORK, "2026-11-20T20:00:00-05:00", false),
        ("us-al", CHICAGO, "2026-11-22T12:00:00-06:00", false),
        ("us-al", CHICAGO, "2026-11-21T12:00:00-06:00", true),
        ("us-ky", NEW_YORK, "2026-11-20T09:30:00-05:00", false),
        ("us-pa", NEW_YORK, "2026-11-21T12:00:00-05:00", false),
        ("us-pa", NEW_YORK, "2026-11-20T12:00:00-05:00", true),
        ("us-ri", NEW_YORK, "2026-11-21T12:00:00-05:00", false),
        ("in", Tz::Asia__Kolkata, "2026-11-20T20:59:00+05:30", true),
        ("in", Tz::Asia__Kolkata, "2026-11-20T21:00:00+05:30", false),
        (
            "cn-debt",
            Tz::Asia__Shanghai,
            "2026-11-20T07:30:00+08:00",
            false,
        ),
        ("gb", Tz::Europe__London, "2026-11-20T03:00:00Z", true),
        ("eu", Tz::Europe__Berlin, "2026-12-25T12:00:00+01:00", false),
        ("eu", Tz::Europe__Berlin, "2026-12-24T12:00:00+01:00", true),
        // Clocks went forward that night: eight o'clock came an hour earlier.
        ("us", NEW_YORK, "2026-03-08T12:00:00Z", true),
        ("us", NEW_YORK, "2026-03-07T12:00:00Z", false),
    ];
    for (id, zone, moment, open) in table {
        let pack = find(id).unwrap();
        assert_eq!(
            hours::is_open(pack, zone, at(moment)),
            open,
            "{id} {moment}"
        );
    }
}
