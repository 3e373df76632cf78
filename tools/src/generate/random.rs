//! Chance that can be had again: every draw is a function of the seed, a stream and a place.

/// A generator (SplitMix64) that starts anew for every subject and every row, so that any row of any table
/// can be produced without the rows before it.
#[derive(Clone, Copy)]
pub(super) struct Rng(u64);

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Rng {
    /// The generator of one place (a subject's or a row's number) in one stream.
    pub(super) fn of(seed: u64, stream: u64, place: u64) -> Rng {
        Rng(mix(seed ^ mix(stream.wrapping_mul(GOLDEN) ^ mix(place.wrapping_add(GOLDEN)))))
    }

    /// 64 random bits.
    pub(super) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mix(self.0)
    }

    /// A number from 0 to `bound` − 1; 0 if the bound is 0.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(bound)) >> 64) as u64
    }

    /// True in so many cases of a hundred.
    pub(super) fn percent(&mut self, share: u64) -> bool {
        self.below(100) < share
    }

    /// A number from 0 (inclusive) to 1 (exclusive).
    pub(super) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// One of a list that is not empty.
    pub(super) fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len() as u64) as usize]
    }

    /// One of a list that is not empty, each by its weight.
    pub(super) fn weighted<T: Copy>(&mut self, list: &[(T, u64)]) -> T {
        let mut left = self.below(list.iter().map(|(_, weight)| weight).sum());
        for (item, weight) in list {
            if left < *weight {
                return *item;
            }
            left -= weight;
        }
        list[0].0
    }
}

/// An order of the numbers 0 to `size` − 1 in which neighbours lie far apart: each number comes once.
#[derive(Clone, Copy)]
pub(super) struct Shuffle {
    size: u64,
    step: u64,
    first: u64,
}

impl Shuffle {
    /// The order of a stream. Sizes are below 2³², so that products stay in 64 bits.
    pub(super) fn new(size: u64, seed: u64, stream: u64) -> Shuffle {
        let mut rng = Rng::of(seed, stream, size);
        let size = size.max(1);
        // Near the golden section of the size, and coprime with it: a step that visits every number.
        let mut step =
            ((size as f64 * 0.618_033_988_749) as u64 + rng.below(1 + size / 50)).max(1) % size.max(2);
        while gcd(step.max(1), size) != 1 {
            step += 1;
        }
        Shuffle { size, step: step.max(1), first: rng.below(size) }
    }

    /// The number at a place.
    pub(super) fn at(&self, place: u64) -> u64 {
        ((place % self.size) * self.step + self.first) % self.size
    }
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Parts of a total by weight that add up to it exactly: the largest remainders get what rounding leaves.
pub(super) fn apportion(total: u64, weights: &[u64]) -> Vec<u64> {
    let sum = weights.iter().map(|w| u128::from(*w)).sum::<u128>().max(1);
    let exact = |weight: &u64| u128::from(total) * u128::from(*weight);
    let mut parts: Vec<u64> = weights.iter().map(|w| (exact(w) / sum) as u64).collect();
    let mut order: Vec<usize> = (0..weights.len()).filter(|at| weights[*at] > 0).collect();
    order.sort_by_key(|at| std::cmp::Reverse(exact(&weights[*at]) % sum));
    let left = total - parts.iter().sum::<u64>();
    for at in order.into_iter().take(left as usize) {
        parts[at] += 1;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shuffle_visits_every_number_once() {
        for size in [1, 2, 3, 10, 97, 1000, 6006] {
            let shuffle = Shuffle::new(size, 7, 3);
            let mut seen: Vec<u64> = (0..size).map(|place| shuffle.at(place)).collect();
            seen.sort_unstable();
            assert_eq!(seen, (0..size).collect::<Vec<_>>(), "size {size}");
        }
    }

    #[test]
    fn parts_add_up_and_weightless_parts_stay_empty() {
        assert_eq!(apportion(10, &[1, 1, 1]).iter().sum::<u64>(), 10);
        assert_eq!(apportion(1, &[0, 5, 6]), [0, 0, 1]);
        assert_eq!(apportion(100, &[35, 65]), [35, 65]);
        assert_eq!(apportion(0, &[3, 4]), [0, 0]);
    }

    #[test]
    fn draws_depend_on_seed_stream_and_place() {
        let draw = |seed, stream, place| Rng::of(seed, stream, place).bits();
        assert_eq!(draw(1, 2, 3), draw(1, 2, 3));
        assert!(draw(1, 2, 3) != draw(2, 2, 3) && draw(1, 2, 3) != draw(1, 3, 3));
        assert!(draw(1, 2, 3) != draw(1, 2, 4) && draw(1, 2, 3) != draw(1, 3, 2));
    }
}
