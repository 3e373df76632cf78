//! CSV against Parquet of the same rows.

use super::gather::gather;
use xinhe_tools::generate::{self, Format, Plan};

#[test]
fn a_city_in_parquet_is_the_city_in_csv() {
    let folder = tempfile::tempdir().unwrap();
    let city = |name: &str, format: Format| {
        let plan = Plan {
            subjects: 1_500,
            records_per_subject: 6.0,
            as_of: "2026-11-20".parse().unwrap(),
            defects: 0.1,
            format,
            threads: 2,
            ..Plan::default()
        };
        let path = folder.path().join(name);
        let made = generate::write(&plan, &path, &|_| ()).unwrap();
        assert_eq!(made.subjects + made.records, plan.rows());
        gather(&path).unwrap()
    };
    let (csv, parquet) = (city("csv", Format::Csv), city("parquet", Format::Parquet));
    assert!(csv.rows.len() > 9_000 && csv.rejects.len() > 200, "{} {}", csv.rows.len(), csv.rejects.len());
    assert!(csv.rows == parquet.rows);
    assert_eq!(csv.rejects, parquet.rejects);
    assert_eq!(csv.warnings, parquet.warnings);
}

#[test]
fn a_parquet_file_that_is_cut_stops_the_build_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("city");
    let plan = Plan { subjects: 50, format: Format::Parquet, ..Plan::default() };
    generate::write(&plan, &path, &|_| ()).unwrap();
    let file = path.join("honours/honours.parquet");
    let bytes = std::fs::read(&file).unwrap();
    std::fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    let error = gather(&path).err().unwrap().to_string();
    assert!(error.starts_with("honours/honours.parquet: ") && error.contains("export it again"), "{error}");
}
