//! Ports that nobody else in this run uses.

use std::{
    net::{TcpListener, UdpSocket},
    sync::atomic::{AtomicU16, Ordering},
};

/// Below the range from which the kernel gives out ports by itself.
const FIRST: u16 = 10_000;
const LAST: u16 = 32_000;

static NEXT: AtomicU16 = AtomicU16::new(0);

/// One port, free for UDP and TCP on loopback.
pub fn one() -> u16 {
    range(1)
}

/// The first of `count` consecutive ports, all free for UDP and TCP on loopback. It is even when
/// `count` is.
///
/// # Panics
/// When there are none left.
pub fn range(count: u16) -> u16 {
    for _ in 0..2_000 {
        let first = take(count);
        if first + count < LAST && (first..first + count).all(is_free) {
            return first;
        }
    }
    panic!("no {count} free ports in a row");
}

/// Test processes that run at the same time start at different places.
fn take(count: u16) -> u16 {
    let even = count.next_multiple_of(2);
    let offset = NEXT.fetch_add(even, Ordering::Relaxed);
    let start = (std::process::id() % 97) as u16 * 220;
    FIRST + (start.wrapping_add(offset) % (LAST - FIRST)) / 2 * 2
}

fn is_free(port: u16) -> bool {
    UdpSocket::bind(("127.0.0.1", port)).is_ok() && TcpListener::bind(("127.0.0.1", port)).is_ok()
}
