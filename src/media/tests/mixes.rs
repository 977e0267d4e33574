//! Who hears whom, measured: every member says a tone of its own, and each ear is searched for
//! all of them.

use super::{Far, House, in_time};
use crate::{
    Codec, Ear, Event, Gain, Hear, LegId, Monitor, PlayEnd, PlayId, conference, goertzel::power,
    supervised, tone,
};

/// What each member says, in hertz; all whole in half a second.
const TONES: [f64; 4] = [400.0, 700.0, 1_100.0, 1_700.0];
/// What the music is.
const MUSIC: f64 = 2_400.0;
/// How loud a voice must be to be heard at its level, and to be not heard at all, in decibels of
/// what was said.
const AT_LEVEL: f64 = 2.0;
const INAUDIBLE: f64 = -35.0;

struct Party {
    house: House,
    legs: Vec<LegId>,
    fars: Vec<Far>,
}

impl Party {
    fn of(codecs: &[Codec]) -> Self {
        let house = House::new();
        let calls = codecs.iter().map(|&codec| house.call(codec));
        let (legs, fars) = calls.unzip();
        Self { house, legs, fars }
    }

    fn mix(&self, ears: Vec<Ear>) {
        self.house.media.mix(ears).expect("legs that are up");
    }

    /// Everybody talks for a while; then each ear's levels, in decibels of what was said: a row for
    /// each listener, a column for each voice and one for the music.
    fn levels(&mut self) -> Vec<Vec<f64>> {
        let tones: Vec<_> = TONES.iter().map(|&hz| quiet(hz)).collect();
        in_time(60, || {
            for (far, tone) in self.fars.iter_mut().zip(&tones) {
                far.say(tone);
                far.hear_waiting();
            }
        });
        let said = power(&tones[0], TONES[0]);
        let columns: Vec<f64> = TONES[..self.fars.len()]
            .iter()
            .copied()
            .chain([MUSIC])
            .collect();
        let rows = self.fars.iter_mut().map(|far| {
            let heard = std::mem::take(&mut far.heard);
            let best = |hz: f64| {
                let said = if hz == MUSIC { 4.0 * said } else { said };
                let windows = heard[heard.len() / 3..].windows(1_600).step_by(160);
                let levels = windows.map(|w| 10.0 * (power(w, hz) / said).max(1e-9).log10());
                median(levels.collect())
            };
            columns.iter().map(|&hz| best(hz)).collect()
        });
        rows.collect()
    }

    /// Holds the levels against a table in which `x` is heard at its level and `.` is not.
    fn assert_hears(&mut self, mode: &str, table: &[&str]) {
        let levels = self.levels();
        for (listener, (row, expected)) in levels.iter().zip(table).enumerate() {
            for (voice, (&level, mark)) in row.iter().zip(expected.chars()).enumerate() {
                let right = match mark {
                    'x' => level.abs() < AT_LEVEL,
                    _ => level < INAUDIBLE,
                };
                assert!(
                    right,
                    "{mode}: {listener} hears {voice} at {level:.1} dB, not as {mark}: {levels:.0?}"
                );
            }
        }
    }
}

/// A tone of which four together do not clip.
fn quiet(hz: f64) -> Vec<i16> {
    let full = tone::sine(hz, 1_000);
    full.into_iter().map(|sample| sample / 2).collect()
}

/// A stutter of the machine spoils a few windows, not the median.
fn median(mut levels: Vec<f64>) -> f64 {
    levels.sort_by(f64::total_cmp);
    levels.get(levels.len() / 2).copied().unwrap_or(f64::NAN)
}

#[test]
fn every_mode_lets_hear_whom_it_says_and_changes_without_new_legs() {
    let mut party = Party::of(&[Codec::Pcmu, Codec::Pcma, Codec::G722]);
    let (customer, agent, supervisor) = (party.legs[0], party.legs[1], party.legs[2]);
    party.house.media.bridge(customer, agent).expect("two legs");
    party.assert_hears("bridge", &[".x..", "x...", "...."]);
    for (how, table) in [
        (Monitor::Listen, [".x..", "x...", "xx.."]),
        (Monitor::Whisper, [".x..", "x.x.", "xx.."]),
        (Monitor::Barge, [".xx.", "x.x.", "xx.."]),
    ] {
        party.mix(supervised(customer, agent, supervisor, how));
        party.assert_hears(&format!("{how:?}"), table.as_slice());
    }
    party.mix(conference(&party.legs));
    party.assert_hears("three-way", &[".xx.", "x.x.", "xx.."]);
    let music = party.house.media.prompts().get("tone:2400:1000");
    let music = music.expect("a built-in prompt");
    party.mix(vec![
        Ear::held(customer, Some(music)),
        Ear::of(agent, &[supervisor]),
        Ear::of(supervisor, &[agent]),
    ]);
    party.assert_hears("hold and consult", &["...x", "..x.", ".x.."]);
    party.house.media.bridge(customer, agent).expect("two legs");
    party
        .house
        .media
        .park(supervisor, Hear::Silence)
        .expect("a leg");
    party.assert_hears("bridge again", &[".x..", "x...", "...."]);
}

#[test]
fn who_only_listens_leaves_the_bridge_as_it_is() {
    let mut party = Party::of(&[Codec::Pcma, Codec::Pcma, Codec::Pcma, Codec::Pcmu]);
    let [a, b, c, d] = party.legs[..] else {
        unreachable!("four legs")
    };
    party.house.media.bridge(a, b).expect("two legs");
    party.mix(vec![Ear::of(c, &[a, b])]);
    party.assert_hears("eavesdropper", &[".x...", "x....", "xx...", "....."]);
    party.mix(conference(&[a, b, c, d]));
    party.assert_hears("four", &[".xxx.", "x.xx.", "xx.x.", "xxx.."]);
    party.house.media.close(d).expect("a leg");
    party.assert_hears("three left", &[".xx..", "x.x..", "xx..."]);
}

#[test]
fn a_voice_is_as_loud_as_its_gain() {
    let mut party = Party::of(&[Codec::Pcma, Codec::Pcmu]);
    let mut ear = Ear::of(party.legs[0], &[]);
    ear.voices.push((party.legs[1], Gain::db(-12.0)));
    party.mix(vec![ear]);
    let level = party.levels()[0][1];
    assert!((level + 12.0).abs() < AT_LEVEL, "{level} dB");
}

#[test]
fn a_conference_may_span_threads() {
    let mut party = Party::of(&[]);
    party.house = House::with(|config| config.threads = 2);
    for codec in [Codec::Pcma, Codec::Pcmu, Codec::Pcma] {
        let (leg, far) = party.house.call(codec);
        party.legs.push(leg);
        party.fars.push(far);
    }
    party.mix(conference(&party.legs));
    party.assert_hears("across threads", &[".xx.", "x.x.", "xx.."]);
    let unknown = Ear::of(LegId(9_999), &[]);
    assert!(party.house.media.mix(vec![unknown]).is_err());
}

#[test]
fn a_prompt_goes_on_when_a_supervised_call_becomes_a_bridge_again() {
    let party = Party::of(&[Codec::Pcma, Codec::Pcma, Codec::Pcma]);
    let [a, b, c] = party.legs[..] else {
        unreachable!("three legs")
    };
    let media = &party.house.media;
    let prompt = media.prompts().get("tone:1000:400").expect("a built-in");
    party.mix(supervised(a, b, c, Monitor::Listen));
    media.play(a, PlayId(1), prompt.clone(), 1).expect("a leg");
    media.bridge(a, b).expect("two legs");
    let ended = || {
        party.house.wait(|event| match event {
            Event::PlayDone { play, why, .. } => Some((play, why)),
            _ => None,
        })
    };
    assert_eq!(ended(), (PlayId(1), PlayEnd::Finished));
    media.play(a, PlayId(2), prompt, 100).expect("a leg");
    media.bridge(a, c).expect("two legs");
    assert_eq!(ended(), (PlayId(2), PlayEnd::Stopped));
}

#[test]
fn in_a_conference_of_32_everybody_hears_every_voice_but_their_own() {
    let mut party = Party::of(&[Codec::Pcma; 32]);
    party.mix(conference(&party.legs));
    let speakers = [0, 10, 20, 31];
    let tones: Vec<_> = TONES.iter().map(|&hz| quiet(hz)).collect();
    in_time(60, || {
        for (&speaker, tone) in speakers.iter().zip(&tones) {
            party.fars[speaker].say(tone);
        }
    });
    party.fars.iter_mut().for_each(Far::hear_waiting);
    let said = power(&tones[0], TONES[0]);
    for (member, far) in party.fars.iter().enumerate() {
        for (&speaker, &hz) in speakers.iter().zip(&TONES) {
            let heard = far.heard_late().windows(1_600).step_by(160);
            let levels = heard.map(|part| 10.0 * (power(part, hz) / said).max(1e-9).log10());
            let level = median(levels.collect());
            let right = match speaker == member {
                true => level < INAUDIBLE,
                false => level.abs() < AT_LEVEL,
            };
            assert!(right, "{member} hears {speaker} at {level:.1} dB");
        }
    }
}
