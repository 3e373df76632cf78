//! Tables of every kind in every encoding: a named error, or every row is a fact or a reject.
//!
//! The first byte of an input chooses the kind, the second the encoding; the rest is the table.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::io::{self, Cursor};
use std::sync::OnceLock;
use xinhe::domain::catalogue::Catalogue;
use xinhe_fuzz::{KINDS, root, today};
use xinhe_tools::dataset::{Encoding, Source, SourceKind};
use xinhe_tools::facts::{CorrectionFact, Named, RecordFact, Reject, Sink, SubjectFact, Warning};
use xinhe_tools::ingest::read_table;

fuzz_target!(|input: &[u8]| {
    let [kind, encoding, table @ ..] = input else { return };
    let kind = KINDS[usize::from(*kind) % KINDS.len()];
    let source = Source {
        kind: SourceKind::from_word(kind).expect("a kind of source"),
        path: "table.csv".to_owned(),
        encoding: [Encoding::Auto, Encoding::Utf8, Encoding::Gb18030][usize::from(*encoding) % 3],
        provider: None,
        priority: 0,
        as_of: today(),
        supplies: Vec::new(),
        max_age: None,
    };
    let mut judged = Judged::default();
    let table = Box::new(Cursor::new(table.to_vec()));
    match read_table(&source, table, catalogue(), today(), &mut judged) {
        Ok(count) => assert_eq!(count.rows, judged.facts + judged.rejects),
        Err(error) => assert!(error.to_string().starts_with("table")),
    }
});

fn catalogue() -> &'static Catalogue {
    static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
    CATALOGUE.get_or_init(|| {
        let folder = root().join("tests/example/catalog");
        xinhe_tools::catalog::read(&folder).expect("the catalogue of the worked example").0
    })
}

/// Counts what it is given.
#[derive(Default)]
struct Judged {
    facts: u64,
    rejects: u64,
}

impl Judged {
    fn fact(&mut self, subject: &Named<'_>) -> io::Result<()> {
        self.facts += 1;
        assert!(!subject.codes.is_empty() || subject.document.is_some(), "it names nobody");
        Ok(())
    }
}

impl Sink for Judged {
    fn subject(&mut self, fact: &SubjectFact<'_>) -> io::Result<()> {
        self.fact(&fact.named)
    }

    fn record(&mut self, fact: &RecordFact<'_>) -> io::Result<()> {
        self.fact(&fact.subject)
    }

    fn correction(&mut self, _fact: CorrectionFact) -> io::Result<()> {
        self.facts += 1;
        Ok(())
    }

    fn reject(&mut self, reject: Reject) -> io::Result<()> {
        self.rejects += 1;
        assert!(!reject.reason.is_empty() && reject.origin.line > 0);
        Ok(())
    }

    fn warn(&mut self, warning: Warning) -> io::Result<()> {
        assert!(!warning.reason.is_empty() && warning.origin.line > 0);
        Ok(())
    }
}
