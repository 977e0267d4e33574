use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

use super::*;
use crate::fuzz;

fn message(length: &str, body: &str) -> Vec<u8> {
    format!("OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/TCP a\r\n{length}\r\n{body}").into_bytes()
}

/// What a stream holds that comes in these pieces.
fn frames<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Frame> {
    let (mut frames, mut found) = (Frames::default(), Vec::new());
    for piece in pieces {
        frames.room().extend_from_slice(piece);
        while let Some(frame) = frames.next() {
            let is_lost = matches!(frame, Frame::Lost(..));
            found.push(frame);
            if is_lost {
                return found;
            }
        }
    }
    found
}

#[test]
fn messages_are_as_long_as_they_say_however_they_say_it() {
    let hidden = "OPTIONS sip:hidden SIP/2.0\r\n\r\n";
    for name in [
        "Content-Length:",
        "Content-Length :",
        "l:",
        "L\t:",
        "content-length:\r\n ",
    ] {
        let sent = message(&format!("{name} {}\r\n", hidden.len()), hidden);
        let next = message("", "");
        let stream = [&b"\r\n"[..], &sent, b"\r\n\r\n", &next].concat();
        let expected = [Frame::Message(sent), Frame::Ping, Frame::Message(next)];
        assert_eq!(frames([&stream[..]]), expected, "{name}");
        assert_eq!(frames(stream.chunks(1)), expected, "{name} by the byte");
    }
}

#[test]
fn empty_lines_are_passed_over_however_many_there_are() {
    let sent = message("Content-Length: 0\r\n", "");
    let stream = [vec![b'\n'; 70_000], sent.clone()].concat();
    assert_eq!(frames([&stream[..]]), [Frame::Message(sent.clone())]);
    assert_eq!(frames(stream.chunks(4_096)), [Frame::Message(sent)]);
}

#[test]
fn where_nobody_knows_the_end_nothing_more_is_read() {
    let huge = usize::MAX.to_string();
    let rows = [
        ("Content-Length: -1\r\n", 400),
        ("Content-Length: +1\r\n", 400),
        ("Content-Length: 1 2\r\n", 400),
        ("Content-Length:\r\n", 400),
        ("Content-Length: 0\r\nl: 0\r\n", 400),
        ("Content-Type: application/sdp\r\n", 400),
        ("Content-Length: 65535\r\n", 513),
        (&format!("Content-Length: {huge}\r\n"), 513),
        (&format!("Content-Length: {huge}0\r\n"), 400),
    ];
    for (length, status) in rows {
        let sent = message(length, "v=0\r\n");
        let head = sent.len() - "v=0\r\n".len();
        let lost = Frame::Lost(sent[..head].to_vec(), status);
        assert_eq!(frames([&sent[..]]), [lost], "{length}");
    }
    let endless = vec![b'x'; MAX_BYTES + 1];
    let lost = Frame::Lost(endless[..MAX_BYTES].to_vec(), 513);
    assert_eq!(frames(endless.chunks(10_000)), [lost]);
}

#[test]
fn no_mutation_changes_what_a_stream_holds_with_its_pieces() {
    let of = |kind: &str| fuzz::corpus(fuzz::beside(&format!("message/torture/{kind}")));
    let seeds: Vec<_> = of("valid").into_iter().chain(of("invalid")).collect();
    let (mut rounds, seed) = fuzz::rounds(2_000);
    let mut random = StdRng::seed_from_u64(seed);
    while rounds.next_round().is_some() {
        let mut stream = Vec::new();
        for _ in 0..3 {
            stream.extend_from_slice(&seeds[random.random_range(0..seeds.len())]);
        }
        for _ in 0..random.random_range(0..8) {
            fuzz::mutate(&mut stream, &seeds, &mut random);
        }
        let piece = random.random_range(1..200);
        assert_eq!(frames(stream.chunks(piece)), frames([&stream[..]]));
    }
}
