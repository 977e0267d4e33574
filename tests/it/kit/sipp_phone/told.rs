//! What a phone holds and takes, by itself or because it is told to by a NOTIFY (`Event: talk`).

use super::{OK, Script, TAG, description};

impl Script {
    /// It is called, rings, and says that it can be told to take the call: the first call.
    pub fn rings_until_it_is_told(mut self) -> Self {
        self.steps += r#"<recv request="INVITE"><action>
<ereg regexp="sip:[^>]*" search_in="hdr" header="Contact:" check_it="true" assign_to="target"/>
<ereg regexp=".*" search_in="hdr" header="From:" assign_to="from"/>
<ereg regexp=".*" search_in="hdr" header="Via:" assign_to="via"/>
<ereg regexp=".*" search_in="hdr" header="To:" assign_to="to"/>
<ereg regexp=".*" search_in="hdr" header="CSeq:" assign_to="cseq"/>
</action></recv>
<Reference variables="target,from,via,to,cseq"/>
"#;
        let can = "Allow-Events: talk, hold, conference\nContent-Length: 0\n\n";
        self.steps += &self.answer("180 Ringing", can, "");
        self
    }

    /// It is told to take the call, and does not want to (`489 Bad Event`): it rings on.
    pub fn told_and_refuses(self, status: &str) -> Self {
        self.told_to_talk(status)
    }

    /// It is told to take the call that rings, and does.
    pub fn told_and_takes_it(self) -> Self {
        let mut script = self.told_to_talk("200 OK");
        let ext = &script.extension;
        script.steps += &format!(
            "<send retrans=\"500\"><![CDATA[
SIP/2.0 200 OK
Via:[$via]
From:[$from]
To:[$to];tag={TAG}
[last_Call-ID:]
CSeq:[$cseq]
Contact: <sip:{ext}@[local_ip]:[local_port]>
{}]]></send>
<recv request=\"ACK\"/>\n",
            description(1)
        );
        script
    }

    /// It holds its first call.
    pub fn holds(self) -> Self {
        self.offers("sendonly")
    }

    /// It takes up again what it holds.
    fn takes_up(self) -> Self {
        self.offers("sendrecv")
    }

    fn offers(mut self, direction: &str) -> Self {
        let body = format!("{}a={direction}\n", description(1));
        self.in_first("INVITE", "", &body);
        self.steps += "<recv response=\"100\" optional=\"true\"/>\n<recv response=\"200\"/>\n";
        self.sent -= 1;
        self.in_first("ACK", "", "Content-Length: 0\n\n");
        self
    }

    /// It is told to take up the call that it holds, and does.
    pub fn told_and_takes_up(self) -> Self {
        self.told_to_talk("200 OK").takes_up()
    }

    fn told_to_talk(mut self, status: &str) -> Self {
        self.steps += r#"<recv request="NOTIFY" timeout="60000"><action>
<ereg regexp="^ *talk *$" search_in="hdr" header="Event:" check_it="true" assign_to="event"/>
</action></recv>
<Reference variables="event"/>
"#;
        self.steps += &OK.replace("200 OK", status);
        self
    }
}
