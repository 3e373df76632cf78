//! Lines of a batch, cut up in any way: the same lines however they come, none held that is too long; each is a body
//! of a check, which `request` feeds further. The first byte of an input says how long a line may be, the second how
//! long the pieces are.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xinhe::http::wire::{Line, Lines, request};

fuzz_target!(|input: &[u8]| {
    let [most, size, text @ ..] = input else { return };
    let (most, size) = (usize::from(*most), usize::from(*size).max(1));
    let expected: Vec<Option<&[u8]>> = naive(text, most);
    let mut found = Vec::new();
    let mut lines = Lines::new(most);
    for mut piece in text.chunks(size) {
        while let Some(line) = lines.next(&mut piece) {
            found.push(told(line));
            assert_eq!(lines.number(), found.len() as u64);
        }
    }
    found.extend(lines.last().map(told));
    assert_eq!(lines.number(), found.len() as u64);
    let expected: Vec<Option<Vec<u8>>> = expected.into_iter().map(|line| line.map(<[u8]>::to_vec)).collect();
    assert_eq!(found, expected);
});

/// The lines of a text, none for one that is too long.
fn naive(text: &[u8], most: usize) -> Vec<Option<&[u8]>> {
    let mut lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
    // Behind the last end stands nothing.
    if lines.last().is_some_and(|last| last.is_empty()) {
        lines.pop();
    }
    lines.into_iter().map(|line| (line.len() <= most).then_some(line)).collect()
}

fn told(line: Line<'_>) -> Option<Vec<u8>> {
    let Line::Whole(line) = line else { return None };
    if let Err(problem) = request::check(line) {
        let mut out = Vec::new();
        problem.write_of_line(1, &mut out);
        let json: serde_json::Value = serde_json::from_slice(&out).expect("JSON");
        assert_eq!(json["line"], 1);
        assert!(!out.contains(&b'\n'), "an answer is one line");
    }
    Some(line.to_vec())
}
