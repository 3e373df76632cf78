//! However many threads read, and in whatever order: the same facts, rejects, counts and errors.

use super::*;
use std::sync::atomic::{AtomicU32, Ordering};

/// A source's tables: some rows short, some of a broken number, some with warnings.
fn defective(rows: usize) -> String {
    let mut text = "SHXYM,MC,DJZT,FRDB\n".to_owned();
    for number in 0..rows {
        let code = unified(&format!("91370402MA3{number:06}"));
        text += &match number % 7 {
            3 => format!("{code},缺\n"),
            4 => format!("{}0,错,存续,\n", &code[..17]),
            5 => format!("{code},\"断\"行,存续,\n"),
            6 => format!("{code},枣庄示例{number}号有限公司,怪,张试三\n"),
            _ => format!("{code},枣庄示例{number}号有限公司,存续,\n"),
        };
    }
    text
}

fn city() -> Trial {
    let mut trial = Trial::new("subject", "s/*.csv");
    for file in 0..3 {
        trial = trial.file(&format!("s/{file}.csv"), defective(1_000 + 9_000 * file));
    }
    let more = "[[source]]\nkind = \"honour\"\npath = \"h.csv\"\n[[source]]\nkind = \"subject\"\npath = \"late.csv\"";
    trial.with(more).file("late.csv", defective(50)).file("h.csv", "RY_MC\n题\n")
}

/// Everything that was read, sorted, with the counts.
fn read_with(trial: &Trial, threads: usize) -> Result<(Vec<String>, Vec<SourceCount>), IngestError> {
    std::fs::write(trial.folder.path().join("dataset.toml"), &trial.description).unwrap();
    let dataset = Dataset::open(trial.folder.path()).unwrap();
    let files = Files::find(&dataset).unwrap();
    let mut sinks: Vec<Taken> = (0..threads).map(|_| Taken::default()).collect();
    let counts = read(&dataset, &files, Which::Register, &catalogue(), today(), &mut sinks, &())?;
    let mut all = Vec::new();
    for taken in sinks {
        all.extend(taken.facts.iter().map(|fact| format!("{fact:?}")));
        all.extend(taken.rows.iter().map(|row| String::from_utf8_lossy(row).into_owned()));
        all.extend(taken.rejects.iter().map(|reject| format!("{reject:?}")));
    }
    all.sort();
    Ok((all, counts))
}

#[test]
fn one_thread_and_many_read_the_same() {
    let trial = city();
    let (all, counts) = read_with(&trial, 1).unwrap();
    assert_eq!((counts[0].files, counts[0].rows), (3, 30_000));
    assert_eq!((counts[1].rows, counts[2].rows), (0, 50), "only the register is read");
    assert!(counts[0].warnings["unknown_state"] > WARNINGS_TOLD_MAX);
    let readable = counts[0].rows - all.iter().filter(|one| one.contains("malformed_row")).count() as u64;
    assert_eq!(
        counts[0].missing_fields["ZT_LB"] + counts[2].missing_fields["ZT_LB"],
        readable + counts[2].rows
    );
    assert!(!counts[0].missing_fields.contains_key("SHXYM"));
    for threads in [2, 4, 7] {
        let (others, other_counts) = read_with(&trial, threads).unwrap();
        assert!(others == all, "{threads} threads");
        assert_eq!(other_counts, counts);
    }
}

#[test]
fn of_several_broken_files_the_first_is_told() {
    let trial = city()
        .file("s/1.csv", [defective(9_000).as_bytes(), b"\xFF\xFE\n"].concat())
        .file("s/2.csv", "MC,家庭收入\n")
        .file("late.csv", b"\xFF\xFE");
    for threads in [1, 2, 4] {
        let error = read_with(&trial, threads).unwrap_err().to_string();
        assert!(error.starts_with("s/1.csv: line 9002"), "{error}");
    }
}

#[test]
fn a_sink_that_is_full_stops_all_threads() {
    struct Full<'a>(&'a AtomicU32);
    impl Sink for Full<'_> {
        fn subject(&mut self, _fact: &SubjectFact<'_>) -> io::Result<()> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Err(io::Error::other("no space"))
        }
        fn record(&mut self, _fact: &RecordFact<'_>) -> io::Result<()> {
            Ok(())
        }
        fn correction(&mut self, _fact: CorrectionFact) -> io::Result<()> {
            Ok(())
        }
        fn reject(&mut self, _reject: Reject) -> io::Result<()> {
            Ok(())
        }
        fn warn(&mut self, _warning: Warning) -> io::Result<()> {
            Ok(())
        }
    }
    let (trial, calls) = (city(), AtomicU32::new(0));
    std::fs::write(trial.folder.path().join("dataset.toml"), &trial.description).unwrap();
    let dataset = Dataset::open(trial.folder.path()).unwrap();
    let files = Files::find(&dataset).unwrap();
    let mut sinks = [Full(&calls), Full(&calls), Full(&calls)];
    let stopped = read(&dataset, &files, Which::Register, &catalogue(), today(), &mut sinks, &());
    assert!(stopped.unwrap_err().to_string().contains("cannot be kept: no space"));
    assert!(calls.into_inner() <= 3);
}

#[test]
fn a_file_cut_at_any_byte_loses_only_its_end() {
    let text = "SHXYM,MC,CYM\r\n".to_owned()
        + &format!("{},\"枣庄\r\n示例\",\"说\"\"好\"\"\"\r\n", company())
        + &format!("{},甲,乙\n\n{},\"丙\",丁", company(), company());
    let whole = table("subject", &text);
    assert_eq!((whole.facts.len(), whole.rejects.len()), (3, 0));
    for end in 0..=text.len() {
        let trial = Trial::new("subject", "t.csv")
            .with("encoding = \"utf-8\"")
            .file("t.csv", &text.as_bytes()[..end]);
        match trial.read() {
            Ok((taken, count)) => {
                assert_eq!(count.rows as usize, taken.facts.len() + taken.rejects.len());
                let last = taken.facts.len().saturating_sub(1);
                assert!(taken.facts[..last] == whole.facts[..last], "cut at {end}");
            }
            Err(error) => assert!(!text.is_char_boundary(end), "cut at {end}: {error}"),
        }
    }
}

#[test]
fn the_order_of_files_changes_where_rows_stand_and_nothing_else() {
    let tables: Vec<String> = [100, 3_000, 7].map(defective).to_vec();
    let rows = |order: [usize; 3]| {
        let mut trial = Trial::new("subject", "s/*.csv");
        for (place, table) in order.into_iter().enumerate() {
            trial = trial.file(&format!("s/{place}.csv"), &tables[table]);
        }
        let (taken, count) = trial.read().unwrap();
        let mut rows = taken.rows;
        rows.sort();
        (rows, taken.rejects.len(), count)
    };
    let first = rows([0, 1, 2]);
    for order in [[2, 1, 0], [1, 2, 0], [2, 0, 1]] {
        assert!(rows(order) == first, "{order:?}");
    }
}
