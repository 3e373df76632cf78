//! The promises of the generator, read back from its files.

mod parquet;

use super::*;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use tempfile::TempDir;
use xinhe::domain::identifier::{IdKind, Identifier};
use xinhe::domain::text;

const ADVERSE_LISTS: [&str; 10] = [
    "dishonest-judgment-debtor",
    "wage-arrears",
    "work-safety",
    "market-supervision-serious",
    "tax-serious",
    "government-procurement",
    "customs-dishonest",
    "statistics-serious",
    "medical-insurance",
    "abnormal-operations",
];

fn plan(subjects: u64) -> Plan {
    Plan { subjects, as_of: "2026-11-20".parse().unwrap(), threads: 2, ..Plan::default() }
}

/// A dataset in a folder of its own, and what was told of it.
struct Made {
    _folder: TempDir,
    path: PathBuf,
    summary: Summary,
}

fn make(plan: &Plan) -> Made {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("city");
    let told = AtomicU64::new(0);
    let count = |rows| {
        told.fetch_add(rows, Ordering::Relaxed);
    };
    let summary = write(plan, &path, &count).unwrap();
    assert_eq!(told.into_inner(), plan.rows());
    Made { _folder: folder, path, summary }
}

impl Made {
    /// Every file's bytes by its path, in order.
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        for entry in glob::glob(&format!("{}/**/*", self.path.display())).unwrap() {
            let file = entry.unwrap();
            if file.is_file() {
                let name = file.strip_prefix(&self.path).unwrap().to_string_lossy().into_owned();
                files.insert(name, std::fs::read(&file).unwrap());
            }
        }
        files
    }

    /// The rows of all files whose path starts so, each as a map from header to cell.
    fn rows(&self, start: &str) -> Vec<HashMap<String, String>> {
        let mut rows = Vec::new();
        for (_, bytes) in
            self.files().range(start.to_owned()..).take_while(|(name, _)| name.starts_with(start))
        {
            let mut reader = csv::Reader::from_reader(bytes.as_slice());
            rows.extend(reader.deserialize().map(|row| row.unwrap()));
        }
        rows
    }
}

/// The cell whose header ends so.
fn cell<'a>(row: &'a HashMap<String, String>, end: &str) -> &'a str {
    row.iter().find(|(header, _)| header.ends_with(end)).map_or("", |(_, cell)| cell)
}

/// What the row names its subject by.
fn subject(row: &HashMap<String, String>) -> String {
    let ends = ["XDR_SHXYM", "XDR_ZJHM", "XDR_GSZC", "XDR_ZZJG"];
    ends.iter().map(|end| cell(row, end)).find(|cell| !cell.is_empty()).unwrap().to_owned()
}

fn document(word: &str) -> Option<IdKind> {
    Some(match word {
        "身份证" => IdKind::Citizen,
        "护照" => IdKind::Passport,
        "港澳居民来往内地通行证" | "台湾居民来往大陆通行证" => IdKind::Permit,
        "外国人永久居留身份证" => IdKind::ForeignResident,
        "" => return None,
        other => panic!("{other}"),
    })
}

fn day(text: &str) -> Day {
    text.replace('/', "-").parse().unwrap()
}

#[test]
fn the_same_seed_makes_the_same_bytes_on_any_number_of_threads() {
    for defects in [0.0, 0.3] {
        let plan = Plan { defects, ..plan(700) };
        let first = make(&plan).files();
        assert!(first == make(&Plan { threads: 1, ..plan.clone() }).files());
        assert!(first == make(&Plan { threads: 5, ..plan.clone() }).files());
        assert!(first != make(&Plan { seed: 2, ..plan.clone() }).files());
    }
}

#[test]
fn there_are_exactly_so_many_subjects_and_records() {
    for (subjects, records_per_subject, defects) in
        [(1, 0.0, 0.0), (1, 4.0, 0.0), (7, 1.5, 1.0), (40, 30.0, 0.1), (1003, 0.5, 0.0), (3000, 4.0, 0.2)]
    {
        let plan = Plan { records_per_subject, defects, ..plan(subjects) };
        let made = make(&plan);
        assert_eq!(made.rows("subjects/").len() as u64, subjects, "{plan:?}");
        let mut all = 0;
        for (_, bytes) in made.files().iter().filter(|(name, _)| name.ends_with(".csv")) {
            for row in csv::Reader::from_reader(bytes.as_slice()).records() {
                row.unwrap();
                all += 1;
            }
        }
        assert_eq!(all, plan.rows(), "{plan:?}");
        assert_eq!(made.summary.rows.values().sum::<u64>(), all);
        assert_eq!(made.summary.files, made.files().len() as u64 - 1);
        assert_eq!(made.summary.records, plan.records());
    }
}

#[test]
fn every_source_of_the_description_has_files() {
    for subjects in [1, 500] {
        let made = make(&plan(subjects));
        let text = std::fs::read_to_string(made.path.join("dataset.toml")).unwrap();
        let dataset: toml::Table = text.parse().unwrap();
        assert_eq!(dataset["as_of"].as_str(), Some("2026-11-20"));
        let mut matched = 0;
        for source in dataset["source"].as_array().unwrap() {
            let pattern = made.path.join(source["path"].as_str().unwrap());
            let files = glob::glob(pattern.to_str().unwrap()).unwrap().count();
            assert!(files > 0, "{pattern:?}");
            matched += files;
            let provider = source["provider"].as_str().unwrap();
            Identifier::parse(IdKind::Uscc, provider, plan(1).as_of).unwrap();
        }
        assert_eq!(matched as u64, made.summary.files);
    }
}

#[test]
fn every_identifier_is_valid_and_no_two_subjects_share_one() {
    let plan = plan(6000);
    let made = make(&plan);
    let parse = |kind, text: &str| Identifier::parse(kind, text, plan.as_of).unwrap();
    let mut seen = HashSet::new();
    let mut persons = HashSet::new();
    let mut representatives = HashSet::new();
    let organisations = [
        ("SHXYM", IdKind::Uscc),
        ("YSHXYM", IdKind::Uscc),
        ("ZZJG", IdKind::OrganisationCode),
        ("GSZC", IdKind::Registration),
        ("SWDJ", IdKind::Tax),
        ("SYDW", IdKind::InstitutionCertificate),
        ("SHZZ", IdKind::SocialCertificate),
    ];
    for row in made.rows("subjects/organisations-") {
        for (column, kind) in organisations {
            let text = row[column].as_str();
            if !text.is_empty() {
                assert!(seen.insert(parse(kind, text)), "{column} {text}");
            }
        }
        let code = parse(IdKind::Uscc, &row["SHXYM"]);
        assert_eq!(code.division(), Some(row["XZQH"].as_str()));
        representatives.insert(row["FR_ZJHM"].clone());
    }
    for row in made.rows("subjects/persons-") {
        let id = parse(document(&row["ZJLX"]).unwrap(), &row["ZJHM"]);
        assert!(seen.insert(id));
        assert_eq!(row["GJ"].is_empty(), !matches!(id.kind(), IdKind::Passport | IdKind::Permit));
        persons.insert(row["ZJHM"].clone());
    }
    assert!(representatives.is_subset(&persons));
    for table in ["licences/", "penalties/", "administrative/", "lists/", "commitments/", "evaluations/"] {
        for row in made.rows(table) {
            match (cell(&row, "XDR_SHXYM"), cell(&row, "XDR_ZJHM"), document(cell(&row, "XDR_ZJLX"))) {
                ("", "", _) => assert!(!subject(&row).is_empty()),
                ("", number, Some(kind)) => assert_eq!(parse(kind, number).kind(), kind),
                ("", number, None) => {
                    assert_eq!(Identifier::read(number, plan.as_of).unwrap().kind(), IdKind::Citizen)
                }
                (code, ..) => assert_eq!(parse(IdKind::Uscc, code).kind(), IdKind::Uscc),
            }
        }
    }
}

#[test]
fn a_clean_dataset_has_no_two_versions_of_a_record() {
    for (subjects, records_per_subject) in [(900, 25.0), (13, 1000.0), (1, 1000.0), (60, 700.0)] {
        no_two_versions(&Plan { records_per_subject, ..plan(subjects) });
    }
}

fn no_two_versions(plan: &Plan) {
    let made = make(plan);
    let keys: [(&str, &[&str]); 8] = [
        ("licences/", &["XK_WSH", "XK_XKJG"]),
        ("penalties/", &["CF_WSH", "CF_CFJG"]),
        ("administrative/", &["XZ_LX", "XZ_WSH", "XZ_JG"]),
        ("lists/", &["MD_DM", "MD_WSH", "MD_LRRQ", "MD_RDJG"]),
        ("commitments/", &["CN_LX", "CN_SX", "CN_RQ", "CN_SLDW"]),
        ("evaluations/", &["PJ_LX", "PJ_ND", "PJ_RQ", "PJ_JG"]),
        ("judgments/", &["PJS_AH", "PJS_FY"]),
        ("honours/", &["RY_MC", "RY_RQ", "RY_JG"]),
    ];
    let successors: HashMap<String, String> = made
        .rows("subjects/organisations-")
        .into_iter()
        .filter(|row| !row["HJ"].is_empty())
        .map(|row| (row["SHXYM"].clone(), row["HJ"].clone()))
        .collect();
    for (table, columns) in keys {
        let mut seen = HashSet::new();
        for row in made.rows(table) {
            let subject = subject(&row);
            let subject = successors.get(&subject).cloned().unwrap_or(subject);
            let mut key = vec![subject];
            key.extend(columns.iter().map(|column| text::alike(&row[*column]).collect::<String>()));
            assert!(key.iter().all(|part| !part.is_empty()), "{table} {key:?}");
            assert!(seen.insert(key.clone()), "{table} {key:?}");
        }
    }
}

#[test]
fn no_minor_has_an_adverse_entry_and_all_days_lie_in_the_ten_years_before() {
    let plan = Plan { records_per_subject: 10.0, ..plan(3000) };
    let made = make(&plan);
    let adult = |row: &HashMap<String, String>, on: Day| {
        let citizen = Identifier::read(cell(row, "XDR_ZJHM"), plan.as_of);
        citizen.ok().and_then(|id| id.birth()).is_none_or(|birth| birth <= on.minus_years(18))
    };
    let dates =
        [("penalties/", "CF_JDRQ"), ("lists/", "MD_LRRQ"), ("commitments/", "CN_RQ"), ("honours/", "RY_RQ")];
    for (table, column) in dates {
        for row in made.rows(table) {
            let on = day(&row[column]);
            assert!(on <= plan.as_of && on >= plan.as_of.minus_years(10), "{table} {on}");
            let adverse = match table {
                "lists/" => ADVERSE_LISTS.contains(&row["MD_DM"].as_str()),
                "commitments/" => row["CN_LYZT"] != "全部履行",
                "penalties/" => true,
                _ => false,
            };
            assert!(!adverse || adult(&row, on), "{table} {on}");
        }
    }
    let minors = made
        .rows("subjects/persons-")
        .iter()
        .filter(|row| !adult(&HashMap::from([("XDR_ZJHM".to_owned(), row["ZJHM"].clone())]), plan.as_of))
        .count();
    assert!(minors > 200, "{minors}");
}

#[test]
fn most_subjects_have_no_adverse_entry_and_a_few_have_hundreds() {
    let made = make(&plan(20_000));
    let mut counts: HashMap<String, u64> = HashMap::new();
    for table in ["penalties/", "lists/"] {
        for row in made
            .rows(table)
            .iter()
            .filter(|row| row.get("MD_DM").is_none_or(|code| ADVERSE_LISTS.contains(&code.as_str())))
        {
            *counts.entry(subject(row)).or_default() += 1;
        }
    }
    assert!(counts.len() < 6000, "{} of 20,000 subjects have an adverse entry", counts.len());
    let heavy = counts.values().filter(|count| **count >= 100).count();
    assert!((1..60).contains(&heavy), "{heavy} subjects have a hundred entries");
}

#[test]
fn records_are_in_and_out_of_the_register_and_of_the_coverage() {
    let made = make(&plan(3000));
    let register: HashSet<String> =
        made.rows("subjects/organisations-").iter().map(|row| row["SHXYM"].clone()).collect();
    let unknown: Vec<String> = (made.rows("licences/").iter().map(|row| row["XK_XDR_SHXYM"].clone()))
        .filter(|code| !code.is_empty() && !register.contains(code))
        .collect();
    assert!(unknown.iter().any(|code| code[2..].starts_with("3704")));
    assert!(unknown.iter().any(|code| !code[2..].starts_with("3704")));
}

#[test]
fn every_list_and_state_of_the_sample_catalogue_occurs() {
    let made = make(&plan(20_000));
    let lists: HashSet<String> =
        made.rows("lists/").into_iter().map(|mut row| row.remove("MD_DM").unwrap()).collect();
    assert_eq!(lists.len(), 16, "{lists:?}");
    let register = made.rows("subjects/organisations-");
    for state in ["存续", "注销", "吊销", "歇业", "迁出"] {
        assert!(register.iter().any(|row| row["DJZT"] == state), "{state}");
    }
    for column in ["CYM", "YSHXYM", "HJ", "GSZC", "SWDJ", "SYDW", "SHZZ"] {
        assert!(register.iter().any(|row| !row[column].is_empty()), "{column}");
    }
}

#[test]
fn gb18030_holds_the_same_text() {
    let plain = make(&plan(300)).files();
    let encoded = make(&Plan { encoding: Encoding::Gb18030, ..plan(300) }).files();
    assert_eq!(plain.len(), encoded.len());
    for (name, bytes) in encoded.iter().filter(|(name, _)| name.ends_with(".csv")) {
        let (text, _, errors) = encoding_rs::GB18030.decode(bytes);
        assert!(!errors && text.as_bytes() == plain[name], "{name}");
    }
    assert!(String::from_utf8_lossy(&encoded["dataset.toml"]).contains("encoding = \"gb18030\""));
}

#[test]
fn every_defect_occurs_at_about_the_rate_asked() {
    let plan = Plan { defects: 0.2, ..plan(4000) };
    let made = make(&plan);
    for name in defects::names() {
        assert!(made.summary.defects.contains_key(name), "{name}");
    }
    let share = made.summary.defects.values().sum::<u64>() as f64 / plan.rows() as f64;
    assert!((0.18..0.22).contains(&share), "{share}");
    assert!(make(&Plan { defects: 0.0, ..plan }).summary.defects.is_empty());
    let files = made.files();
    let header = |name: &str| String::from_utf8_lossy(&files[name]).lines().next().unwrap().to_owned();
    assert!(header("licences/old-columns.csv").contains("XK_XDR_ZDM"));
    assert!(header("penalties/chinese-headers.csv").starts_with("行政相对人名称,"));
    assert!(header("lists/court-extra-column.csv").ends_with(",LSH"));
    assert!(header("subjects/persons-byte-order-mark.csv").starts_with('\u{FEFF}'));
}

#[test]
fn nothing_is_written_over_and_nothing_half() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("deep/city");
    std::fs::create_dir_all(&out).unwrap();
    write(&plan(10), &out, &|_| {}).unwrap();
    assert!(matches!(write(&plan(10), &out, &|_| {}), Err(GenerateError::Occupied(_))));
    let file = out.join("dataset.toml");
    assert!(matches!(write(&plan(10), &file, &|_| {}), Err(GenerateError::Occupied(_))));
    for wrong in [
        plan(0),
        Plan { defects: 1.5, ..plan(10) },
        Plan { records_per_subject: f64::NAN, ..plan(10) },
        Plan { records_per_subject: -1.0, ..plan(10) },
        plan(MAX_SUBJECTS + 1),
    ] {
        let other = folder.path().join("deep/other");
        assert!(matches!(write(&wrong, &other, &|_| {}), Err(GenerateError::Setting { .. })));
        assert!(!other.exists());
    }
    let left = std::fs::read_dir(folder.path().join("deep")).unwrap().count();
    assert_eq!(left, 1, "no hidden folder stays");
}

#[test]
fn a_clean_city_builds_without_reject_merge_or_warning_and_a_spoiled_one_has_each() {
    let keys = xinhe::snapshot::PersonKeys::parse(&format!("hmac-sha256 {}", "5a".repeat(32))).unwrap();
    let build = |defects| {
        let made = make(&Plan { defects, ..plan(2000) });
        let catalog = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/catalog"));
        let out = made.path.join("release");
        let plan = crate::compile::Plan::new(&made.path, catalog, &out, keys.first());
        crate::compile::build(&plan, &()).unwrap()
    };
    let merged = |built: &crate::compile::Built| built.accounts.iter().map(|one| one.merged).sum::<u64>();
    let clean = build(0.0);
    assert_eq!((merged(&clean), clean.rejects, clean.warnings), (0, BTreeMap::new(), BTreeMap::new()));
    let spoiled = build(0.3);
    assert!(merged(&spoiled) > 0 && spoiled.rejects.len() >= 10 && !spoiled.warnings.is_empty());
}
