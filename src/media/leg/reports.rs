//! RTCP: reports out and in.

use std::net::SocketAddr;

use super::{Leg, Turn};
use crate::{
    control::Sent,
    rtcp::{LONGEST, Report},
    srtp,
};

/// Reports taken in one turn; more is a flood.
const MOST_A_TURN: usize = 2;
/// Datagrams read in one turn, whoever they are from.
const MOST_READ: usize = 16;

impl Leg {
    /// Reads the far end's reports and sends ours when it is due.
    pub(super) fn exchange_reports(&mut self, turn: Turn) {
        if self.far.is_none() {
            return;
        }
        self.read_reports(turn);
        if self.control.due(turn.tick) {
            self.send_report(turn.arrival, false);
        }
    }

    fn read_reports(&mut self, turn: Turn) {
        let mut buffer = [0; 1_500];
        let mut taken = 0;
        for _ in 0..MOST_READ {
            let Some(socket) = &self.rtcp else { return };
            let Ok((length, source)) = socket.recv_from(&mut buffer) else {
                return;
            };
            if self.take_report(&mut buffer[..length], source, turn)
                && let Some(far) = &mut self.far
            {
                far.reports_from = Some(source);
                taken += 1;
            }
            if taken == MOST_A_TURN {
                return;
            }
        }
    }

    /// Takes a report that came on either port; `false` when it is none, or another's. A far end that
    /// sends no sound in a pause lives on by its reports.
    pub(super) fn take_report(
        &mut self,
        datagram: &mut [u8],
        source: SocketAddr,
        turn: Turn,
    ) -> bool {
        let Some(far) = self.far.as_mut().filter(|far| far.latch.is_host(source)) else {
            return false;
        };
        let length = match far.guard() {
            Some(guard) => guard.unprotect.rtcp(datagram),
            None => Some(datagram.len()),
        };
        let report = length.and_then(|length| Report::read(&datagram[..length], self.ssrc));
        let heard = self.reception.source().map(|source| source.ssrc);
        let report = report.filter(|it| heard.is_none_or(|ssrc| ssrc == it.ssrc));
        let Some(report) = report else { return false };
        self.control.take(&report, turn.arrival);
        if !report.goodbye {
            self.gives_sign_of_life(turn.tick);
        }
        true
    }

    pub(super) fn say_goodbye(&mut self, now: i64) {
        if self.sent > 0 {
            self.send_report(now, true);
        }
    }

    fn send_report(&mut self, now: i64, goodbye: bool) {
        let sent = Sent {
            packets: self.sent,
            bytes: self.sent_bytes,
            timestamp: self.sequence.timestamp(),
        };
        let report = self.control.report(self.ssrc, sent, &self.reception, now);
        let report = Report { goodbye, ..report };
        let Some(far) = &mut self.far else { return };
        let mut buffer = [0; LONGEST + srtp::OVERHEAD];
        let mut length = report.write(self.control.name(), &mut buffer);
        if let Some(guard) = far.guard() {
            let Some(protected) = guard.protect.rtcp(&mut buffer, length) else {
                return;
            };
            length = protected;
        }
        let sound = far.latch.destination();
        let after = SocketAddr::new(sound.ip(), sound.port().saturating_add(1));
        let from = far.reports_from.filter(|from| far.latch.is_host(*from));
        let to = from.or(far.remote.rtcp).unwrap_or(after);
        let shared = to.port() == sound.port();
        let socket = match &self.rtcp {
            Some(socket) if !shared => socket,
            _ => &self.socket,
        };
        // A report that does not go out is missed no more than one that is lost.
        if let Err(error) = socket.send_to(&buffer[..length], to) {
            tracing::trace!(%error, "a report could not be sent");
        }
    }
}
