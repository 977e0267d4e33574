//! Keeps files unreadable to whoever has the disk but not the key.
//!
//! A sealed file is a head and chunks of [`CHUNK`] bytes, each encrypted and authenticated with
//! XChaCha20-Poly1305; together they are a STREAM (Hoang, Reyhanitabar, Rogaway and Vizár, 2015), so
//! that no chunk can be changed, moved, left out or taken from another file unseen. It is written as
//! its content comes: a writer that is killed leaves everything but its last chunk readable. It can
//! be read from any place on.

mod key;
mod reader;
#[cfg(test)]
mod tests;
mod writer;

use aead_stream::StreamBE32;
use chacha20poly1305::XChaCha20Poly1305;
pub use key::{Key, KeyError, Keys};
pub use reader::{OpenError, Reader};
pub use writer::Writer;

/// Plain bytes in a chunk; the last may have fewer.
pub const CHUNK: usize = 64 * 1024;
/// Bytes that authenticate a chunk.
const TAG: usize = 16;
/// What a sealed file begins with.
const MAGIC: &[u8; 8] = b"PLSEAL\x01\n";
/// Names the key without telling it.
const KEY_ID: usize = 8;
/// The part of the nonce that a file has for itself; the rest counts chunks.
const NONCE: usize = 19;
const HEAD: usize = MAGIC.len() + KEY_ID + NONCE;

type Stream = StreamBE32<XChaCha20Poly1305>;
