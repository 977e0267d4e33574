//! A phone registers, and takes that back.

use super::{Script, SippPhone, VIA};

impl SippPhone {
    /// Takes its registration back.
    ///
    /// # Panics
    /// When the house does not take it.
    pub async fn leave(&self) {
        let mut leaves = self.script().registers();
        leaves.steps = leaves.steps.replace("Expires: 3600", "Expires: 0");
        let mut process = self.run(&leaves, &[]);
        self.ended(&mut process).await;
    }
}

impl Script {
    pub(super) fn registers(mut self) -> Self {
        let (ext, house) = (self.extension.clone(), self.house.clone());
        let register = |cseq: u32, with: &str| {
            format!(
                "<send retrans=\"500\"><![CDATA[
REGISTER sip:{house} SIP/2.0
{VIA}From: <sip:{ext}@{house}>;tag=r[call_number]
To: <sip:{ext}@{house}>
Call-ID: [call_id]
CSeq: {cseq} REGISTER
Contact: <sip:{ext}@[local_ip]:[local_port]>
User-Agent: SIPp desk phone
{with}Expires: 3600
Content-Length: 0

]]></send>\n"
            )
        };
        let credentials = self.credentials();
        self.steps += &register(1, "");
        self.steps += "<recv response=\"401\" auth=\"true\"/>\n";
        self.steps += &register(2, &credentials);
        self.steps += "<recv response=\"200\"/>\n";
        self
    }
}
