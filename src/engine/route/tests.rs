use chrono::DateTime;

use super::*;
use crate::robot::Listens;

fn noon() -> Millis {
    let at = DateTime::parse_from_rfc3339("2026-11-20T12:00:00+08:00").unwrap();
    Millis(at.timestamp_millis())
}

fn rule(name: &str, pattern: &str, kind: Kind) -> Rule {
    Rule {
        id: name.into(),
        name: name.into(),
        pattern: Pattern::new(pattern).unwrap(),
        kind,
        holidays: BTreeSet::new(),
    }
}

fn inbound(to: &str) -> Inbound {
    Inbound {
        to: to.into(),
        office: Office::default(),
        closed_prompt: None,
        closed_to: None,
    }
}

fn queue(name: &str) -> Kind {
    let queue = name.into();
    Kind::Queue { queue, priority: 0 }
}

/// The rules of the manual: Callin, Queue, Callout, Local.
fn house() -> Vec<Rule> {
    vec![
        rule("Callin", "62620668", Kind::Inbound(inbound("301"))),
        rule("Queue", "301", queue("queue1")),
        rule(
            "Callout",
            r"^(\d{5,13})$",
            Kind::Outbound(Outbound {
                prefix: "9".into(),
                ..Outbound::default()
            }),
        ),
        rule("Local", r"^(\d{3,4})$", Kind::Basic),
    ]
}

fn verdicts(walk: &Walk) -> Vec<(&str, &str, Verdict)> {
    let steps = walk.steps.iter();
    steps
        .map(|step| (step.name.as_str(), step.number.as_str(), step.verdict))
        .collect()
}

fn to(then: Destination) -> End {
    End::To {
        prompt: None,
        listening: None,
        then,
        priority: 0,
    }
}

#[test]
fn an_inbound_number_goes_on_to_an_internal_one() {
    use Verdict::{NoMatch, Taken};
    let walk = walk(&house(), "62620668", Side::Gateway, noon());
    assert_eq!(
        verdicts(&walk),
        [
            ("Callin", "62620668", Taken),
            ("Callin", "301", NoMatch),
            ("Queue", "301", Taken)
        ]
    );
    let queue = "queue1".into();
    assert_eq!(walk.end, to(Destination::Queue { queue }));
}

#[test]
fn a_phone_reaches_extensions_and_numbers_outside() {
    let extension = "8001".to_owned();
    let inside = |number: &str| walk(&house(), number, Side::Inside, noon()).end;
    assert_eq!(inside("8001"), to(Destination::Extension { extension }));
    let End::Out { number, rule } = inside("13800138000") else {
        panic!("not outside");
    };
    assert_eq!((number.as_str(), rule.ring_timeout_s), ("913800138000", 60));
    assert_eq!(inside("62620668x"), End::Nowhere);
}

#[test]
fn what_a_gateway_delivers_never_leads_out_again() {
    let walk = walk(&house(), "13800138000", Side::Gateway, noon());
    assert_eq!(walk.end, End::Nowhere);
    assert_eq!(walk.steps[2].verdict, Verdict::WrongSide);
    let mut rules = house();
    rules[0].kind = Kind::Inbound(inbound("13800138000"));
    let walk = super::walk(&rules, "62620668", Side::Gateway, noon());
    assert_eq!(walk.end, End::Nowhere, "not by way of an inbound rule");
}

#[test]
fn outside_its_hours_a_rule_has_another_end() {
    let mut closed = inbound("301");
    closed.office.spans = vec![Span {
        weekdays: vec![1, 2, 3, 4, 5],
        from: 540,
        to: 720,
    }];
    closed.closed_prompt = Some("closed".into());
    let mailbox = "queue1".to_owned();
    closed.closed_to = Some(Destination::Voicemail { mailbox });
    let mut rules = house();
    rules[0].kind = Kind::Inbound(closed);
    let at = |now| walk(&rules, "62620668", Side::Gateway, now);
    assert_eq!(at(noon().plus(-1)).steps.len(), 3);
    let shut = at(noon());
    assert_eq!(verdicts(&shut), [("Callin", "62620668", Verdict::Closed)]);
    let mailbox = "queue1".to_owned();
    assert_eq!(
        shut.end,
        End::To {
            prompt: Some("closed".into()),
            listening: None,
            then: Destination::Voicemail { mailbox },
            priority: 0
        }
    );
}

#[test]
fn the_first_rule_that_matches_wins() {
    let rules = [rule("any", "*", queue("a")), rule("one", "400", queue("b"))];
    let queue = "a".into();
    let walk = walk(&rules, "400", Side::Gateway, noon());
    assert_eq!(walk.end, to(Destination::Queue { queue }));
    assert_eq!(walk.steps.len(), 1);
}

fn robot(change: fn(&mut Robot)) -> Kind {
    let mut robot = Robot::saying("robot", None);
    change(&mut robot);
    Kind::Robot(robot)
}

fn listening(change: fn(&mut Robot)) -> Kind {
    let Kind::Robot(mut robot) = robot(|robot| robot.listens = Some(Listens::default())) else {
        unreachable!("a robot")
    };
    change(&mut robot);
    Kind::Robot(robot)
}

fn levels(robot: &mut Robot) -> &mut Listens {
    robot.listens.as_mut().expect("it listens")
}

#[test]
fn a_rule_that_makes_no_sense_names_the_place() {
    let outbound = |change: fn(&mut Outbound)| {
        let mut rule = Outbound::default();
        change(&mut rule);
        Kind::Outbound(rule)
    };
    let table = [
        (outbound(|rule| rule.prefix = "12x".into()), "/prefix"),
        (outbound(|rule| rule.ring_timeout_s = 4), "/ring_timeout_s"),
        (
            outbound(|rule| rule.caller = Some(String::new())),
            "/caller",
        ),
        (Kind::Inbound(inbound("+1")), "/to"),
        (Kind::Robot(Robot::saying("../etc", None)), "/prompt"),
        (
            Kind::Robot(Robot::saying("robot", Some(Destination::Callback))),
            "/then",
        ),
        (
            robot(|robot| robot.otherwise = Some(Destination::Hangup)),
            "/otherwise",
        ),
        (
            listening(|robot| robot.otherwise = Some(Destination::Callback)),
            "/otherwise",
        ),
        (
            listening(|robot| levels(robot).silence_level = 300),
            "/listens/silence_level",
        ),
        (
            listening(|robot| levels(robot).voice_level = 10_001),
            "/listens/voice_level",
        ),
        (
            listening(|robot| levels(robot).pause_ms = 0),
            "/listens/pause_ms",
        ),
        (
            listening(|robot| levels(robot).wait_s = 61),
            "/listens/wait_s",
        ),
        (
            listening(|robot| levels(robot).silent = Some("a b".into())),
            "/listens/silent",
        ),
    ];
    for (kind, at) in table {
        assert_eq!(kind.validate().unwrap_err().at, at, "{kind:?}");
    }
    for rule in house() {
        rule.kind.validate().unwrap();
    }
}

#[test]
fn a_rule_is_stored_as_its_form_has_it() {
    let text = r#"{"type":"inbound","to":"200","office":{"holidays":true}}"#;
    let kind: Kind = serde_json::from_str(text).unwrap();
    let Kind::Inbound(rule) = kind else {
        panic!("another kind");
    };
    assert!(rule.office.holidays && rule.closed_to.is_none());
    let text = r#"{"type":"outbound","colour":1}"#;
    assert!(serde_json::from_str::<Kind>(text).is_err());
    let old = r#"{"type":"robot","prompt":"hello","then":null}"#;
    let kind: Kind = serde_json::from_str(old).unwrap();
    assert_eq!(kind, Kind::Robot(Robot::saying("hello", None)));
    assert_eq!(serde_json::to_string(&kind).unwrap(), old);
    let text = r#"{"type":"robot","prompt":"hello","listens":{},"otherwise":{"type":"hangup"}}"#;
    let kind: Kind = serde_json::from_str(text).unwrap();
    let otherwise = Some(Destination::Hangup);
    let listens = Some(Listens::default());
    let asked = Robot {
        listens,
        otherwise,
        ..Robot::saying("hello", None)
    };
    assert_eq!(kind, Kind::Robot(asked));
}

#[test]
fn a_rule_names_every_queue_and_prompt_that_it_needs() {
    let kind = listening(|robot| {
        let queue = |id: &str| Some(Destination::Queue { queue: id.into() });
        (robot.then, robot.otherwise) = (queue("a"), queue("b"));
        levels(robot).silent = Some("still-there".into());
    });
    let queues: Vec<_> = kind.queues().map(|queue| queue.as_str()).collect();
    assert_eq!(queues, ["a", "b"]);
    assert_eq!(
        kind.prompts(),
        [("/prompt", "robot"), ("/listens/silent", "still-there")]
    );
}
