use std::net::SocketAddr;

use super::*;

fn addr(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

fn local() -> Local {
    Local::new(addr("192.0.2.10:30000"), 99)
}

fn description(lines: &[&str]) -> Vec<u8> {
    let mut text = String::from("v=0\r\no=- 5 6 IN IP4 198.51.100.7\r\ns=-\r\n");
    for line in lines {
        text.push_str(line);
        text.push_str("\r\n");
    }
    text.into_bytes()
}

fn session(lines: &[&str]) -> Session {
    parse(&description(lines)).expect("readable")
}

const C: &str = "c=IN IP4 198.51.100.7";

#[test]
fn our_offer() {
    let text = String::from_utf8(offer(&local())).expect("text");
    assert_eq!(
        text,
        "v=0\r\no=- 99 1 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\n\
         m=audio 30000 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n\
         a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n"
    );
}

#[test]
fn static_payload_types_need_no_rtpmap() {
    let session = session(&[C, "t=0 0", "m=audio 4000 RTP/AVP 18 8 0"]);
    let audio = session.audio().expect("audio");
    assert_eq!(audio.codecs, [(8, Codec::Pcma), (0, Codec::Pcmu)]);
    assert_eq!(audio.addr, addr("198.51.100.7:4000"));
    assert_eq!(audio.dtmf, None);
    assert_eq!(audio.direction, Direction::SendRecv);
    assert_eq!(session.origin, ("5".into(), "6".into()));
}

#[test]
fn an_rtpmap_wins_over_the_static_table() {
    let lines = [
        C,
        "m=audio 4000 RTP/AVP 0 96 97 98",
        "a=rtpmap:0 G723/8000",
        "a=rtpmap:96 pcma/8000/1",
        "a=rtpmap:97 telephone-event/16000",
        "a=rtpmap:98 telephone-event/8000",
        "a=ptime:30",
        "a=rtcp:4010",
    ];
    let session = session(&lines);
    let audio = session.audio().expect("audio");
    assert_eq!(audio.codecs, [(96, Codec::Pcma)]);
    assert_eq!(audio.dtmf, Some(98));
    assert_eq!(audio.ptime_ms, Some(30));
    assert_eq!(audio.rtcp_port, Some(4010));
}

#[test]
fn the_media_level_wins() {
    let lines = [
        C,
        "a=inactive",
        "m=audio 4000 RTP/AVP 0",
        "c=IN IP4 198.51.100.8/127",
        "a=sendonly",
    ];
    let session = session(&lines);
    let audio = session.audio().expect("audio");
    assert_eq!(audio.addr.ip().to_string(), "198.51.100.8");
    assert_eq!(audio.direction, Direction::SendOnly);
}

#[test]
fn the_old_way_to_hold() {
    let session = session(&["c=IN IP4 0.0.0.0", "m=audio 4000 RTP/AVP 0"]);
    let audio = session.audio().expect("audio");
    assert_eq!(audio.direction, Direction::SendOnly);
    let (_, agreed) = answer(&session, &local()).expect("a codec");
    assert_eq!(agreed.direction, Direction::RecvOnly);
}

#[test]
fn an_answer_takes_their_first_codec_and_their_payload_types() {
    let offer = session(&[
        C,
        "t=0 0",
        "m=audio 4000 RTP/AVP 9 8 0 96",
        "a=rtpmap:96 telephone-event/8000",
        "a=sendonly",
        "m=video 5000 RTP/AVP 31",
        "m=audio 4002 RTP/AVP 0",
    ]);
    let (bytes, agreed) = answer(&offer, &local()).expect("a codec");
    assert_eq!(
        agreed,
        Agreed {
            remote: addr("198.51.100.7:4000"),
            codec: Codec::Pcma,
            send_payload_type: 8,
            receive_payload_type: 8,
            send_dtmf: Some(96),
            receive_dtmf: Some(96),
            ptime_ms: 20,
            direction: Direction::RecvOnly,
            rtcp: None,
            crypto: None,
        }
    );
    let text = String::from_utf8(bytes).expect("text");
    let lines: Vec<_> = text.lines().filter(|l| l.starts_with("m=")).collect();
    let expected = [
        "m=audio 30000 RTP/AVP 8 96",
        "m=video 0 RTP/AVP 31",
        "m=audio 0 RTP/AVP 0",
    ];
    assert_eq!(lines, expected);
    assert!(text.contains("a=rtpmap:96 telephone-event/8000") && text.contains("a=recvonly"));
}

#[test]
fn their_answer_to_our_offer() {
    let theirs = session(&[
        C,
        "m=audio 4000 RTP/AVP 8 100",
        "a=rtpmap:100 telephone-event/8000",
        "a=ptime:20",
    ]);
    let agreed = agree(&local(), &theirs).expect("a codec");
    assert_eq!(agreed.codec, Codec::Pcma);
    assert_eq!(
        (agreed.send_dtmf, agreed.receive_dtmf),
        (Some(100), Some(101))
    );
    assert_eq!(agreed.direction, Direction::SendRecv);
}

#[test]
fn no_audio_and_no_codec() {
    let none = [
        &[C, "m=audio 0 RTP/AVP 0"][..],
        &[C, "m=video 5000 RTP/AVP 31"],
        &["m=audio 4000 RTP/AVP 0"],
        &[C, "m=audio 4000 RTP/SAVPF 0"],
        &[C],
    ];
    for lines in none {
        assert_eq!(
            answer(&session(lines), &local()).err(),
            Some(SdpError::NoAudio),
            "{lines:?}"
        );
    }
    for lines in [
        [C, "m=audio 4000 RTP/AVP 18 9"],
        ["c=IN IP6 2001:db8::1", "m=audio 4000 RTP/AVP 0"],
    ] {
        assert_eq!(
            answer(&session(&lines), &local()).err(),
            Some(SdpError::NoCodec),
            "{lines:?}"
        );
    }
}

#[test]
fn what_cannot_be_read() {
    let lines = [C, "m=audio 99999 RTP/AVP 0"];
    assert_eq!(
        parse(&description(&lines)).err(),
        Some(SdpError::Unreadable)
    );
    for bytes in [
        &b""[..],
        b"v=1\r\n",
        b"hello",
        b"v=0\r\nm=audio\r\n",
        b"v=0\r\nc=IN IP4 x\r\n",
    ] {
        assert_eq!(parse(bytes).err(), Some(SdpError::Unreadable));
    }
    assert_eq!(
        parse(&vec![b'v'; MAX_BYTES + 1]).err(),
        Some(SdpError::Unreadable)
    );
    let many = vec!["m=audio 1 RTP/AVP 0"; 17];
    assert_eq!(parse(&description(&many)).err(), Some(SdpError::Unreadable));
}

#[test]
fn directions() {
    use Direction::{Inactive, RecvOnly, SendOnly, SendRecv};
    assert_eq!(SendOnly.reversed(), RecvOnly);
    assert_eq!(SendRecv.within(RecvOnly), RecvOnly);
    assert_eq!(SendOnly.within(RecvOnly), Inactive);
    assert_eq!(Inactive.within(SendRecv), Inactive);
    for direction in [SendRecv, SendOnly, RecvOnly, Inactive] {
        assert_eq!(direction.reversed().reversed(), direction);
    }
}

fn corpus() -> Vec<Vec<u8>> {
    crate::fuzz::corpus(crate::fuzz::beside("sdp/corpus"))
}

#[test]
fn every_description_of_the_corpus_is_read() {
    let all = corpus();
    assert_eq!(all.len(), 5);
    for bytes in all {
        parse(&bytes).expect("it is read");
    }
}

#[test]
fn no_mutation_of_the_corpus_panics_and_what_we_write_we_read() {
    use rand::{Rng as _, SeedableRng as _};
    let seeds = corpus();
    let (mut rounds, seed) = crate::fuzz::rounds(20_000);
    let mut random = rand::rngs::StdRng::seed_from_u64(seed);
    let local = Local::new(([192, 0, 2, 10], 4000).into(), 1);
    while rounds.next_round().is_some() {
        let mut bytes = seeds[random.random_range(0..seeds.len())].clone();
        for _ in 0..random.random_range(1..8) {
            crate::fuzz::mutate(&mut bytes, &seeds, &mut random);
        }
        let Ok(theirs) = parse(&bytes) else { continue };
        let _ = agree(&local, &theirs);
        if let Ok((ours, _)) = answer(&theirs, &local) {
            let ours = parse(&ours).expect("what we write, we read");
            let again = answer_again(&theirs, &ours, None, Direction::SendRecv)
                .expect("the same offer again");
            let again = parse(&again).expect("what we write, we read");
            settled(&again, &theirs, false).expect("what we answered");
            let wanted = Direction::SendRecv;
            let offered = offer_again(&again, Some(&local), wanted).expect("ours");
            parse(&offered).expect("what we write, we read");
        }
    }
}

#[test]
fn g722_is_payload_type_9_at_8000() {
    let mut local = local();
    local.codecs = vec![Codec::G722, Codec::Pcma];
    let text = String::from_utf8(offer(&local)).expect("text");
    assert!(text.contains("RTP/AVP 9 8 101") && text.contains("a=rtpmap:9 G722/8000"));
    let theirs = session(&[C, "m=audio 4000 RTP/AVP 9 8", "a=rtcp-mux"]);
    let (bytes, agreed) = answer(&theirs, &local).expect("a codec");
    assert_eq!(agreed.codec, Codec::G722);
    assert_eq!(agreed.rtcp, Some(addr("198.51.100.7:4000")));
    assert!(String::from_utf8_lossy(&bytes).contains("a=rtcp-mux"));
}

#[test]
fn srtp_is_offered_answered_and_agreed() {
    let mut caller = local();
    caller.keying = Some([1; KEYING]);
    caller.encrypted = true;
    let sent = offer(&caller);
    let mut callee = local();
    callee.keying = Some([2; KEYING]);
    let (answered, at_callee) = answer(&parse(&sent).expect("readable"), &callee).expect("a key");
    let at_caller = agree(&caller, &parse(&answered).expect("readable")).expect("a key");
    let keys = |agreed: &Agreed| {
        let (ours, theirs) = agreed.crypto.expect("encrypted");
        assert_eq!((ours.suite, theirs.suite), (Suite::Sha1_80, Suite::Sha1_80));
        (ours.keying, theirs.keying)
    };
    assert_eq!(keys(&at_callee), ([2; KEYING], [1; KEYING]));
    assert_eq!(keys(&at_caller), ([1; KEYING], [2; KEYING]));
    // A re-INVITE keeps the key.
    let again = answer_again(
        &parse(&sent).expect("readable"),
        &parse(&answered).expect("readable"),
        None,
        Direction::SendRecv,
    );
    let again = parse(&again.expect("an answer")).expect("readable");
    let kept = again.audio().map(|audio| audio.crypto[0].keying);
    assert_eq!(kept, Some([2; KEYING]));
    let open = session(&[C, "m=audio 4000 RTP/AVP 0"]);
    let downgrade = answer_again(
        &open,
        &parse(&answered).expect("readable"),
        None,
        Direction::SendRecv,
    );
    assert_eq!(downgrade, Err(SdpError::NoCrypto));
}

#[test]
fn encryption_is_never_dropped_in_silence() {
    let mut secure = local();
    secure.keying = Some([1; KEYING]);
    secure.encrypted = true;
    let open = session(&[C, "m=audio 4000 RTP/AVP 0"]);
    assert_eq!(agree(&secure, &open), Err(SdpError::NoCrypto));
    let keyless = session(&[C, "m=audio 4000 RTP/SAVP 0"]);
    assert_eq!(agree(&secure, &keyless), Err(SdpError::NoCrypto));
    assert_eq!(answer(&keyless, &secure), Err(SdpError::NoCrypto));
    let sent = parse(&offer(&secure)).expect("readable");
    assert_eq!(answer(&sent, &local()), Err(SdpError::NoCrypto));
    assert_eq!(agree(&local(), &sent), Err(SdpError::NoCrypto));
}

#[test]
fn our_order_counts_in_an_answer_where_we_say_so() {
    let offered = session(&[C, "t=0 0", "m=audio 4000 RTP/AVP 0 9 8"]);
    for (own_order, codec) in [(false, Codec::Pcmu), (true, Codec::Pcma)] {
        let local = Local {
            codecs: vec![Codec::Pcma, Codec::Pcmu],
            own_order,
            ..local()
        };
        let (text, agreed) = answer(&offered, &local).expect("a codec in common");
        assert_eq!(agreed.codec, codec);
        let line = format!("RTP/AVP {}\r\n", codec.payload_type());
        assert!(String::from_utf8_lossy(&text).contains(&line));
    }
}

#[test]
fn packets_are_as_long_as_they_ask_for_or_as_we_do_and_no_longer_than_they_take() {
    for (ours, asks, ms) in [
        (20, &["a=ptime:60"][..], 60),
        (60, &[], 60),
        (60, &["a=ptime:20"], 20),
        (60, &["a=maxptime:40"], 40),
        (20, &["a=ptime:60", "a=maxptime:30"], 30),
        (20, &["a=ptime:50"], 40),
        (20, &["a=ptime:120"], 60),
        (20, &["a=ptime:5"], 10),
        (30, &["a=ptime:1000"], 30),
        (20, &["a=maxptime:0"], 20),
    ] {
        let local = Local {
            ptime_ms: ours,
            ..local()
        };
        let lines = [&[C, "m=audio 4000 RTP/AVP 0"][..], asks].concat();
        let theirs = session(&lines);
        let (_, answered) = answer(&theirs, &local).expect("a codec in common");
        let agreed = agree(&local, &theirs).expect("a codec in common");
        assert_eq!((answered.ptime_ms, agreed.ptime_ms), (ms, ms), "{asks:?}");
    }
}

fn settle(ours: &[u8], theirs: &Session) -> Result<Agreed, SdpError> {
    settled(&parse(ours).expect("readable"), theirs, false)
}

#[test]
fn what_a_later_answer_of_ours_settles_is_what_it_says() {
    let full = Local {
        codecs: vec![Codec::Pcma, Codec::Pcmu],
        own_order: true,
        ..local()
    };
    let lines = [
        C,
        "m=audio 4000 RTP/AVP 0 8 96",
        "a=rtpmap:96 telephone-event/8000",
        "a=rtcp-mux",
        "a=ptime:30",
    ];
    let theirs = session(&lines);
    let (first, agreed) = answer(&theirs, &full).expect("a codec");
    assert_eq!(settle(&first, &theirs).as_ref(), Ok(&agreed));
    let last = parse(&first).expect("readable");
    let again = answer_again(&theirs, &last, Some(&full), Direction::SendRecv).expect("a codec");
    let settled = settle(&again, &theirs).expect("a codec");
    assert_eq!(settled, agreed);
    assert_eq!(settled.codec, Codec::Pcma);
    assert_eq!(
        (settled.send_dtmf, settled.rtcp),
        (Some(96), Some(addr("198.51.100.7:4000")))
    );
}

#[test]
fn what_their_answer_to_a_later_offer_settles_is_what_it_says() {
    let theirs = session(&[C, "m=audio 4000 RTP/AVP 8", "a=sendonly"]);
    let settled = settle(&offer(&local()), &theirs).expect("a codec");
    assert_eq!(Ok(&settled), agree(&local(), &theirs).as_ref());
    assert_eq!(settled.codec, Codec::Pcma);
    let other = session(&[C, "m=audio 4000 RTP/AVP 9"]);
    assert_eq!(settle(&offer(&local()), &other), Err(SdpError::NoCodec));
}

#[test]
fn a_later_offer_may_prefer_another_suite() {
    let mut local = local();
    (local.keying, local.encrypted) = (Some([2; KEYING]), true);
    let key = "inline:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB";
    let short = format!("a=crypto:1 AES_CM_128_HMAC_SHA1_32 {key}");
    let long = format!("a=crypto:2 AES_CM_128_HMAC_SHA1_80 {key}");
    let theirs = session(&[C, "m=audio 4000 RTP/SAVP 0", &short, &long]);
    let last = parse(&offer(&local)).expect("readable");
    let ours = answer_again(&theirs, &last, Some(&local), Direction::SendRecv).expect("a key");
    let (mine, other) = settle(&ours, &theirs)
        .expect("a key")
        .crypto
        .expect("encrypted");
    assert_eq!((mine.suite, other.suite), (Suite::Sha1_32, Suite::Sha1_32));
    assert_eq!((mine.keying, other.keying), ([2; KEYING], [1; KEYING]));
    // What is offered then is what is used.
    let last = parse(&ours).expect("readable");
    let again = offer_again(&last, Some(&local), Direction::SendRecv).expect("ours");
    assert!(String::from_utf8_lossy(&again).contains("a=crypto:1 AES_CM_128_HMAC_SHA1_32 "));
    let open = session(&[C, "m=audio 4000 RTP/AVP 0"]);
    assert_eq!(settle(&again, &open), Err(SdpError::NoCrypto));
    let may_be = settled(&parse(&again).expect("readable"), &open, true).expect("open");
    assert_eq!(may_be.crypto, None);
}

#[test]
fn a_later_offer_has_every_line_and_every_codec() {
    let full = Local {
        codecs: vec![Codec::Pcmu, Codec::G722, Codec::Pcma],
        ..local()
    };
    let theirs = session(&[
        C,
        "m=video 5000 RTP/AVP 31",
        "m=audio 4000 RTP/AVP 97 96",
        "a=rtpmap:97 PCMA/8000",
        "a=rtpmap:96 telephone-event/8000",
        "a=sendonly",
    ]);
    let (first, _) = answer(&theirs, &full).expect("a codec");
    let last = parse(&first).expect("readable");
    let again = offer_again(&last, Some(&full), Direction::SendRecv).expect("ours");
    let text = String::from_utf8(again).expect("text");
    let lines: Vec<_> = text.lines().filter(|l| l.starts_with("m=")).collect();
    let expected = ["m=video 0 RTP/AVP 31", "m=audio 30000 RTP/AVP 97 0 9 96"];
    assert_eq!(lines, expected);
    assert!(text.contains("o=- 99 2 ") && text.contains("a=sendrecv"));
    assert!(text.contains("a=rtpmap:97 PCMA/8000"));
}
