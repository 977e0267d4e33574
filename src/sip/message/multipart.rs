//! Bodies in several parts (RFC 5621): gateways to the telephone network put ISUP beside SDP.

/// The part that is a session description.
pub(super) fn sdp<'a>(body: &'a [u8], boundary: &str) -> Option<&'a [u8]> {
    let mark = format!("--{boundary}");
    let starts: Vec<usize> = find_all(body, mark.as_bytes()).collect();
    starts.windows(2).find_map(|pair| {
        let part = &body[pair[0] + mark.len()..pair[1]];
        let head = find_all(part, b"\r\n\r\n").next()?;
        let fields = String::from_utf8_lossy(&part[..head]).to_ascii_lowercase();
        let is_sdp = fields
            .lines()
            .filter_map(|line| line.split_once(':'))
            .any(|(name, value)| {
                matches!(name.trim(), "content-type" | "c")
                    && value.trim().starts_with("application/sdp")
            });
        is_sdp.then(|| &part[head + 4..])
    })
}

fn find_all<'a>(bytes: &'a [u8], what: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    let windows = bytes.windows(what.len()).enumerate();
    windows.filter(move |(_, w)| *w == what).map(|(at, _)| at)
}
