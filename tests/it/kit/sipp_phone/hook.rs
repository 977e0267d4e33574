//! What whoever holds the phone does with its hook and its keys.

use super::Script;

impl Script {
    /// The hook is tapped in its first call, which an analog adapter tells by INFO.
    pub fn flashes(self) -> Self {
        self.informs("application/hook-flash", "signal=hf")
    }

    /// Keys are pressed in its first call, and go by INFO.
    pub fn presses(self, keys: &str) -> Self {
        let signal = |key: char| format!("Signal={key}\nDuration=160");
        let press = |script: Self, key| script.informs("application/dtmf-relay", &signal(key));
        keys.chars().fold(self, press)
    }

    /// In its first call keys and the hook go as telephone-events (RFC 4733), payload type 101.
    pub fn by_events(mut self) -> Self {
        let by_events = "RTP/AVP 8 101\na=rtpmap:101 telephone-event/8000\na=fmtp:101 0-16\n";
        self.steps = self.steps.replace("RTP/AVP 8\n", by_events);
        self
    }

    fn informs(self, kind: &str, body: &str) -> Self {
        let body = format!("Content-Type: {kind}\nContent-Length: [len]\n\n{body}\n");
        self.asks("INFO", &body)
    }

    /// It hangs up, in its first call.
    pub fn hangs_up(self) -> Self {
        self.asks("BYE", "Content-Length: 0\n\n")
    }

    fn asks(mut self, method: &str, body: &str) -> Self {
        self.in_first(method, "", body);
        self.steps += "<recv response=\"200\"/>\n";
        self
    }
}
