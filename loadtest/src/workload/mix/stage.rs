//! In which stage of a case a check is asked: over a hall's day, new cases come in the morning and are completed in the
//! afternoon.

use crate::workload::Random;

const WORDS: [&str; 5] = ["acceptance", "review", "completion", "inspection", "award"];
/// How often each stage is, in each quarter of a day.
const QUARTERS: [[f64; 5]; 4] = [
    [70.0, 15.0, 5.0, 8.0, 2.0],
    [50.0, 30.0, 10.0, 8.0, 2.0],
    [40.0, 25.0, 20.0, 10.0, 5.0],
    [15.0, 20.0, 40.0, 20.0, 5.0],
];
/// Where there is no day.
const EVEN: [f64; 5] = [50.0, 20.0, 15.0, 10.0, 5.0];

/// The stage of a check; `of_day` is how much of the day is over, if there is one.
pub(super) fn stage(of_day: Option<f64>, random: &mut Random) -> &'static str {
    let weights = match of_day {
        Some(part) => QUARTERS.get((part * 4.0) as usize).unwrap_or(&QUARTERS[3]),
        None => &EVEN,
    };
    WORDS[pick(weights, random)]
}

/// A place, by its weight.
pub(super) fn pick(weights: &[f64], random: &mut Random) -> usize {
    let mut left = random.unit() * weights.iter().sum::<f64>();
    for (place, weight) in weights.iter().enumerate() {
        left -= weight;
        if left < 0.0 {
            return place;
        }
    }
    weights.iter().rposition(|weight| *weight > 0.0).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_are_accepted_in_the_morning_and_completed_in_the_afternoon() {
        let mut random = Random::new(1);
        let mut part = |of_day, wanted: &str| {
            (0..10_000).filter(|_| stage(of_day, &mut random) == wanted).count() as f64 / 10_000.0
        };
        assert!((part(Some(0.1), "acceptance") - 0.70).abs() < 0.03);
        assert!((part(Some(0.99), "completion") - 0.40).abs() < 0.03);
        assert!((part(None, "award") - 0.05).abs() < 0.02);
    }
}
