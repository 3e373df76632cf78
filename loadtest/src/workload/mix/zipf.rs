//! Zipf's law: few subjects are asked about often, many seldom.

use crate::workload::Random;

/// Draws places 0 to n − 1, of which place k comes as often as 1 / (k + 1)^s. By rejection-inversion (Hörmann and
/// Derflinger 1996): no table, however many places there are.
#[derive(Debug, Clone)]
pub(crate) struct Zipf {
    n: f64,
    s: f64,
    upper: f64,
    lower: f64,
    cut: f64,
}

impl Zipf {
    /// Over so many places; `s` of 0 makes all alike.
    pub(crate) fn new(places: u64, s: f64) -> Self {
        let n = places.max(1) as f64;
        let mut zipf = Self { n, s, upper: 0.0, lower: 0.0, cut: 0.0 };
        zipf.upper = zipf.area(n + 0.5);
        zipf.lower = zipf.area(1.5) - 1.0;
        zipf.cut = 2.0 - zipf.place(zipf.area(2.5) - 2.0_f64.powf(-s));
        zipf
    }

    /// The integral of x^−s, apart from a constant.
    fn area(&self, x: f64) -> f64 {
        let log = x.ln();
        relative_exp((1.0 - self.s) * log) * log
    }

    /// Undoes [`Self::area`].
    fn place(&self, area: f64) -> f64 {
        let t = (area * (1.0 - self.s)).max(-1.0);
        (relative_log(t) * area).exp()
    }

    /// The next place.
    pub(crate) fn draw(&self, random: &mut Random) -> u64 {
        loop {
            let area = self.upper + random.unit() * (self.lower - self.upper);
            let x = self.place(area);
            let k = (x + 0.5).floor().clamp(1.0, self.n);
            if k - x <= self.cut || area >= self.area(k + 0.5) - k.powf(-self.s) {
                return k as u64 - 1;
            }
        }
    }
}

/// (e^x − 1) / x, also near 0.
fn relative_exp(x: f64) -> f64 {
    if x.abs() > 1e-8 { x.exp_m1() / x } else { 1.0 + x / 2.0 * (1.0 + x / 3.0) }
}

/// ln(1 + x) / x, also near 0.
fn relative_log(x: f64) -> f64 {
    if x.abs() > 1e-8 { x.ln_1p() / x } else { 1.0 - x / 2.0 + x * x / 3.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected counts by the law itself, within five standard deviations.
    #[test]
    fn places_come_as_often_as_the_law_says() {
        for s in [0.0, 0.5, 1.0, 1.3] {
            let (places, draws) = (1000_usize, 1_000_000);
            let zipf = Zipf::new(places as u64, s);
            let mut random = Random::new(3);
            let mut counts = vec![0_f64; places];
            for _ in 0..draws {
                counts[zipf.draw(&mut random) as usize] += 1.0;
            }
            let weight = |place: usize| (place as f64 + 1.0).powf(-s);
            let all: f64 = (0..places).map(weight).sum();
            for place in [0, 1, 2, 9, 99, 999] {
                let expected = f64::from(draws) * weight(place) / all;
                let off = (counts[place] - expected).abs();
                assert!(off < 5.0 * expected.sqrt(), "s {s}, place {place}: {} of {expected}", counts[place]);
            }
        }
    }

    #[test]
    fn one_place_is_always_drawn() {
        let mut random = Random::new(1);
        assert!((0..100).all(|_| Zipf::new(1, 1.0).draw(&mut random) == 0));
    }
}
