//! The reply of `GET /v1/release`.

use crate::domain::date::Day;
use crate::domain::record::RecordKind;
use crate::domain::subject::SubjectKind;
use crate::live::{Now, Serving};
use serde::ser::{Serialize, SerializeMap, Serializer};

#[derive(serde::Serialize)]
struct About<'a> {
    release: &'a str,
    dataset: &'a str,
    as_of: &'a str,
    age_days: i64,
    old: bool,
    corrections: u64,
    counts: Counts,
    sources: Vec<Source<'a>>,
    coverage: &'a [String],
    persons: Persons<'a>,
    built_by: &'a str,
}

#[derive(serde::Serialize)]
struct Counts {
    subjects: Words<4>,
    stubs: u64,
    records: Words<8>,
}

#[derive(serde::Serialize)]
struct Source<'a> {
    kind: &'a str,
    provider: &'a str,
    as_of: String,
    supplies: &'a [String],
    stale: bool,
}

#[derive(serde::Serialize)]
struct Persons<'a> {
    algorithm: &'a str,
    key: &'a str,
}

/// Numbers by the word of their kind, in the order of the kinds.
struct Words<const N: usize>([(&'static str, u64); N]);

impl<const N: usize> Serialize for Words<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(N))?;
        for (word, number) in self.0 {
            map.serialize_entry(word, &number)?;
        }
        map.end()
    }
}

/// Writes what is served, as it looks now. `old`: it is older than `release.max_age`.
pub(in crate::http) fn write_release(out: &mut Vec<u8>, serving: &Serving, now: Now, old: bool) {
    let day = now.day;
    let (manifest, snapshot) = (&serving.release.manifest, serving.snapshot());
    let counts = snapshot.counts();
    let about = About {
        release: &manifest.release,
        dataset: &manifest.dataset,
        as_of: &manifest.as_of,
        age_days: day.days_since(snapshot.as_of()),
        old,
        corrections: serving.corrections(),
        counts: Counts {
            subjects: Words(
                SubjectKind::ALL.map(|kind| (kind.word(), counts.subjects[usize::from(kind.code())])),
            ),
            stubs: counts.stubs,
            records: Words(
                RecordKind::ALL.map(|kind| (kind.word(), counts.records[usize::from(kind.code())])),
            ),
        },
        sources: snapshot
            .sources()
            .iter()
            .map(|one| Source {
                kind: &one.kind,
                provider: &one.provider,
                as_of: Day::from_number(one.as_of).to_string(),
                supplies: &one.supplies,
                stale: !one.supplies.is_empty() && day.number() > one.fresh_until,
            })
            .collect(),
        coverage: &manifest.coverage,
        persons: Persons { algorithm: &manifest.persons.algorithm, key: &manifest.persons.key },
        built_by: &manifest.built_by,
    };
    out.extend_from_slice(&serde_json::to_vec(&about).unwrap_or_default());
}
