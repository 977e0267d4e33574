use super::*;
use crate::time::Millis;

fn node(keys: &str, action: Action) -> Node {
    Node {
        name: String::new(),
        keys: keys.into(),
        action,
    }
}

fn to(menu: &str) -> Action {
    Action::Submenu { menu: menu.into() }
}

fn menu(nodes: Vec<Node>) -> Menu {
    Menu {
        greet_long: "greet".into(),
        nodes,
        ..Menu::default()
    }
}

fn place(change: impl FnOnce(&mut Menu)) -> String {
    let mut menu = menu(vec![node("1", Action::Hangup), node("2", Action::Back)]);
    assert_eq!(menu.validate(), Ok(()));
    change(&mut menu);
    menu.validate().expect_err("bad").at
}

#[test]
fn what_is_wrong_with_a_menu_is_said_with_its_place() {
    assert_eq!(place(|menu| menu.greet_long.clear()), "/greet_long");
    let sound = Some("no/such".to_owned());
    assert_eq!(place(|menu| menu.exit_sound = sound), "/exit_sound");
    assert_eq!(place(|menu| menu.confirm_key = Some('A')), "/confirm_key");
    assert_eq!(place(|menu| menu.timeout_ms = 999), "/timeout_ms");
    assert_eq!(place(|menu| menu.timeout_ms = 60_001), "/timeout_ms");
    let inter = "/inter_digit_timeout_ms";
    assert_eq!(place(|menu| menu.inter_digit_timeout_ms = 0), inter);
    assert_eq!(place(|menu| menu.max_failures = 11), "/max_failures");
    assert_eq!(place(|menu| menu.max_timeouts = 0), "/max_timeouts");
    assert_eq!(place(|menu| menu.digit_len = 16), "/digit_len");
    let callback = Some(Destination::Callback);
    assert_eq!(place(|menu| menu.then = callback), "/then");
    let same = "/nodes/1/keys";
    assert_eq!(place(|menu| menu.nodes[1].keys = "1".into()), same);
    assert_eq!(place(|menu| menu.nodes[1].keys = "A".into()), same);
    assert_eq!(place(|menu| menu.nodes[1].keys.clear()), same);
    assert_eq!(place(|menu| menu.nodes[1].keys = "12345".into()), same);
    assert_eq!(place(|menu| menu.nodes[1].keys = "1#".into()), same);
    let action = Action::Number { number: "x".into() };
    let at = "/nodes/0/action/number";
    assert_eq!(place(|menu| menu.nodes[0].action = action), at);
    let action = Action::Voicemail {
        mailbox: String::new(),
    };
    let at = "/nodes/0/action/mailbox";
    assert_eq!(place(|menu| menu.nodes[0].action = action), at);
    let many = (0..=MOST_NODES).map(|nth| node(&nth.to_string(), Action::Back));
    assert_eq!(place(|menu| menu.nodes = many.collect()), "/nodes");
}

#[test]
fn what_is_not_said_is_as_the_requirements_have_it() {
    let read: Menu = serde_json::from_str(r#"{"greet_long": "hello"}"#).unwrap();
    assert_eq!(
        (read.timeout_ms, read.inter_digit_timeout_ms),
        (10_000, 2_000)
    );
    assert_eq!((read.max_failures, read.max_timeouts), (3, 3));
    assert_eq!((read.digit_len, read.confirm_key), (4, Some('#')));
}

fn menus(all: Vec<(&str, Menu)>) -> Menus {
    let named = all.into_iter();
    named
        .map(|(id, menu)| (id.into(), Arc::new(menu)))
        .collect()
}

#[test]
fn menus_lead_in_no_circle_and_ten_levels_deep() {
    let line = |levels: usize| {
        let id = |nth: usize| MenuId::from(nth.to_string());
        let menu = |nth: usize| menu(vec![node("1", to(&(nth + 1).to_string()))]);
        let menus: Menus = (0..levels)
            .map(|nth| (id(nth), Arc::new(menu(nth))))
            .collect();
        check_nesting(&menus)
    };
    assert_eq!(line(10), Ok(()));
    assert_eq!(line(11), Err(BadNesting::Deep("0".into())));
    let both = || vec![node("1", to("c")), node("2", to("c"))];
    let diamond = menus(vec![
        ("a", menu(vec![node("1", to("b")), node("2", to("c"))])),
        ("b", menu(both())),
        ("c", menu(vec![])),
    ]);
    assert_eq!(check_nesting(&diamond), Ok(()));
    let circle = menus(vec![
        ("a", menu(vec![node("1", to("b"))])),
        (
            "b",
            Menu {
                then: Some(Destination::Ivr { menu: "a".into() }),
                ..menu(vec![])
            },
        ),
    ]);
    assert_eq!(check_nesting(&circle), Err(BadNesting::Circle("a".into())));
}

/// Numbers without pattern, the same for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, many: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % many
    }

    fn key(&mut self) -> char {
        char::from(b"0123456789*#A"[self.below(13) as usize])
    }
}

/// A tree of menus of which each may lead to those after it.
fn made_up(dice: &mut Dice) -> Menus {
    let levels = 1 + dice.below(9);
    let made = (0..levels).map(|level| {
        let mut nodes: Vec<Node> = Vec::new();
        for _ in 0..dice.below(8) {
            let below = level + 1 + dice.below(levels);
            let action = match dice.below(8) {
                0 => Action::Play { prompt: "p".into() },
                1 => Action::Root,
                2 => Action::Back,
                3 if dice.below(9) == 0 => Action::Hangup,
                _ => to(&below.to_string()),
            };
            let keys: String = (0..=dice.below(2)).map(|_| dice.key()).collect();
            if nodes.iter().all(|node| node.keys != keys) {
                nodes.push(node(&keys, action));
            }
        }
        let sound = |yes: bool| yes.then(|| "s".to_owned());
        let menu = Menu {
            greet_short: sound(dice.below(2) == 0),
            invalid_sound: sound(dice.below(2) == 0),
            exit_sound: sound(dice.below(2) == 0),
            digit_len: 1 + dice.below(4) as u8,
            max_failures: 1 + dice.below(10) as u32,
            max_timeouts: 1 + dice.below(10) as u32,
            ..menu(nodes)
        };
        (MenuId::from(level.to_string()), Arc::new(menu))
    });
    made.collect()
}

/// Everything a caller can do, in any order: a visit is over within its bounds, in inputs and in time.
#[test]
fn every_visit_ends_within_its_bounds() {
    let mut longest = 0;
    for seed in 0..2_000 {
        let dice = &mut Dice(seed);
        let menus = Arc::new(made_up(dice));
        // Some callers press a lot, some never; some hear nothing.
        let (haste, deafness) = (dice.below(10), dice.below(4));
        let mut now = Millis(1_000);
        let began = now;
        let begun = Visit::begin(&menus, &"0".into(), Vec::new(), now);
        let (mut visit, mut next) = begun.expect("a menu");
        let mut plays = true;
        for step in 0.. {
            assert!(step < 3_000, "seed {seed} goes on and on");
            match &next {
                Next::Go(_) => break,
                Next::Play(prompt) => {
                    assert!(!prompt.is_empty());
                    plays = true;
                }
                Next::Listen(_) => plays = false,
                Next::Stay => {}
            }
            let until = match next {
                Next::Listen(until) => until,
                _ => now.plus(5_000),
            };
            let is_extension = |number: &str| number == "42";
            next = if dice.below(10) < haste {
                now = now.plus(100);
                visit.key(dice.key(), is_extension, now)
            } else if plays {
                now = now.plus(dice.below(20_000) as i64);
                visit.prompt_over(dice.below(4) >= deafness, now)
            } else {
                now = now.max(until);
                visit.due(is_extension, now)
            };
            if now >= visit.ends_at() && !matches!(next, Next::Go(_)) {
                next = visit.due(is_extension, now);
                assert!(matches!(next, Next::Go(_)), "seed {seed}");
            }
        }
        assert!(visit.path().len() <= visit::MOST_CHOICES, "seed {seed}");
        assert!(now.since(began) < visit::LONGEST_MS + 80_000, "seed {seed}");
        longest = longest.max(visit.path().len());
    }
    assert!(longest > 20, "only {longest} inputs: nobody walks far");
}
