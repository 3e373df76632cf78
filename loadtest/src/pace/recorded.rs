//! The starts of a day that was: one time a line.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use super::SECOND_NS;

/// Starts of 8 bytes each are held in memory.
const STARTS_MAX: usize = 200_000_000;
const DAY_NS: u64 = 24 * 3600 * 1_000_000_000;

/// Why a recording cannot be followed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RecordedError {
    /// It cannot be read.
    #[error("cannot read the recording: {0}")]
    Read(#[from] io::Error),
    /// A line is no time.
    #[error(
        "line {line} of the recording: found no time; expected seconds (12.25) or a time of day (09:00:12.250)"
    )]
    Line {
        /// Counted from 1.
        line: usize,
    },
    /// Times run backwards.
    #[error("line {line} of the recording is earlier than the line before; sort it by time")]
    Backwards {
        /// Counted from 1.
        line: usize,
    },
    /// There is no line, or too many.
    #[error("the recording has {found} starts; expected from 1 to {STARTS_MAX}")]
    Size {
        /// How many it has.
        found: usize,
    },
}

/// Starts of requests, the first at the beginning of the run.
#[derive(Debug)]
pub(crate) struct Recorded {
    starts_ns: Vec<u64>,
}

impl Recorded {
    /// Reads a file of times; `speed` 60 makes a minute of each hour.
    pub(crate) fn read(path: &Path, speed: f64) -> Result<Self, RecordedError> {
        Self::parse(BufReader::new(File::open(path)?), speed)
    }

    fn parse(lines: impl BufRead, speed: f64) -> Result<Self, RecordedError> {
        let mut starts_ns: Vec<u64> = Vec::new();
        let (mut first, mut last) = (None, 0);
        for (index, line) in lines.lines().enumerate() {
            let line = line?;
            let text = line.trim();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let line = index + 1;
            let at = time_ns(text).ok_or(RecordedError::Line { line })?;
            let first = *first.get_or_insert(at);
            if at < last {
                return Err(RecordedError::Backwards { line });
            }
            last = at;
            starts_ns.push(((at - first) as f64 / speed) as u64);
            if starts_ns.len() > STARTS_MAX {
                return Err(RecordedError::Size { found: starts_ns.len() });
            }
        }
        if starts_ns.is_empty() { Err(RecordedError::Size { found: 0 }) } else { Ok(Self { starts_ns }) }
    }

    /// The start of a request, by place.
    pub(super) fn at(&self, place: u64) -> Option<u64> {
        self.starts_ns.get(usize::try_from(place).ok()?).copied()
    }

    /// How many start before.
    pub(super) fn before(&self, ns: u64) -> usize {
        self.starts_ns.partition_point(|start| *start < ns)
    }

    /// Just past the last start.
    pub(super) fn duration_ns(&self) -> u64 {
        self.starts_ns.last().map_or(0, |last| last + 1)
    }
}

/// Seconds, or hours, minutes and seconds.
fn time_ns(text: &str) -> Option<u64> {
    let mut seconds = 0.0;
    for part in text.split(':') {
        let digits = part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        seconds = seconds * 60.0 + part.parse::<f64>().ok().filter(|_| digits)?;
    }
    let ns = seconds * SECOND_NS;
    (ns <= 7.0 * DAY_NS as f64).then_some(ns.round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_with_its_first_request_and_may_be_run_faster() {
        let day = Recorded::parse("# a hall\n09:00:00\n09:00:06\n\n10:00:00.5\n".as_bytes(), 60.0).unwrap();
        assert_eq!(day.starts_ns, [0, 100_000_000, 60_008_333_333]);
        assert_eq!((day.before(0), day.before(100_000_001), day.duration_ns()), (0, 2, 60_008_333_334));
        assert_eq!(Recorded::parse("0.25\n1".as_bytes(), 1.0).unwrap().starts_ns, [0, 750_000_000]);
    }

    #[test]
    fn a_line_that_is_no_time_is_named() {
        for (text, line) in [("1\nx\n", 2), ("1\n-2\n", 2), ("NaN", 1), ("1e3", 1)] {
            let error = Recorded::parse(text.as_bytes(), 1.0).unwrap_err();
            assert!(matches!(error, RecordedError::Line { line: found } if found == line), "{text}: {error}");
        }
        let error = Recorded::parse("2\n1\n".as_bytes(), 1.0).unwrap_err();
        assert!(matches!(error, RecordedError::Backwards { line: 2 }));
        assert!(matches!(Recorded::parse("\n".as_bytes(), 1.0), Err(RecordedError::Size { found: 0 })));
    }
}
