//! Desk phones that let others press their keys over HTTP (AGT-145, CTI-079 to CTI-081): which address a
//! key is asked at. The machine asked is always the one that the phone registered from.

use std::net::IpAddr;

/// Characters of an address.
const LONGEST: usize = 200;
const KEY: &str = "{key}";

/// Where the keys of a phone are asked: `http://{phone}/servlet?key={key}`, where `{phone}` stands for the
/// address that it registered from and `{key}` for the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(String);

/// What is pressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// Hands-free.
    Speaker,
    /// Takes the call that rings.
    OffHook,
    OnHook,
    /// Calls a number: 1 to 32 digits, `+`, `*` or `#`.
    Dial(String),
}

/// An address that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadTemplate(&'static str);

impl Template {
    /// # Errors
    /// When it names another machine than the phone, no key, or is no address.
    pub fn parse(text: &str) -> Result<Self, BadTemplate> {
        let bad = |why| Err(BadTemplate(why));
        let Some(rest) = after_scheme(text) else {
            return bad("must begin with http://{phone} or https://{phone}");
        };
        let Some((port, path)) = rest.split_once('/') else {
            return bad("must have a path after {phone}");
        };
        if !port.is_empty() && !is_port(port) {
            return bad("after {phone} come a colon and a port, or the path");
        }
        let outside = path.replacen(KEY, "", 1);
        if outside.len() == path.len() {
            return bad("must have {key} where the key is to stand");
        }
        let fits = |c: char| c.is_ascii_graphic() && !matches!(c, '{' | '}' | '#' | '\\' | '"');
        if text.len() > LONGEST || !outside.chars().all(fits) {
            return bad("at most 200 printable characters without spaces, and no others in braces");
        }
        Ok(Self(text.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address that presses this key at the phone.
    #[must_use]
    pub fn asked_at(&self, phone: IpAddr, key: &Key) -> String {
        let host = match phone {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => format!("[{address}]"),
        };
        let filled = self.0.replacen("{phone}", &host, 1);
        filled.replacen(KEY, &key.text(), 1)
    }
}

impl Key {
    /// # Errors
    /// When nobody can dial that.
    pub fn dial(number: &str) -> Result<Self, BadTemplate> {
        let fits = |c: char| c.is_ascii_digit() || matches!(c, '+' | '*' | '#');
        match (1..=32).contains(&number.len()) && number.chars().all(fits) {
            true => Ok(Self::Dial(number.to_owned())),
            false => Err(BadTemplate("must be 1 to 32 digits, +, * or #")),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Speaker => "SPEAKER".into(),
            Self::OffHook => "OFFHOOK".into(),
            Self::OnHook => "ONHOOK".into(),
            Self::Dial(number) => {
                let number = number.replace('#', "%23").replace('+', "%2B");
                format!("number={number}")
            }
        }
    }
}

fn after_scheme(text: &str) -> Option<&str> {
    let rest = text
        .strip_prefix("http://")
        .or(text.strip_prefix("https://"))?;
    rest.strip_prefix("{phone}")
}

fn is_port(text: &str) -> bool {
    let digits = text.strip_prefix(':').unwrap_or_default();
    let is_number = !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit());
    is_number && digits.parse::<u16>().is_ok_and(|port| port > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_asked_at_the_phone_and_nowhere_else() {
        let at = |template, phone: &str, key| {
            let template = Template::parse(template).expect("a template");
            template.asked_at(phone.parse().expect("an address"), &key)
        };
        let servlet = "http://{phone}/servlet?key={key}";
        assert_eq!(
            at(servlet, "192.168.3.11", Key::Speaker),
            "http://192.168.3.11/servlet?key=SPEAKER"
        );
        let dials = Key::dial("+1002#").expect("a number");
        assert_eq!(
            at("https://{phone}:8443/cgi/{key}?x=1", "fe80::1", dials),
            "https://[fe80::1]:8443/cgi/number=%2B1002%23?x=1"
        );
    }

    #[test]
    fn another_machine_a_missing_key_and_what_is_no_address_are_refused() {
        for bad in [
            "",
            "ftp://{phone}/{key}",
            "http://10.0.0.1/servlet?key={key}",
            "http://{phone}.evil.example/{key}",
            "http://{phone}@evil.example/{key}",
            "http://{phone}:x/{key}",
            "http://{phone}:/{key}",
            "http://{phone}:0/{key}",
            "http://{phone}:70000/{key}",
            "http://{phone}:80@evil.example/{key}",
            "http://{phone}",
            "http://{phone}/servlet",
            "http://{phone}/{key}{key}",
            "http://{phone}/{key}#x",
            "http://{phone}/a b{key}",
            "http://{phone}/{phone}{key}",
        ] {
            assert!(Template::parse(bad).is_err(), "{bad}");
        }
        let long = format!("http://{{phone}}/{{key}}{}", "x".repeat(200));
        assert!(Template::parse(&long).is_err());
    }

    #[test]
    fn only_what_a_phone_can_dial_is_dialled() {
        for bad in ["", "abc", "1 2", "1&key=OFFHOOK", &"1".repeat(33)] {
            assert!(Key::dial(bad).is_err(), "{bad}");
        }
    }
}
