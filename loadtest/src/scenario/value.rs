//! Values of a scenario file: each says what it expects, so that a mistake is told where it stands.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};

use crate::cli::parse_span;
use crate::wire::Target;

/// A span of time, such as `500ms`, `20s`, `2m`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Span(pub(crate) Duration);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_span(&text)
            .map(Self)
            .map_err(|expected| de::Error::custom(format!("found `{text}`; {expected}")))
    }
}

/// A server and a path on it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Url(pub(crate) Target);

impl<'de> Deserialize<'de> for Url {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Target::parse(&String::deserialize(deserializer)?).map(Self).map_err(de::Error::custom)
    }
}

/// A number from `MIN` to `MAX`; both are bounds of a kind of value, in thousandths.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Number<const MIN: i64, const MAX: i64>(pub(crate) f64);

/// Requests a second; 0 is a pause.
pub(crate) type Rate = Number<0, 10_000_000_000>;
/// A part of a whole.
pub(crate) type Part = Number<0, 1000>;
/// How much more often than others.
pub(crate) type Weight = Number<0, 1_000_000_000>;
/// The exponent of Zipf's law; 0 makes all alike.
pub(crate) type Exponent = Number<0, 4000>;
/// How many times faster.
pub(crate) type Speed = Number<1, 1_000_000_000>;

struct Bounded<const MIN: i64, const MAX: i64>;

impl<const MIN: i64, const MAX: i64> Visitor<'_> for Bounded<MIN, MAX> {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a number from {} to {}", MIN as f64 / 1000.0, MAX as f64 / 1000.0)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<f64, E> {
        if (MIN as f64 / 1000.0..=MAX as f64 / 1000.0).contains(&value) {
            Ok(value)
        } else {
            Err(E::invalid_value(de::Unexpected::Float(value), &self))
        }
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<f64, E> {
        self.visit_f64(value as f64)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<f64, E> {
        self.visit_f64(value as f64)
    }
}

impl<'de, const MIN: i64, const MAX: i64> Deserialize<'de> for Number<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Bounded::<MIN, MAX>).map(Self)
    }
}

/// A count from 1 to `MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Count<const MAX: u32>(pub(crate) u32);

impl<'de, const MAX: u32> Deserialize<'de> for Count<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let found = i64::deserialize(deserializer)?;
        let count = u32::try_from(found).ok().filter(|count| (1..=MAX).contains(count));
        let expected = || format!("found {found}; expected a whole number from 1 to {MAX}");
        count.map(Self).ok_or_else(|| de::Error::custom(expected()))
    }
}
