use super::*;

const HEAD: &str = "name = \"zaozhuang\"\nas_of = \"2026-11-20\"\ncoverage = [\"3704\"]\n";

fn parse(text: &str) -> Result<Dataset, DatasetError> {
    Dataset::parse(Path::new("data"), text)
}

fn refusal(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

#[test]
fn a_description_is_read_with_its_defaults() {
    let text = format!(
        "{HEAD}[[source]]\nkind = \"penalty\"\npath = \"penalties/*.csv\"\nencoding = \"gb18030\"\n\
         provider = \"11370402MB28573908\"\npriority = 10\nas_of = \"2026-11-19\"\n\
         supplies = [\"abnormal-operation\"]\nmax_age = \"7d\"\n[[source]]\nkind = \"subject\"\npath = \"s.csv\"\n"
    );
    let dataset = parse(&text).unwrap();
    assert_eq!((dataset.name.as_str(), dataset.coverage.as_slice()), ("zaozhuang", &["3704".to_owned()][..]));
    let penalty = &dataset.sources[0];
    assert_eq!(penalty.kind, SourceKind::Record(RecordKind::Penalty));
    assert_eq!((penalty.priority, penalty.max_age), (10, Some(Term::Days(7))));
    assert_eq!(penalty.as_of.to_string(), "2026-11-19");
    let subject = &dataset.sources[1];
    assert_eq!((subject.kind, subject.encoding, subject.priority), (SourceKind::Subject, Encoding::Auto, 0));
    assert_eq!((subject.as_of, &subject.provider, subject.max_age), (dataset.as_of, &None, None));
}

#[test]
fn what_breaks_the_contract_is_refused_with_its_place() {
    let source = |lines: &str| format!("{HEAD}[[source]]\n{lines}");
    for (text, at, words) in [
        ("name = 1\n".to_owned(), ":1:8:", "expected a string"),
        ("name = \"z\"\nas_of = 2026-11-20\n".into(), ":2:9:", "expected a string"),
        ("name = \"z\"\nas_of = \"2026/11/20\"\n".into(), ":2:9:", "expected YYYY-MM-DD"),
        ("name = \" \"\nas_of = \"2026-11-20\"\n".into(), ":1:8:", "name is empty"),
        ("as_of = \"2026-11-20\"\n".into(), ":1:1:", "missing field `name`"),
        (format!("{HEAD}colour = 1\n"), ":4:1:", "unknown field `colour`"),
        (
            "name = \"z\"\nas_of = \"2026-11-20\"\ncoverage = [\"37x\"]\n".into(),
            ":3:13:",
            "one to six digits",
        ),
        (source("kind = \"fine\"\npath = \"a.csv\"\n"), ":5:8:", "`fine` is no kind of source"),
        (source("kind = \"list\"\n"), ":4:1:", "has no path"),
        (
            source("kind = \"list\"\npath = \"a.csv\"\nencoding = \"big5\"\n"),
            ":7:12:",
            "utf-8, gb18030 or auto",
        ),
        (source("kind = \"list\"\npath = \"a.csv\"\nmax_age = \"7 days\"\n"), ":7:11:", "7d, 3m or 5y"),
        (source("kind = \"list\"\npath = \"a.csv\"\nas_of = \"2026-02-30\"\n"), ":7:9:", "is no day"),
        (source("kind = \"list\"\npath = \"a.csv\"\nsupply = []\n"), ":7:1:", "unknown field `supply`"),
        (source("kind = \"list\"\npath = \"[a.csv\"\n"), ":6:8:", "no pattern"),
        (source("kind = \"list\"\npath = \"a.XLS\"\n"), ":6:8:", "save them as .xlsx"),
        (source("kind = \"list\"\npostgres = \"p\"\nquery = \" \"\n"), ":7:9:", "query is empty"),
        (source("kind = \"list\"\npath = \"a.csv\"\nquery = \"q\"\n"), ":7:9:", "never both"),
        (source("kind = \"list\"\npostgres = \"p\"\n"), ":6:12:", "needs a query"),
        (source("kind = \"list\"\nquery = \"q\"\n"), ":6:9:", "needs postgres"),
        (source("kind = \"list\"\npath = \"a.csv\"\npostgres = \"p\"\n"), ":7:12:", "never both"),
        ("name = \n".into(), ":1:8:", ""),
    ] {
        let found = refusal(&text);
        assert!(found.contains(&format!("dataset.toml{at}")) && found.contains(words), "{text}\n{found}");
    }
}

#[test]
fn files_are_those_of_the_pattern_in_order() {
    let folder = tempfile::tempdir().unwrap();
    // A folder's own name is no pattern.
    let root = folder.path().join("data [1]");
    std::fs::create_dir_all(root.join("p/dir.csv")).unwrap();
    for name in ["p/b.csv", "p/a.csv.gz", "p/c.CSV.zst", "p/.hidden.csv"] {
        std::fs::write(root.join(name), "").unwrap();
    }
    let text = format!(
        "{HEAD}[[source]]\nkind = \"list\"\npath = \"p/*.[cC]*\"\n[[source]]\nkind = \"list\"\npath = \"none/*.csv\"\n"
    );
    std::fs::write(root.join(DATASET_FILE), text).unwrap();
    let dataset = Dataset::open(&root).unwrap();
    let names: Vec<String> = dataset
        .files(&dataset.sources[0])
        .unwrap()
        .iter()
        .map(|file| file.strip_prefix(&root).unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(names, ["p/a.csv.gz", "p/b.csv", "p/c.CSV.zst"]);
    assert!(dataset.files(&dataset.sources[1]).unwrap().is_empty());
    std::fs::write(root.join("p/d.cxlsx"), "").unwrap();
    let error = dataset.files(&dataset.sources[0]).unwrap_err().to_string();
    assert!(error.contains("d.cxlsx") && error.contains(".csv.zst"), "{error}");
}

#[test]
fn a_source_is_files_of_any_form_or_a_query() {
    let text = format!(
        "{HEAD}[[source]]\nkind = \"list\"\npath = \"*\"\n[[source]]\nkind = \"list\"\n\
         postgres = \"postgresql://u:geheim@h/d\"\nquery = \"select 1\"\n"
    );
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.xlsx", "b.Parquet", "~$a.xlsx"] {
        std::fs::write(folder.path().join(name), "").unwrap();
    }
    let dataset = Dataset::parse(folder.path(), &text).unwrap();
    let forms: Vec<_> =
        dataset.files(&dataset.sources[0]).unwrap().iter().map(|file| Format::of(file)).collect();
    assert_eq!(forms, [Some(Format::Xlsx), Some(Format::Parquet)]);
    assert_eq!(dataset.sources[1].database.as_ref().unwrap().query, "select 1");
    assert!(dataset.files(&dataset.sources[1]).unwrap().is_empty());
    assert!(!format!("{dataset:?}").contains("geheim"));
}

#[test]
fn a_missing_description_is_named() {
    let error = Dataset::open(Path::new("/nowhere")).unwrap_err().to_string();
    assert!(error.starts_with("cannot read /nowhere/dataset.toml"), "{error}");
}
