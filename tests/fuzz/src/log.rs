//! Inputs of the target `receipts`: a log of one segment whose sums and links fit, or changes of a sound one.
//!
//! The chain refuses nearly every change, so that a fuzzer that changed whole files would never reach an entry. The
//! first byte of an input says what the rest is.
//!
//! ```text
//! bit 0 clear   batches: u16 length, body; header and link are made to fit
//!       bit 1   each body is one entry, whose length and tag are made to fit
//! bit 0 set     changes of a sound log: u16 place, u8 that is added to the byte there
//!       bit 1   afterwards it is cut at the place of the last change
//! ```

use sha2::{Digest, Sha256};
use std::sync::OnceLock;
use xinhe::audit::entry::{Body, Counted, Entry, Search};
use xinhe::audit::Packed;
use xxhash_rust::xxh3::xxh3_64;

const TAG_BYTES: usize = 10;
/// Batches of the sound log, an entry each.
pub const SOUND_ENTRIES: u64 = 3;

/// A log, and what is known of it.
pub struct Made {
    /// The bytes of its only segment, number 1.
    pub bytes: Vec<u8>,
    /// It is the sound one, at least one byte changed or cut off.
    pub is_changed: bool,
}

/// The log of an input.
pub fn of_input(input: &[u8]) -> Made {
    let Some((form, rest)) = input.split_first() else {
        return Made { bytes: Vec::new(), is_changed: false };
    };
    if form & 1 == 0 {
        return Made { bytes: of_bodies(rest, form & 2 != 0), is_changed: false };
    }
    let mut bytes = sound().to_vec();
    let mut last = bytes.len();
    for change in rest.chunks_exact(3) {
        let place = usize::from(u16::from_le_bytes([change[0], change[1]])) % bytes.len();
        bytes[place] = bytes[place].wrapping_add(change[2]);
        last = place;
    }
    if form & 2 != 0 {
        bytes.truncate(last);
    }
    let is_changed = bytes != sound();
    Made { bytes, is_changed }
}

/// An entry as the server would write it.
pub fn entry(request_id: &str) -> Vec<u8> {
    let counted =
        Counted { day: super::today(), stage: None, verdict: None, client: "hall", division: "370402", matter: "" };
    let entry = Entry {
        time_us: 1_800_000_000_000_000,
        counted,
        request_id,
        purpose: "licensing",
        case: "1",
        operator: "",
        authorization: "",
        traceparent: "",
        release: "2026-11-20.1",
        corrections: 2,
        body: Body::Search(Search { found: Packed::EMPTY }),
    };
    let mut out = Vec::new();
    entry.encode(&mut out);
    out
}

/// A sound log.
pub fn sound() -> &'static [u8] {
    static SOUND: OnceLock<Vec<u8>> = OnceLock::new();
    SOUND.get_or_init(|| {
        let mut bodies = Vec::new();
        for number in 0..SOUND_ENTRIES {
            let entry = entry(&format!("r-{number}"));
            bodies.extend_from_slice(&(entry.len() as u16).to_le_bytes());
            bodies.extend_from_slice(&entry);
        }
        of_bodies(&bodies, true)
    })
}

fn of_bodies(mut rest: &[u8], are_entries: bool) -> Vec<u8> {
    let mut file = Vec::new();
    file.extend_from_slice(b"XHAUDIT\0");
    file.extend_from_slice(&1u32.to_le_bytes());
    file.extend_from_slice(&[1, 0, 0, 0]);
    file.extend_from_slice(&1u32.to_le_bytes());
    file.extend_from_slice(&super::today().number().to_le_bytes());
    file.extend_from_slice(&[0; 8 + 8 + 32]);
    let mut link: [u8; 32] = Sha256::digest(&file).into();
    file.extend_from_slice(&link);
    while let Some((length, behind)) = rest.split_first_chunk::<2>() {
        let (body, behind) = behind.split_at(usize::from(u16::from_le_bytes(*length)).min(behind.len()));
        rest = behind;
        let mut batch = vec![0; 24];
        if are_entries {
            batch.extend_from_slice(&((TAG_BYTES + body.len()) as u32).to_le_bytes());
            batch.extend_from_slice(&[7; TAG_BYTES]);
        }
        batch.extend_from_slice(body);
        let length = (batch.len() - 24) as u32;
        batch[..4].copy_from_slice(b"XHB1");
        batch[4..8].copy_from_slice(&length.to_le_bytes());
        batch[8..12].copy_from_slice(&1u32.to_le_bytes());
        let sum = xxh3_64(&batch[..16]);
        batch[16..24].copy_from_slice(&sum.to_le_bytes());
        link = Sha256::new().chain_update(link).chain_update(&batch).finalize().into();
        batch.extend_from_slice(&link);
        file.extend_from_slice(&batch);
    }
    file
}
