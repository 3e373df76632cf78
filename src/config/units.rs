//! Waits and sizes as the configuration writes them: a number and its unit.

use serde::de::{Deserialize, Deserializer, Error};
use std::fmt;
use std::time::Duration;

/// A length of time: `500ms`, `10s`, `10m`, `36h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wait(pub Duration);

/// A number of bytes: `512B`, `64KiB`, `256MiB`, `1GiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

/// Units of time with their milliseconds; a unit that ends like another stands before it.
const TIMES: [(&str, u64); 4] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)];
const SIZES: [(&str, u64); 4] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("B", 1)];

impl Wait {
    /// Reads a number and its unit.
    pub fn parse(text: &str) -> Option<Wait> {
        scaled(text, &TIMES).map(|milliseconds| Wait(Duration::from_millis(milliseconds)))
    }

    /// So many seconds.
    pub const fn seconds(n: u64) -> Wait {
        Wait(Duration::from_secs(n))
    }
}

impl Size {
    /// Reads a number and its unit.
    pub fn parse(text: &str) -> Option<Size> {
        scaled(text, &SIZES).map(Size)
    }

    /// The number of bytes as this machine counts.
    pub fn bytes(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

fn scaled(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let (number, factor) =
        units.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)))?;
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl<'de> Deserialize<'de> for Wait {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Wait, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = || D::Error::custom(format!("found `{text}`, expected a wait: Nms, Ns, Nm or Nh"));
        Wait::parse(&text).ok_or_else(wrong)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Size, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = || D::Error::custom(format!("found `{text}`, expected a size: NB, NKiB, NMiB or NGiB"));
        Size::parse(&text).ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_a_number_and_a_unit() {
        let milliseconds = |text| Wait::parse(text).map(|wait| wait.0.as_millis());
        assert_eq!(milliseconds("500ms"), Some(500));
        assert_eq!(milliseconds("0s"), Some(0));
        assert_eq!(milliseconds("10m"), Some(600_000));
        assert_eq!(milliseconds("36h"), Some(129_600_000));
        for wrong in ["", "s", "10", "1.5s", "-1s", "10 s", "7d", "99999999999999999999h"] {
            assert_eq!(milliseconds(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn sizes_are_a_number_and_a_unit() {
        assert_eq!(Size::parse("256MiB"), Some(Size(256 << 20)));
        assert_eq!(Size::parse("64KiB"), Some(Size(64 << 10)));
        assert_eq!(Size::parse("512B"), Some(Size(512)));
        for wrong in ["", "KiB", "64", "64KB", "1.5GiB", "99999999999999GiB"] {
            assert_eq!(Size::parse(wrong), None, "{wrong}");
        }
    }
}
