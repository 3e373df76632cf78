//! `xinhe verify`: is this release whole, and who signed it?

use super::Failure;
use crate::keys;
use serde_json::json;
use std::path::{Path, PathBuf};
use xinhe::release::verify::{
    Finding, Findings, SIGNATURE_FILE, verify_manifest, verify_part, verify_signature,
};
use xinhe::release::{MANIFEST_FILE, Manifest, read_manifest};

/// Read all of a release and compare every digest, sum, order and reference.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  xinhe verify /var/lib/xinhe/out --public-key /etc/xinhe/release.pub")]
pub(super) struct Args {
    /// The release folder.
    #[arg(value_name = "RELEASE_DIR")]
    release: PathBuf,
    /// Public keys, of which one must have signed the manifest.
    #[arg(long, value_name = "FILE")]
    public_key: Option<PathBuf>,
    /// Print the findings as JSON.
    #[arg(long)]
    json: bool,
}

/// What is known about the signature.
enum Seal {
    Absent,
    Unchecked,
    By(String),
    Wrong(String),
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let seal = seal(args)?;
    let (manifest, findings) = examine(&args.release);
    tell_seal(&seal);
    findings.found.iter().for_each(tell);
    if findings.left_off > 0 {
        eprintln!("and {} findings more", findings.left_off);
    }
    let sealed = !matches!(seal, Seal::Wrong(_));
    let count = findings.found.len() as u64 + findings.left_off;
    if args.json {
        println!("{}", report(manifest.as_ref(), &seal, &findings));
    }
    match (sealed && count == 0, args.json) {
        (true, _) => {
            eprintln!("{}: whole", args.release.display());
            Ok(())
        }
        (false, true) => Err(Failure::Told),
        (false, false) => {
            let faults = count + u64::from(!sealed);
            let help = "do not publish or serve it; fetch or build it again";
            Err(Failure::Work(format!("{}: {faults} findings; {help}", args.release.display())))
        }
    }
}

fn seal(args: &Args) -> Result<Seal, Failure> {
    match &args.public_key {
        Some(file) => Ok(match verify_signature(&args.release, &keys::public_keys(file)?) {
            Ok(key) => Seal::By(key),
            Err(error) => Seal::Wrong(error.to_string()),
        }),
        None if args.release.join(SIGNATURE_FILE).exists() => Ok(Seal::Unchecked),
        None => Ok(Seal::Absent),
    }
}

fn examine(dir: &Path) -> (Option<Manifest>, Findings) {
    let manifest = match read_manifest(dir) {
        Ok(manifest) => manifest,
        Err(error) => {
            let what = error.to_string();
            let found = Finding { file: MANIFEST_FILE.to_owned(), section: None, offset: None, what };
            return (None, Findings { found: vec![found], left_off: 0 });
        }
    };
    let mut all = verify_manifest(&manifest);
    for (place, part) in manifest.parts.iter().enumerate() {
        let findings = verify_part(dir, &manifest, place);
        eprintln!("{}: {}", part.file, if findings.found.is_empty() { "whole" } else { "damaged" });
        all.found.extend(findings.found);
        all.left_off += findings.left_off;
    }
    (Some(manifest), all)
}

fn tell_seal(seal: &Seal) {
    match seal {
        Seal::Absent => eprintln!("not signed: no {SIGNATURE_FILE}; `xinhe publish` signs"),
        Seal::Unchecked => eprintln!("signed, but by whom was not checked: give --public-key"),
        Seal::By(key) => eprintln!("signed by key {key}"),
        Seal::Wrong(why) => eprintln!("{why}"),
    }
}

fn tell(finding: &Finding) {
    let place = match (finding.section, finding.offset) {
        (Some(section), Some(offset)) => format!(", section {section}, offset {offset}"),
        _ => String::new(),
    };
    eprintln!("{}{place}: {}", finding.file, finding.what);
}

fn report(manifest: Option<&Manifest>, seal: &Seal, findings: &Findings) -> serde_json::Value {
    let (signature, key, why) = match seal {
        Seal::Absent => ("absent", None, None),
        Seal::Unchecked => ("unchecked", None, None),
        Seal::By(key) => ("valid", Some(key), None),
        Seal::Wrong(why) => ("invalid", None, Some(why)),
    };
    let list: Vec<_> = findings.found.iter().map(finding).collect();
    let valid = list.is_empty() && findings.left_off == 0 && signature != "invalid";
    let mut told = json!({
        "valid": valid, "signature": signature, "findings": list, "left_off": findings.left_off,
    });
    let mut add = |key: &str, value: serde_json::Value| told[key] = value;
    if let Some(manifest) = manifest {
        add("release", json!(manifest.release));
        add("parts", json!(manifest.parts.len()));
        add("subjects", json!(manifest.parts.iter().map(|part| part.subjects).sum::<u64>()));
        add("records", json!(manifest.parts.iter().map(|part| part.records).sum::<u64>()));
    }
    if let Some(key) = key {
        add("signed_by", json!(key));
    }
    if let Some(why) = why {
        add("signature_error", json!(why));
    }
    told
}

fn finding(finding: &Finding) -> serde_json::Value {
    let mut told = json!({"file": finding.file, "what": finding.what});
    if let (Some(section), Some(offset)) = (finding.section, finding.offset) {
        told["section"] = json!(section);
        told["offset"] = json!(offset);
    }
    told
}
