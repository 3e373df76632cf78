//! What a part was compiled from, in words and sums: parts of different builds are never put together.

use super::corrections::Corrections;
use super::output::About;
use super::spill::{Spill, items};
use super::tally::Tally;
use super::{Plan, by_source};
use crate::ingest::SourceCount;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use xinhe::domain::text::hex;
use xinhe::release::MANIFEST_FILE;
use xxhash_rust::xxh3::xxh3_64;

/// What must be the same for all parts of a release, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Inputs(BTreeMap<String, String>);

impl Inputs {
    /// What is known before any row is read.
    pub(crate) fn known(plan: &Plan<'_>, about: &About<'_>) -> io::Result<Inputs> {
        let file = |folder: &Path, name: &str| std::fs::read(folder.join(name)).map(|bytes| sum(&bytes));
        let previous = match plan.previous {
            Some(folder) => file(folder, MANIFEST_FILE)?,
            None => "none".to_owned(),
        };
        let stored = plan.stored.last().map_or("none".to_owned(), |last| {
            format!("up to {}, {}", last.number, last.digest.get(..16).unwrap_or_default())
        });
        let mut carried: Vec<&str> = plan.carry.iter().map(String::as_str).collect();
        carried.sort_unstable();
        let known = [
            ("program", env!("CARGO_PKG_VERSION").to_owned()),
            ("release", about.release.to_owned()),
            ("number of parts", plan.parts.to_string()),
            ("person key", about.key.id().to_string()),
            ("dataset.toml", file(plan.input, "dataset.toml")?),
            ("names of the files", sum(about.files.names.join("\n").as_bytes())),
            ("catalogue", xinhe::snapshot::catalogue_digest(about.catalogue.entries())),
            ("guardrails.toml", sum(format!("{:?}", about.limits).as_bytes())),
            ("previous release", previous),
            ("corrections of the store", stored),
            ("sources carried forward", carried.join(" ")),
        ];
        Ok(Inputs(known.map(|(name, value)| (name.to_owned(), value)).into()))
    }

    /// And what the rows were: every process reads and judges all of them.
    pub(crate) fn add_rows(
        &mut self,
        about: &About<'_>,
        (tally, counts, corrections): (&Tally, &[SourceCount], &Corrections),
        rejects: &Spill,
    ) -> io::Result<()> {
        let (accounts, contents) = (tally.accounts(counts.len()), tally.contents(counts.len()));
        for (place, (count, source)) in counts.iter().zip(&about.dataset.sources).enumerate() {
            let judged = (
                (count.files, &count.missing_fields, accounts[place]),
                (by_source(&tally.rejects, place), by_source(&tally.warnings, place)),
            );
            let judged = sum(format!("{judged:?}").as_bytes());
            let words = format!("{}, {:016x}, judged {judged}", count.rows, contents[place]);
            self.0.insert(format!("rows of {}-{}", place + 1, source.kind.word()), words);
        }
        let mut refused = 0u64;
        let mut bytes = Vec::new();
        for room in 0..rejects.partitions() {
            rejects.read(room, &mut bytes, |bytes| {
                refused = items(bytes).fold(refused, |sum, (_, item)| sum.wrapping_add(xxh3_64(item)));
                bytes.clear();
                Ok(())
            })?;
        }
        self.0.insert("rows refused".to_owned(), format!("{refused:016x}"));
        self.0.insert("corrections".to_owned(), format!("{:016x}", corrections.sum()));
        Ok(())
    }

    /// In what others differ, as far as both know it.
    pub(crate) fn differences(&self, other: &Inputs) -> Vec<String> {
        let theirs = |name: &String| other.0.get(name);
        let differ = |(name, ours): (&String, &String)| {
            let theirs = theirs(name).filter(|theirs| *theirs != ours)?;
            Some(format!("{name} (there {theirs}, here {ours})"))
        };
        self.0.iter().filter_map(differ).collect()
    }
}

/// The first 64 bits of a SHA-256: enough to tell versions of a file apart.
fn sum(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes)[..8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_named_and_what_one_side_does_not_know_is_no_difference() {
        let inputs = |pairs: &[(&str, &str)]| {
            Inputs(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
        };
        let early = inputs(&[("release", "2026-11-20.1"), ("catalogue", "aa")]);
        let late = inputs(&[("release", "2026-11-20.1"), ("catalogue", "bb"), ("rows of 1-subject", "7")]);
        assert_eq!(early.differences(&late), ["catalogue (there bb, here aa)"]);
        assert_eq!(early.differences(&early), Vec::<String>::new());
    }
}
