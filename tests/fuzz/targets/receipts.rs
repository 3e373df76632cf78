//! A log of receipts: read and verified, or told what is wrong with it. What is read is written the same, and no change
//! of a sound log goes unnoticed: it is a fault, or entries are missing at its end and told so.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::path::PathBuf;
use std::sync::OnceLock;
use xinhe::audit::{read_all, verify};
use xinhe_fuzz::log::{SOUND_ENTRIES, of_input};

fuzz_target!(|input: &[u8]| {
    let made = of_input(input);
    let folder = folder();
    std::fs::write(folder.join("0000000001.log"), &made.bytes).expect("a file");
    let (mut entries, mut again) = (0, Vec::new());
    let read = read_all(folder, |stored| {
        entries += 1;
        again.clear();
        stored.entry.encode(&mut again);
        let same = xinhe::audit::entry::Entry::decode(&again);
        assert_eq!(same, Some(stored.entry), "an entry reads as itself");
    });
    let verified = verify(folder, None, &[]);
    if made.is_changed {
        let whole = matches!(&read, Ok(None)) && entries == SOUND_ENTRIES;
        assert!(!whole, "a changed log was read as whole");
        // Cut between two batches it is a shorter log: only a checkpoint kept elsewhere tells that.
        let shorter = entries < SOUND_ENTRIES;
        let told = verified.is_err() || verified.is_ok_and(|told| !told.faults.is_empty() || told.torn.is_some());
        assert!(told || shorter, "a changed log was verified as whole");
    }
});

/// In memory where there is such a place.
fn folder() -> &'static PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let shared = PathBuf::from("/dev/shm");
        let base = if shared.is_dir() { shared } else { std::env::temp_dir() };
        let folder = base.join(format!("xinhe-fuzz-receipts-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        folder
    })
}
