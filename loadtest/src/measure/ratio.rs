//! How sure is a ratio of two servers that took turns?

use serde::Serialize;

/// Student's t for a two-sided interval of 95 %, by degrees of freedom.
const T_95: [f64; 20] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086,
];
/// Beyond the table.
const T_95_MANY: f64 = 1.96;

/// B to A: the geometric mean of the ratios of the rounds, with the interval that holds the true one in 95 of 100 such
/// comparisons, if the rounds are alike.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Ratio {
    /// Below 1: B has less.
    pub(crate) ratio: f64,
    /// Lower end of the interval.
    pub(crate) low: f64,
    /// Upper end of the interval.
    pub(crate) high: f64,
}

impl Ratio {
    /// Of rounds, each A's value and B's. `None` with less than two rounds, or where a value is 0.
    pub(crate) fn of(rounds: &[(f64, f64)]) -> Option<Self> {
        let logs: Vec<f64> = rounds.iter().map(|(a, b)| (b / a).ln()).filter(|log| log.is_finite()).collect();
        if logs.len() < 2 || logs.len() < rounds.len() {
            return None;
        }
        let count = logs.len() as f64;
        let mean = logs.iter().sum::<f64>() / count;
        let variance = logs.iter().map(|log| (log - mean).powi(2)).sum::<f64>() / (count - 1.0);
        let t = T_95.get(logs.len() - 2).copied().unwrap_or(T_95_MANY);
        let reach = t * (variance / count).sqrt();
        Some(Self { ratio: mean.exp(), low: (mean - reach).exp(), high: (mean + reach).exp() })
    }

    /// In words: what may be said, and what not.
    pub(crate) fn words(&self) -> &'static str {
        if self.low <= 1.0 && self.high >= 1.0 {
            "no difference shown"
        } else if self.ratio < 1.0 {
            "B is lower"
        } else {
            "B is higher"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_ratio_has_a_narrow_interval() {
        let ratio = Ratio::of(&[(100.0, 50.0), (200.0, 100.0), (10.0, 5.0)]).unwrap();
        assert!((ratio.ratio - 0.5).abs() < 1e-12 && ratio.high - ratio.low < 1e-9, "{ratio:?}");
        assert_eq!(ratio.words(), "B is lower");
    }

    /// Logs 0.1, 0.2, 0.3: mean 0.2, deviation 0.1, t of two degrees 4.303.
    #[test]
    fn the_interval_is_students() {
        let rounds: Vec<(f64, f64)> = [0.1_f64, 0.2, 0.3].map(|log| (1.0, log.exp())).to_vec();
        let ratio = Ratio::of(&rounds).unwrap();
        let reach = 4.303 * 0.1 / 3.0_f64.sqrt();
        assert!(
            (ratio.low - (0.2 - reach).exp()).abs() < 1e-9 && (ratio.high - (0.2 + reach).exp()).abs() < 1e-9
        );
        assert_eq!(ratio.words(), "no difference shown");
    }

    #[test]
    fn one_round_shows_nothing() {
        assert_eq!(Ratio::of(&[(1.0, 2.0)]), None);
        assert_eq!(Ratio::of(&[(0.0, 2.0), (1.0, 2.0)]), None);
    }
}
