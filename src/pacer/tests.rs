use engine::pacing::predictive::Settings;

/// What comes back for these lines, or the error's whole text.
fn said(lines: &str) -> Result<String, String> {
    let mut out = Vec::new();
    super::talk(Settings::default(), lines.as_bytes(), &mut out)
        .map_err(|error| format!("{error:#}"))?;
    Ok(String::from_utf8(out).expect("UTF-8"))
}

const HELLO: &str = r#"{"hello":{"cap":0.03,"patience":2,"ring_timeout":28,"channels":100000,"cps":100,"close":28800,"tick":0.25}}"#;

/// As it was said, but for the answers: five agents sign in, dial, and the first call is answered.
const RECORDED: &str = r#"
{"t":0.25,"agents":[],"calls":[],"n":{"dials":0,"answered":0,"connected":0,"abandoned":0,"machines":0},"free":100000,"cps":26,"left":null,"events":[]}
{"t":1.25,"agents":[[0,"idle",0.10],[1,"idle",0.20],[2,"idle",0.05],[3,"idle",0.40],[4,"idle",0.30]],"calls":[],"n":{"dials":0,"answered":0,"connected":0,"abandoned":0,"machines":0},"free":100000,"cps":126,"left":null,"events":[["login",0],["login",1],["login",2],["login",3],["login",4]]}
{"t":1.50,"agents":[[0,"idle",0.35],[1,"idle",0.45],[2,"idle",0.30],[3,"idle",0.65],[4,"idle",0.55]],"calls":[[0,"ring",0.25],[1,"ring",0.25],[2,"ring",0.25],[3,"ring",0.25],[4,"ring",0.25],[5,"ring",0.25],[6,"ring",0.25],[7,"ring",0.25],[8,"ring",0.25]],"n":{"dials":9,"answered":0,"connected":0,"abandoned":0,"machines":0},"free":99991,"cps":142,"left":null,"events":[],"a field of tomorrow":{"x":[1]}}
{"t":10.0,"agents":[[0,"idle",8.85],[1,"idle",8.95],[2,"idle",8.80],[3,"idle",9.15],[4,"idle",9.05]],"calls":[[0,"detect",0.5,"more"],[1,"ring",8.75],[2,"ring",8.75]],"n":{"dials":9,"answered":0,"connected":0,"abandoned":0,"machines":0},"free":99997,"cps":201,"left":null,"events":[["pickup",0,8.2],["ended",3,1.1,"invalid"],["ended",4,4.0,"busy"],["ended",5,2.0,"busy"],["ended",6,2.1,"busy"],["ended",7,2.2,"busy"],["ended",8,2.3,"busy"],["an event of tomorrow",7]]}
{"t":10.75,"agents":[[0,"talk",0.10],[1,"idle",9.70],[2,"idle",9.55],[3,"idle",9.90],[4,"idle",9.80]],"calls":[[1,"ring",9.5],[2,"wait",0.3]],"n":{"dials":9,"answered":2,"connected":1,"abandoned":0,"machines":0},"free":99997,"cps":1,"left":null,"events":[["person",0],["connected",0,0,0.0],["pickup",2,9.0],["person",2]]}
{"bye":true}
this is never read
"#;

#[test]
fn a_recorded_dialogue_gets_a_line_for_each_line() {
    let answers = said(&format!("{HELLO}{RECORDED}")).expect("a dialogue");
    let dialled: Vec<(u64, String)> = answers
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"))
        .map(|answer| {
            let why = answer["why"].as_str().unwrap_or_default().to_owned();
            (answer["dial"].as_u64().expect("lines to dial"), why)
        })
        .collect();
    let expected = [
        // hello
        (0, ""),
        (0, "no_agents"),
        // Five idle agents, and a third of the lines expected to bring somebody.
        (dialled[2].0, "risk"),
        (0, "risk"),
        // The floor was not seen for more than three seconds: one line for each idle agent.
        (2, "blind"),
        (1, "rate"),
    ];
    let expected: Vec<_> = expected.map(|(n, why)| (n, why.to_owned())).into();
    assert_eq!(dialled, expected);
    assert!((6..=14).contains(&dialled[2].0), "{dialled:?}");
    assert_eq!(said(&format!("{HELLO}{RECORDED}")), Ok(answers));
}

#[test]
fn a_cap_of_nothing_is_progressive() {
    let hello = HELLO.replace("0.03", "0");
    let answers = said(&format!("{hello}{RECORDED}")).expect("a dialogue");
    let third = answers.lines().nth(2).expect("an answer");
    assert_eq!(third, r#"{"dial":5,"why":"idle_agents"}"#);
}

#[test]
fn what_makes_no_sense_is_named_with_its_line() {
    let bad = [
        ("{", "line 1: EOF"),
        ("\n\n[]\n", "line 3: invalid"),
        (r#"{"t":1}"#, "line 1: a state before hello"),
        (
            r#"{"hello":{"cap":0.5}}"#,
            "line 1: hello: cap must be 0 to 0.05",
        ),
        (
            r#"{"hello":{"cap":0.03,"patience":-1}}"#,
            "line 1: hello: patience",
        ),
        ("{}", "line 1: neither hello nor bye nor a state"),
    ];
    for (lines, error) in bad {
        let found = said(lines).expect_err(lines);
        assert!(found.starts_with(error), "{lines}: {found}");
    }
    let states = [
        (r#"{"t":-1}"#, "neither hello nor bye"),
        (
            r#"{"t":1,"agents":[[1,"asleep",2.0]]}"#,
            "agent 1: unknown state \"asleep\"",
        ),
        (r#"{"t":1,"agents":[[1,"idle"]]}"#, "invalid length 2"),
        (
            r#"{"t":1,"agents":[[1,"idle",-4]]}"#,
            "seconds must be 0 or more",
        ),
        (
            r#"{"t":1,"calls":[[1,"flying",4]]}"#,
            "call 1: unknown state \"flying\"",
        ),
        (
            r#"{"t":1,"events":[["pickup",1]]}"#,
            "event \"pickup\" lacks",
        ),
    ];
    for (state, error) in states {
        let found = said(&format!("{HELLO}\n{state}")).expect_err(state);
        assert!(
            found.starts_with("line 2: ") && found.contains(error),
            "{state}: {found}"
        );
    }
}

#[test]
fn the_input_may_end_without_a_bye() {
    assert_eq!(said(HELLO), Ok("{\"dial\":0}\n".to_owned()));
    assert_eq!(said(""), Ok(String::new()));
}
