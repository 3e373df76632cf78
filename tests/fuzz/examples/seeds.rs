//! Writes the seeds: `corpus/<target>/seed-…`, from the worked example and the golden part.

use std::fs;
use std::path::{Path, PathBuf};
use xinhe_fuzz::{KINDS, log, part, root};
use xinhe_tools::dataset::{Dataset, Encoding};

fn main() {
    let corpus = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/corpus"));
    let count = [requests(), batches(), tables(), parts(), manifests(), receipts(), identifiers()]
        .into_iter()
        .zip(["request", "ndjson", "csv", "snapshot", "manifest", "receipts", "identifier"])
        .map(|(seeds, target)| write(&corpus.join(target), &seeds))
        .sum::<usize>();
    println!("{count} seeds in {}", corpus.display());
}

fn write(folder: &Path, seeds: &[Vec<u8>]) -> usize {
    fs::create_dir_all(folder).expect("a folder for seeds");
    for (place, seed) in seeds.iter().enumerate() {
        fs::write(folder.join(format!("seed-{place:03}")), seed).expect("a seed");
    }
    seeds.len()
}

/// The questions of the worked example, and bodies of searches and details.
fn requests() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = bodies().iter().map(|body| body.to_string().into_bytes()).collect();
    let subject = r#"{"id":"91370402MA3T00017M","id_type":"uscc"}"#;
    seeds.push(br#"{"name":"\u67a3\u5e84","limit":5}"#.to_vec());
    seeds.push("{\"name\":\"枣庄试验\"}".into());
    seeds.push(
        format!("{{\"subject\":{subject},\"purpose\":\"licensing\",\"sections\":[\"penalty\",\"list\"]}}")
            .into(),
    );
    seeds.push(
        format!(
            "{{\"subject\":{subject},\"matter\":\"m\",\"stage\":\"award\",\"case\":\"1\",\"purpose\":\"p\",\
             \"operator\":\"o\",\"authorization\":\"a\",\"request_id\":\"r\"}}"
        )
        .into(),
    );
    seeds
}

/// The questions of the worked example, three a batch, with bounds that some of them break.
fn batches() -> Vec<Vec<u8>> {
    let lines: Vec<String> = bodies().iter().map(|body| body.to_string()).collect();
    let batch = |(place, lines): (usize, &[String])| {
        let head = [[255, 7], [255, 200], [60, 33]][place % 3];
        [&head[..], lines.join("\n").as_bytes()].concat()
    };
    lines.chunks(3).enumerate().map(batch).collect()
}

fn bodies() -> Vec<serde_json::Value> {
    let folder = fs::read_dir(root().join("tests/example/cases")).expect("the cases");
    let mut files: Vec<PathBuf> = folder.map(|entry| entry.expect("a case").path()).collect();
    files.sort();
    let mut bodies = Vec::new();
    for file in files {
        let case: serde_json::Value =
            serde_json::from_slice(&fs::read(file).expect("a case")).expect("a case is JSON");
        let asks = case["asks"].as_array().expect("a case has asks");
        bodies.extend(asks.first().map(|ask| ask["ask"].clone()));
    }
    bodies
}

/// The header and a few rows of every table of the worked example.
fn tables() -> Vec<Vec<u8>> {
    let dataset = Dataset::open(&root().join("tests/example")).expect("the worked example");
    let mut seeds = Vec::new();
    for source in &dataset.sources {
        let kind = KINDS.iter().position(|kind| *kind == source.kind.word()).expect("a known kind");
        let encoding = match source.encoding {
            Encoding::Auto => 0,
            Encoding::Utf8 => 1,
            Encoding::Gb18030 => 2,
        };
        for file in dataset.files(source).expect("files of the worked example") {
            let bytes = fs::read(file).expect("a table");
            let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
            let (header, rows) = lines.split_first().expect("a header");
            for few in rows.chunks(3).step_by(4) {
                seeds.push([&[kind as u8, encoding], *header, &few.concat()[..]].concat());
            }
        }
    }
    seeds
}

/// The golden parts by their sections, and by a change of header and of sections; an origins file.
fn parts() -> Vec<Vec<u8>> {
    let changes = [vec![1, 200, 0, 1], vec![3, 64, 0, 1], vec![3, 0, 64, 1, 0, 80, 255], vec![10, 100, 0, 1]];
    [part::golden_input(false), part::golden_input(true)].into_iter().chain(changes).collect()
}

/// A manifest up to its digest.
fn manifests() -> Vec<Vec<u8>> {
    let source = r#"{"kind":"list","path":"lists/*.csv","provider":"11370402MB3T00010A","as_of":"2026-11-20","max_age":"7d",
      "supplies":["black"],"files":1,"rows":3,"kept":1,"merged":1,"rejected":1}"#;
    let part =
        r#"{"file":"part-00000.xinhe","bytes":61440,"sha256":"00","header":"00","subjects":4,"records":6}"#;
    let manifest = format!(
        r#"{{"format":1,"release":"2026-11-20.1","dataset":"d","as_of":"2026-11-20","coverage":["3704"],
  "persons":{{"algorithm":"hmac-sha256","key":"00"}},"parts":[{part}],"sources":[{source}],
  "corrections":{{"last":0,"from_tables":0,"orphans":0}},"catalogue_sha256":"00","built_by":"xinhe"#
    );
    vec![format!("{manifest}\",\n").into_bytes(), format!("{manifest}\"").into_bytes()]
}

/// Batches of entries and of anything, and changes of a sound log.
fn receipts() -> Vec<Vec<u8>> {
    let entry = log::entry("r-1");
    let length = (entry.len() as u16).to_le_bytes();
    let entries = [&[2][..], &length, &entry, &length, &entry].concat();
    let changes = [vec![1, 110, 0, 1], vec![1, 200, 0, 255, 9, 0, 1], vec![3, 220, 0, 0]];
    [entries, vec![0, 4, 0, 1, 2, 3, 4]].into_iter().chain(changes).collect()
}

/// Numbers of every kind: those that the contract gives as valid or invalid, and the worked example's.
fn identifiers() -> Vec<Vec<u8>> {
    let given = [
        "91110000600037341L",
        "91110000600037341N",
        "A1110000000000001G",
        "N2370402MF00000016",
        "00000000000000000X",
        "110108002734659",
        "440301103448669",
        "360426199101010071",
        "３６０４２６ 1991-0101-0071",
        "3704**********1012",
        "H00000001",
        "E00000001",
        "事证第137040200001号",
        "usa",
    ];
    let example = bodies().into_iter().filter_map(|body| Some(body["subject"]["id"].as_str()?.to_owned()));
    let mut texts: Vec<String> = given.map(str::to_owned).into_iter().chain(example).collect();
    texts.sort_unstable();
    texts.dedup();
    // 2026-11-21
    let day = 20_778u16.to_le_bytes();
    texts.into_iter().map(|text| [&day, text.as_bytes()].concat()).collect()
}
