//! The cold reads: organisations by name, and the records of a subject by section of the standard report.
//!
//! Both show only what a check of the same day could count: see [`sight`].

use crate::domain::date::Day;
use crate::domain::publication::is_within;
use crate::domain::record::{RecordId, RecordKind, Standing as Stands};
use crate::domain::subject::{StateClass, SubjectKind};
use crate::domain::text::{name_alike, same_name};
use crate::snapshot::overlay::Listing;
use crate::snapshot::{
    Dossier, Filed, Located, NameHit, NameRank, Overlay, Part, Snapshot, SnapshotError, Standing, Tag,
};

/// An organisation that was found by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Its current code, unless it is kept as a digest only.
    pub id: Option<String>,
    /// Its current name.
    pub name: String,
    /// What it is.
    pub kind: SubjectKind,
    /// How near the name is.
    pub rank: NameRank,
    /// The name that was found, as written.
    pub matched: String,
    /// That name is a former one.
    pub former: bool,
    /// A register knows it.
    pub registered: bool,
}

/// Organisations with such a name, at most `limit`: exact, then prefix, then fuzzy; within these those that bear the
/// name now, then by name, then by code. Each once. A name of nothing but blanks finds nobody.
pub fn search<B: AsRef<[u8]>>(
    snapshot: &Snapshot<B>,
    name: &str,
    limit: usize,
) -> Result<Vec<Named>, SnapshotError> {
    let wanted: String = name_alike(name).filter(|c| *c != '\0').collect();
    if wanted.is_empty() || limit == 0 {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for part in snapshot.parts() {
        for hit in part.search_names(&wanted, limit)? {
            let standing = part.standing(hit.row).ok_or_else(|| outside(&hit))?;
            // Each subject lives in one part, so that none comes twice.
            if standing.kind() != SubjectKind::Person && !snapshot.overlay().is_gone(&standing) {
                found.push((hit.name.clone(), named(part, &standing, hit)));
            }
        }
    }
    for (standing, name) in
        snapshot.overlay().strangers().filter(|(one, _)| one.kind() != SubjectKind::Person)
    {
        let normalised: String = name_alike(&name.shown).collect();
        if let Some(rank) = NameRank::of(&wanted, &normalised) {
            found.push((normalised, stranger(&standing, &name.shown, rank)));
        }
    }
    found.sort_by(|(a_name, a), (b_name, b)| {
        (a.rank, a.former, a_name, &a.id).cmp(&(b.rank, b.former, b_name, &b.id))
    });
    Ok(found.into_iter().take(limit).map(|(_, named)| named).collect())
}

fn outside(hit: &NameHit) -> SnapshotError {
    let what = format!("a name leads to row {}, which the part lacks", hit.row);
    SnapshotError::Corrupt { section: "name-index", offset: 0, what }
}

fn named<B: AsRef<[u8]>>(part: &Part<B>, standing: &Standing<'_>, hit: NameHit) -> Named {
    let current = part.shown_name(standing).unwrap_or_default();
    let mut names = std::iter::once(current).chain(part.former_names(standing));
    let matched = names.find(|name| same_name(name, &hit.name)).map(str::to_owned);
    Named {
        id: standing.code().map(str::to_owned),
        name: current.to_owned(),
        kind: standing.kind(),
        rank: hit.rank,
        matched: matched.unwrap_or(hit.name),
        former: hit.former,
        registered: standing.is_registered(),
    }
}

/// An organisation that only an urgent entry of the store names.
fn stranger(standing: &Standing<'_>, name: &str, rank: NameRank) -> Named {
    Named {
        id: standing.code().map(str::to_owned),
        name: name.to_owned(),
        kind: standing.kind(),
        rank,
        matched: name.to_owned(),
        former: false,
        registered: false,
    }
}

/// The sections of the standard report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Section {
    /// Facts of the register (登记信息).
    Registration,
    /// Administrative acts other than licences and penalties.
    Administrative,
    /// Penalties (行政处罚).
    Penalty,
    /// Licences (行政许可).
    Licence,
    /// Honours (荣誉).
    Honour,
    /// Entries in lists, red and black (名单).
    List,
    /// Commitments (信用承诺).
    Commitment,
    /// Evaluations (信用评价).
    Evaluation,
    /// Judgments (司法判决).
    Judgment,
}

impl Section {
    /// All, in the order of the report.
    pub const ALL: [Section; 9] = [
        Section::Registration,
        Section::Administrative,
        Section::Penalty,
        Section::Licence,
        Section::Honour,
        Section::List,
        Section::Commitment,
        Section::Evaluation,
        Section::Judgment,
    ];

    /// The kind of its records; none of the registration.
    pub const fn kind(self) -> Option<RecordKind> {
        match self {
            Section::Registration => None,
            Section::Administrative => Some(RecordKind::Administrative),
            Section::Penalty => Some(RecordKind::Penalty),
            Section::Licence => Some(RecordKind::Licence),
            Section::Honour => Some(RecordKind::Honour),
            Section::List => Some(RecordKind::List),
            Section::Commitment => Some(RecordKind::Commitment),
            Section::Evaluation => Some(RecordKind::Evaluation),
            Section::Judgment => Some(RecordKind::Judgment),
        }
    }

    /// The contract's word.
    pub const fn word(self) -> &'static str {
        match self.kind() {
            None => "registration",
            Some(kind) => kind.word(),
        }
    }

    /// The section by the contract's word.
    pub fn from_word(word: &str) -> Option<Section> {
        Section::ALL.into_iter().find(|section| section.word() == word)
    }
}

/// Facts of the register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// What it is.
    pub kind: SubjectKind,
    /// A register knows it; if not, only records name it.
    pub registered: bool,
    /// Current code, unless it is kept as a digest only.
    pub id: Option<String>,
    /// Name; a person's is masked.
    pub name: Option<String>,
    /// Former names of an organisation.
    pub former_names: Vec<String>,
    /// Former unified codes.
    pub former_codes: Vec<String>,
    /// Older codes: kind and code.
    pub older_codes: Vec<(String, String)>,
    /// State of registration as written.
    pub state: Option<String>,
    /// What the state means.
    pub state_class: Option<StateClass>,
    /// Division.
    pub division: Option<String>,
    /// Occupation of a person.
    pub occupation: Option<String>,
    /// Masked name of the legal representative.
    pub representative: Option<String>,
    /// Who supplied the row of the register.
    pub provider: Option<String>,
}

/// A record that may be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Name of the record.
    pub record: RecordId,
    /// Its own date.
    pub date: Day,
    /// Its last visible day; none: open.
    pub until: Option<Day>,
    /// The authority.
    pub authority: Option<String>,
    /// Its title.
    pub title: Option<String>,
    /// It is under objection.
    pub objection: bool,
    /// Who supplied it.
    pub provider: Option<String>,
    /// What describes it.
    pub texts: Vec<(Tag, String)>,
}

/// What may be seen of a subject on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Facts of the register, if asked for.
    pub registration: Option<Registration>,
    /// The sections with records that were asked for, in the order of [`Section::ALL`], the newest record first.
    pub sections: Vec<(Section, Vec<Item>)>,
}

/// What may be seen of a subject on a day, by section.
pub fn detail<B: AsRef<[u8]>>(
    snapshot: &Snapshot<B>,
    at: &Located<'_, B>,
    day: Day,
    sections: &[Section],
) -> Result<Report, SnapshotError> {
    let dossier = at.part.dossier(&at.standing)?;
    let asked = |section: &Section| sections.contains(section);
    let registration =
        asked(&Section::Registration).then(|| registration(snapshot, at.part, &at.standing, &dossier));
    let mut shown = Vec::new();
    for section in Section::ALL.into_iter().filter(asked) {
        let Some(kind) = section.kind() else { continue };
        let mut items = Vec::new();
        for filed in dossier.records.iter().filter(|filed| filed.kind == kind) {
            if let Sight::Seen { objection } = sight(snapshot.overlay(), at.part, filed, day) {
                items.push(item(snapshot, at.part, filed, objection)?);
            }
        }
        if section == Section::List {
            let urgent = snapshot.overlay().listings(&at.standing).iter();
            items.extend(
                urgent.filter_map(|listing| Some(urgent_item(snapshot, listing, listing.visible(day)?))),
            );
        }
        items.sort_by_key(|item| (std::cmp::Reverse(item.date), item.record));
        shown.push((section, items));
    }
    Ok(Report { registration, sections: shown })
}

/// Facts of the register about a subject.
pub fn registration<B: AsRef<[u8]>>(
    snapshot: &Snapshot<B>,
    part: &Part<B>,
    standing: &Standing<'_>,
    dossier: &Dossier,
) -> Registration {
    let string = |number| part.string(number).filter(|text| !text.is_empty()).map(str::to_owned);
    Registration {
        kind: standing.kind(),
        registered: standing.is_registered(),
        id: standing.code().map(str::to_owned),
        name: snapshot.overlay().shown_name(part, standing).map(str::to_owned),
        former_names: part.former_names(standing).map(str::to_owned).collect(),
        former_codes: dossier.former_codes.clone(),
        older_codes: dossier.older_codes.clone(),
        state: string(standing.state()),
        state_class: standing.state_class(),
        division: string(dossier.division),
        occupation: string(dossier.occupation),
        representative: Some(dossier.representative.clone()).filter(|mask| !mask.is_empty()),
        provider: dossier.register.and_then(|(source, _)| provider(snapshot, source)),
    }
}

fn item<B: AsRef<[u8]>>(
    snapshot: &Snapshot<B>,
    part: &Part<B>,
    filed: &Filed,
    objection: bool,
) -> Result<Item, SnapshotError> {
    Ok(Item {
        record: filed.record,
        date: filed.date,
        until: filed.last_day(),
        authority: part.string(filed.authority).filter(|text| !text.is_empty()).map(str::to_owned),
        title: part.string(filed.title).map(str::to_owned),
        objection,
        provider: provider(snapshot, filed.source),
        texts: part.texts(filed.text, filed.text_length)?,
    })
}

fn urgent_item<B: AsRef<[u8]>>(snapshot: &Snapshot<B>, listing: &Listing, objection: bool) -> Item {
    Item {
        record: listing.record,
        date: listing.since,
        until: listing.until,
        authority: Some(listing.authority.to_string()),
        title: snapshot.catalogue().list_at(listing.list).map(|list| list.title.clone()),
        objection,
        provider: None,
        texts: vec![(Tag::Document, listing.document.to_string())],
    }
}

fn provider<B: AsRef<[u8]>>(snapshot: &Snapshot<B>, source: u16) -> Option<String> {
    let source = snapshot.sources().get(usize::from(source))?;
    Some(source.provider.clone()).filter(|provider| !provider.is_empty())
}

/// Whether a record may be seen on a day, and if not, why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// It may be seen.
    Seen {
        /// It is under objection.
        objection: bool,
    },
    /// Its table says that it is revoked.
    Revoked,
    /// Its class is never published.
    Unpublished,
    /// A correction took it away or suspends it.
    Corrected,
    /// Its first day lies ahead.
    NotYet,
    /// Its last day is past.
    Expired,
}

/// Visible = published, its first day ≤ the day ≤ its last, and neither revoked nor taken away by a correction
/// (`domain.md` §5). Where several reasons hide a record, the first in the order of [`Sight`] is told.
pub fn sight<B: AsRef<[u8]>>(overlay: &Overlay, part: &Part<B>, filed: &Filed, day: Day) -> Sight {
    let own = part.events(filed.events, filed.events_count);
    let stands = overlay.standing(filed.record, filed.source, own, day, filed.objection);
    let (from, until) = (filed.from, filed.last_day());
    match stands {
        _ if filed.revoked => Sight::Revoked,
        _ if filed.unpublished => Sight::Unpublished,
        Stands::Gone => Sight::Corrected,
        Stands::Stands { objection } if is_within(from, until, day) => Sight::Seen { objection },
        Stands::Stands { .. } if day < from => Sight::NotYet,
        Stands::Stands { .. } => Sight::Expired,
    }
}
