//! Corrections for a city, made from what a first build says of its records.

use super::dump::ENTRY_COLUMNS;
use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use xinhe::domain::date::Day;

/// One entry in so many is corrected.
const EVERY: usize = 37;
/// What happens to a record, with days counted from its own: openings and closings in every order.
const STORIES: [&[(&str, i32)]; 10] = [
    &[("repaired", 200)],
    &[("revoked", 0)],
    &[("delisted", 365)],
    &[("suspended", 30), ("resumed", 400)],
    &[("objection_opened", 10), ("objection_closed", 900)],
    &[("suspended", 500)],
    &[("objection_opened", 100)],
    &[("resumed", 300), ("suspended", 300)],
    &[("objection_closed", 5)],
    &[("objection_opened", 20), ("suspended", 40), ("resumed", 60), ("repaired", 1200)],
];

/// Writes `corrections.csv` and names it in `dataset.toml`; and one that matches nothing.
pub(crate) fn write(dump: &Path, city: &Path) {
    let column = |name| ENTRY_COLUMNS.iter().position(|column| *column == name).unwrap();
    let (record, relation, since) = (column("record"), column("relation"), column("since"));
    let parts = ["key", "category", "list", "title", "since", "document", "authority"].map(column);
    let mut reader = csv::Reader::from_path(dump.join("entries.csv")).unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    // Without blanks and brackets, which the oracle reads over.
    let natural = |row: &csv::StringRecord| {
        parts.map(|at| row[at].chars().filter(|c| c.is_alphanumeric()).collect::<String>())
    };
    let mut alike: HashMap<[String; 7], usize> = HashMap::new();
    for row in rows.iter().filter(|row| &row[relation] == "own") {
        *alike.entry(natural(row)).or_default() += 1;
    }
    let mut out = csv::Writer::from_path(city.join("corrections.csv")).unwrap();
    out.write_record(["GZ_LX", "GZ_JL", "GZ_RQ", "GZ_WSH", "GZ_JG"]).unwrap();
    // The oracle finds records by what the tables say of them, so only one of its kind is corrected.
    let picked = rows.iter().filter(|row| &row[relation] == "own" && alike[&natural(row)] == 1);
    for (place, row) in picked.step_by(EVERY).enumerate() {
        let since: Day = row[since].parse().unwrap();
        for (kind, days) in STORIES[place % STORIES.len()] {
            let day = Day::from_number(since.number() + days).to_string();
            out.write_record([*kind, &row[record], &day, "试更〔2026〕1号", "枣庄市示例局"]).unwrap();
        }
    }
    out.flush().unwrap();
    let mut description = fs::OpenOptions::new().append(true).open(city.join("dataset.toml")).unwrap();
    description.write_all(b"\n[[source]]\nkind = \"correction\"\npath = \"corrections.csv\"\n").unwrap();
}
