//! Messages as SIPp received them.

/// A message, its lines as they came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received(String);

impl Received {
    /// The request line, or the status line.
    pub fn first(&self) -> &str {
        self.0.lines().next().unwrap_or_default()
    }

    /// The first header of this name, as we write it; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        let lines = self.0.lines().take_while(|line| !line.is_empty());
        let mut values = lines.filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        values.next().unwrap_or_default().trim()
    }

    /// The first line of the session description that begins so, without that; empty where there is none.
    pub fn described(&self, beginning: &str) -> &str {
        let lines = self.0.lines().skip_while(|line| !line.is_empty());
        let mut rest = lines.filter_map(|line| line.strip_prefix(beginning));
        rest.next().unwrap_or_default()
    }

    /// The payload types of the audio, in their order.
    pub fn payloads(&self) -> Vec<&str> {
        let audio = self.described("m=audio ").split_whitespace();
        audio.skip(2).collect()
    }
}

/// The messages of a file of SIPp's (`-trace_msg`) that were received.
pub fn received(log: &str) -> impl Iterator<Item = Received> {
    let messages = log.split("----------------------------------------------- ");
    messages.filter_map(|message| {
        let (head, text) = message.split_once("\n\n")?;
        let text = text.replace('\r', "");
        head.contains("message received").then_some(Received(text))
    })
}
