//! How good a call sounded: the E-model of ITU-T G.107, simplified.
//!
//! `R = 93.2 - Id - Ie,eff`. `Id` follows Cole and Rosenbluth, "Voice over IP performance
//! monitoring" (2001), which fits G.107 for an echo-free line; `Ie,eff` is G.107 §3.5 with random
//! loss and the values of G.113 appendix I for G.711 with packet loss concealment (`Ie` 0, `Bpl`
//! 25.1). R becomes a mean opinion score by G.107 annex B.

/// What remains of a perfect line with the defaults of G.107.
const BASE: f64 = 93.2;
/// G.113 appendix I, G.711 with concealment.
const LOSS_ROBUSTNESS: f64 = 25.1;

/// What a listener had to put up with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Conditions {
    /// Packets lost, 0.0 to 1.0.
    pub loss: f64,
    /// From mouth to ear, in milliseconds.
    pub delay_ms: f64,
}

/// The estimated mean opinion score, 1.0 to 4.5.
#[must_use]
pub fn mos(conditions: Conditions) -> f64 {
    score(rating(conditions))
}

/// The transmission rating R, 0 to 93.2.
fn rating(Conditions { loss, delay_ms }: Conditions) -> f64 {
    let percent = 100.0 * loss.clamp(0.0, 1.0);
    let delay = delay_ms.max(0.0);
    let late = (delay - 177.3).max(0.0);
    let by_delay = 0.024 * delay + 0.11 * late;
    let by_loss = 95.0 * percent / (percent + LOSS_ROBUSTNESS);
    (BASE - by_delay - by_loss).clamp(0.0, BASE)
}

fn score(r: f64) -> f64 {
    let mos = 1.0 + 0.035 * r + r * (r - 60.0) * (100.0 - r) * 7e-6;
    mos.clamp(1.0, 4.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(loss: f64, delay_ms: f64) -> f64 {
        mos(Conditions { loss, delay_ms })
    }

    #[test]
    fn known_points() {
        // G.107 annex B: R 93.2 is 4.41, 80 is 4.03, 50 is 2.58.
        for (r, expected) in [(93.2, 4.41), (80.0, 4.03), (50.0, 2.58), (0.0, 1.0)] {
            assert!((score(r) - expected).abs() < 0.01, "{r}: {}", score(r));
        }
        assert!((of(0.0, 40.0) - 4.39).abs() < 0.02, "{}", of(0.0, 40.0));
        assert!((of(0.05, 40.0) - 3.88).abs() < 0.02, "{}", of(0.05, 40.0));
    }

    #[test]
    fn more_loss_and_more_delay_are_never_better() {
        for step in 0..50 {
            let (loss, delay) = (f64::from(step) / 50.0, f64::from(step) * 20.0);
            assert!(of(loss + 0.02, delay) <= of(loss, delay));
            assert!(of(loss, delay + 20.0) <= of(loss, delay));
            assert!((1.0..=4.5).contains(&of(loss, delay)));
        }
    }
}
