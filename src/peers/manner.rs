//! How a called number behaves.

/// What happens when a number is called. The last two digits decide, so a test or a demo can
/// arrange any mixture by choosing numbers:
///
/// | last two digits | what happens |
/// |---|---|
/// | 00-59 | a person answers, talks for a while, hangs up or waits for us to |
/// | 60-69 | it rings until we cancel |
/// | 70-77 | busy, 486 |
/// | 78-81 | no such number, 404 |
/// | 82-84 | declined, 603 |
/// | 85-87 | the network is congested, 503 |
/// | 88-97 | a machine answers: a greeting, a beep, then silence until we hang up |
/// | 98-99 | early media, 183 with a ringback tone; then a person answers |
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Manner {
    Person,
    NoAnswer,
    Busy,
    Unallocated,
    Declined,
    Congested,
    Machine,
    EarlyMedia,
}

impl Manner {
    /// The manner of a number; one without two digits at its end is a person's.
    #[must_use]
    pub fn of(number: &str) -> Self {
        let digits: Vec<u32> = number
            .chars()
            .rev()
            .map_while(|c| c.to_digit(10))
            .take(2)
            .collect();
        let [ones, tens] = digits[..] else {
            return Self::Person;
        };
        match tens * 10 + ones {
            0..=59 => Self::Person,
            60..=69 => Self::NoAnswer,
            70..=77 => Self::Busy,
            78..=81 => Self::Unallocated,
            82..=84 => Self::Declined,
            85..=87 => Self::Congested,
            88..=97 => Self::Machine,
            _ => Self::EarlyMedia,
        }
    }

    /// Whether the call is answered if we wait long enough.
    #[must_use]
    pub fn answers(self) -> bool {
        matches!(self, Self::Person | Self::Machine | Self::EarlyMedia)
    }

    /// The final status of a call that is not answered; 487 after our CANCEL.
    #[must_use]
    pub fn refusal(self) -> Option<u16> {
        match self {
            Self::Person | Self::Machine | Self::EarlyMedia => None,
            Self::NoAnswer => Some(487),
            Self::Busy => Some(486),
            Self::Unallocated => Some(404),
            Self::Declined => Some(603),
            Self::Congested => Some(503),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_two_digits_decide() {
        for (number, manner) in [
            ("+8613800000000", Manner::Person),
            ("13800000059", Manner::Person),
            ("13800000060", Manner::NoAnswer),
            ("13800000077", Manner::Busy),
            ("13800000081", Manner::Unallocated),
            ("13800000083", Manner::Declined),
            ("13800000085", Manner::Congested),
            ("13800000097", Manner::Machine),
            ("13800000099", Manner::EarlyMedia),
            ("7", Manner::Person),
            ("alice", Manner::Person),
        ] {
            assert_eq!(Manner::of(number), manner, "{number}");
        }
    }
}
