//! The ways in which one number is written, so that a list that knows one of them forbids all.

/// The number itself and its other spellings, at most four. `home` is the country whose numbers are
/// written without a country code.
#[must_use]
pub fn spellings(number: &str, home: &str) -> Vec<String> {
    let mut all = vec![number.to_owned()];
    let mut add = |text: String| {
        if !all.contains(&text) {
            all.push(text);
        }
    };
    if let Some(rest) = number.strip_prefix('+') {
        add(format!("00{rest}"));
    } else if let Some(rest) = number.strip_prefix("00") {
        add(format!("+{rest}"));
    }
    if matches!(home, "US" | "CA") {
        let digits = ["+", "001", "011"]
            .iter()
            .find_map(|prefix| number.strip_prefix(prefix))
            .unwrap_or(number);
        let national = match digits.len() {
            10 => Some(digits),
            11 => digits.strip_prefix('1'),
            _ => None,
        };
        if let Some(national) = national {
            add(national.to_owned());
            add(format!("1{national}"));
            add(format!("+1{national}"));
        }
    }
    all.truncate(4);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_has_all_its_spellings() {
        let table: &[(&str, &str, &[&str])] = &[
            ("13800138000", "CN", &["13800138000"]),
            ("+12125550100", "CN", &["+12125550100", "0012125550100"]),
            ("0012125550100", "CN", &["0012125550100", "+12125550100"]),
            (
                "2125550100",
                "US",
                &["2125550100", "12125550100", "+12125550100"],
            ),
            (
                "12125550100",
                "US",
                &["12125550100", "2125550100", "+12125550100"],
            ),
            (
                "+12125550100",
                "US",
                &["+12125550100", "0012125550100", "2125550100", "12125550100"],
            ),
            ("110", "US", &["110"]),
        ];
        for (number, home, spelled) in table {
            assert_eq!(spellings(number, home), *spelled);
        }
    }
}
