//! The files of a store: numbered, signed, each the successor of the one before.

use super::{citizen, day, draft, urgent};
use std::fs;
use std::path::Path;
use xinhe::domain::record::{CorrectionKind, RecordId};
use xinhe::release::Store;
use xinhe::release::corrections::{
    CorrectionsError, Draft, Named, What, append, last_number, read_after, read_all,
};
use xinhe::release::signature::{PublicKeys, SignatureError, SigningKey};

fn key() -> SigningKey {
    SigningKey::new(&[5; 32])
}

fn public() -> PublicKeys {
    PublicKeys::parse(&key().public().line()).unwrap()
}

fn store(folder: &Path) -> Store {
    let store = Store::open(&format!("file://{}", folder.display())).unwrap();
    store.prepare().unwrap();
    store
}

fn repaired(id: u8) -> Draft {
    let named = Named {
        ids: vec![RecordId([id; 16]), RecordId([id + 100; 16])],
        subject: vec![],
        same: Some("penalty\u{1F}试罚(2026)1号\u{1F}\u{1F}\u{1F}枣庄市试验局".to_owned()),
    };
    draft(What::Record(CorrectionKind::Repaired, named), "2026-11-20")
}

/// A store with so many corrections.
fn filled(folder: &Path, count: u8) -> Store {
    let store = store(folder);
    for id in 1..=count {
        assert_eq!(append(&store, &key(), &repaired(id), 0).unwrap().number, u32::from(id));
    }
    store
}

fn file(folder: &Path, number: u32) -> std::path::PathBuf {
    folder.join(format!("corrections/{number:010}.json"))
}

#[test]
fn corrections_read_back_in_order_and_say_who_signed() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(folder.path(), 3);
    let person = urgent(&citizen("37049919900101012"), "张试三", "wage-arrears", "2026-11-20");
    append(&store, &key(), &draft(person.clone(), "2026-11-20"), 3).unwrap();
    let withdrawn = What::Withdrawn { number: 2, kind: "repaired".to_owned(), record: Named::default() };
    append(&store, &key(), &draft(withdrawn.clone(), "2026-11-20"), 0).unwrap();
    let all = read_all(&store, Some(&public())).unwrap();
    assert_eq!(all.iter().map(|one| one.number).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    assert_eq!(all[0].draft, repaired(1));
    assert_eq!((&all[3].draft.what, &all[4].draft.what), (&person, &withdrawn));
    assert_eq!(all[4].previous, all[3].digest);
    assert!(all.iter().all(|one| one.signed_by.as_ref() == Some(&key().public().id())));
    assert_eq!(read_after(&store, Some(&public()), 3).unwrap(), all[3..]);
    assert_eq!(read_after(&store, None, 5).unwrap(), []);
    let text = fs::read_to_string(file(folder.path(), 4)).unwrap();
    assert!(
        !text.contains("张试三") && !text.contains("37049919900101012"),
        "no person in the clear: {text}"
    );
    assert!(text.contains("hmac-sha256") && text.contains("张*三"), "{text}");
}

#[test]
fn a_gap_is_told_by_its_number_and_nothing_behind_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(folder.path(), 4);
    fs::remove_file(file(folder.path(), 2)).unwrap();
    let gap = read_all(&store, Some(&public())).unwrap_err();
    assert!(matches!(gap, CorrectionsError::Gap { missing: 2, next: 3 }), "{gap}");
    assert!(gap.to_string().starts_with("correction 2 is missing"));
    let link = read_after(&store, Some(&public()), 2).unwrap_err();
    assert!(matches!(link, CorrectionsError::Gap { missing: 2, .. }), "{link}");
}

#[test]
fn a_store_that_lost_its_end_is_noticed_by_what_a_release_holds() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(folder.path(), 2);
    let error = read_after(&store, Some(&public()), 3).unwrap_err();
    assert!(matches!(error, CorrectionsError::Ends { last: 2, wanted: 3 }), "{error}");
    let error = append(&store, &key(), &repaired(9), 3).unwrap_err();
    assert!(matches!(error, CorrectionsError::Ends { last: 2, wanted: 3 }), "{error}");
    assert_eq!(last_number(&store).unwrap(), 2, "nothing was written");
}

#[test]
fn any_changed_byte_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(folder.path(), 2);
    let path = file(folder.path(), 1);
    let bytes = fs::read(&path).unwrap();
    for at in (0..bytes.len()).step_by(7) {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        fs::write(&path, &changed).unwrap();
        let error = read_all(&store, Some(&public())).unwrap_err().to_string();
        assert!(error.starts_with("correction 1"), "byte {at}: {error}");
    }
    for length in 0..bytes.len() {
        fs::write(&path, &bytes[..length]).unwrap();
        assert!(read_all(&store, Some(&public())).is_err(), "cut at {length}");
    }
}

#[test]
fn a_foreign_key_signs_nothing_here() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(folder.path(), 1);
    append(&store, &SigningKey::new(&[6; 32]), &repaired(2), 0).unwrap();
    let error = read_all(&store, Some(&public())).unwrap_err();
    let stranger =
        matches!(&error, CorrectionsError::Signature { number: 2, source: SignatureError::Stranger { .. } });
    assert!(stranger, "{error}");
    assert_eq!(read_all(&store, None).unwrap().len(), 2, "without keys only the chain is verified");
}

#[test]
fn a_correction_of_another_place_or_store_breaks_the_chain() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let ours = filled(folder.path(), 3);
    let theirs = store(other.path());
    for id in [1, 9, 3] {
        append(&theirs, &key(), &repaired(id), 0).unwrap();
    }
    fs::copy(file(other.path(), 2), file(folder.path(), 2)).unwrap();
    let error = read_all(&ours, Some(&public())).unwrap_err();
    assert!(matches!(error, CorrectionsError::Chain(3)), "{error}");
    // Signed and whole, but of another number.
    fs::copy(file(other.path(), 1), file(folder.path(), 2)).unwrap();
    let error = read_all(&ours, Some(&public())).unwrap_err();
    assert!(matches!(error, CorrectionsError::Damaged { number: 2, .. }), "{error}");
}

#[test]
fn writers_at_once_get_numbers_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let place = store(folder.path());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (1..=8).for_each(|id| drop(append(&place, &key(), &repaired(id), 0).unwrap())));
        }
    });
    let all = read_all(&place, Some(&public())).unwrap();
    assert!(all.iter().map(|one| one.number).eq(1..=32));
    assert_eq!(all[0].draft.effective, day("2026-11-20"));
}
