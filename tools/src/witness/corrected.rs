//! What corrections do to the records of a sample. They name records, and the model knows no names: the release tells which
//! record bears one, and whose code a key is.

use super::dates::Day;
use super::numbers::Id;
use super::rows::{Row, Source};
use super::sample::{Sample, SampleError};
use super::text::plain;
use std::collections::HashMap;
use xinhe::domain::identifier::{Country, IdKind, Identifier};
use xinhe::snapshot::{EntryCategory, EntryRow, Located, Snapshot, SubjectKey};
use xxhash_rust::xxh3::xxh3_64;

/// A correction that came as a row: what it does to which record, from when on.
pub(super) type Correction = (u64, Day, String);

/// What a record's name is remembered by.
pub(super) fn record_hash(record: &str) -> u64 {
    xxh3_64(record.trim().to_lowercase().as_bytes())
}

/// A record that the store corrects: its names, what makes two rows this record, and keys of its subject.
pub(super) struct Stored {
    pub(super) names: Vec<u64>,
    pub(super) same: Vec<String>,
    pub(super) keys: Vec<SubjectKey>,
}

/// An entry that the store makes, as texts. Of a person it has the number's digest only.
pub struct Urgent {
    /// Whom it enters.
    pub key: SubjectKey,
    /// Code of the list.
    pub list: String,
    /// First day.
    pub since: String,
    /// Last day, if the authority gave one; else empty.
    pub until: String,
    /// Instrument.
    pub document: String,
    /// Authority.
    pub authority: String,
}

/// What is done to a record, and from which day on.
type Events = Vec<(Day, String)>;

/// Corrections by the names of their records.
pub(super) struct Corrected {
    by_record: HashMap<u64, Events>,
    renamed: Vec<(u64, u64)>,
    stored: Vec<Stored>,
}

impl Corrected {
    pub(super) fn new(
        corrections: Vec<Correction>,
        renamed: Vec<(u64, u64)>,
        stored: Vec<Stored>,
    ) -> Corrected {
        let mut by_record: HashMap<u64, Events> = HashMap::new();
        for (record, day, kind) in corrections {
            by_record.entry(record).or_default().push((day, kind));
        }
        Corrected { by_record, renamed, stored }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_record.is_empty()
    }

    /// What is done to an entry, and how the model knows it: kind, document, authority and date.
    pub(super) fn of<B: AsRef<[u8]>>(
        &self,
        snapshot: &Snapshot<B>,
        at: &Located<'_, B>,
        entry: &EntryRow<'_>,
    ) -> Result<Option<(Told, Events)>, SampleError> {
        let told = Told {
            kind: match entry.category() {
                EntryCategory::List => "list",
                EntryCategory::Penalty => "penalty",
                EntryCategory::Commitment => "commitment",
                EntryCategory::Evaluation => "evaluation",
            },
            document: plain(at.part.document(entry).unwrap_or_default()),
            authority: plain(at.part.string(entry.authority()).unwrap_or_default()),
            since: entry.since().to_string(),
        };
        let own = record_hash(&entry.record().to_string());
        let mut names = vec![own];
        names.extend(self.renamed.iter().filter(|(found, _)| *found == own).map(|(_, named)| *named));
        for stored in
            self.stored.iter().filter(|stored| !stored.names.contains(&own) && told.is(&stored.same))
        {
            if is_of(snapshot, at, &stored.keys)? {
                names.extend(&stored.names);
            }
        }
        let mut events: Events = Vec::new();
        for event in names.iter().filter_map(|name| self.by_record.get(name)).flatten() {
            if !events.contains(event) {
                events.push(event.clone());
            }
        }
        Ok((!events.is_empty()).then_some((told, events)))
    }
}

/// How the model knows a record.
pub(super) struct Told {
    pub(super) kind: &'static str,
    pub(super) document: String,
    pub(super) authority: String,
    pub(super) since: String,
}

impl Told {
    /// Whether it is the record that the store tells of, as far as an entry tells it: of other kinds the name must do.
    fn is(&self, same: &[String]) -> bool {
        let [kind, first, second, third, authority] = same else { return false };
        *kind == self.kind
            && *authority == self.authority
            && match self.kind {
                "penalty" => *first == self.document,
                "list" => *second == self.document && *third == self.since,
                _ => false,
            }
    }
}

/// Whether one of the keys is the subject's.
fn is_of<B: AsRef<[u8]>>(
    snapshot: &Snapshot<B>,
    at: &Located<'_, B>,
    keys: &[SubjectKey],
) -> Result<bool, SampleError> {
    for key in keys {
        if snapshot.find_key(key)?.is_some_and(|found| found.standing.key() == at.standing.key()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The identifier of a subject of the sample, as checks read it.
pub(super) fn identifier(id: &Id, day: xinhe::domain::date::Day) -> Option<Identifier> {
    let identifier = Identifier::parse(IdKind::asked(id.kind)?, &id.number, day).ok()?;
    Some(match Country::parse(&id.country) {
        Some(country) => identifier.of_country(country),
        None => identifier,
    })
}

impl Sample {
    /// A correction that did not come as a row: the record that it names, what it does, and from which day on.
    pub fn correction(&mut self, record: &str, kind: &str, effective: &str) {
        if let Some(day) = Day::read(effective) {
            self.corrections.push((record_hash(record), day, kind.to_owned()));
        }
    }

    /// What the store keeps of a record that it corrects, so that it is known under another code of its subject too.
    pub fn same_record(&mut self, names: Vec<String>, same: &str, keys: &[SubjectKey]) {
        self.stored.push(Stored {
            names: names.iter().map(|name| record_hash(name)).collect(),
            same: same.split('\u{1F}').map(str::to_owned).collect(),
            keys: keys.to_vec(),
        });
    }

    /// An entry that the store makes.
    pub fn urgent(&mut self, urgent: Urgent) {
        self.urgent.push(urgent);
    }

    /// Corrections of a record were put to another, whose authority has another name.
    pub fn renamed(&mut self, named: &str, found: &str) {
        self.renamed.push((record_hash(found), record_hash(named)));
    }

    /// Makes rows of the entries that the store makes of subjects of the sample.
    pub(super) fn add_urgent<B: AsRef<[u8]>>(
        &mut self,
        snapshot: &Snapshot<B>,
        day: xinhe::domain::date::Day,
    ) -> Result<(), SampleError> {
        if self.urgent.is_empty() {
            return Ok(());
        }
        let mut picks: HashMap<SubjectKey, usize> = HashMap::new();
        for (place, pick) in self.picks.iter().enumerate() {
            let Some(identifier) = identifier(&pick.id, day) else { continue };
            if let Some(at) = snapshot.find(&identifier)? {
                picks.insert(at.standing.key(), place);
            }
        }
        let source = self.dataset.sources.len();
        self.dataset.sources.push(Source::of_store());
        for urgent in std::mem::take(&mut self.urgent) {
            let Some(at) = snapshot.find_key(&urgent.key)? else { continue };
            let Some(place) = picks.get(&at.standing.key()) else { continue };
            let id = &self.picks[*place].id;
            let column = match id.kind {
                "uscc" => "MD_XDR_SHXYM",
                "citizen" => "MD_XDR_ZJHM",
                _ => {
                    // How a table would write its country is no matter of the sample.
                    self.picks[*place].left_out = true;
                    continue;
                }
            };
            let cells = [
                ("MD_DM", urgent.list.as_str()),
                (column, id.number.as_str()),
                ("MD_WSH", &urgent.document),
                ("MD_LRRQ", &urgent.since),
                ("MD_JZRQ", &urgent.until),
                ("MD_RDJG", &urgent.authority),
            ];
            self.rows.push(Row::of_cells(source, &self.dataset.sources[source], &cells));
        }
        Ok(())
    }
}
