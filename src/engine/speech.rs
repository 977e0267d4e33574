//! What a caller is told, as a row of prompts: numbers are put together from recorded words.

/// Prompts that the floor plays by their own names, or that new queues, robots and holds begin with.
const OWN: [&str; 10] = [
    "busy",
    "callback",
    "closed",
    "music",
    "ringback",
    "robot",
    "sorry",
    "survey",
    "thanks",
    "voicemail",
];

/// Whether the house itself says it: another sound may take its place, but there must be one.
#[must_use]
pub fn is_own(prompt: &str) -> bool {
    OWN.contains(&prompt) || prompts().iter().any(|one| one == prompt)
}

/// Nobody is told a place behind this one.
const LAST_PLACE: u32 = 99;
/// Minutes for which there is a recorded sentence.
const MINUTES: [i64; 8] = [1, 2, 3, 5, 10, 15, 20, 30];
const MINUTE_MS: i64 = 60_000;

/// "You are number 23 in the line": nothing for a place too far behind to be told.
#[must_use]
pub fn place(place: u32) -> Vec<String> {
    if !(1..=LAST_PLACE).contains(&place) {
        return Vec::new();
    }
    let mut words = vec!["place".to_owned()];
    words.extend(number(place));
    words.push("place-end".into());
    words
}

/// "The wait is about five minutes": the next longer sentence that there is.
#[must_use]
pub fn wait(ms: i64) -> Vec<String> {
    let minutes = MINUTES.iter().find(|minutes| **minutes * MINUTE_MS >= ms);
    vec![match minutes {
        Some(minutes) => format!("wait-{minutes}"),
        None => "wait-more".into(),
    }]
}

/// "Agent number 1 0 0 1 is at your service": the digits of an agent's number; nothing for one without any.
#[must_use]
pub fn agent(number: &str) -> Vec<String> {
    let digits = number.chars().filter(char::is_ascii_digit);
    let digits: Vec<String> = digits.map(|digit| format!("number-{digit}")).collect();
    if digits.is_empty() {
        return digits;
    }
    let mut words = vec!["agent".to_owned()];
    words.extend(digits);
    words.push("agent-end".into());
    words
}

/// 23 is said 2, 10, 3; 20 is 2, 10; 13 is 10, 3.
fn number(number: u32) -> Vec<String> {
    let (tens, ones) = (number / 10, number % 10);
    let mut words = Vec::new();
    if tens > 1 {
        words.push(tens);
    }
    if tens > 0 {
        words.push(10);
    }
    if ones > 0 {
        words.push(ones);
    }
    words.into_iter().map(|n| format!("number-{n}")).collect()
}

/// Every prompt that may be asked for here.
#[must_use]
pub fn prompts() -> Vec<String> {
    let mut names: Vec<String> = ["place", "place-end", "wait-more", "agent", "agent-end"]
        .map(Into::into)
        .into();
    names.extend((0..=10).map(|n| format!("number-{n}")));
    names.extend(MINUTES.iter().map(|minutes| format!("wait-{minutes}")));
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_put_together_from_words() {
        let said = |n| place(n).join(" ");
        assert_eq!(said(1), "place number-1 place-end");
        assert_eq!(said(10), "place number-10 place-end");
        assert_eq!(said(13), "place number-10 number-3 place-end");
        assert_eq!(said(40), "place number-4 number-10 place-end");
        assert_eq!(said(99), "place number-9 number-10 number-9 place-end");
        assert_eq!(said(0), "");
        assert_eq!(said(100), "");
    }

    #[test]
    fn an_agents_number_is_said_digit_by_digit() {
        let said = |number| agent(number).join(" ");
        assert_eq!(
            said("1001"),
            "agent number-1 number-0 number-0 number-1 agent-end"
        );
        assert_eq!(said("a-80"), "agent number-8 number-0 agent-end");
        assert_eq!(said("desk"), "");
    }

    #[test]
    fn a_wait_is_told_as_the_next_longer_sentence() {
        let table = [
            (0, "wait-1"),
            (60_000, "wait-1"),
            (60_001, "wait-2"),
            (240_000, "wait-5"),
            (1_800_000, "wait-30"),
            (1_800_001, "wait-more"),
        ];
        for (ms, prompt) in table {
            assert_eq!(wait(ms), [prompt]);
        }
    }

    #[test]
    fn every_word_that_is_said_is_a_prompt_that_there_is() {
        let known = prompts();
        let said = (1..=99)
            .flat_map(place)
            .chain((0..40).flat_map(|n| wait(n * 60_000)))
            .chain(agent("0123456789"));
        for word in said {
            assert!(known.contains(&word), "{word}");
        }
    }
}
