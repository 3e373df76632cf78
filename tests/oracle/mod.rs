//! DuckDB against the snapshot: what the tables of a city say, computed in SQL, and what the release says of them.
//!
//! The SQL under `sql/` is written from the contract and shares nothing with the crates. It reads the generated
//! tables and the catalogue; of the release it reads only what [`dump`] writes, which is what checks would see.

mod corrections;
mod dump;

use crate::support::{person_key, root, tool_python, xinhe_ok};
use std::fs;
use std::path::Path;
use std::process::Command;
use xinhe::domain::date::Day;
use xinhe_tools::generate;

/// Subjects of the city; `XINHE_ORACLE_SUBJECTS` sets another number for a quick look.
const SUBJECTS: u64 = 200_000;
const AS_OF: &str = "2026-11-20";
/// The day of the data and the one after, ends of months of every length and the days behind them, and past days.
const DAYS: [&str; 16] = [
    AS_OF,
    "2026-11-21",
    "2026-11-30",
    "2026-12-01",
    "2026-10-31",
    "2026-11-01",
    "2026-05-31",
    "2026-06-01",
    "2026-02-28",
    "2026-03-01",
    "2027-03-31",
    "2024-02-29",
    "2024-03-01",
    "2023-08-31",
    "2021-07-15",
    "2018-01-01",
];

#[test]
fn duckdb_agrees_with_the_snapshot_of_a_city_with_defects() {
    let python = tool_python("XINHE_TEST_ORACLE_PYTHON", "oracle");
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let subjects = std::env::var("XINHE_ORACLE_SUBJECTS").map_or(SUBJECTS, |text| text.parse().unwrap());
    let plan = generate::Plan {
        subjects,
        seed: 3,
        defects: 0.05,
        as_of: AS_OF.parse().unwrap(),
        ..generate::Plan::default()
    };
    generate::write(&plan, &at("city"), &|_| ()).unwrap();
    more_rows(&python, &at("city"));
    let key = person_key(folder.path());
    let days = DAYS.map(|day| day.parse::<Day>().unwrap());
    fs::write(at("days.txt"), DAYS.join("\n")).unwrap();

    // A correction names its record, so a first build tells the names.
    build(&at("city"), &at("first"), &key);
    fs::create_dir(at("before")).unwrap();
    dump::write(&at("first"), &days, &at("before"));
    corrections::write(&at("before"), &at("city"));
    fs::remove_dir_all(at("first")).unwrap();
    build(&at("city"), &at("release"), &key);
    fs::create_dir(at("after")).unwrap();
    dump::write(&at("release"), &days, &at("after"));

    let mut oracle = Command::new(&python);
    oracle.arg(root().join("tests/oracle/oracle.py")).arg(folder.path()).arg(root().join("tools/catalog"));
    let output = oracle.output().unwrap();
    let words = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{words}\n{}", String::from_utf8_lossy(&output.stderr));
    println!("{words}");
}

/// Adds tables with what the generator does not write: rows that name their subject by an older code, and the like.
fn more_rows(python: &Path, city: &Path) {
    let mut script = Command::new(python);
    let output = script.arg(root().join("tests/oracle/more_rows.py")).arg(city).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn build(city: &Path, out: &Path, key: &Path) {
    let catalog = root().join("tools/catalog");
    let args = ["--input", "--catalog", "--out", "--person-key"].iter().zip([city, &catalog, out, key]);
    let args = args.flat_map(|(name, path)| [name.as_ref(), path.as_os_str()]);
    xinhe_ok([std::ffi::OsStr::new("build"), "--parts".as_ref(), "2".as_ref()].into_iter().chain(args));
}
