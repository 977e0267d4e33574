//! Mutations of valid input for everything that reads what others wrote. Nothing may panic; what is
//! read must be within its bounds. `PACELINE_FUZZ_S` says how long the targets go on.

use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::{
    Codec, Keying, Suite,
    classify::{AnswerDetector, AnswerParams, Classifier},
    codec::Samples,
    dtmf::Keypad,
    fuzz,
    hearing::Hearing,
    packet::{LONGEST_PAYLOAD, Packet},
    prompt::PromptError,
    rtcp::{self, Report},
    sequence::Sequence,
    srtp::{OVERHEAD, Protect, Unprotect},
    wav::Sound,
};

const ROUNDS: u64 = 20_000;

fn corpus(kind: &str) -> Vec<Vec<u8>> {
    fuzz::corpus(fuzz::beside("tests/corpus").join(kind))
}

/// Hands mutations of a corpus to `read`, with the number of the round.
fn mutations(kind: &str, rounds: u64, mut read: impl FnMut(u64, &[u8], &mut StdRng)) {
    let seeds = corpus(kind);
    let (mut rounds, seed) = fuzz::rounds(rounds);
    let mut dice = StdRng::seed_from_u64(seed);
    while let Some(round) = rounds.next_round() {
        let mut bytes = seeds[dice.random_range(0..seeds.len())].clone();
        for _ in 0..dice.random_range(1..8) {
            fuzz::mutate(&mut bytes, &seeds, &mut dice);
        }
        read(round, &bytes, &mut dice);
    }
}

/// What a leg does with a packet, whoever it is from.
#[derive(Default)]
struct Ear {
    hearing: Hearing,
    keypad: Keypad,
    sequence: Option<Sequence>,
}

impl Ear {
    fn take(&mut self, round: u64, bytes: &[u8], dice: &mut StdRng) {
        let tick = round / 3;
        if let Some(packet) = Packet::read(bytes) {
            assert!(packet.payload.len() <= LONGEST_PAYLOAD);
            let codec = [Codec::Pcmu, Codec::Pcma, Codec::G722][(round % 3) as usize];
            let arrival = dice.random_range(-1_000..1_000_000);
            self.hearing.sound(codec, &packet, arrival);
            self.hearing.comfort(packet.payload);
            self.keypad.take(&packet, tick);
            let sequence = &mut self.sequence;
            sequence
                .get_or_insert_with(|| Sequence::starting_at(65_000, u32::MAX - 5))
                .relay(
                    tick,
                    packet.ssrc,
                    packet.sequence,
                    packet.timestamp,
                    packet.marker,
                );
        }
        self.keypad.expire(tick);
        let _: Samples = self.hearing.frame();
    }
}

#[test]
fn every_packet_of_the_corpus_is_what_its_name_says() {
    let read = |kind| corpus(kind).iter().filter_map(|b| Packet::read(b)).count();
    // All but one of another version, one that is too long, and one that is padding alone.
    assert_eq!(read("rtp"), corpus("rtp").len() - 3);
    assert_eq!((read("rtcp"), read("stun")), (0, 0));
    let reports = |kind| corpus(kind).iter().filter(|b| rtcp::is_rtcp(b)).count();
    assert_eq!(reports("rtcp"), corpus("rtcp").len());
    assert_eq!((reports("rtp"), reports("stun")), (0, 0));
}

#[test]
fn no_mutation_of_rtp_panics() {
    let mut ear = Ear::default();
    mutations("rtp", ROUNDS, |round, bytes, dice| {
        ear.take(round, bytes, dice);
    });
}

#[test]
fn no_mutation_of_rtcp_panics() {
    mutations("rtcp", ROUNDS, |_, bytes, _| {
        if let Some(report) = Report::read(bytes, 7) {
            assert!(report.block.is_none_or(|block| block.ssrc == 7));
        }
    });
}

/// What comes to the port of a call and is neither RTP nor RTCP (RFC 7983) is taken for neither.
#[test]
fn no_mutation_of_stun_is_heard() {
    let mut ear = Ear::default();
    mutations("stun", ROUNDS, |round, bytes, dice| {
        let is_other = bytes.first().is_none_or(|first| first >> 6 != 2);
        let is_taken = Packet::read(bytes).is_some() || rtcp::is_rtcp(bytes);
        assert!(!(is_other && is_taken), "{bytes:?}");
        ear.take(round, bytes, dice);
    });
}

#[test]
fn nothing_forged_passes_the_guard() {
    let mut dice = StdRng::seed_from_u64(3);
    for suite in [Suite::Sha1_80, Suite::Sha1_32] {
        let keying = Keying::random(suite);
        let (mut protect, mut open) = (Protect::new(&keying), Unprotect::new(&keying));
        let is_sound = |bytes: &Vec<u8>| Packet::read(bytes).is_some();
        let mut packet = corpus("rtp").into_iter().find(is_sound).expect("a packet");
        let seeds = corpus("rtcp");
        let length = packet.len();
        packet.resize(length + OVERHEAD, 0);
        let length = protect.rtp(&mut packet, length).expect("room");
        packet.truncate(length);
        let mut report = seeds[0].clone();
        let length = report.len();
        report.resize(length + OVERHEAD, 0);
        let length = protect.rtcp(&mut report, length).expect("room");
        report.truncate(length);
        for _ in 0..ROUNDS / 10 {
            let mut forged = packet.clone();
            fuzz::mutate(&mut forged, &seeds, &mut dice);
            assert!(forged == packet || open.rtp(&mut forged).is_none());
            let mut forged = report.clone();
            fuzz::mutate(&mut forged, &seeds, &mut dice);
            assert!(forged == report || open.rtcp(&mut forged).is_none());
        }
        assert!(open.rtp(&mut packet).is_some() && open.rtcp(&mut report).is_some());
    }
}

/// Hands mutations of sound files to whoever reads prompts.
fn sounds(kind: &str, read: impl Fn(&std::path::Path) -> Result<Sound, PromptError>) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("prompt");
    mutations(kind, 1_500, |_, bytes, _| {
        std::fs::write(&path, bytes).expect("a file");
        if let Ok(sound) = read(&path) {
            assert!((8_000..=48_000).contains(&sound.rate));
            assert!(sound.samples.len() <= 200_000);
        }
    });
}

#[test]
fn every_sound_of_the_corpus_is_read() {
    let folder = fuzz::beside("tests/corpus");
    let files = |kind| std::fs::read_dir(folder.join(kind)).expect("a folder");
    for file in files("wav") {
        let sound = crate::wav::read(&file.expect("a file").path()).expect("a prompt");
        assert!(!sound.samples.is_empty());
    }
    for file in files("mp3") {
        let sound = crate::mp3::read(&file.expect("a file").path()).expect("a prompt");
        assert!(!sound.samples.is_empty());
    }
}

#[test]
fn no_mutation_of_a_wav_panics() {
    sounds("wav", crate::wav::read);
}

#[test]
fn no_mutation_of_an_mp3_panics() {
    sounds("mp3", crate::mp3::read);
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
