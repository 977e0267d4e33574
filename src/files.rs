//! How many files this process may hold open at once: every socket is one.

use std::ops::RangeInclusive;

use rlimit::Resource;
use tracing::warn;

/// An agent's call: two legs with two sockets each, and a recording.
const OF_A_CALL: u64 = 5;
/// Databases, pages, logs, prompts.
const OF_THE_HOUSE: u64 = 256;
/// A stream (TCP, TLS) of SIP, and our second handle on it.
const OF_A_STREAM: u64 = 2;
/// Connections of browsers and programs that are of use to anybody.
const MOST_PAGES: u64 = 4_000;
/// Streams that are of use to anybody.
const MOST_STREAMS: u64 = 10_000;
/// RTP and RTCP of two legs.
const PORTS_OF_A_CALL: u64 = 4;

/// The number of files that may be open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Files(u64);

impl Files {
    /// Raises the limit as far as the system lets this process: what shells and service managers
    /// start with is enough for some hundred calls.
    pub fn raise() -> Self {
        let raised = rlimit::increase_nofile_limit(u64::MAX);
        let limit = raised.or_else(|error| {
            warn!(%error, "the limit of open files stays as it is");
            Resource::NOFILE.get().map(|(soft, _)| soft)
        });
        Self(limit.unwrap_or(1_024))
    }

    /// Streams that others may open to us: with a quarter of the files.
    pub fn streams(self) -> usize {
        let streams = (self.0 / 4 / OF_A_STREAM).min(MOST_STREAMS);
        usize::try_from(streams).unwrap_or(usize::MAX)
    }

    /// Connections of browsers and programs: with an eighth.
    pub fn pages(self) -> usize {
        let pages = (self.0 / 8).min(MOST_PAGES);
        usize::try_from(pages).unwrap_or(usize::MAX)
    }

    /// Calls at once, with what streams and pages leave.
    pub fn calls(self) -> u64 {
        let streams = self.streams() as u64 * OF_A_STREAM;
        let others = streams + self.pages() as u64 + OF_THE_HOUSE;
        self.0.saturating_sub(others) / OF_A_CALL
    }

    /// Says so in the log when they are enough for fewer calls than the RTP ports.
    pub fn compare(self, rtp: &RangeInclusive<u16>) {
        let ports = u64::from(rtp.end().saturating_sub(*rtp.start())) + 1;
        let (calls, wanted) = (self.calls(), ports / PORTS_OF_A_CALL);
        if calls < wanted {
            warn!(
                limit = self.0,
                "the limit of open files is enough for {calls} calls at once, the RTP ports for \
                 {wanted}: raise it (LimitNOFILE, ulimit -Hn)"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_raised_as_far_as_it_goes() {
        let Files(limit) = Files::raise();
        let (soft, hard) = Resource::NOFILE.get().expect("readable");
        assert_eq!((soft, limit), (hard, hard));
    }

    #[test]
    fn streams_and_calls_share_it() {
        for (limit, streams, calls) in [
            (256, 32, 0),
            (1_024, 128, 76),
            (4_096, 512, 460),
            (524_288, 10_000, 100_006),
        ] {
            let files = Files(limit);
            assert_eq!(
                (files.streams(), files.calls()),
                (streams, calls),
                "{limit}"
            );
        }
    }
}
