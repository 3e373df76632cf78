//! How many requests a second, over time: straight pieces, from which the start of every request follows.

/// A stretch of time in which the rate goes straight from one value to another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Piece {
    /// How long it is.
    pub(crate) seconds: f64,
    /// Requests a second where it begins.
    pub(crate) from: f64,
    /// Requests a second where it ends.
    pub(crate) to: f64,
}

impl Piece {
    /// Requests in the first `t` seconds.
    fn reach(&self, t: f64) -> f64 {
        self.from * t + (self.to - self.from) * t * t / (2.0 * self.seconds)
    }

    /// Where the first `count` requests are over.
    fn when(&self, count: f64) -> f64 {
        let slope = (self.to - self.from) / self.seconds;
        // The root in the form that loses no digits where the slope is small.
        let root = (self.from * self.from + 2.0 * slope * count).max(0.0).sqrt();
        let divisor = self.from + root;
        if divisor > 0.0 { (2.0 * count / divisor).min(self.seconds) } else { self.seconds }
    }
}

/// The rate over a whole run.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    /// Each with its begin and the requests before it.
    pieces: Vec<(f64, f64, Piece)>,
    seconds: f64,
    total: f64,
}

impl Shape {
    /// Pieces without length are left out.
    pub(crate) fn new(pieces: impl IntoIterator<Item = Piece>) -> Self {
        let (mut seconds, mut total) = (0.0, 0.0);
        let mut placed = Vec::new();
        for piece in pieces.into_iter().filter(|piece| piece.seconds > 0.0) {
            placed.push((seconds, total, piece));
            seconds += piece.seconds;
            total += piece.reach(piece.seconds);
        }
        Self { pieces: placed, seconds, total }
    }

    /// The same rate all the time.
    pub(crate) fn even(rate: f64, seconds: f64) -> Self {
        Self::new([Piece { seconds, from: rate, to: rate }])
    }

    /// The same course in another time.
    pub(crate) fn lasting(&self, seconds: f64) -> Self {
        let factor = seconds / self.seconds;
        Self::new(self.pieces.iter().map(|(.., piece)| Piece { seconds: piece.seconds * factor, ..*piece }))
    }

    /// How long the run is.
    pub(crate) fn seconds(&self) -> f64 {
        self.seconds
    }

    /// Requests that fall due in the first `t` seconds, on average.
    pub(crate) fn reach(&self, t: f64) -> f64 {
        let place = self.pieces.partition_point(|(begin, ..)| *begin <= t);
        match place.checked_sub(1).and_then(|place| self.pieces.get(place)) {
            Some((begin, before, piece)) => before + piece.reach((t - begin).min(piece.seconds)),
            None => 0.0,
        }
    }

    /// When the first `count` requests are over, in seconds; `None` past the end.
    pub(crate) fn when(&self, count: f64) -> Option<f64> {
        if count >= self.total {
            return None;
        }
        let place = self.pieces.partition_point(|(_, before, _)| *before <= count);
        let (begin, before, piece) = self.pieces.get(place.checked_sub(1)?)?;
        Some(begin + piece.when(count - before))
    }

    /// The highest rate.
    pub(crate) fn peak(&self) -> f64 {
        self.pieces.iter().map(|(.., piece)| piece.from.max(piece.to)).fold(0.0, f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ramp_reaches_half_of_a_plateau() {
        let ramp = Shape::new([
            Piece { seconds: 10.0, from: 0.0, to: 100.0 },
            Piece { seconds: 5.0, from: 100.0, to: 100.0 },
        ]);
        assert_eq!((ramp.reach(10.0), ramp.reach(15.0), ramp.reach(99.0)), (500.0, 1000.0, 1000.0));
        assert_eq!((ramp.seconds(), ramp.peak()), (15.0, 100.0));
    }

    #[test]
    fn when_undoes_reach() {
        let shape = Shape::new([
            Piece { seconds: 2.0, from: 10.0, to: 50.0 },
            Piece { seconds: 3.0, from: 50.0, to: 0.0 },
            Piece { seconds: 1.0, from: 0.0, to: 0.0 },
            Piece { seconds: 1.0, from: 7.0, to: 7.0 },
        ]);
        for count in [0.0, 1.0, 30.0, 59.9, 60.0, 100.0, 134.0, 136.0, 141.0] {
            let at = shape.when(count).unwrap();
            assert!((shape.reach(at) - count).abs() < 1e-6, "{count} at {at}");
        }
        assert_eq!(shape.when(142.0), None);
    }

    #[test]
    fn an_even_rate_is_a_slot_every_so_often() {
        let shape = Shape::even(4.0, 1.0);
        let due: Vec<_> = (0..5).map(|slot| shape.when(f64::from(slot))).collect();
        assert_eq!(due, [Some(0.0), Some(0.25), Some(0.5), Some(0.75), None]);
    }
}
