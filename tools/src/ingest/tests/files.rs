//! What files may look like, and what they may not.

use super::*;
use std::io::Write;
use std::sync::Mutex;

fn penalties(rows: usize) -> String {
    let mut text = "CF_XDR_MC,CF_XDR_SHXYM,CF_WSH,CF_CFLB,CF_JDRQ,CF_CFJG\n".to_owned();
    for number in 0..rows {
        text += &format!(
            "枣庄示例{number}号有限公司,{},枣罚〔2026〕{number}号,罚款,2026-05-01,枣庄市示例局\n",
            company()
        );
    }
    text
}

fn names(taken: &Taken) -> Vec<String> {
    let name = |fact: &Fact| match fact {
        Fact::Record(record) => record.subject.name.as_deref().unwrap_or_default().to_owned(),
        other => panic!("{other:?}"),
    };
    taken.facts.iter().map(name).collect()
}

fn gb(text: &str) -> Vec<u8> {
    encoding_rs::GB18030.encode(text).0.into_owned()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn every_form_of_a_table_gives_the_same_facts() {
    let text = penalties(3);
    let (plain, _) = Trial::new("penalty", "t.csv").file("t.csv", &text).read().unwrap();
    assert_eq!(names(&plain), ["枣庄示例0号有限公司", "枣庄示例1号有限公司", "枣庄示例2号有限公司"]);
    for (name, encoding, bytes) in [
        ("t.csv", "auto", format!("\u{FEFF}{text}").into_bytes()),
        ("t.csv", "utf-8", format!("\u{FEFF}{text}").into_bytes()),
        ("t.csv", "auto", gb(&text)),
        ("t.csv", "gb18030", gb(&text)),
        ("t.csv", "auto", text.replace('\n', "\r\n").into_bytes()),
        ("t.csv.gz", "auto", gzip(text.as_bytes())),
        // Two members, one after the other.
        ("t.csv.gz", "auto", [gzip(&text.as_bytes()[..100]), gzip(&text.as_bytes()[100..])].concat()),
        ("t.csv.zst", "auto", zstd::encode_all(gb(&text).as_slice(), 1).unwrap()),
    ] {
        let trial =
            Trial::new("penalty", name).with(&format!("encoding = \"{encoding}\"")).file(name, &bytes);
        let (taken, count) = trial.read().unwrap();
        assert_eq!(names(&taken), names(&plain), "{name} {encoding}");
        assert_eq!(taken.rows, plain.rows);
        assert_eq!((count.files, count.rows, count.bytes), (1, 3, bytes.len() as u64));
    }
}

#[test]
fn files_are_read_in_order_with_their_lines() {
    let text = penalties(1);
    let trial = Trial::new("penalty", "p/*").file("p/b.csv", &text).file("p/a.csv.gz", gzip(text.as_bytes()));
    let (taken, count) = trial.read().unwrap();
    let origins: Vec<(u32, u32)> = taken
        .facts
        .iter()
        .map(|fact| match fact {
            Fact::Record(record) => (record.origin.file, record.origin.line),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(origins, [(0, 2), (1, 2)]);
    let files = Files::find(&Dataset::open(trial.folder.path()).unwrap()).unwrap();
    assert_eq!(
        (files.names, files.of_source),
        (vec!["p/a.csv.gz".to_owned(), "p/b.csv".to_owned()], std::iter::once(0..2).collect())
    );
    assert_eq!((count.files, count.rows), (2, 2));
}

#[test]
fn a_path_that_meets_nothing_is_no_error() {
    let (taken, count) = Trial::new("penalty", "none/*.csv").read().unwrap();
    assert_eq!((taken.facts.len(), count), (0, SourceCount::default()));
}

#[test]
fn files_without_rows_are_no_error() {
    for (text, reasons) in
        [("", vec!["empty_file"]), ("\n\n", vec!["empty_file"]), ("CF_WSH,CF_JDRQ\r\n", vec![])]
    {
        let taken = table("penalty", text);
        assert_eq!((taken.facts.len(), taken.rejects.len(), taken.reasons()), (0, 0, reasons), "{text:?}");
    }
}

#[test]
fn broken_files_stop_by_name() {
    let long = penalties(3000);
    let zipped = gzip(long.as_bytes());
    let packed = zstd::encode_all(long.as_bytes(), 1).unwrap();
    for (name, bytes, words) in [
        ("t.csv.gz", &zipped[..zipped.len() / 2], "t.csv.gz: cannot be read to its end"),
        ("t.csv.gz", &zipped[..zipped.len() - 4], "t.csv.gz: cannot be read to its end"),
        ("t.csv.gz", long.as_bytes(), "t.csv.gz: cannot be read to its end"),
        ("t.csv.zst", &packed[..packed.len() / 2], "t.csv.zst: cannot be read to its end"),
        ("t.csv.zst", &packed[..packed.len() - 1], "t.csv.zst: cannot be read to its end"),
    ] {
        let error = Trial::new("penalty", name).file(name, bytes).error();
        assert!(error.contains(words), "{error}");
    }
    let error = Trial::new("penalty", "t.csv").with("encoding = \"utf-8\"").file("t.csv", gb(&long)).error();
    assert!(error.starts_with("t.csv: line 2: the bytes are no UTF-8"), "{error}");
    let error = Trial::new("penalty", "t.csv").with("encoding = \"gb18030\"").file("t.csv", &long).error();
    assert!(error.starts_with("t.csv: line 2: is UTF-8"), "{error}");
    let error = Trial::new("penalty", "t.csv").file("t.csv", "\"CF_WSH\n").error();
    assert!(error.contains("t.csv, line 1: the header cannot be read"), "{error}");
    let error = Trial::new("penalty", "t.csv").file("t.csv", "CF_WSH,家庭收入\n").error();
    assert_eq!(
        error,
        "t.csv: column `家庭收入` holds income, which may not be collected; remove the column from the export"
    );
    let error = Trial::new("penalty", "t.*").file("t.xlsx", "PK").error();
    assert!(error.starts_with("t.xlsx: ") && error.contains("save it again"), "{error}");
}

#[test]
fn rows_that_cannot_be_read_are_rejects_of_their_own() {
    let mut text = penalties(1);
    text += "a,b\n\"x\"y,1,2,3,4,5\n,,\0,,,\n\"枣庄\n示例\",\"";
    text += &format!("{}\",\"枣罚〔2026〕9号\",警告,2026/5/1,局\n1,2,3,4,5,6,7\n", company());
    let taken = table("penalty", &text);
    let rejects: Vec<(u32, &str, &str)> = taken
        .rejects
        .iter()
        .map(|reject| (reject.origin.line, reject.reason, reject.value.as_str()))
        .collect();
    assert_eq!(
        rejects,
        [
            (3, "malformed_row", "2 cells, expected 6 as in the header"),
            (4, "malformed_row", "text follows a closing quote"),
            (5, "malformed_row", "the row holds NUL bytes"),
            (8, "malformed_row", "7 cells, expected 6 as in the header"),
        ]
    );
    assert_eq!(names(&taken), ["枣庄示例0号有限公司", "枣庄\n示例"]);
}

#[test]
fn warnings_are_all_counted_and_some_told() {
    let rows = WARNINGS_TOLD_MAX as usize + 500;
    let mut text = "SHXYM,DJZT,COLOUR\n".to_owned();
    for _ in 0..rows {
        text += &format!("{},怪,1\n", company());
    }
    let (taken, count) = Trial::new("subject", "t.csv").file("t.csv", text).read().unwrap();
    assert_eq!(taken.facts.len(), rows);
    assert_eq!(taken.warnings.len() as u64, WARNINGS_TOLD_MAX);
    assert_eq!(count.warnings["unknown_state"], rows as u64);
    assert_eq!(count.warnings["unknown_column"], 1);
    assert_eq!((taken.warnings[0].origin.line, taken.warnings[1].origin.line), (1, 2));
}

#[test]
fn a_first_row_without_headers_is_not_told() {
    let taken = table("subject", &format!("张试三,{}\n", person()));
    assert_eq!(taken.reasons(), ["no_known_column"]);
    assert!(!taken.warnings[0].detail.contains("张试三"));
}

#[test]
fn progress_ends_with_all_bytes() {
    #[derive(Default)]
    struct Seen(Mutex<Vec<(u64, u64, u64)>>);
    impl Progress for Seen {
        fn advance(&self, source: usize, rows: u64, done: u64, total: u64) {
            assert!(source == 0 && done <= total);
            self.0.lock().unwrap().push((rows, done, total));
        }
    }
    let text = penalties(10_000);
    let trial = Trial::new("penalty", "t.csv").file("t.csv", &text);
    trial.read().unwrap();
    let dataset = Dataset::open(trial.folder.path()).unwrap();
    let (seen, files, mut sinks) = (Seen::default(), Files::find(&dataset).unwrap(), [Taken::default()]);
    read(&dataset, &files, Which::Records, &catalogue(), today(), &mut sinks, &seen).unwrap();
    let seen = seen.0.into_inner().unwrap();
    assert!(seen.is_sorted() && seen.len() > 3);
    assert_eq!(seen.last(), Some(&(10_000, text.len() as u64, text.len() as u64)));
}

#[test]
fn blank_fields_are_counted_by_column() {
    let mut text = "CF_XDR_SHXYM,CF_CFLB1,CF_WSH,CF_JDRQ,CF_CFJG,BZ\n".to_owned();
    for (class, remark) in [("罚款", "无"), ("罚款", "注"), ("", "-")] {
        text += &format!("{},{class},枣罚1号,2026-05-01,局,{remark}\n", company());
    }
    let (_, count) = Trial::new("penalty", "t.csv").file("t.csv", text + "short\n").read().unwrap();
    let missing = |column| count.missing_fields.get(column).copied();
    assert_eq!((count.rows, missing("BZ"), missing("CF_SY"), missing("CF_WSH")), (4, Some(2), Some(3), None));
    assert_eq!((missing("CF_CFLB"), missing("CF_CFLB1"), missing("CF_CFLB2")), (Some(1), None, None));
}
