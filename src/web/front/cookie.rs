//! The session cookie.

use axum::http::{HeaderMap, header};

pub const NAME: &str = "paceline_session";

/// `Set-Cookie` for a session of so many seconds; zero ends it.
#[must_use]
pub fn set(token: &str, seconds: i64, secure: bool) -> String {
    let secure = if secure { "; Secure" } else { "" };
    format!("{NAME}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}")
}

/// A cookie of the request.
#[must_use]
pub fn get<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::COOKIE,
            "lang=en; paceline_session=abc".parse().unwrap(),
        );
        assert_eq!(get(&headers, NAME), Some("abc"));
        assert_eq!(get(&headers, "session"), None);
        assert!(set("abc", 60, true).ends_with("; SameSite=Strict; Secure"));
    }
}
