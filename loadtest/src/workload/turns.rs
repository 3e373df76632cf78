//! Texts that are sent in turn, over and over.

/// One text, and where each piece ends in it; there is at least one.
pub(super) struct Turns {
    text: Vec<u8>,
    ends: Vec<usize>,
    next: usize,
}

impl Turns {
    /// None where there are no pieces.
    pub(super) fn new(text: Vec<u8>, ends: Vec<usize>) -> Option<Self> {
        (!ends.is_empty()).then_some(Self { text, ends, next: 0 })
    }

    /// The same piece of no bytes each time.
    pub(super) fn nothing() -> Self {
        Self { text: Vec::new(), ends: vec![0], next: 0 }
    }

    /// The place of the piece whose turn it is.
    pub(super) fn turn(&mut self) -> usize {
        let place = self.next;
        self.next = if place + 1 == self.ends.len() { 0 } else { place + 1 };
        place
    }

    /// The piece at a place.
    pub(super) fn at(&self, place: usize) -> &[u8] {
        let begin = place.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let end = self.ends.get(place).copied().unwrap_or(begin);
        self.text.get(begin..end).unwrap_or_default()
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.ends.len()
    }
}
