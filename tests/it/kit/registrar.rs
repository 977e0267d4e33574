//! The SIPp scenario of a carrier's registrar: it registers one account that knows the password, until that
//! is taken back, and refuses the calls that come through it as busy.

/// An account at a carrier.
#[derive(Debug, Clone, Copy)]
pub struct Account {
    /// Address of record, without `sip:`.
    pub of_record: &'static str,
    /// What stands after `REGISTER sip:`.
    pub domain: &'static str,
    /// Who knows the password: what stands in Authorization.
    pub username: &'static str,
    pub password: &'static str,
}

/// The scenario file. A registration is challenged, and what it was challenged with serves the calls; its
/// answer names a service route (RFC 3608).
pub fn scenario(account: Account) -> String {
    let Account {
        of_record,
        domain,
        username,
        password,
    } = account;
    let knows = |variable: &str| {
        format!(
            r#"<verifyauth assign_to="{variable}" username="{username}" password="{password}"/>"#
        )
    };
    let (of_record, domain_of) = (escaped(of_record), escaped(domain));
    let registers = knows("registers");
    let calls = knows("calls");
    let challenge = format!(
        "WWW-Authenticate: Digest realm=\"{domain}\", nonce=\"first\", algorithm=MD5, qop=\"auth\"\n"
    );
    [
        "<?xml version=\"1.0\" encoding=\"ISO-8859-1\" ?>\n<scenario name=\"registrar\">\n"
            .to_owned(),
        "<recv request=\"REGISTER\" optional=\"true\" next=\"register\"/>\n".to_owned(),
        format!("<recv request=\"INVITE\"><action>{calls}</action></recv>\n"),
        "<nop test=\"calls\" next=\"called\"/>\n".to_owned(),
        answer("403 Forbidden", "", true),
        "<recv request=\"ACK\" next=\"end\"/>\n<label id=\"called\"/>\n".to_owned(),
        answer("486 Busy Here", "", true),
        "<recv request=\"ACK\" next=\"end\"/>\n<label id=\"register\"/>\n".to_owned(),
        answer("401 Unauthorized", &challenge, false),
        format!(
            r#"<recv request="REGISTER"><action>
<ereg regexp="REGISTER sip:{domain_of} SIP" search_in="msg" check_it="true" assign_to="where"/>
<ereg regexp="sip:{of_record}>" search_in="hdr" header="To:" check_it="true" assign_to="who"/>
<ereg regexp="[^ ].*" search_in="hdr" header="Contact:" assign_to="contact"/>
{registers}
</action></recv>
<Reference variables="where,who"/>
<nop test="registers" next="registers"/>
"#
        ),
        answer("403 Forbidden", "", false),
        "<nop next=\"end\"/>\n<label id=\"registers\"/>\n".to_owned(),
        answer(
            "200 OK",
            "Contact: [$contact];expires=600\nService-Route: <sip:orig@home.test;lr>\n",
            false,
        ),
        r#"<recv request="REGISTER"><action>
<ereg regexp="^ *0 *$" search_in="hdr" header="Expires:" check_it="true" assign_to="gone"/>
</action></recv>
<Reference variables="gone"/>
"#
        .to_owned(),
        answer("200 OK", "", false),
        "<label id=\"end\"/>\n</scenario>\n".to_owned(),
    ]
    .concat()
}

/// As a regular expression finds it.
fn escaped(text: &str) -> String {
    text.replace('+', "[+]").replace('.', "[.]")
}

fn answer(status: &str, headers: &str, repeated: bool) -> String {
    let repeated = if repeated { " retrans=\"500\"" } else { "" };
    format!(
        "<send{repeated}><![CDATA[
SIP/2.0 {status}
[last_Via:]
[last_From:]
[last_To:];tag=r[call_number]
[last_Call-ID:]
[last_CSeq:]
{headers}Content-Length: 0

]]></send>
"
    )
}
