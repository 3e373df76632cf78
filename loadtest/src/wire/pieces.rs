//! For tests: an answer in pieces of any size says the same as whole.

use super::{Malformed, Progress, Reader};

/// Status and complaint of an answer: whole at once, the same in every two pieces, and byte by byte.
pub(super) fn read(reader: impl Fn() -> Reader, answer: &[u8]) -> Result<(u16, String), Malformed> {
    let in_pieces = |pieces: &[&[u8]]| {
        let mut reader = reader();
        // What was read before leaves nothing behind.
        for _ in 0..2 {
            reader.begin(false);
            let mut done = false;
            for piece in pieces.iter().filter(|piece| !piece.is_empty()) {
                assert!(!done, "bytes are left behind {answer:?}");
                if let Progress::Whole(used) = reader.feed(piece)? {
                    assert_eq!(used, piece.len());
                    done = true;
                }
            }
            assert!(done && reader.bytes() == answer.len() as u64, "{answer:?} does not end");
        }
        Ok((reader.status(), reader.complaint().unwrap_or_default().to_owned()))
    };
    let whole = in_pieces(&[answer]);
    for cut in 0..answer.len() {
        assert_eq!(in_pieces(&[&answer[..cut], &answer[cut..]]), whole, "cut at {cut}");
    }
    for size in 1..4 {
        let single: Vec<&[u8]> = answer.chunks(size).collect();
        assert_eq!(in_pieces(&single), whole, "pieces of {size}");
    }
    if whole.is_ok() {
        // What stands behind an answer is left.
        let more = [answer, b"more"].concat();
        assert_eq!(reader().feed(&more), Ok(Progress::Whole(answer.len())));
    }
    whole
}
