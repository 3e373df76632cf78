//! `manifest.json`: read, or refused. Its digest is made to fit, so that what stands before it is reached.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};
use xinhe::domain::text::hex;
use xinhe::release::{Manifest, verify::verify_manifest};

fuzz_target!(|input: &[u8]| {
    read(input);
    let digest = hex(&Sha256::digest(input));
    let tail = format!("  \"digest\": \"{digest}\"\n}}\n");
    read(&[input, tail.as_bytes()].concat());
});

fn read(bytes: &[u8]) {
    let Ok(manifest) = Manifest::parse(bytes) else { return };
    let written = manifest.to_bytes().expect("a manifest is JSON");
    assert_eq!(Manifest::parse(&written).expect("what was written"), manifest);
    verify_manifest(&manifest);
}
