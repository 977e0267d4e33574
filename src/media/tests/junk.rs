//! Seeded mutations of valid input for everything that reads what others wrote. Nothing may
//! panic; what is read must be within its bounds. The seed is fixed, so a failure repeats.

use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::{
    Codec, Keying, Suite,
    classify::{AnswerDetector, AnswerParams, Classifier},
    codec::Samples,
    dtmf::Keypad,
    hearing::Hearing,
    packet::{HEADER, LONGEST_PAYLOAD, Packet},
    rtcp::{Block, LONGEST, Report, Sender},
    sequence::Sequence,
    srtp::{OVERHEAD, Protect, Unprotect},
};

const ROUNDS: usize = 20_000;

/// Flips, cuts, repeats and inserts a little of everything.
fn mutate(bytes: &[u8], dice: &mut StdRng) -> Vec<u8> {
    let mut out = bytes.to_vec();
    for _ in 0..dice.random_range(1..6) {
        let at = dice.random_range(0..=out.len());
        match dice.random_range(0..5) {
            0 if at < out.len() => out[at] ^= 1 << dice.random_range(0..8),
            1 if at < out.len() => out[at] = dice.random(),
            2 => out.truncate(at),
            3 => out.insert(at, [0, 0xFF, 0x80, 0x7F][dice.random_range(0..4)]),
            _ => {
                let end = dice.random_range(at..=out.len());
                let piece = out[at..end].to_vec();
                out.extend(piece);
            }
        }
        out.truncate(2_000);
    }
    out
}

fn rtp() -> Vec<Vec<u8>> {
    let mut plain = vec![0; HEADER + LONGEST_PAYLOAD];
    let packet = Packet {
        payload_type: 8,
        marker: true,
        sequence: 65_535,
        timestamp: u32::MAX - 10,
        ssrc: 7,
        payload: &[0x55; 160],
    };
    let length = packet.write(&mut plain);
    plain.truncate(length);
    let mut extended = vec![0xB1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0];
    extended.extend([0xBE, 0xDE, 0, 1, 9, 9, 9, 9, 1, 2, 3, 0, 0, 3]);
    vec![
        plain,
        extended,
        vec![0x80, 101, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 5, 0x8A, 3, 32],
    ]
}

fn rtcp() -> Vec<Vec<u8>> {
    let sender = Some(Sender {
        ntp: u64::MAX,
        timestamp: 1,
        packets: 2,
        bytes: 3,
    });
    let block = Some(Block {
        ssrc: 7,
        ..Block::default()
    });
    [
        (sender, block, true),
        (None, block, false),
        (sender, None, false),
    ]
    .into_iter()
    .map(|(sender, block, goodbye)| {
        let mut bytes = vec![0; LONGEST];
        let report = Report {
            ssrc: 9,
            sender,
            block,
            goodbye,
        };
        let length = report.write(b"abcdefghijklmnop", &mut bytes);
        bytes.truncate(length);
        bytes
    })
    .collect()
}

#[test]
fn rtp_from_anywhere_is_read_ordered_and_relayed() {
    let mut dice = StdRng::seed_from_u64(1);
    let corpus = rtp();
    let mut hearing = Hearing::default();
    let mut keypad = Keypad::default();
    let mut sequence = Sequence::starting_at(65_000, u32::MAX - 5);
    for round in 0..ROUNDS {
        let bytes = mutate(&corpus[round % corpus.len()], &mut dice);
        let tick = round as u64 / 3;
        if let Some(packet) = Packet::read(&bytes) {
            assert!(packet.payload.len() <= LONGEST_PAYLOAD);
            let codec = [Codec::Pcmu, Codec::Pcma, Codec::G722][round % 3];
            hearing.sound(codec, &packet, dice.random_range(-1_000..1_000_000));
            hearing.comfort(packet.payload);
            keypad.take(&packet, tick);
            sequence.relay(
                tick,
                packet.ssrc,
                packet.sequence,
                packet.timestamp,
                packet.marker,
            );
        }
        keypad.expire(tick);
        let _: Samples = hearing.frame();
    }
}

#[test]
fn reports_from_anywhere_are_read() {
    let mut dice = StdRng::seed_from_u64(2);
    let corpus = rtcp();
    for round in 0..ROUNDS {
        let bytes = mutate(&corpus[round % corpus.len()], &mut dice);
        if let Some(report) = Report::read(&bytes, 7) {
            assert!(report.block.is_none_or(|block| block.ssrc == 7));
        }
    }
}

#[test]
fn nothing_forged_passes_the_guard() {
    let mut dice = StdRng::seed_from_u64(3);
    for suite in [Suite::Sha1_80, Suite::Sha1_32] {
        let keying = Keying::random(suite);
        let (mut protect, mut open) = (Protect::new(&keying), Unprotect::new(&keying));
        let mut packet = rtp()[0].clone();
        let length = packet.len();
        packet.resize(length + OVERHEAD, 0);
        let length = protect.rtp(&mut packet, length).expect("room");
        packet.truncate(length);
        let mut report = rtcp()[0].clone();
        let length = report.len();
        report.resize(length + OVERHEAD, 0);
        let length = protect.rtcp(&mut report, length).expect("room");
        report.truncate(length);
        for _ in 0..ROUNDS / 10 {
            let mut forged = mutate(&packet, &mut dice);
            assert!(forged == packet || open.rtp(&mut forged).is_none());
            let mut forged = mutate(&report, &mut dice);
            assert!(forged == report || open.rtcp(&mut forged).is_none());
        }
        assert!(open.rtp(&mut packet).is_some() && open.rtcp(&mut report).is_some());
    }
}

#[test]
fn sound_files_from_anywhere_are_prompts_or_errors() {
    let mut dice = StdRng::seed_from_u64(4);
    let folder = tempfile::tempdir().expect("a folder");
    let wav = {
        let path = folder.path().join("valid.wav");
        let spec = hound::WavSpec {
            channels: 2,
            sample_rate: 16_000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(&path, spec).expect("a new wav");
        (0..200_i16).for_each(|n| writer.write_sample(n * 100).expect("a sample"));
        writer.finalize().expect("a whole wav");
        std::fs::read(path).expect("its bytes")
    };
    let mut g711 = wav.clone();
    g711[20] = 6;
    let mp3 = include_bytes!("../testdata/kilohertz.mp3")[..1_500].to_vec();
    for (round, (extension, valid)) in [("wav", &wav), ("wav", &g711), ("mp3", &mp3)]
        .into_iter()
        .cycle()
        .take(1_500)
        .enumerate()
    {
        let path = folder.path().join(format!("{round}.{extension}"));
        std::fs::write(&path, mutate(valid, &mut dice)).expect("a file");
        let read = match extension {
            "wav" => crate::wav::read(&path),
            _ => crate::mp3::read(&path),
        };
        if let Ok(sound) = read {
            assert!((8_000..=48_000).contains(&sound.rate));
            assert!(sound.samples.len() <= 200_000);
        }
        std::fs::remove_file(path).expect("our file");
    }
}

#[test]
fn any_sound_gets_one_verdict_at_most() {
    let mut dice = StdRng::seed_from_u64(5);
    for _ in 0..40 {
        let params = AnswerParams::default();
        let frames = params.budget_ms / 20 + 1;
        let mut detector = AnswerDetector::new(params);
        let mut findings = 0;
        for _ in 0..frames {
            let loud = dice.random_range(1..=i16::MAX);
            let frame: Samples = std::array::from_fn(|_| dice.random_range(-loud..=loud));
            findings += u32::from(detector.hear(&frame).is_some());
        }
        assert_eq!(findings, 1);
        assert!(detector.is_done());
    }
}
