//! Keys that come as their tones: which are heard, and how often one is heard in speech and music.

use std::{f64::consts::TAU, path::Path};

use media::{FRAME, Law, ToneKeys};

/// The keys, the tones of their rows and of their columns, in hertz (Q.23).
const KEYS: [&str; 4] = ["123A", "456B", "789C", "*0#D"];
const ROWS: [f64; 4] = [697.0, 770.0, 852.0, 941.0];
const COLUMNS: [f64; 4] = [1_209.0, 1_336.0, 1_477.0, 1_633.0];
/// Amplitude of a tone of 0 dBm0.
const PEAK: f64 = 22_500.0;
/// Lengths of a key that are tried, and the silence after it; milliseconds.
const LENGTHS: [usize; 10] = [20, 24, 28, 32, 36, 40, 50, 65, 80, 100];
const PAUSE: usize = 40;
/// Levels of row and column in dBm0, and how far they are off their pitch.
const LEVELS: [(f64, f64); 5] = [
    (0.0, 0.0),
    (-10.0, -10.0),
    (-14.0, -10.0),
    (-10.0, -18.0),
    (-25.0, -25.0),
];
const OFF: [(f64, f64); 4] = [
    (0.015, 0.015),
    (0.015, -0.015),
    (-0.015, 0.015),
    (-0.015, -0.015),
];

/// How many keys of each length are heard, at every level, on their pitch and off it.
pub fn heard() {
    println!("\n## keys\n\n| ms | on pitch | off by 1.5 % |\n| --- | --- | --- |");
    for ms in LENGTHS {
        let [on, off] = [&[(0.0, 0.0)][..], &OFF].map(|pitches| share(ms, pitches));
        println!("| {ms} | {on:.1} % | {off:.1} % |");
    }
}

fn share(ms: usize, pitches: &[(f64, f64)]) -> f64 {
    let (mut heard, mut of) = (0, 0);
    for &off in pitches {
        for levels in LEVELS {
            for lead in (0..FRAME).step_by(8) {
                heard += in_order(&told(&pressed(ms, lead, levels, off)));
                of += 16;
            }
        }
    }
    100.0 * f64::from(heard) / f64::from(of)
}

/// All keys, one after the other, through A-law.
fn pressed(ms: usize, lead: usize, levels: (f64, f64), off: (f64, f64)) -> Vec<i16> {
    let mut sound = vec![0; lead];
    for row in ROWS {
        for column in COLUMNS {
            sound.extend((0..ms * 8).map(|n| {
                let wave = |hz: f64, off: f64, level: f64| {
                    let t = n as f64 / 8_000.0;
                    PEAK * 10_f64.powf(level / 20.0) * (TAU * hz * (1.0 + off) * t).sin()
                };
                let both = wave(row, off.0, levels.0) + wave(column, off.1, levels.1);
                Law::Pcma.decode(Law::Pcma.encode(both.clamp(-32_768.0, 32_767.0) as i16))
            }));
            sound.extend(std::iter::repeat_n(0, PAUSE * 8));
        }
    }
    sound.extend([0; 10 * FRAME]);
    sound
}

fn told(sound: &[i16]) -> Vec<char> {
    let mut ears = ToneKeys::default();
    let (frames, _) = sound.as_chunks::<FRAME>();
    let keys = frames.iter().filter_map(|frame| ears.hear(frame));
    keys.map(|key| key.digit).collect()
}

/// How many of all keys are there, each after the one before it.
fn in_order(told: &[char]) -> u32 {
    let mut rest = told.iter();
    let mut found = 0;
    for key in KEYS.iter().flat_map(|row| row.chars()) {
        let mut ahead = rest.clone();
        if ahead.any(|&it| it == key) {
            rest = ahead;
            found += 1;
        }
    }
    found
}

/// How many keys are heard in a folder of sounds without any, which begin at three places of a frame.
pub fn talk_off(name: &str, sounds: &[(String, Vec<i16>)]) {
    let mut keys = Vec::new();
    let mut samples = 0;
    for (clip, sound) in sounds {
        samples += sound.len();
        for skipped in [0, 57, 113] {
            let from = skipped.min(sound.len());
            keys.extend(
                told(&sound[from..])
                    .iter()
                    .map(|key| format!("{clip}: {key}")),
            );
        }
    }
    let seconds = samples / 8_000;
    println!(
        "keys heard in {seconds} s of {name}, three times: {} {keys:?}",
        keys.len()
    );
}

/// A folder of wavs, by their names.
pub fn sounds(folder: &Path) -> Vec<(String, Vec<i16>)> {
    let named = |path: &std::path::PathBuf| {
        let name = path.file_stem()?.to_str()?.to_owned();
        Some((name, super::samples(path)))
    };
    super::clips(folder).iter().filter_map(named).collect()
}
