//! A small set of its own: speech-like sound made here, so that it is the same everywhere.

use std::f64::consts::TAU;

use super::{
    AnswerDetector, AnswerParams, Classifier, EarlyDetector, Finding, Found, Sit, Verdict,
};
use crate::{
    comfort::Comfort,
    g711::{FRAME, Law},
    tone,
};

fn quiet(ms: u32) -> Vec<i16> {
    vec![0; ms as usize * 8]
}

/// Words of `word` ms with pauses of `pause` ms.
fn words(count: usize, word: u32, pause: u32) -> Vec<i16> {
    (0..count)
        .flat_map(|_| [tone::voice(word), quiet(pause)].concat())
        .collect()
}

/// Everything that is found in a clip over a noise of `level` decibels below overload.
fn found(params: AnswerParams, clip: &[i16], level: u8) -> Vec<Finding> {
    let mut detector = AnswerDetector::new(params);
    let mut noise = Comfort::of_payload(&[level]).expect("a level");
    let padded = [clip, &quiet(12_000)].concat();
    let (frames, _) = padded.as_chunks::<FRAME>();
    let mut findings = Vec::new();
    for frame in frames {
        let mut noisy = [0; FRAME];
        noise.fill(&mut noisy);
        let mixed = std::array::from_fn(|n| frame[n].saturating_add(noisy[n]));
        findings.extend(detector.hear(&mixed));
    }
    assert!(detector.is_done());
    findings
}

fn verdict(clip: &[i16]) -> Verdict {
    let verdicts: Vec<_> = [70, 50]
        .into_iter()
        .map(
            |level| match found(AnswerParams::default(), clip, level)[..] {
                [
                    Finding {
                        what: Found::Verdict(verdict),
                        ..
                    },
                ] => verdict,
                ref other => panic!("one verdict, not {other:?}"),
            },
        )
        .collect();
    assert_eq!(verdicts[0], verdicts[1], "noise changes nothing");
    verdicts[0]
}

#[test]
fn people_greet_and_wait_and_machines_talk_on() {
    for (name, clip, expected) in [
        (
            "one word",
            [quiet(400), tone::voice(400)].concat(),
            Verdict::Human,
        ),
        (
            "hello who is it",
            [quiet(200), words(3, 300, 140)].concat(),
            Verdict::Human,
        ),
        (
            "late word",
            [quiet(2_200), tone::voice(500)].concat(),
            Verdict::Human,
        ),
        ("long greeting", tone::voice(7_000), Verdict::Machine),
        ("many words", words(12, 120, 160), Verdict::Machine),
        ("nothing", Vec::new(), Verdict::Unsure),
        (
            "a click",
            [quiet(500), tone::voice(40)].concat(),
            Verdict::Unsure,
        ),
    ] {
        assert_eq!(verdict(&clip), expected, "{name}");
    }
}

#[test]
fn tones_are_told_apart() {
    let sit = |one: f64, two: f64, three: f64, ms: u32| {
        [
            tone::sine(one, ms),
            tone::sine(two, ms),
            tone::sine(three, ms),
            tone::voice(6_500),
        ]
        .concat()
    };
    for (name, clip, expected) in [
        ("E.180", sit(950.0, 1_400.0, 1_800.0, 330), Verdict::Network),
        (
            "T1.401 short",
            sit(985.2, 1_428.5, 1_776.7, 276),
            Verdict::Network,
        ),
        (
            "T1.401 long",
            sit(913.8, 1_370.6, 1_776.7, 380),
            Verdict::Network,
        ),
        (
            "falling",
            sit(1_800.0, 1_400.0, 950.0, 330),
            Verdict::Machine,
        ),
        (
            "CNG",
            [quiet(300), tone::sine(1_100.0, 500)].concat(),
            Verdict::Fax,
        ),
        (
            "CED",
            [quiet(200), tone::sine(2_100.0, 2_600)].concat(),
            Verdict::Fax,
        ),
    ] {
        assert_eq!(verdict(&clip), expected, "{name}");
    }
}

/// An answering tone for so many milliseconds whose phase turns every 450 ms, and which swells by so much,
/// 0 to 1, fifteen times a second.
fn answering(hz: f64, ms: u32, swells: f64) -> Vec<i16> {
    (0..ms * 8)
        .map(|n| {
            let t = f64::from(n) / 8_000.0;
            let turned = f64::from((n / 3_600) % 2) * std::f64::consts::PI;
            let level = 8_000.0 * (1.0 + swells * (TAU * 15.0 * t).sin());
            (level * (TAU * hz * t + turned).sin()) as i16
        })
        .collect()
}

#[test]
fn modems_answer_with_a_tone_whose_phase_turns_and_swells() {
    for (hz, swells) in [
        (2_100.0, 0.0),
        (2_100.0, 0.2),
        (2_085.0, 0.2),
        (2_115.0, 0.2),
    ] {
        // Wherever the turns lie in a frame.
        for lead_ms in [200, 203, 205, 207, 213, 2_300] {
            let clip = [quiet(lead_ms), answering(hz, 3_000, swells)].concat();
            assert_eq!(verdict(&clip), Verdict::Fax, "{hz} Hz after {lead_ms} ms");
        }
    }
    // What is too short is none, and neither is one that comes and goes.
    let short = [quiet(200), answering(2_100.0, 500, 0.2)].concat();
    assert_eq!(verdict(&short), Verdict::Unsure);
    let pips = [answering(2_100.0, 200, 0.0), quiet(200)]
        .concat()
        .repeat(5);
    assert_ne!(verdict(&pips), Verdict::Fax);
}

/// A sound under or over another.
fn mixed(one: &[i16], other: &[i16]) -> Vec<i16> {
    let longest = one.len().max(other.len());
    let at = |sound: &[i16], n: usize| sound.get(n).copied().unwrap_or(0);
    (0..longest)
        .map(|n| at(one, n).saturating_add(at(other, n)))
        .collect()
}

#[test]
fn a_hum_or_comfort_noise_makes_no_machine_of_a_person() {
    let hello = [quiet(400), tone::voice(500)].concat();
    let hum = |hz, share: i16| -> Vec<i16> {
        let sine = tone::sine(hz, 12_000);
        sine.iter().map(|sample| sample / share).collect()
    };
    for hz in [360.0, 440.0, 1_000.0] {
        // One that is quieter than the greeting need not have been there before.
        let before_and_after = mixed(&hello, &hum(hz, 12));
        let after = mixed(&hello, &[quiet(900), hum(hz, 20)].concat());
        for clip in [before_and_after, after] {
            let finding = found(AnswerParams::default(), &clip, 70)[0];
            // Whoever is hardly louder than the hum is a person all the same.
            let person = [Verdict::Human, Verdict::Unsure].map(Found::Verdict);
            assert!(person.contains(&finding.what), "{hz} Hz: {finding:?}");
        }
    }
    for level in [36, 40, 44] {
        let mut comfort = Comfort::of_payload(&[level]).expect("a level");
        let noise: Vec<i16> = (0..600)
            .flat_map(|_| {
                let mut frame = [0; FRAME];
                comfort.fill(&mut frame);
                frame
            })
            .collect();
        let clip = mixed(&hello, &[quiet(900), noise].concat());
        let findings = found(AnswerParams::default(), &clip, 70);
        let what = findings[0].what;
        assert_eq!(
            what,
            Found::Verdict(Verdict::Human),
            "comfort noise of -{level} dB"
        );
    }
}

#[test]
fn a_machine_s_beep_is_heard_over_a_hum() {
    let hum: Vec<i16> = tone::sine(440.0, 12_000).iter().map(|s| s / 20).collect();
    let greeting = [
        quiet(400),
        tone::voice(1_500),
        quiet(300),
        tone::sine(1_000.0, 400),
    ];
    let findings = found(
        AnswerParams::default(),
        &mixed(&greeting.concat(), &hum),
        70,
    );
    let told = (findings[0].what, findings[0].why);
    assert_eq!(told, (Found::Verdict(Verdict::Machine), "beep"));
}

/// Special information tones as they come over the line: a little off in pitch, level and start.
fn announced(code: Option<Sit>, off_hz: f64, lead_ms: u32) -> Vec<i16> {
    let segments = Sit::segments(code).map(|(hz, ms)| tone::sine(hz + off_hz, ms));
    [
        quiet(lead_ms),
        segments.concat(),
        quiet(200),
        tone::voice(2_000),
    ]
    .concat()
}

#[test]
fn special_information_tones_say_why() {
    let codes = Sit::ALL.map(Some).into_iter().chain([None]);
    for code in codes {
        for (off_hz, lead_ms) in [(0.0, 500), (2.0, 507), (-2.0, 1_013), (0.0, 991)] {
            let clip = announced(code, off_hz, lead_ms);
            for level in [70, 45] {
                let findings = found(AnswerParams::default(), &clip, level);
                let told = (findings[0].what, findings[0].sit);
                let expected = (Found::Verdict(Verdict::Network), code);
                assert_eq!(told, expected, "{off_hz} Hz, after {lead_ms} ms, {level}");
            }
        }
    }
    // The codes of carriers between the local networks.
    let between = |first: (f64, u32), second: (f64, u32)| {
        let clip = [first, second, (1_776.7, 380)].map(|(hz, ms)| tone::sine(hz, ms));
        found(AnswerParams::default(), &clip.concat(), 60)[0].sit
    };
    assert_eq!(between((985.2, 274), (1_370.6, 380)), Some(Sit::Reorder));
    assert_eq!(between((913.8, 380), (1_370.6, 380)), Some(Sit::NoCircuit));
    // One that is reserved, and one that is none.
    assert_eq!(between((985.2, 274), (1_428.5, 274)), None);
    assert_eq!(between((950.0, 274), (1_370.6, 274)), None);
}

#[test]
fn before_and_after_the_answer_they_say_the_same_through_either_law_and_however_loud() {
    let first = |detector: &mut dyn Classifier, clip: &[i16]| {
        let (frames, _) = clip.as_chunks::<FRAME>();
        let finding = frames.iter().find_map(|frame| detector.hear(frame));
        finding.map(|finding| (finding.what, finding.sit, finding.why))
    };
    for code in Sit::ALL.map(Some).into_iter().chain([None]) {
        for law in [Law::Pcma, Law::Pcmu] {
            for quieter in [1, 4, 16] {
                let wire = announced(code, 1.0, 613);
                let clip: Vec<i16> = wire
                    .iter()
                    .map(|sample| law.decode(law.encode(sample / quieter)))
                    .collect();
                let early = first(&mut EarlyDetector::default(), &clip);
                let after = first(&mut AnswerDetector::new(AnswerParams::default()), &clip);
                let expected = (Found::Verdict(Verdict::Network), code, Sit::why(code));
                assert_eq!([early, after], [Some(expected); 2], "{law:?}, 1/{quieter}");
            }
        }
    }
}

#[test]
fn before_the_answer_only_special_information_tones_are_found() {
    let found = |clip: &[i16]| {
        let mut detector = EarlyDetector::default();
        let (frames, _) = clip.as_chunks::<FRAME>();
        let findings = frames.iter().filter_map(|frame| detector.hear(frame));
        let findings: Vec<Finding> = findings.collect();
        assert_eq!(detector.is_done(), !findings.is_empty());
        findings
    };
    let ringback = tone::built_in("ringback").expect("a prompt");
    let melody = tone::built_in("music").expect("a prompt");
    for clip in [
        ringback.repeat(4),
        melody.repeat(2),
        tone::voice(20_000),
        [quiet(300), tone::sine(2_100.0, 3_000)].concat(),
        words(12, 120, 160),
    ] {
        assert_eq!(found(&clip), []);
    }
    let clip = [ringback, announced(Some(Sit::VacantCode), 0.0, 0)].concat();
    let findings = found(&clip);
    assert_eq!(findings.len(), 1);
    let told = (findings[0].what, findings[0].sit, findings[0].why);
    let vacant = "special information tones: vacant code";
    let expected = (
        Found::Verdict(Verdict::Network),
        Some(Sit::VacantCode),
        vacant,
    );
    assert_eq!(told, expected);
    assert!(
        (5_700..=6_100).contains(&findings[0].after_ms),
        "{findings:?}"
    );
}

#[test]
fn the_beep_of_a_machine_is_awaited_and_no_longer_than_asked() {
    let params = AnswerParams {
        beep_budget_ms: 5_000,
        longest_greeting_ms: 3_000,
        ..AnswerParams::default()
    };
    let greeting = [tone::voice(4_000), quiet(400)].concat();
    for hz in [440.0, 1_000.0, 1_800.0] {
        let clip = [greeting.clone(), tone::sine(hz, 300)].concat();
        let findings = found(params, &clip, 60);
        let what: Vec<_> = findings.iter().map(|finding| finding.what).collect();
        assert_eq!(
            what,
            [Found::Verdict(Verdict::Machine), Found::Beep],
            "{hz}"
        );
        assert!(
            (4_500..=4_700).contains(&findings[1].after_ms),
            "{findings:?}"
        );
    }
    let late = [greeting, quiet(6_000), tone::sine(1_000.0, 300)].concat();
    assert_eq!(found(params, &late, 60).len(), 1);
}

#[test]
fn the_end_of_a_greeting_is_told_with_the_verdict() {
    let greeted = |clip: &[i16]| found(AnswerParams::default(), clip, 60)[0].greeted_ms;
    let hello = [quiet(400), tone::voice(400)].concat();
    let at = greeted(&hello).expect("a greeting");
    assert!((760..=860).contains(&at), "{at}");
    // None was heard; and one that goes on is not over.
    assert_eq!(greeted(&[]), None);
    assert_eq!(greeted(&tone::voice(7_000)), None);
}

#[test]
fn the_budget_is_kept_whatever_is_heard() {
    let params = AnswerParams {
        budget_ms: 1_500,
        initial_silence_ms: 20_000,
        longest_greeting_ms: 10_000,
        most_words: 50,
        ..AnswerParams::default()
    };
    for clip in [Vec::new(), tone::voice(10_000), words(20, 100, 130)] {
        let findings = found(params, &clip, 60);
        assert!(findings[0].after_ms <= 1_500, "{findings:?}");
        assert_eq!(findings[0].what, Found::Verdict(Verdict::Unsure));
    }
}

#[test]
fn senseless_thresholds_are_brought_within_bounds() {
    let zero = AnswerParams {
        budget_ms: 0,
        initial_silence_ms: 0,
        longest_greeting_ms: 0,
        after_greeting_ms: 0,
        most_words: 0,
        shortest_word_ms: 0,
        between_words_ms: 0,
        least_db: f32::INFINITY,
        shortest_beep_ms: 0,
        beep_budget_ms: u32::MAX,
    };
    let bounded = zero.within_bounds();
    assert_eq!(bounded, bounded.within_bounds());
    assert!(!found(zero, &tone::voice(2_000), 60).is_empty());
}
