//! Parquet instead of CSV.

use super::*;

/// What the cells are is compared where both are read (`tests/sources`).
#[test]
fn parquet_has_the_files_of_csv_whatever_the_threads() {
    let spoiled = Plan { defects: 0.1, ..plan(600) };
    let stems = |files: &BTreeMap<String, Vec<u8>>| -> Vec<String> {
        files.keys().map(|name| name.rsplit_once('.').unwrap().0.to_owned()).collect()
    };
    let plain = make(&spoiled);
    let parquet = make(&Plan { format: Format::Parquet, ..spoiled.clone() });
    assert_eq!(stems(&plain.files()), stems(&parquet.files()));
    assert_eq!(parquet.summary.rows, plain.summary.rows);
    let files = parquet.files();
    let bytes: usize =
        files.iter().filter(|(name, _)| name.ends_with(".parquet")).map(|(_, file)| file.len()).sum();
    assert_eq!(bytes as u64, parquet.summary.bytes);
    let described = String::from_utf8_lossy(&files["dataset.toml"]).into_owned();
    assert!(described.contains("\"penalties/*.parquet\"") && !described.contains("encoding"));
    assert!(make(&Plan { format: Format::Parquet, threads: 3, ..spoiled }).files() == files);
    let refused = Plan { format: Format::Parquet, encoding: Encoding::Gb18030, ..plan(1) };
    let folder = TempDir::new().unwrap();
    let error = write(&refused, &folder.path().join("city"), &|_| ()).unwrap_err().to_string();
    assert!(error.contains("encoding of Parquet"), "{error}");
}
