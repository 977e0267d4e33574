//! Numbers, times and lengths as people read them.

use engine::{time::Millis, window::Window};

/// A moment on the house's wall clock, `yyyy-MM-dd HH:mm:ss`.
pub(crate) fn when(ms: Option<i64>) -> String {
    ms.and_then(|ms| Window::default().local(Millis(ms)))
        .map_or_else(
            || "—".into(),
            |at| at.format("%Y-%m-%d %H:%M:%S").to_string(),
        )
}

/// A length of time: `mm:ss`, from one hour on `h:mm:ss`.
pub(crate) fn length(ms: Option<i64>) -> String {
    let Some(ms) = ms else {
        return "—".into();
    };
    let seconds = ms / 1_000;
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes:02}:{seconds:02}")
    }
}

/// A count with thousands separators.
pub(crate) fn count(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if number < 0 { format!("-{text}") } else { text }
}

/// A size in bytes.
pub(crate) fn size(bytes: i64) -> String {
    let value = bytes as f64;
    match bytes {
        ..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", value / 1e3),
        _ => format!("{:.1} MB", value / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(count(0), "0");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(-1_000), "-1,000");
        assert_eq!(length(Some(61_000)), "01:01");
        assert_eq!(length(Some(3_661_000)), "1:01:01");
        assert_eq!(length(None), "—");
        assert_eq!(size(999), "999 B");
        assert_eq!(size(13_000_000), "13.0 MB");
        assert_eq!(when(Some(0)), "1970-01-01 08:00:00");
    }
}
