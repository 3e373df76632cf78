use super::*;
use crate::ingest::heading::Heading;
use ::parquet::arrow::ArrowWriter;
use ::parquet::basic::{Compression, Encoding};
use ::parquet::data_type::{Int96, Int96Type};
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::parser::parse_message_type;
use arrow_array::types::Int32Type;
use arrow_array::*;
use std::path::PathBuf;
use tempfile::TempDir;

fn all(_: &str) -> Heading {
    Heading::Free
}

fn save(folder: &TempDir, columns: Vec<(&str, ArrayRef)>) -> PathBuf {
    let rows = RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, true)),
    );
    let rows = rows.unwrap();
    let path = folder.path().join("t.parquet");
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(1_000)).build();
    let mut writer =
        ArrowWriter::try_new(File::create(&path).unwrap(), rows.schema(), Some(properties)).unwrap();
    writer.write(&rows).unwrap();
    writer.close().unwrap();
    path
}

/// Header, then rows with their lines; a broken row is told as its reason.
fn read(path: &Path, headings: Headings<'_>) -> Result<Vec<(u32, Vec<String>)>, IngestError> {
    let mut table = open(path, "t.parquet", headings)?;
    let mut rows: Vec<_> = table.header()?.into_iter().collect();
    let mut batch = Batch::default();
    while table.fill(&mut batch)? {
        for record in batch.rows() {
            let cells = (0..record.len()).map(|place| record.get(place).to_owned()).collect();
            rows.push((record.line, record.broken.map_or(cells, |why| vec![format!("! {why}")])));
        }
        batch.clear();
    }
    assert_eq!(table.done(), std::fs::metadata(path).unwrap().len());
    Ok(rows)
}

/// The two cells of a column with a value and a null.
fn cell(array: impl Array + 'static) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    let rows = read(&save(&folder, vec![("C", Arc::new(array))]), &all).unwrap();
    (rows[1].1[0].clone(), rows[2].1[0].clone())
}

fn is(array: impl Array + 'static, text: &str) {
    assert_eq!(cell(array), (text.to_owned(), String::new()));
}

#[test]
fn every_type_becomes_the_text_of_a_csv() {
    is(StringArray::from(vec![Some("枣庄"), None]), "枣庄");
    is(LargeStringArray::from(vec![Some("枣庄"), None]), "枣庄");
    is(
        StringViewArray::from(vec![Some("枣庄市市中区示例一号有限公司"), None]),
        "枣庄市市中区示例一号有限公司",
    );
    is(DictionaryArray::<Int32Type>::from_iter([Some("市中"), None]), "市中");
    is(BinaryArray::from(vec![Some("枣庄".as_bytes()), None]), "枣庄");
    is(Int8Array::from(vec![Some(-8), None]), "-8");
    is(Int16Array::from(vec![Some(16), None]), "16");
    is(Int32Array::from(vec![Some(370_402), None]), "370402");
    is(Int64Array::from(vec![Some(370_402_199_001_011_234), None]), "370402199001011234");
    is(UInt8Array::from(vec![Some(255), None]), "255");
    is(UInt16Array::from(vec![Some(65_535), None]), "65535");
    is(UInt32Array::from(vec![Some(u32::MAX), None]), "4294967295");
    is(UInt64Array::from(vec![Some(u64::MAX), None]), "18446744073709551615");
    is(Float64Array::from(vec![Some(1e-7), None]), "0.0000001");
    is(Float64Array::from(vec![Some(370_402.0), None]), "370402");
    is(Float64Array::from(vec![Some(f64::NAN), None]), "");
    is(Float32Array::from(vec![Some(12.5), None]), "12.5");
    is(BooleanArray::from(vec![Some(true), None]), "1");
    is(BooleanArray::from(vec![Some(false), None]), "0");
    is(Decimal128Array::from(vec![Some(1250), None]).with_precision_and_scale(10, 2).unwrap(), "12.50");
    is(Decimal128Array::from(vec![Some(-5), None]).with_precision_and_scale(30, 3).unwrap(), "-0.005");
    is(Date32Array::from(vec![Some(20_458), None]), "2026-01-05");
    is(Date32Array::from(vec![Some(i32::MAX), None]), "day 2147483647");
    is(Time64MicrosecondArray::from(vec![Some(30_601_000_000), None]), "08:30:01");
    is(NullArray::new(2), "");
}

#[test]
fn moments_with_a_zone_are_told_in_china() {
    // 2026-01-05 20:30:01 UTC.
    let seconds = 1_767_645_001;
    is(TimestampSecondArray::from(vec![Some(seconds), None]), "2026-01-05 20:30:01");
    is(TimestampMillisecondArray::from(vec![Some(seconds * 1_000 + 999), None]), "2026-01-05 20:30:01");
    is(TimestampMicrosecondArray::from(vec![Some(seconds * 1_000_000), None]), "2026-01-05 20:30:01");
    is(TimestampNanosecondArray::from(vec![Some(-1), None]), "1969-12-31 23:59:59");
    for zone in ["UTC", "+00:00", "Asia/Shanghai"] {
        let array =
            TimestampMicrosecondArray::from(vec![Some(seconds * 1_000_000), None]).with_timezone(zone);
        is(array, "2026-01-06 04:30:01");
    }
}

#[test]
fn moments_in_96_bits_are_instants_unless_impala_wrote_them() {
    for (writer, text) in
        [("parquet-mr version 1.12", "2026-01-06 04:30:01"), ("impala version 4", "2026-01-05 20:30:01")]
    {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.parquet");
        let schema = Arc::new(parse_message_type("message m { optional int96 C; }").unwrap());
        let properties = WriterProperties::builder().set_created_by(writer.to_owned()).build();
        let mut file =
            SerializedFileWriter::new(File::create(&path).unwrap(), schema, Arc::new(properties)).unwrap();
        let mut group = file.next_row_group().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        // The Julian day of 2026-01-05, and the nanoseconds of the day.
        let nanos: u64 = 73_801_000_000_000;
        let mut value = Int96::new();
        value.set_data(nanos as u32, (nanos >> 32) as u32, 2_461_046);
        column.typed::<Int96Type>().write_batch(&[value], Some(&[1, 0]), None).unwrap();
        column.close().unwrap();
        group.close().unwrap();
        file.close().unwrap();
        assert_eq!(read(&path, &all).unwrap()[1..], [(2, vec![text.to_owned()]), (3, vec![String::new()])]);
    }
}

#[test]
fn a_number_that_has_lost_digits_breaks_its_row() {
    assert!(
        cell(Float64Array::from(vec![Some(370_402_199_001_011_234.0), None]))
            .0
            .starts_with("! a column of floats")
    );
    assert!(
        cell(Float32Array::from(vec![Some(3_704_021_990.0), None])).0.starts_with("! a column of floats")
    );
    assert!(
        cell(BinaryArray::from(vec![Some(&[0xFF_u8][..]), None])).0.starts_with("! a cell without a type")
    );
    assert!(cell(StringArray::from(vec![Some("a\0b"), None])).0.contains("NUL"));
    let long = "长".repeat(RECORD_BYTES_MAX / 3 + 1);
    assert!(cell(StringArray::from(vec![Some(long.as_str()), None])).0.contains("4 MiB"));
}

#[test]
fn rows_keep_their_order_over_groups_and_batches() {
    let folder = tempfile::tempdir().unwrap();
    let numbers: Vec<i64> = (0..25_000).collect();
    let texts: Vec<String> = numbers.iter().map(|n| format!("第{}号", n % 7)).collect();
    let path = save(
        &folder,
        vec![
            ("N", Arc::new(Int64Array::from(numbers))),
            ("X", Arc::new(Int64Array::from(vec![1; 25_000]))),
            ("T", Arc::new(StringArray::from(texts))),
        ],
    );
    let known = |header: &str| if header == "X" { Heading::Unknown } else { Heading::Free };
    let rows = read(&path, &known).unwrap();
    assert_eq!((rows.len(), &rows[0]), (25_001, &(1, vec!["N".to_owned(), "X".to_owned(), "T".to_owned()])));
    for (at, (line, cells)) in rows[1..].iter().enumerate() {
        assert_eq!(*line as usize, at + 2);
        assert_eq!(*cells, [at.to_string(), String::new(), format!("第{}号", at % 7)]);
    }
}

#[test]
fn nested_columns_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let list = ListArray::from_iter_primitive::<Int32Type, _, _>([Some([Some(1)])]);
    let path =
        save(&folder, vec![("CF_WSH", Arc::new(StringArray::from(vec!["a"]))), ("CF_NR", Arc::new(list))]);
    let error = read(&path, &all).unwrap_err().to_string();
    assert!(error.contains("t.parquet") && error.contains("`CF_NR`") && error.contains("export"), "{error}");
}

#[test]
fn damage_is_an_error_that_names_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let texts: Vec<String> = (0..40).map(|n| format!("示例{n}")).collect();
    let columns: Vec<(&str, ArrayRef)> =
        vec![("T", Arc::new(StringArray::from(texts))), ("N", Arc::new(Int64Array::from_iter_values(0..40)))];
    let rows = RecordBatch::try_from_iter(columns).unwrap();
    let mut whole = Vec::new();
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_encoding(Encoding::PLAIN)
        .build();
    let mut writer = ArrowWriter::try_new(&mut whole, rows.schema(), Some(properties)).unwrap();
    writer.write(&rows).unwrap();
    writer.close().unwrap();
    let path = folder.path().join("cut.parquet");
    for length in 0..whole.len() {
        std::fs::write(&path, &whole[..length]).unwrap();
        let error = read(&path, &all).unwrap_err().to_string();
        assert!(error.starts_with("t.parquet: ") && error.contains("export it again"), "{length}: {error}");
    }
    // A flip may change a value; it never ends the program.
    for bit in (0..whole.len() * 8).step_by(11) {
        let mut broken = whole.clone();
        broken[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(&path, &broken).unwrap();
        if let Err(error) = read(&path, &all) {
            assert!(error.to_string().starts_with("t.parquet: "), "{error}");
        }
    }
}

#[test]
fn a_table_without_rows_has_its_header() {
    let folder = tempfile::tempdir().unwrap();
    let path = save(&folder, vec![("A", Arc::new(StringArray::from(Vec::<&str>::new())))]);
    let mut table = open(&path, "t.parquet", &all).unwrap();
    assert_eq!(table.header().unwrap(), Some((1, vec!["A".to_owned()])));
    assert!(!table.fill(&mut Batch::default()).unwrap());
}
