//! What numbers a rule is for (VOX-100).

use std::fmt;

use regex::bytes::{Regex, RegexBuilder};

/// Most characters of a pattern.
const LONGEST: usize = 200;
/// Most characters of a number that is looked at; no longer one matches anything.
const LONGEST_NUMBER: usize = 64;
/// What a compiled expression and what matching needs at most, in bytes. Matching takes time in
/// proportion to the number's length, whatever the expression.
const SIZE: usize = 64 * 1024;
const NEST: u32 = 16;

/// A number, every number, or a regular expression.
#[derive(Clone)]
pub struct Pattern {
    text: String,
    test: Test,
}

#[derive(Clone)]
enum Test {
    Any,
    Number,
    Expression(Regex),
}

/// A pattern that cannot be used (`BAD_PATTERN`).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPattern {
    #[error("a pattern has 1 to {LONGEST} characters")]
    Length,
    #[error("{0}")]
    Expression(String),
}

impl Pattern {
    /// `*` is every number; digits with an optional `+` are that number; anything else is a regular
    /// expression, which matches anywhere in a number unless it has `^` and `$`.
    ///
    /// # Errors
    /// [`BadPattern`].
    pub fn new(text: &str) -> Result<Self, BadPattern> {
        let text = text.trim();
        if text.is_empty() || text.chars().count() > LONGEST {
            return Err(BadPattern::Length);
        }
        let digits = text.strip_prefix('+').unwrap_or(text);
        let test = if text == "*" {
            Test::Any
        } else if !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit()) {
            Test::Number
        } else {
            let built = RegexBuilder::new(text)
                .unicode(false)
                .size_limit(SIZE)
                .dfa_size_limit(SIZE)
                .nest_limit(NEST)
                .build();
            Test::Expression(built.map_err(|error| BadPattern::Expression(error.to_string()))?)
        };
        Ok(Self {
            text: text.to_owned(),
            test,
        })
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    #[must_use]
    pub fn matches(&self, number: &str) -> bool {
        if number.len() > LONGEST_NUMBER {
            return false;
        }
        match &self.test {
            Test::Any => true,
            Test::Number => number == self.text,
            Test::Expression(expression) => expression.is_match(number.as_bytes()),
        }
    }

    /// Whether it is one certain number.
    #[must_use]
    pub fn is_number(&self) -> bool {
        matches!(self.test, Test::Number)
    }

    #[must_use]
    pub fn is_any(&self) -> bool {
        matches!(self.test, Test::Any)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pattern").field(&self.text).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, number: &str) -> bool {
        Pattern::new(pattern).unwrap().matches(number)
    }

    #[test]
    fn a_number_is_itself_and_an_expression_what_it_says() {
        let table = [
            ("200", "200", true),
            ("200", "2000", false),
            ("+8620", "+8620", true),
            ("*", "anything", true),
            (r"^(\d{3,4})$", "8001", true),
            (r"^(\d{3,4})$", "80011", false),
            (r"^(\d{5,13})$", "13800138000", true),
            ("^400", "4008001234", true),
            ("^400", "14008001234", false),
            ("^0.*9$", "02599", true),
        ];
        for (pattern, number, expected) in table {
            assert_eq!(matches(pattern, number), expected, "{pattern} {number}");
        }
    }

    #[test]
    fn what_cannot_be_an_expression_or_costs_too_much_is_refused() {
        for bad in [
            "",
            "(",
            "[0-9",
            "a{1,100000}",
            "((((((((((((((((((((a))))))))))))))))))))",
        ] {
            assert!(Pattern::new(bad).is_err(), "{bad}");
        }
        assert!(Pattern::new(&"1".repeat(201)).is_err());
        assert!(Pattern::new(r"(\d{1,50}){1,50}{1,50}").is_err());
    }

    #[test]
    fn nothing_takes_long_whatever_is_called() {
        // For a backtracking engine this is for ever.
        let evil = Pattern::new(r"^(\d+)+$").unwrap();
        let number = format!("{}x", "1".repeat(60));
        assert!(!evil.matches(&number));
        assert!(!evil.matches(&"1".repeat(100)), "longer than any number");
    }
}
