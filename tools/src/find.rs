//! Finds records by name in a release, which finds subjects by their codes only: whose each is, and what its name comes from.

use std::path::Path;
use xinhe::domain::catalogue::Catalogue;
use xinhe::domain::date::Day;
use xinhe::domain::identifier::{IdKind, Identifier};
use xinhe::domain::record::{Event, RecordId, RecordKind};
use xinhe::domain::verdict::Relation;
use xinhe::release::corrections::{Correction, Key, Listed, Named, What};
use xinhe::release::{ReleaseError, open_part, read_manifest};
use xinhe::snapshot::mapping::Mapped;
use xinhe::snapshot::overlay::same_listing;
use xinhe::snapshot::{
    Filed, KeyId, Part, SnapshotError, Standing, SubjectKey, Tag, Trust, record_id, same_record,
};

/// The release that is served, without the secret of its persons: a correction of a record needs none.
pub(crate) struct Served {
    parts: Vec<Part<Mapped>>,
    secret: KeyId,
    /// Its catalogue.
    pub(crate) catalogue: Catalogue,
    /// Number of the last correction that it folds in.
    pub(crate) folded: u64,
}

/// Takes a record with the part and subject where it is; what is handed over last tells it as a correction holds it.
pub(crate) type Each<'a> = dyn FnMut(
        (&Part<Mapped>, &Standing<'_>),
        &Filed,
        &dyn Fn() -> Result<Named, SnapshotError>,
    ) -> Result<(), SnapshotError>
    + 'a;

/// A record that was found.
pub(crate) struct Found {
    /// As a correction holds it.
    pub(crate) named: Named,
    /// What corrections folded in do to it, by their numbers if they are of the store.
    pub(crate) events: Vec<(Option<u32>, Event)>,
    /// Its table says that it is under objection.
    pub(crate) objection: bool,
}

impl Served {
    /// Opens a release folder.
    pub(crate) fn open(folder: &Path) -> Result<Served, ReleaseError> {
        let manifest = read_manifest(folder)?;
        let parts = manifest.parts.iter().map(|entry| open_part(folder, entry, Trust::Sums));
        let parts = parts.collect::<Result<Vec<_>, _>>()?;
        let none = || SnapshotError::Parts("the release has no part".to_owned());
        let first = parts.first().ok_or_else(|| ReleaseError::Snapshot(none()))?;
        let catalogue = Catalogue::new(first.catalogue().map_err(ReleaseError::Snapshot)?);
        let secret = KeyId(first.meta().map_err(ReleaseError::Snapshot)?.person_key);
        Ok(Served { catalogue, secret, folded: manifest.corrections.last, parts })
    }

    /// Hands over every record, with the part and subject where it is. The last tells it as a correction holds it.
    pub(crate) fn each(&self, work: &mut Each<'_>) -> Result<(), ReleaseError> {
        for part in &self.parts {
            for place in 0..part.subjects() {
                let Some(standing) = part.standing(place) else { continue };
                let dossier = part.dossier(&standing).map_err(ReleaseError::Snapshot)?;
                for filed in &dossier.records {
                    work((part, &standing), filed, &|| self.named(part, &standing, filed))
                        .map_err(ReleaseError::Snapshot)?;
                }
            }
        }
        Ok(())
    }

    /// The record with this name. Entries are looked through first, then dossiers: all of them, since a release finds
    /// subjects by their codes and not by their records.
    pub(crate) fn record(&self, id: RecordId) -> Result<Option<Found>, SnapshotError> {
        for with_dossiers in [false, true] {
            for part in &self.parts {
                for place in 0..part.subjects() {
                    let Some(standing) = part.standing(place) else { continue };
                    if (with_dossiers || has_entry(part, &standing, id)?)
                        && let Some(found) = self.filed(part, &standing, id)?
                    {
                        return Ok(Some(found));
                    }
                }
            }
        }
        Ok(None)
    }

    fn filed(
        &self,
        part: &Part<Mapped>,
        standing: &Standing<'_>,
        id: RecordId,
    ) -> Result<Option<Found>, SnapshotError> {
        let dossier = part.dossier(standing)?;
        let Some(filed) = dossier.records.iter().find(|filed| filed.record == id) else { return Ok(None) };
        let named = self.named(part, standing, filed)?;
        let events =
            part.events(filed.events, filed.events_count).map(|row| (row.number(), row.event())).collect();
        Ok(Some(Found { named, events, objection: filed.objection }))
    }

    /// A record as a correction holds it.
    fn named(
        &self,
        part: &Part<Mapped>,
        standing: &Standing<'_>,
        filed: &Filed,
    ) -> Result<Named, SnapshotError> {
        let id = filed.record;
        let keys = self.keys(part, standing)?;
        let same = self.same(part, standing, filed)?;
        let under = |same: &str| keys.iter().map(|key| record_id(key, same)).collect::<Vec<_>>();
        // Only what gives the record's own name can give its other names.
        let same = same.filter(|same| under(same).contains(&id));
        let others = same.as_deref().map(under).unwrap_or_default();
        Ok(Named {
            ids: with_first(id, others),
            subject: keys.iter().map(|key| Key::new(*key, self.secret)).collect(),
            same,
        })
    }

    /// Every code of a subject that the release knows.
    fn keys(&self, part: &Part<Mapped>, standing: &Standing<'_>) -> Result<Vec<SubjectKey>, SnapshotError> {
        let mut keys = vec![standing.key()];
        keys.extend(part.aliases_of(standing)?);
        let former = part.dossier(standing)?.former_codes;
        let former = former.iter().filter_map(|code| Identifier::parse(IdKind::Uscc, code, Day::OPEN).ok());
        keys.extend(former.filter_map(|code| SubjectKey::in_clear(&code)));
        let mut seen = std::collections::HashSet::new();
        keys.retain(|key| seen.insert(*key));
        Ok(keys)
    }

    /// What, beside the subject, makes two rows this record (`data.md` §2), from what the dossier says of it.
    fn same(
        &self,
        part: &Part<Mapped>,
        standing: &Standing<'_>,
        filed: &Filed,
    ) -> Result<Option<String>, SnapshotError> {
        let texts = part.texts(filed.text, filed.text_length)?;
        let text = |tag: Tag| texts.iter().find(|(known, _)| *known == tag).map(|(_, text)| text.as_str());
        let (document, title) = (text(Tag::Document).unwrap_or_default(), part.string(filed.title));
        let title = title.unwrap_or_default();
        let date = filed.date.to_string();
        let list = part.entries_of(standing)?.find(|entry| entry.record() == filed.record);
        let list =
            list.and_then(|entry| self.catalogue.list_at(entry.list()?)).map(|list| list.code.as_str());
        let own = match filed.kind {
            RecordKind::Licence => [text(Tag::Document).or(text(Tag::Number)).unwrap_or_default(), "", ""],
            RecordKind::Penalty | RecordKind::Judgment => [document, "", ""],
            RecordKind::Administrative => [title, document, ""],
            RecordKind::List => [list.unwrap_or_default(), document, &date],
            RecordKind::Commitment => [title, text(Tag::Matter).unwrap_or_default(), &date],
            RecordKind::Evaluation => [title, text(Tag::Year).unwrap_or_default(), &date],
            RecordKind::Honour => [title, &date, ""],
        };
        Ok(Some(same_record(filed.kind, own, part.string(filed.authority).unwrap_or_default())))
    }

    /// The record that an urgent entry makes, as a correction holds it.
    pub(crate) fn listed(&self, correction: &Correction) -> Result<Option<Named>, SnapshotError> {
        let What::Listed(listed) = &correction.draft.what else { return Ok(None) };
        named(listed, &correction.draft.document, &correction.draft.authority, Some(self)).map(Some)
    }

    /// The subject with a code, and the oldest code that the release tells of it.
    fn subject(&self, key: &SubjectKey) -> Result<Option<(SubjectKey, Vec<SubjectKey>)>, SnapshotError> {
        let parts = u32::try_from(self.parts.len()).unwrap_or(u32::MAX);
        let home = SubjectKey::part(key.hash(), parts);
        let direct = self.parts.get(home as usize).and_then(|part| Some((part, part.find(key, key.hash())?)));
        let mut at = direct;
        for part in &self.parts {
            if at.is_none() {
                at = part.find_alias(key)?.map(|standing| (part, standing));
            }
        }
        let Some((part, standing)) = at else { return Ok(None) };
        let oldest = part.dossier(&standing)?.former_codes;
        let oldest = oldest.first().and_then(|code| Identifier::read(code, Day::OPEN).ok());
        let root = oldest.and_then(|code| SubjectKey::in_clear(&code)).unwrap_or_else(|| standing.key());
        Ok(Some((root, self.keys(part, &standing)?)))
    }
}

/// The record that an urgent entry makes: its name under the oldest code first, as checks show it.
pub(crate) fn named(
    listed: &Listed,
    document: &str,
    authority: &str,
    served: Option<&Served>,
) -> Result<Named, SnapshotError> {
    let same = same_listing(&listed.list, document, listed.since, authority);
    let (mut ids, mut subject) = (Vec::new(), listed.subject.clone());
    for key in &listed.subject {
        let (Key::Clear(key) | Key::Digest(_, key)) = *key;
        if let Some(served) = served
            && let Some((root, others)) = served.subject(&key)?
        {
            ids.push(record_id(&root, &same));
            ids.extend(others.iter().map(|key| record_id(key, &same)));
            subject.extend(others.iter().map(|key| Key::new(*key, served.secret)));
        }
        ids.push(record_id(&key, &same));
    }
    let mut known: Vec<Key> = Vec::new();
    subject.retain(|key| {
        !known.contains(key) && {
            known.push(*key);
            true
        }
    });
    let first = ids.first().copied().unwrap_or(RecordId::STATE);
    Ok(Named { ids: with_first(first, ids), subject, same: Some(same) })
}

fn with_first(first: RecordId, others: Vec<RecordId>) -> Vec<RecordId> {
    let mut ids = vec![first];
    for id in others {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids
}

fn has_entry(part: &Part<Mapped>, standing: &Standing<'_>, id: RecordId) -> Result<bool, SnapshotError> {
    let mut own = part.entries_of(standing)?.filter(|entry| entry.relation() == Relation::Own);
    Ok(own.any(|entry| entry.record() == id))
}
