use std::io::{Cursor, Write};

use super::*;

fn keys(byte: u8) -> Keys {
    Keys::new(Key::new([byte; 32]), Vec::new())
}

fn sealed(bytes: &[u8]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), keys(1).sealing()).expect("memory");
    // In pieces that fit no chunk.
    for piece in bytes.chunks(1_000) {
        writer.write_all(piece).expect("memory");
    }
    writer.finish().expect("memory")
}

fn content(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 7 % 251) as u8).collect()
}

fn opened(file: &[u8], from: u64) -> Result<Vec<u8>, OpenError> {
    let mut reader = Reader::open(Cursor::new(file), &keys(1))?;
    let mut plain = Vec::new();
    loop {
        let piece = reader.read_at(from + plain.len() as u64)?;
        if piece.is_empty() {
            return Ok(plain);
        }
        plain.extend(piece);
    }
}

#[test]
fn what_is_sealed_is_opened_from_any_place_on() {
    for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 77] {
        let plain = content(length);
        let file = sealed(&plain);
        assert!(length < 40 || !file.windows(40).any(|part| part == &plain[..40]));
        let reader = Reader::open(Cursor::new(&file), &keys(1)).expect("ours");
        assert!(reader.is_whole());
        assert_eq!(reader.length(), length as u64);
        for from in [
            0,
            1,
            length / 2,
            length.saturating_sub(1),
            length,
            length + 9,
        ] {
            let rest = plain.get(from..).unwrap_or_default();
            assert_eq!(
                opened(&file, from as u64).expect("ours"),
                rest,
                "{length} from {from}"
            );
        }
    }
}

#[test]
fn two_files_of_the_same_content_differ_and_need_their_key() {
    let plain = content(100);
    assert_ne!(sealed(&plain), sealed(&plain));
    let file = sealed(&plain);
    let other = Reader::open(Cursor::new(&file), &keys(2)).err();
    assert!(matches!(other, Some(OpenError::NoKey)));
    // A key that was replaced still opens.
    let turned = Keys::new(Key::new([2; 32]), vec![Key::new([1; 32])]);
    assert!(Reader::open(Cursor::new(&file), &turned).is_ok());
    let plain = Reader::open(
        Cursor::new(b"RIFF....WAVEfmt and so on, a good deal longer"),
        &turned,
    );
    assert!(matches!(plain.err(), Some(OpenError::NotSealed)));
}

#[test]
fn a_writer_that_was_killed_leaves_whole_chunks() {
    let plain = content(2 * CHUNK + 5_000);
    let file = sealed(&plain);
    let most = HEAD + 2 * (CHUNK + TAG);
    for length in [most, most + 1, most + 3_000] {
        let cut = &file[..length];
        let reader = Reader::open(Cursor::new(cut), &keys(1)).expect("genuine");
        assert!(!reader.is_whole());
        assert_eq!(opened(cut, 0).expect("genuine"), &plain[..2 * CHUNK]);
    }
    for length in [HEAD, HEAD + 10, HEAD + CHUNK] {
        assert_eq!(opened(&file[..length], 0).expect("empty"), []);
    }
}

#[test]
fn nothing_can_be_changed_unseen() {
    let plain = content(3 * CHUNK + 10);
    let file = sealed(&plain);
    for at in [
        MAGIC.len() + KEY_ID,
        HEAD + 3,
        HEAD + CHUNK + TAG,
        file.len() - 1,
    ] {
        let mut forged = file.clone();
        forged[at] ^= 1;
        let mut found = opened(&forged, 0);
        if at == file.len() - 1 {
            // As if it had been cut off there; what is given out is genuine.
            let plain = found.expect("three chunks");
            assert_eq!(plain, content(3 * CHUNK));
            found = Err(OpenError::Forged);
        }
        assert!(matches!(found, Err(OpenError::Forged)), "byte {at}");
    }
    // Chunks that change places.
    let (first, second) = (HEAD, HEAD + CHUNK + TAG);
    let mut swapped = file.clone();
    swapped[first..second].copy_from_slice(&file[second..second + CHUNK + TAG]);
    assert!(matches!(opened(&swapped, 0), Err(OpenError::Forged)));
}

#[test]
fn a_key_file_is_read_as_it_was_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("key");
    let key = Key::random().expect("random bytes");
    std::fs::write(&path, key.text()).expect("writable");
    assert_eq!(Key::read(&path).expect("a key"), key);
    assert_eq!(format!("{key:?}"), "Key(..)");
    std::fs::write(&path, "short").expect("writable");
    assert!(matches!(Key::read(&path), Err(KeyError::NoKey)));
    assert!(matches!(
        Key::read(&folder.path().join("none")),
        Err(KeyError::Unreadable(_))
    ));
}
