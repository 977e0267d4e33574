//! What is wanted of the voice, and whether a measurement meets it. Pure: measuring is done elsewhere.

use std::{fmt, time::Duration};

/// A soak says nothing about memory before it is as long as this.
pub const SOAK: Duration = Duration::from_secs(30 * 60);
/// From the person's 200 OK to sound both ways, 99 of 100 answers.
const ANSWER: Duration = Duration::from_millis(60);
/// Lateness of the media threads, 99 of 100 slots, in milliseconds.
const LATENESS_MS: u64 = 5;
/// Legs a core, of what a loop over bare sockets has, in percent.
const OF_BARE: f64 = 60.0;
/// Resident memory of a bridged call.
const KILOBYTES: f64 = 100.0;
/// Our processor time for a call, of the better rival's.
const OF_RIVAL: f64 = 0.5;
/// How much memory may grow in the second half of a soak, in percent.
const GROWTH: f64 = 5.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Met,
    Missed,
    /// The run is too short to tell, or there is nothing to compare with.
    NotMeasured,
}

/// One figure: what was wanted of it, and what came of that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    what: String,
    wanted: String,
    measured: String,
    pub verdict: Verdict,
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            what,
            wanted,
            measured,
            verdict,
        } = self;
        write!(
            f,
            "{}{what}: wanted {wanted}, measured {measured}",
            verdict.mark()
        )
    }
}

impl Verdict {
    const ALL: [Self; 3] = [Self::Met, Self::Missed, Self::NotMeasured];

    fn of(is_met: bool) -> Self {
        if is_met { Self::Met } else { Self::Missed }
    }

    /// A figure's line begins with it.
    fn mark(self) -> &'static str {
        match self {
            Self::Met => "met: ",
            Self::Missed => "missed: ",
            Self::NotMeasured => "not measured: ",
        }
    }

    /// The verdict of a line that another process has printed; none where it is no figure's.
    pub fn in_line(line: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|verdict| line.starts_with(verdict.mark()))
    }
}

/// `rate` calls a second for `length`, `total` in all, without a failure.
pub fn without_failure(rate: u32, length: Duration, answered: u32, failed: u32) -> Figure {
    let total = u64::from(rate) * length.as_secs();
    Figure {
        what: format!("{rate} calls a second for {} s", length.as_secs()),
        wanted: format!("{total} answered, none failed"),
        measured: format!("{answered} answered, {failed} failed"),
        verdict: Verdict::of(u64::from(answered) == total && failed == 0),
    }
}

/// Processor time of a call beside the better rival's of the same run, in milliseconds.
pub fn beside_rival(how: &str, ours: f64, theirs: Option<f64>) -> Figure {
    let most = theirs.map(|theirs| theirs * OF_RIVAL);
    Figure {
        what: format!("CPU a call, {how}"),
        wanted: match most {
            Some(most) => format!("at most {most:.2} ms, half of the rival's"),
            None => "at most half of a rival's, and none is installed".into(),
        },
        measured: format!("{ours:.2} ms"),
        verdict: most.map_or(Verdict::NotMeasured, |most| Verdict::of(ours <= most)),
    }
}

/// `under_ms`: 99 of 100 slots were served within less; `None` where that is more than can be told.
pub fn lateness(of: &str, under_ms: Option<u64>) -> Figure {
    Figure {
        what: format!("lateness p99, {of}"),
        wanted: format!("under {LATENESS_MS} ms"),
        measured: late(under_ms),
        verdict: Verdict::of(under_ms.is_some_and(|ms| ms <= LATENESS_MS)),
    }
}

/// In words.
pub fn late(under_ms: Option<u64>) -> String {
    under_ms.map_or_else(|| "over 100 ms".into(), |ms| format!("under {ms} ms"))
}

/// Legs that a core carries, in percent of what a loop over bare sockets carries.
pub fn of_bare_sockets(of: &str, percent: f64) -> Figure {
    Figure {
        what: format!("legs a core, {of}"),
        wanted: format!("at least {OF_BARE:.0} % of bare sockets'"),
        measured: format!("{percent:.0} %"),
        verdict: Verdict::of(percent >= OF_BARE),
    }
}

/// Resident memory of a bridged call.
pub fn memory(kilobytes: f64) -> Figure {
    Figure {
        what: "memory of a bridged call".into(),
        wanted: format!("under {KILOBYTES:.0} KB"),
        measured: format!("{kilobytes:.0} KB"),
        verdict: Verdict::of(kilobytes < KILOBYTES),
    }
}

/// Resident memory over a soak, in megabytes, by the time since its beginning: it grows no more once
/// what is kept of old calls is full, which it is at half-time.
pub fn flat(length: Duration, looks: &[(Duration, f64)]) -> Figure {
    let half = looks.iter().find(|(at, _)| *at * 2 >= length);
    let ends = half.zip(looks.last()).map(|(half, last)| (half.1, last.1));
    let (middle, last) = ends.unwrap_or_default();
    let growth = (last / middle.max(f64::MIN_POSITIVE) - 1.0) * 100.0;
    Figure {
        what: format!("RSS over {} s", length.as_secs()),
        wanted: format!(
            "at most {GROWTH:.0} % more from half-time on, in {} s",
            SOAK.as_secs()
        ),
        measured: format!("{middle:.1} MB at half-time, {last:.1} MB at the end"),
        verdict: match ends {
            Some(_) if length >= SOAK => Verdict::of(growth <= GROWTH),
            _ => Verdict::NotMeasured,
        },
    }
}

/// Short calls beside the soak.
pub fn none_failed(placed: u32, failed: u32) -> Figure {
    Figure {
        what: "short calls beside bridged ones".into(),
        wanted: "none failed".into(),
        measured: format!("{failed} of {placed} failed"),
        verdict: Verdict::of(failed == 0 && placed > 0),
    }
}

/// From the person's 200 OK to sound both ways; `unheard` answers never came to that.
pub fn answer(through: &str, p99: Duration, answers: usize, unheard: usize) -> Figure {
    Figure {
        what: format!("answer to sound both ways through {through}, p99 of {answers}"),
        wanted: format!("under {} ms, all heard", ANSWER.as_millis()),
        measured: format!("{:.1} ms, {unheard} unheard", p99.as_secs_f64() * 1_000.0),
        verdict: Verdict::of(answers > 0 && p99 < ANSWER && unheard == 0),
    }
}

/// What is left of a part that did not come to its end.
pub fn broken_off(part: &str, how: &str) -> Figure {
    Figure {
        what: part.to_owned(),
        wanted: "to be measured".into(),
        measured: how.to_owned(),
        verdict: Verdict::Missed,
    }
}
