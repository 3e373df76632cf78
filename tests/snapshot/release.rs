//! A release folder is verified whole, with its signature; an answer from it is explained.

use super::drafts::*;
use std::path::Path;
use xinhe::check::{Question, Subject, check};
use xinhe::domain::catalogue::Stage;
use xinhe::domain::record::{CorrectionKind, RecordKind};
use xinhe::domain::verdict::{MatterAsked, Workspace};
use xinhe::release::signature::{PublicKeys, Purpose, SignatureError, SigningKey};
use xinhe::release::verify::{SIGNATURE_FILE, SealError, verify_manifest, verify_part, verify_signature};
use xinhe::release::{
    CorrectionsFolded, MANIFEST_FILE, Manifest, OriginsEntry, PartEntry, PersonDigests, Release, SourceEntry,
    origins_of, read_manifest, sha256_file,
};
use xinhe::snapshot::{Part, PersonKey, Trust};
use xinhe_tools::explain::{RecordExplained, explain, records};

/// Writes the release of these subjects in two parts.
fn write_release(dir: &Path, drafts: &[Draft]) -> Manifest {
    let mut parts = Vec::new();
    let mut catalogue = String::new();
    for (place, (bytes, rows)) in written(drafts, 2, 0).into_iter().enumerate() {
        let origins = format!("origins-{place:05}.xinhe");
        std::fs::write(dir.join(&origins), &rows).unwrap();
        let file = format!("part-{place:05}.xinhe");
        std::fs::write(dir.join(&file), &bytes).unwrap();
        let part = Part::open(&bytes[..], Trust::Nothing).unwrap();
        let counts = part.meta().unwrap().counts;
        catalogue = part.catalogue_sha256();
        parts.push(PartEntry {
            bytes: bytes.len() as u64,
            sha256: sha256_file(&dir.join(&file)).unwrap(),
            header: format!("{:016x}", part.header_sum()),
            subjects: counts.subjects.iter().sum(),
            records: counts.records.iter().sum(),
            origins: Some(OriginsEntry {
                bytes: rows.len() as u64,
                sha256: sha256_file(&dir.join(&origins)).unwrap(),
                file: origins,
            }),
            file,
        });
    }
    let sources = meta().sources.into_iter().map(|source| SourceEntry {
        path: format!("{}.csv", source.kind),
        kind: source.kind,
        provider: source.provider,
        as_of: "2026-11-20".to_owned(),
        max_age: None,
        supplies: source.supplies,
        files: 1,
        rows: 3,
        kept: 1,
        merged: 1,
        rejected: 1,
        carried: None,
    });
    let manifest = Manifest {
        format: Manifest::FORMAT,
        release: "2026-11-20.1".to_owned(),
        dataset: "试验".to_owned(),
        as_of: "2026-11-20".to_owned(),
        coverage: vec!["3704".to_owned()],
        persons: PersonDigests { algorithm: PersonKey::ALGORITHM.to_owned(), key: key().id().to_string() },
        parts,
        sources: sources.collect(),
        corrections: CorrectionsFolded { last: 0, from_tables: 1, orphans: 0 },
        catalogue_sha256: catalogue,
        quality_sha256: None,
        built_by: "test".to_owned(),
    };
    std::fs::write(dir.join(MANIFEST_FILE), manifest.to_bytes().unwrap()).unwrap();
    manifest
}

/// All findings of a release, in words.
fn findings(dir: &Path) -> Vec<String> {
    let manifest = read_manifest(dir).unwrap();
    let mut found = verify_manifest(&manifest).found;
    (0..manifest.parts.len()).for_each(|place| found.extend(verify_part(dir, &manifest, place).found));
    found
        .into_iter()
        .map(|finding| format!("{} {:?}: {}", finding.file, finding.section, finding.what))
        .collect()
}

#[test]
fn a_sound_release_has_no_findings_and_a_changed_one_names_file_and_section() {
    let dir = tempfile::tempdir().unwrap();
    let manifest = write_release(dir.path(), &of_everything());
    assert_eq!(findings(dir.path()), Vec::<String>::new());
    let path = dir.path().join(&manifest.parts[1].file);
    let mut bytes = std::fs::read(&path).unwrap();
    // The first byte behind header, meta, catalogue and directory: the first standing.
    bytes[4 * 4096 + 9] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let told = findings(dir.path());
    assert!(told.iter().any(|what| what.contains("part-00001.xinhe None: its SHA-256 is")), "{told:?}");
    assert!(told.iter().any(|what| what.contains("Some(\"standings\"): its sum is")), "{told:?}");
}

#[test]
fn a_manifest_that_does_not_add_up_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let mut manifest = write_release(dir.path(), &of_everything());
    manifest.sources[0].merged = 2;
    manifest.parts[0].records += 1;
    manifest.coverage.clear();
    std::fs::write(dir.path().join(MANIFEST_FILE), manifest.to_bytes().unwrap()).unwrap();
    let told = findings(dir.path()).join("\n");
    assert!(told.contains("3 rows are not 1 kept + 2 merged + 1 rejected"), "{told}");
    assert!(told.contains("records, the manifest says") && told.contains("its coverage is 3704"), "{told}");
}

#[test]
fn only_a_signature_by_a_known_key_over_these_bytes_counts() {
    let dir = tempfile::tempdir().unwrap();
    write_release(dir.path(), &of_everything());
    let key = SigningKey::new(&[1; 32]);
    let keys = PublicKeys::parse(&key.public().line()).unwrap();
    assert!(matches!(verify_signature(dir.path(), &keys), Err(SealError::Unsigned)));
    let manifest = dir.path().join(MANIFEST_FILE);
    let bytes = std::fs::read(&manifest).unwrap();
    std::fs::write(dir.path().join(SIGNATURE_FILE), key.sign(Purpose::Manifest, &bytes)).unwrap();
    assert_eq!(verify_signature(dir.path(), &keys).unwrap(), key.public().id());
    std::fs::write(&manifest, [&bytes[..], b"\n"].concat()).unwrap();
    let refused = verify_signature(dir.path(), &keys).unwrap_err();
    assert!(matches!(refused, SealError::Signature(SignatureError::Invalid(_))), "{refused}");
}

#[test]
fn an_explanation_says_of_every_record_why_it_counts_or_not() {
    let mut draft = enterprise(1, "枣庄试例商贸有限公司");
    listed(&mut draft, 1, "2026-05-01", Some("2027-05-01"), vec![]);
    listed(&mut draft, 2, "2020-05-01", Some("2023-05-01"), vec![]);
    listed(&mut draft, 3, "2026-05-01", None, vec![correction(CorrectionKind::Repaired, "2026-10-01")]);
    listed(&mut draft, 4, "2027-01-01", None, vec![]);
    draft.records.push(filed(RecordKind::Licence, 5, "2024-01-01", None, vec![]));
    order(&mut draft);
    let dir = tempfile::tempdir().unwrap();
    write_release(dir.path(), &[draft]);
    let release = Release::open(dir.path(), &keys(), Trust::Nothing).unwrap();
    let identifier = unified_code(1);
    let question = Question {
        identifier: &identifier,
        name: None,
        matter: MatterAsked::Unnamed,
        stage: Stage::Acceptance,
        day: day("2026-11-20"),
        linked: false,
    };
    let mut work = Workspace::default();
    let answer = check(&release.snapshot, &question, &mut work).unwrap();
    let Subject::Found(found) = answer.subject else { panic!("not found") };
    let origins = origins_of(dir.path(), found.at.part_place).unwrap();
    let told = explain(&release.snapshot, origins.as_ref(), &found.at, &question, &work).unwrap();
    let of = |id: u8| -> &RecordExplained {
        let id = xinhe::domain::record::RecordId([id; 16]).to_string();
        told.records.iter().find(|record| record.record == id).unwrap()
    };
    assert_eq!((of(1).counts, &of(1).why_not), (Some(true), &None));
    assert_eq!(of(1).rule.as_deref(), Some("list black: punish, term 3y"));
    assert_eq!((of(1).origin.file.as_deref(), of(1).origin.line), (Some("lists.csv"), Some(1)));
    assert_eq!(
        of(2).why_not.as_deref(),
        Some("expired: its last day was 2023-05-01, set by the list's term")
    );
    assert_eq!(of(3).why_not.as_deref(), Some("repaired from 2026-10-01 by 某更〔2026〕1号 of 某局"));
    let correction = &of(3).corrections[0].origin;
    assert_eq!((correction.file.as_deref(), correction.line), (Some("lists.csv"), Some(9)));
    assert_eq!(of(4).why_not.as_deref(), Some("not yet: it is seen from 2027-01-01"));
    assert_eq!(of(5).why_not.as_deref(), Some("informs only: a record of this kind is no hit"));
    assert_eq!(told.records.iter().filter(|record| record.counts == Some(true)).count(), 1);
}

#[test]
fn an_origins_file_that_is_damaged_missing_or_of_another_part_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let mut manifest = write_release(dir.path(), &of_everything());
    let path = dir.path().join("origins-00001.xinhe");
    let whole = std::fs::read(&path).unwrap();
    let mut bytes = whole.clone();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let told = findings(dir.path()).join("\n");
    assert!(told.contains("origins-00001.xinhe None: its SHA-256 is"), "{told}");
    assert!(told.contains("the sum of a block does not fit its bytes"), "{told}");
    std::fs::copy(dir.path().join("origins-00000.xinhe"), &path).unwrap();
    manifest.parts[1].origins = manifest.parts[0].origins.clone();
    std::fs::write(dir.path().join(MANIFEST_FILE), manifest.to_bytes().unwrap()).unwrap();
    let told = findings(dir.path()).join("\n");
    assert!(told.contains("the header of its part is"), "{told}");
    manifest.parts[1].origins = None;
    std::fs::write(dir.path().join(MANIFEST_FILE), manifest.to_bytes().unwrap()).unwrap();
    assert!(findings(dir.path()).join("\n").contains("the manifest names no origins file of it"));
}

/// A release of format 1 has no origins file: its part tells file and line itself.
#[test]
fn a_release_of_format_1_is_whole_and_explains_itself() {
    let dir = tempfile::tempdir().unwrap();
    write_release(dir.path(), &of_everything());
    let mut manifest = read_manifest(dir.path()).unwrap();
    let bytes = std::fs::read(super::golden::golden(1)).unwrap();
    let part = Part::open(&bytes[..], Trust::Nothing).unwrap();
    let (subjects, filed) = {
        let counts = part.meta().unwrap().counts;
        (counts.subjects.iter().sum(), counts.records.iter().sum())
    };
    let file = "part-00000.xinhe".to_owned();
    std::fs::write(dir.path().join(&file), &bytes).unwrap();
    let sha256 = sha256_file(&dir.path().join(&file)).unwrap();
    let header = format!("{:016x}", part.header_sum());
    let entry = PartEntry {
        file,
        bytes: bytes.len() as u64,
        sha256,
        header,
        subjects,
        records: filed,
        origins: None,
    };
    manifest.parts = vec![entry];
    manifest.catalogue_sha256 = part.catalogue_sha256();
    std::fs::write(dir.path().join(MANIFEST_FILE), manifest.to_bytes().unwrap()).unwrap();
    assert_eq!(findings(dir.path()), Vec::<String>::new());
    assert!(!String::from_utf8(manifest.to_bytes().unwrap()).unwrap().contains("origins"));
    let release = Release::open(dir.path(), &keys(), Trust::Nothing).unwrap();
    let at = release.snapshot.find(&unified_code(1)).unwrap().unwrap();
    let told = records(&release.snapshot, None, &at, day("2026-11-20")).unwrap();
    let files: Vec<_> =
        told.iter().map(|record| (record.origin.file.as_deref(), record.origin.line)).collect();
    assert_eq!(files, [(Some("lists.csv"), Some(1)), (Some("lists.csv"), Some(2))]);
    assert_eq!(told[0].corrections[0].origin.line, Some(9));
}
