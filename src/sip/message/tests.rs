use super::*;
use crate::Transport;

fn parse(text: &str) -> Message {
    Message::parse(text.as_bytes()).expect("a message")
}

#[test]
fn folded_compact_and_spaced_headers() {
    let message = parse(
        "OPTIONS sip:x@test SIP/2.0\r\nv: SIP / 2.0 / UDP 192.0.2.2 ;branch=390skd\r\n\
         f : \"A \\\"B\\\" <C>\"\r\n  <sip:a;x=1@test;y=2> ; tag = 98\r\nT: sip:b@test;tag=1\r\n\
         i: 7\r\nCSEQ: 0009\r\n  OPTIONS\r\nl: 3\r\n\r\nabcdef",
    );
    assert_eq!(message.tag_of_from().as_deref(), Some("98"));
    assert_eq!(message.tag_of_to().as_deref(), Some("1"));
    assert_eq!(message.body, b"abc");
    assert_eq!(message.cseq().map(|c| c.number), Some(9));
    let via = message.top_via().expect("Via");
    assert_eq!(
        (via.sent_by.as_str(), via.branch()),
        ("192.0.2.2", Some("390skd"))
    );
    let from = NameAddr::parse(message.header("From").expect("From")).expect("an address");
    assert_eq!(from.name.as_deref(), Some("A \"B\" <C>"));
    assert_eq!(from.uri, "sip:a;x=1@test;y=2");
    assert_eq!(Uri::parse(&from.uri).expect("a URI").user, "a;x=1");
}

#[test]
fn no_value_can_add_a_header() {
    let message = Message::request(Method::Info, "sip:x@test").with("Subject", "a\r\nEvil: 1");
    let again = Message::parse(&message.to_bytes()).expect("a message");
    assert_eq!(again.header("Evil"), None);
    assert_eq!(again.header("Subject"), Some("a  Evil: 1"));
}

#[test]
fn lists_are_split_outside_quotes_and_brackets() {
    let list = "\"a,b\" <sip:1@x;p=\"q,r\">, <sip:2@y,z>,sip:3@w";
    assert_eq!(split_list(list).len(), 3);
    let params = challenge_params("Digest realm=\"a, \\\"b\\\"\", qop=\"auth,auth-int\",nonce=n");
    let params = params.expect("digest");
    assert_eq!(params.get("realm"), Some("a, \"b\""));
    assert_eq!(params.get("qop"), Some("auth,auth-int"));
    assert_eq!(params.get("nonce"), Some("n"));
    assert_eq!(challenge_params("Basic realm=\"x\""), None);
}

#[test]
fn uris() {
    let uri = Uri::parse("sip:+49%2330:secret@[2001:db8::1]:5070;transport=TCP;lr?x=y");
    let uri = uri.expect("a URI");
    assert_eq!(
        (uri.user.as_str(), uri.host.as_str()),
        ("+49#30", "2001:db8::1")
    );
    assert_eq!(uri.transport(), Some(Transport::Tcp));
    assert_eq!(
        uri.socket_addr().expect("an address").to_string(),
        "[2001:db8::1]:5070"
    );
    let name = Uri::parse("sip:carrier.test").expect("a URI");
    assert_eq!((name.user.as_str(), name.socket_addr()), ("", None));
    assert_eq!(
        Uri::parse("tel:+4930;phone-context=x").expect("a URI").user,
        "+4930"
    );
    for bad in ["", "sip:", "sip:a@", "sip:a@b:port", "nonsense"] {
        assert_eq!(Uri::parse(bad), None, "{bad}");
    }
    assert_eq!(Uri::escape_user("a#b c@d"), "a%23b%20c%40d");
}

#[test]
fn reasons() {
    let read = |text: &str| Reason::read(split_list(text).into_iter());
    let both = read("SIP;cause=200;text=\"Call completed elsewhere\", Q.850 ;cause=16;text=\"ok\"");
    assert_eq!((both.q850, both.text.as_deref()), (Some(16), Some("ok")));
    assert_eq!(read("q.850;cause=300").q850, None);
    assert_eq!(
        read("SIP;cause=487;text=gone").text.as_deref(),
        Some("gone")
    );
}

#[test]
fn sdp_beside_isup() {
    let sdp = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\n";
    let body = format!(
        "--b1\r\nContent-Type: application/ISUP;version=x\r\n\r\n\u{1}\u{2}\r\n--b1\r\n\
         Content-Type: application/sdp\r\n\r\n{sdp}\r\n--b1--\r\n"
    );
    let kind = "multipart/mixed; boundary=\"b1\"";
    let message = Message::request(Method::Invite, "sip:x@test").with_body(kind, body.into_bytes());
    let found = String::from_utf8_lossy(message.sdp().expect("a part"));
    assert_eq!(found.trim_end(), sdp.trim_end());
    let other = Message::request(Method::Invite, "sip:x@test").with_body("text/plain", b"x".into());
    assert_eq!(other.sdp(), None);
}

#[test]
fn answers_copy_what_they_must() {
    let request = parse(
        "INVITE sip:x@test SIP/2.0\r\nVia: a\r\nVia: b\r\nRecord-Route: <r>\r\nFrom: <f>;tag=1\r\n\
         To: <sip:t@test>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\nSubject: no\r\n\r\n",
    );
    let ok = Message::answer(&request, 200, "me");
    assert_eq!(ok.headers("Via").collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(ok.header("To"), Some("<sip:t@test>;tag=me"));
    assert_eq!(ok.header("Record-Route"), Some("<r>"));
    assert_eq!(ok.header("Subject"), None);
    let trying = Message::answer(&request, 100, "me");
    assert_eq!(trying.header("To"), Some("<sip:t@test>"));
    assert_eq!(
        Message::answer(&request, 404, "me").header("Record-Route"),
        None
    );
}

#[test]
fn blanks_that_say_nothing_are_left_out() {
    let loose = "OPTIONS sip:x SIP/2.0\r\nVia  : SIP  /   2.0\r\n /UDP\r\n    192.0.2.2;branch=390skdjuw\r\n\
                 v: SIP/2.0/TCP  host ;\r\n branch =  b , SIP / 2.0/UDP 192.0.2.3 ; branch=\r\n c\r\n\
                 From: \"A  \\\"; = b\"   <sip:a@x>\r\n ; tag = t\r\nSubject: a  =  b\r\n\r\n";
    let message = Message::parse(loose.as_bytes()).expect("SIP").tightened();
    let vias: Vec<_> = message.headers("Via").collect();
    let plain = [
        "SIP/2.0/UDP 192.0.2.2;branch=390skdjuw",
        "SIP/2.0/TCP host;branch=b",
        "SIP/2.0/UDP 192.0.2.3;branch=c",
    ];
    assert_eq!(vias, plain);
    let from = message.header("From");
    assert_eq!(from, Some("\"A  \\\"; = b\" <sip:a@x>;tag=t"));
    assert_eq!(message.header("Subject"), Some("a  =  b"));
}

#[test]
fn a_secure_uri_has_a_port_of_its_own() {
    for (uri, address, transport) in [
        ("sip:a@192.0.2.7", "192.0.2.7:5060", None),
        (
            "sip:a@192.0.2.7;transport=tcp",
            "192.0.2.7:5060",
            Some(Transport::Tcp),
        ),
        (
            "sip:a@192.0.2.7;transport=tls",
            "192.0.2.7:5061",
            Some(Transport::Tls),
        ),
        ("sips:a@192.0.2.7", "192.0.2.7:5061", Some(Transport::Tls)),
        (
            "sips:a@192.0.2.7:5070",
            "192.0.2.7:5070",
            Some(Transport::Tls),
        ),
    ] {
        let uri = Uri::parse(uri).expect("a URI");
        assert_eq!(uri.transport(), transport, "{uri:?}");
        let found = uri.socket_addr().map(|found| found.to_string());
        assert_eq!(found.as_deref(), Some(address));
    }
}
