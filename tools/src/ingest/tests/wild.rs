//! Whatever the bytes: an answer or a named error, never a panic, and every row accounted for.

use super::*;
use proptest::prelude::*;

const KINDS: [&str; 10] = [
    "subject",
    "licence",
    "penalty",
    "administrative",
    "list",
    "commitment",
    "evaluation",
    "judgment",
    "honour",
    "correction",
];

fn accounted(kind: &str, encoding: &str, name: &str, bytes: &[u8]) {
    let trial = Trial::new(kind, name).with(&format!("encoding = \"{encoding}\"")).file(name, bytes);
    match trial.read() {
        Ok((taken, count)) => assert_eq!(count.rows as usize, taken.facts.len() + taken.rejects.len()),
        Err(error) => assert!(error.to_string().contains(name), "{error}"),
    }
}

/// Cells that come close to what tables hold.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(company()),
        Just(person()),
        Just("3704**********1012".to_owned()),
        Just("２０２６－０５－０１".to_owned()),
        Just("2026-05-01".to_owned()),
        Just("护照".to_owned()),
        Just("\"".to_owned()),
        Just("\"a\nb\"".to_owned()),
        "[0-9Xx*/年月日,;；-]{0,20}",
        any::<String>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
        kind in 0usize..10,
        name in prop_oneof![Just("t.csv"), Just("t.csv.gz"), Just("t.csv.zst")],
        encoding in prop_oneof![Just("auto"), Just("utf-8"), Just("gb18030")],
    ) {
        accounted(KINDS[kind], encoding, name, &bytes);
    }

    #[test]
    fn arbitrary_rows_under_a_true_header_never_panic(
        rows in proptest::collection::vec(proptest::collection::vec(cell(), 25), 1..4),
        kind in 0usize..10,
    ) {
        let kind = KINDS[kind];
        let columns = tables::table(SourceKind::from_word(kind).unwrap());
        let mut text = columns.iter().map(|column| column.code).collect::<Vec<_>>().join(",");
        for row in rows {
            text.push('\n');
            text += &row.iter().cycle().take(columns.len()).cloned().collect::<Vec<_>>().join(",");
        }
        accounted(kind, "auto", "t.csv", text.as_bytes());
    }

    #[test]
    fn masking_leaves_no_number_behind(before in "[0-9Xx 号a-]{0,30}", after in "[^0-9Xx -]{0,10}", day in 1u32..29) {
        let number = citizen(&format!("370402199001{day:02}101"));
        let text = format!("{before}号{number}{after}");
        let masked = mask::text(&text, &mask::Persons::default(), today());
        prop_assert!(!masked.contains(&number), "{masked}");
    }
}
