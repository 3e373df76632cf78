//! Where the frames of HTTP/2 begin and end (RFC 9113 §4.1): what has come of a connection is whole, or its rest is waited
//! for. What is in them is for hyper.

use super::pace::Waits;

/// What a connection begins with (RFC 9113 §3.4).
pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Bytes of a frame before its payload: length (3), type, flags, stream (4).
const HEAD_BYTES: usize = 9;
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;
/// The flag of the last frame of a block of headers.
const END_HEADERS: u8 = 4;

/// Follows the bytes of a connection from frame to frame.
#[derive(Debug)]
pub(super) struct Frames {
    head: [u8; HEAD_BYTES],
    /// Bytes of the head at hand that are there.
    headed: usize,
    /// Bytes that are missing of the payload at hand, or of the preface.
    missing: usize,
    /// A block of headers has begun and not ended.
    in_block: bool,
}

impl Default for Frames {
    fn default() -> Frames {
        // The preface is no frame of any kind.
        Frames { head: [u8::MAX; HEAD_BYTES], headed: 0, missing: PREFACE.len(), in_block: false }
    }
}

impl Frames {
    /// Goes on by these bytes. Told whether a frame began in them, or a block of headers, which counts as one.
    pub(super) fn take(&mut self, mut bytes: &[u8]) -> bool {
        let mut began = false;
        while !bytes.is_empty() {
            if self.missing > 0 {
                let taken = self.missing.min(bytes.len());
                self.missing -= taken;
                bytes = &bytes[taken..];
                continue;
            }
            began |= self.headed == 0 && !self.in_block;
            let taken = (HEAD_BYTES - self.headed).min(bytes.len());
            self.head[self.headed..self.headed + taken].copy_from_slice(&bytes[..taken]);
            self.headed += taken;
            bytes = &bytes[taken..];
            if self.headed == HEAD_BYTES {
                self.enter();
            }
        }
        began
    }

    /// A head is whole: its payload follows.
    fn enter(&mut self) {
        let [high, middle, low, kind, flags, ..] = self.head;
        self.missing = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
        if matches!(kind, HEADERS | CONTINUATION) {
            self.in_block = flags & END_HEADERS == 0;
        }
        self.headed = 0;
    }

    /// What the rest is that is missing, if any.
    pub(super) fn rest(&self) -> Option<Waits> {
        match self.missing > 0 {
            true if self.head[3] == DATA => Some(Waits::Body),
            true => Some(Waits::Headers),
            false => (self.headed > 0 || self.in_block).then_some(Waits::Headers),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        let length = (payload.len() as u32).to_be_bytes();
        [&length[1..], &[kind, flags, 0, 0, 0, 1], payload].concat()
    }

    /// A connection behind its preface.
    fn begun() -> Frames {
        let mut frames = Frames::default();
        frames.take(PREFACE);
        assert_eq!(frames.rest(), None);
        frames
    }

    #[test]
    fn what_is_missing_is_told_at_every_byte() {
        let whole = [
            PREFACE.to_vec(),
            frame(4, 0, b""),
            frame(HEADERS, 0, b"abc"),
            frame(CONTINUATION, 0, b""),
            frame(CONTINUATION, END_HEADERS, b"d"),
            frame(DATA, 1, b"efgh"),
        ];
        let mut ends: Vec<usize> = Vec::new();
        whole.iter().for_each(|frame| ends.push(ends.last().unwrap_or(&0) + frame.len()));
        // Between these two a block is open.
        let (block, data) = (ends[1] + 1..ends[4], ends[4] + HEAD_BYTES..ends[5]);
        let bytes = whole.concat();
        let mut frames = Frames::default();
        for (place, byte) in bytes.iter().enumerate() {
            let began = frames.take(&[*byte]);
            assert_eq!(began, [ends[0], ends[1], ends[4]].contains(&place), "{place}");
            let come = place + 1;
            let expected = match () {
                () if data.contains(&come) => Some(Waits::Body),
                () if ends.contains(&come) && !block.contains(&come) => None,
                () => Some(Waits::Headers),
            };
            assert_eq!(frames.rest(), expected, "{come} of {}", bytes.len());
        }
    }

    #[test]
    fn pieces_of_any_size_come_to_the_same() {
        let bytes = [PREFACE.to_vec(), frame(HEADERS, 4, &[7; 300]), frame(DATA, 0, &[8; 70_000])].concat();
        for size in [1, 2, 8, 9, 10, 24, 1000, bytes.len()] {
            let mut frames = Frames::default();
            for piece in bytes[..bytes.len() - 1].chunks(size) {
                frames.take(piece);
            }
            assert_eq!(frames.rest(), Some(Waits::Body), "{size}");
            assert!(!frames.take(&bytes[bytes.len() - 1..]));
            assert_eq!(frames.rest(), None, "{size}");
        }
    }

    #[test]
    fn a_block_of_headers_is_one_however_many_frames_it_has() {
        let mut frames = begun();
        assert!(frames.take(&frame(HEADERS, 0, b"a")));
        for _ in 0..3 {
            assert!(!frames.take(&frame(CONTINUATION, 0, b"a")), "nothing new");
            assert_eq!(frames.rest(), Some(Waits::Headers));
        }
        assert!(!frames.take(&frame(CONTINUATION, END_HEADERS, b"a")));
        assert_eq!(frames.rest(), None);
        assert!(frames.take(&frame(6, 0, &[0; 8])), "the next is new");
    }
}
