//! The parts depend on the rows alone: not on threads, memory, the order of rows and files, or where rows come from.

use super::{Dice, Place, files, plan, rows};
use crate::sources::server::Server;
use crate::support::root;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use xinhe::release::{open_part, sha256_file};
use xinhe::snapshot::{PersonKeys, SubjectKey, Trust};
use xinhe_tools::compile::{self, Account, Plan};
use xinhe_tools::generate::{Encoding, Format};

const SUBJECTS: u64 = 1_200;

/// What a build made of the rows.
#[derive(Debug, PartialEq)]
struct Made {
    /// SHA-256 of every part.
    parts: Vec<String>,
    accounts: Vec<Account>,
    rejects: BTreeMap<&'static str, u64>,
    /// Subjects, records.
    counts: (u64, u64),
}

fn build(input: &Path, change: impl FnOnce(&mut Plan<'_>)) -> (Made, PathBuf) {
    static TURN: AtomicU32 = AtomicU32::new(0);
    let out = input.with_file_name(format!("release-{}", TURN.fetch_add(1, Ordering::Relaxed)));
    let keys = PersonKeys::parse(&PersonKeys::line(&[7; 32])).unwrap();
    let catalog = root().join("tools/catalog");
    let mut plan = Plan { threads: 2, ..Plan::new(input, &catalog, &out, keys.first()) };
    change(&mut plan);
    let built = compile::build(&plan, &()).unwrap();
    let parts = built.manifest.parts.iter().map(|part| sha256_file(&out.join(&part.file)).unwrap());
    let made = Made {
        parts: parts.collect(),
        accounts: built.accounts,
        rejects: built.rejects,
        counts: (built.counts.subjects.iter().sum(), built.counts.records.iter().sum()),
    };
    (made, out)
}

/// A city with defects, and what is made of it.
fn city() -> (Place, PathBuf, Made) {
    let place = Place::with_city(SUBJECTS, 6.0, 0.1);
    let city = place.path("city");
    let made = build(&city, |_| ()).0;
    assert!(made.counts.1 > 5 * SUBJECTS && made.rejects.len() > 5, "{made:?}");
    (place, city, made)
}

#[test]
fn threads_and_memory_make_no_difference() {
    let (_place, city, made) = city();
    for threads in [1, 5] {
        assert_eq!(build(&city, |plan| plan.threads = threads).0, made, "{threads} threads");
    }
    for memory in [64 << 20, 1 << 20] {
        assert_eq!(build(&city, |plan| plan.memory = memory).0, made, "{memory} bytes of memory");
    }
}

#[test]
fn neither_the_order_of_rows_nor_the_files_that_they_stand_in_make_a_difference() {
    let (_place, city, made) = city();
    let mut dice = Dice(42);
    for (_, files) in files(&city) {
        deal_anew(&files, &mut dice);
    }
    assert_eq!(build(&city, |_| ()).0, made);
}

/// Deals the rows of a source anew to its files, those of one form among themselves.
fn deal_anew(files: &[PathBuf], dice: &mut Dice) {
    let texts: Vec<String> = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    let mut forms: BTreeMap<&str, (Vec<usize>, Vec<&str>)> = BTreeMap::new();
    for (at, text) in texts.iter().enumerate() {
        let rows = rows(text);
        let form = forms.entry(rows[0].trim_start_matches('\u{FEFF}')).or_default();
        form.0.push(at);
        form.1.extend(&rows[1..]);
    }
    let mut dealt: Vec<String> = texts.iter().map(|text| rows(text)[0].to_owned()).collect();
    for (places, mut rows) in forms.into_values() {
        dice.shuffle(&mut rows);
        rows.iter().for_each(|row| dealt[places[dice.below(places.len())]].push_str(row));
    }
    files.iter().zip(dealt).for_each(|(file, text)| fs::write(file, text).unwrap());
}

#[test]
fn the_names_of_files_make_no_difference() {
    let (_place, city, made) = city();
    for (pattern, files) in files(&city) {
        let stem = city.join(pattern.split('*').next().unwrap());
        for (place, file) in (0..files.len()).rev().zip(&files) {
            fs::rename(file, format!("{}-turned-{place:03}.csv", stem.display())).unwrap();
        }
    }
    let (found, _) = build(&city, |_| ());
    assert_eq!(found, made);
}

#[test]
fn neither_encoding_nor_compression_nor_parquet_makes_a_difference() {
    let (place, city, made) = city();
    let base = plan(SUBJECTS, 6.0, 0.1);
    let gb =
        place.city("gb18030", &xinhe_tools::generate::Plan { encoding: Encoding::Gb18030, ..base.clone() });
    let parquet = place.city("parquet", &xinhe_tools::generate::Plan { format: Format::Parquet, ..base });
    for (_, files) in files(&city) {
        files.iter().for_each(|file| pack(file));
    }
    let description = fs::read_to_string(city.join("dataset.toml")).unwrap();
    fs::write(city.join("dataset.toml"), description.replace("*.csv\"", "*.csv.gz\"")).unwrap();
    for (name, folder) in [("GB 18030", gb), ("gzip", city), ("Parquet", parquet)] {
        assert_eq!(build(&folder, |_| ()).0, made, "{name}");
    }
}

fn pack(file: &Path) {
    let packed = std::process::Command::new("gzip").arg("-1").arg(file).status().unwrap();
    assert!(packed.success(), "{}", file.display());
}

#[test]
fn a_database_makes_no_difference() {
    let (place, city, made) = city();
    let server = Server::start();
    let tables = place.path("sql");
    fs::create_dir(&tables).unwrap();
    fs::write(tables.join("dataset.toml"), load(&server, &city)).unwrap();
    assert_eq!(build(&tables, |_| ()).0, made);
}

/// Loads every file into a table and describes the same sources as queries.
fn load(server: &Server, city: &Path) -> String {
    let mut client = server.client();
    let mut described = fs::read_to_string(city.join("dataset.toml")).unwrap();
    for (source, (pattern, files)) in files(city).iter().enumerate() {
        let mut heads = Vec::new();
        for (place, file) in files.iter().enumerate() {
            let text = fs::read_to_string(file).unwrap();
            let text = text.trim_start_matches('\u{FEFF}');
            let head: Vec<String> = rows(text)[0].trim().split(',').map(str::to_owned).collect();
            let columns: Vec<String> = head.iter().map(|column| format!("\"{column}\" text")).collect();
            let table = format!("t{source}_{place}");
            client.batch_execute(&format!("CREATE TABLE {table} ({})", columns.join(", "))).unwrap();
            let mut copy = client.copy_in(&format!("COPY {table} FROM STDIN (FORMAT csv, HEADER)")).unwrap();
            copy.write_all(text.as_bytes()).unwrap();
            copy.finish().unwrap();
            heads.push((table, head));
        }
        let query = one_query(&heads);
        let url = server.by_socket("postgres");
        described = described.replace(
            &format!("path     = \"{pattern}\"\nencoding = \"utf-8\"\n"),
            &format!("postgres = \"{url}\"\nquery = '''{query}'''\n"),
        );
    }
    assert!(!described.contains("path "), "{described}");
    described
}

/// All tables of a source, each with every column that one of them has.
fn one_query(heads: &[(String, Vec<String>)]) -> String {
    let all: BTreeSet<&String> = heads.iter().flat_map(|(_, head)| head).collect();
    let mut query = String::new();
    for (table, head) in heads {
        let cell = |column: &&String| match head.contains(column) {
            true => format!("\"{column}\""),
            false => format!("null as \"{column}\""),
        };
        let cells: Vec<String> = all.iter().map(cell).collect();
        let join = if query.is_empty() { "" } else { " union all " };
        write!(query, "{join}select {} from {table}", cells.join(", ")).unwrap();
    }
    query
}

#[test]
fn three_parts_hold_the_subjects_of_one() {
    let (_place, city, made) = city();
    let whole = build(&city, |_| ()).1;
    let (cut, three) = build(&city, |plan| plan.parts = 3);
    assert_eq!((cut.parts.len(), &cut.accounts, &cut.rejects), (3, &made.accounts, &made.rejects));
    assert_eq!(cut.counts, made.counts);
    let (one, all) = (subjects(&whole), subjects(&three));
    assert_eq!(one.iter().map(Vec::len).sum::<usize>(), all.iter().map(Vec::len).sum::<usize>());
    assert!(all.iter().all(|part| part.len() > SUBJECTS as usize / 4), "the parts are of a size");
    let sorted = |parts: Vec<Vec<SubjectKey>>| {
        let mut keys = parts.concat();
        keys.sort();
        keys
    };
    assert!(sorted(one) == sorted(all));
    let diff = crate::support::xinhe_ok(["diff".as_ref(), whole.as_os_str(), three.as_os_str()]);
    assert!(diff.stdout.is_empty(), "{}", String::from_utf8_lossy(&diff.stdout));
    assert_eq!(build(&city, |plan| (plan.parts, plan.threads) = (3, 1)).0, cut);
}

/// Keys of the subjects of every part.
fn subjects(release: &Path) -> Vec<Vec<SubjectKey>> {
    let manifest = xinhe::release::read_manifest(release).unwrap();
    let of = |entry| {
        let part = open_part(release, entry, Trust::Nothing).unwrap();
        (0..part.subjects()).map(|place| part.standing(place).unwrap().key()).collect()
    };
    manifest.parts.iter().map(of).collect()
}
