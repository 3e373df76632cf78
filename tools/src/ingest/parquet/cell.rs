//! One value of an arrow array as a cell's text.

use super::super::heading::{plain_number, push_day};
use arrow_array::types::*;
use arrow_array::{
    Array, ArrayRef, BinaryViewArray, BooleanArray, Decimal32Array, Decimal64Array, Decimal128Array,
    Decimal256Array, FixedSizeBinaryArray, Float16Array, Float32Array, Float64Array, Int8Array, Int16Array,
    Int32Array, Int64Array, PrimitiveArray, StringViewArray, UInt8Array, UInt16Array, UInt32Array,
    UInt64Array,
};
use arrow_schema::{DataType, TimeUnit};
use std::fmt::Write;
use xinhe::domain::date::Day;

/// Moments that carry a zone are told in China's, eight hours east of UTC, the year round.
const CHINA_SECONDS: i64 = 8 * 3600;
const DAY_SECONDS: i64 = 86_400;
/// The years 1 to 9999, counted in days from 1970.
const DAYS: std::ops::RangeInclusive<i32> = -719_162..=2_932_896;
/// Whole numbers from here on are not all numbers of a 64-bit float.
const EXACT_BELOW: f64 = 9_007_199_254_740_992.0;
/// Of a 32-bit float.
const EXACT_BELOW_32: f32 = 16_777_216.0;
const LOST: &str = "a column of floats holds a number with more digits than it can keep: export it as text";
const NO_TEXT: &str = "a cell without a type is no UTF-8 text";

/// Why a value cannot be told: its row is broken.
pub(super) struct Lost(pub(super) &'static str);

/// A decoded column.
pub(super) enum Cells {
    Text(StringViewArray),
    Bytes(BinaryViewArray),
    FixedBytes(FixedSizeBinaryArray),
    Boolean(BooleanArray),
    Int8(Int8Array),
    Int16(Int16Array),
    Int32(Int32Array),
    Int64(Int64Array),
    UInt8(UInt8Array),
    UInt16(UInt16Array),
    UInt32(UInt32Array),
    UInt64(UInt64Array),
    Float16(Float16Array),
    Float32(Float32Array),
    Float64(Float64Array),
    Decimal32(Decimal32Array),
    Decimal64(Decimal64Array),
    Decimal128(Decimal128Array),
    Decimal256(Decimal256Array),
    Date(PrimitiveArray<Date32Type>),
    /// Ticks; ticks a second.
    Time(Vec<Option<i64>>, i64),
    /// Ticks; ticks a second; whether they count in UTC.
    Moment(Vec<Option<i64>>, i64, bool),
    /// A column without any value.
    Null,
}

/// Whether the type is that of a cell.
pub(super) fn is_plain(kind: &DataType) -> bool {
    use DataType::*;
    match kind {
        Utf8 | LargeUtf8 | Utf8View | Binary | LargeBinary | BinaryView | FixedSizeBinary(_) | Boolean
        | Null => true,
        Int8 | Int16 | Int32 | Int64 | UInt8 | UInt16 | UInt32 | UInt64 | Float16 | Float32 | Float64 => true,
        Decimal32(..) | Decimal64(..) | Decimal128(..) | Decimal256(..) => true,
        Dictionary(_, values) => is_plain(values),
        Date32 | Date64 | Time32(_) | Time64(_) | Timestamp(..) => true,
        _ => false,
    }
}

fn per_second(unit: &TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}

fn ticks<T: ArrowPrimitiveType>(array: &ArrayRef) -> Option<Vec<Option<i64>>>
where
    T::Native: Into<i64>,
{
    let array = array.as_any().downcast_ref::<PrimitiveArray<T>>()?;
    Some(array.iter().map(|value| value.map(Into::into)).collect())
}

fn moment_ticks(array: &ArrayRef, unit: &TimeUnit) -> Option<Vec<Option<i64>>> {
    match unit {
        TimeUnit::Second => ticks::<TimestampSecondType>(array),
        TimeUnit::Millisecond => ticks::<TimestampMillisecondType>(array),
        TimeUnit::Microsecond => ticks::<TimestampMicrosecondType>(array),
        TimeUnit::Nanosecond => ticks::<TimestampNanosecondType>(array),
    }
}

impl Cells {
    /// The column of an array. `zoned`: its moments count in UTC though its type does not say so.
    pub(super) fn of(array: &ArrayRef, zoned: bool) -> Option<Cells> {
        fn cast<A: Clone + 'static>(array: &ArrayRef) -> Option<A> {
            array.as_any().downcast_ref::<A>().cloned()
        }
        Some(match array.data_type() {
            DataType::Utf8View => Cells::Text(cast(array)?),
            DataType::BinaryView => Cells::Bytes(cast(array)?),
            DataType::FixedSizeBinary(_) => Cells::FixedBytes(cast(array)?),
            DataType::Boolean => Cells::Boolean(cast(array)?),
            DataType::Int8 => Cells::Int8(cast(array)?),
            DataType::Int16 => Cells::Int16(cast(array)?),
            DataType::Int32 => Cells::Int32(cast(array)?),
            DataType::Int64 => Cells::Int64(cast(array)?),
            DataType::UInt8 => Cells::UInt8(cast(array)?),
            DataType::UInt16 => Cells::UInt16(cast(array)?),
            DataType::UInt32 => Cells::UInt32(cast(array)?),
            DataType::UInt64 => Cells::UInt64(cast(array)?),
            DataType::Float16 => Cells::Float16(cast(array)?),
            DataType::Float32 => Cells::Float32(cast(array)?),
            DataType::Float64 => Cells::Float64(cast(array)?),
            DataType::Decimal32(..) => Cells::Decimal32(cast(array)?),
            DataType::Decimal64(..) => Cells::Decimal64(cast(array)?),
            DataType::Decimal128(..) => Cells::Decimal128(cast(array)?),
            DataType::Decimal256(..) => Cells::Decimal256(cast(array)?),
            DataType::Date32 => Cells::Date(cast(array)?),
            DataType::Date64 => Cells::Moment(ticks::<Date64Type>(array)?, 1_000, false),
            DataType::Time32(TimeUnit::Second) => Cells::Time(ticks::<Time32SecondType>(array)?, 1),
            DataType::Time32(_) => Cells::Time(ticks::<Time32MillisecondType>(array)?, 1_000),
            DataType::Time64(TimeUnit::Microsecond) => {
                Cells::Time(ticks::<Time64MicrosecondType>(array)?, 1_000_000)
            }
            DataType::Time64(_) => Cells::Time(ticks::<Time64NanosecondType>(array)?, 1_000_000_000),
            DataType::Timestamp(unit, zone) => {
                Cells::Moment(moment_ticks(array, unit)?, per_second(unit), zoned || zone.is_some())
            }
            DataType::Null => Cells::Null,
            _ => return None,
        })
    }

    /// The text of a value; none of a null. `scratch` holds it where the array does not.
    pub(super) fn text<'a>(&'a self, row: usize, scratch: &'a mut String) -> Result<&'a str, Lost> {
        macro_rules! written {
            ($array:expr) => {
                $array.is_valid(row).then(|| write!(scratch, "{}", $array.value(row)).unwrap_or_default())
            };
        }
        macro_rules! decimal {
            ($array:expr) => {
                $array.is_valid(row).then(|| scratch.push_str(&$array.value_as_string(row)))
            };
        }
        scratch.clear();
        match self {
            Cells::Text(array) => return Ok(if array.is_valid(row) { array.value(row) } else { "" }),
            Cells::Bytes(array) => return bytes_text(array.is_valid(row).then(|| array.value(row))),
            Cells::FixedBytes(array) => return bytes_text(array.is_valid(row).then(|| array.value(row))),
            Cells::Boolean(array) => {
                array.is_valid(row).then(|| scratch.push(if array.value(row) { '1' } else { '0' }))
            }
            Cells::Int8(array) => written!(array),
            Cells::Int16(array) => written!(array),
            Cells::Int32(array) => written!(array),
            Cells::Int64(array) => written!(array),
            Cells::UInt8(array) => written!(array),
            Cells::UInt16(array) => written!(array),
            Cells::UInt32(array) => written!(array),
            Cells::UInt64(array) => written!(array),
            Cells::Float16(array) => {
                if array.is_valid(row) {
                    single(scratch, array.value(row).to_f32())?;
                }
                None
            }
            Cells::Float32(array) => {
                if array.is_valid(row) {
                    single(scratch, array.value(row))?;
                }
                None
            }
            Cells::Float64(array) => {
                if array.is_valid(row) {
                    double(scratch, array.value(row))?;
                }
                None
            }
            Cells::Decimal32(array) => decimal!(array),
            Cells::Decimal64(array) => decimal!(array),
            Cells::Decimal128(array) => decimal!(array),
            Cells::Decimal256(array) => decimal!(array),
            Cells::Date(array) => array.is_valid(row).then(|| day(scratch, i64::from(array.value(row)))),
            Cells::Time(ticks, unit) => at(ticks, row).map(|ticks| clock(scratch, ticks.div_euclid(*unit))),
            Cells::Moment(ticks, unit, zoned) => at(ticks, row).map(|ticks| {
                let shift = if *zoned { CHINA_SECONDS } else { 0 };
                moment(scratch, ticks.div_euclid(*unit).saturating_add(shift));
            }),
            Cells::Null => None,
        };
        Ok(scratch)
    }
}

fn at(ticks: &[Option<i64>], row: usize) -> Option<i64> {
    ticks.get(row).copied().flatten()
}

fn bytes_text(bytes: Option<&[u8]>) -> Result<&str, Lost> {
    std::str::from_utf8(bytes.unwrap_or_default()).map_err(|_| Lost(NO_TEXT))
}

/// Not-a-number is how data frames write a blank.
fn double(out: &mut String, number: f64) -> Result<(), Lost> {
    if number.abs() >= EXACT_BELOW {
        return Err(Lost(LOST));
    }
    if !number.is_nan() {
        plain_number(out, number);
    }
    Ok(())
}

fn single(out: &mut String, number: f32) -> Result<(), Lost> {
    if number.abs() >= EXACT_BELOW_32 {
        return Err(Lost(LOST));
    }
    if !number.is_nan() {
        write!(out, "{}", if number == 0.0 { 0.0 } else { number }).unwrap_or_default();
    }
    Ok(())
}

/// A day counted from 1970; one that no calendar here has is told by its count, which no date parse takes.
fn day(out: &mut String, days: i64) {
    match i32::try_from(days) {
        Ok(days) if DAYS.contains(&days) => push_day(out, Day::from_number(days)),
        _ => write!(out, "day {days}").unwrap_or_default(),
    }
}

fn clock(out: &mut String, seconds: i64) {
    write!(out, "{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60).unwrap_or_default();
}

fn moment(out: &mut String, seconds: i64) {
    day(out, seconds.div_euclid(DAY_SECONDS));
    out.push(' ');
    clock(out, seconds.rem_euclid(DAY_SECONDS));
}
