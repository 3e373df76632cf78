//! Dossiers and texts.

use super::super::layout::{Section, u32_at, u64_at};
use super::super::schema::Filed;
use super::super::{Standing, texts};
use super::Examiner;
use super::rows::Own;
use crate::domain::publication::Ending;
use crate::domain::record::RecordKind;

/// The number that stands for "no rule".
const NO_RULE: u8 = u8::MAX;

impl<B: AsRef<[u8]>> Examiner<'_, B> {
    /// Validates the archive of a subject; every one of its own entries must be filed in it.
    pub(super) fn dossier(&mut self, standing: &Standing<'_>, mut own: Own) {
        let (at, length) = (u64_at(standing.row, 56), u32_at(standing.row, 52));
        let section = Section::Dossiers;
        self.want(at == self.ends.dossiers, section, at, "it does not begin where the dossier before ends");
        self.ends.dossiers = at.saturating_add(u64::from(length));
        let dossier = match self.part.dossier(standing) {
            Ok(dossier) => dossier,
            Err(error) => return self.found.add_error(&error),
        };
        self.string(dossier.division, true, section, at, "division");
        self.string(dossier.occupation, true, section, at, "occupation");
        self.string(dossier.file, true, section, at, "file");
        if self.part.string(dossier.file).is_some() {
            self.source(dossier.source, section, at);
        }
        let order = |filed: &Filed| (filed.kind, filed.date, filed.record);
        let sorted = dossier.records.is_sorted_by(|a, b| order(a) < order(b));
        self.want(sorted, section, at, "its records do not stand by kind, date and id, each once");
        for filed in &dossier.records {
            self.filed(filed, &mut own, at);
        }
        for record in own.keys() {
            let what = format!("the record {record} of an entry is not filed in the dossier");
            self.find(section, at, what);
        }
    }

    fn filed(&mut self, filed: &Filed, own: &mut Own, at: u64) {
        let section = Section::Dossiers;
        match RecordKind::from_code(filed.kind) {
            Some(kind) => self.found.counts.records[usize::from(kind.code())] += 1,
            None => self.find(section, at, "a record is of no known kind"),
        }
        let rules = self.catalogue.entries().rules.len();
        let rule = filed.rule == NO_RULE || usize::from(filed.rule) < rules;
        self.want(rule, section, at, "the rule of a record is not in the catalogue");
        self.want(filed.flags <= 7, section, at, "a record has flags that mean nothing");
        let ending = usize::from(filed.ending) < Ending::ALL.len();
        self.want(ending, section, at, "what ends a record is nothing known");
        self.source(filed.source, section, at);
        self.string(filed.file, false, section, at, "file of a record");
        self.string(filed.title, true, section, at, "title of a record");
        self.string(filed.authority, false, section, at, "authority of a record");
        let events = self.events(filed.events, filed.events_count, section, at);
        self.file_own(own, filed, &events, at);
        self.text(filed, at);
    }

    fn text(&mut self, filed: &Filed, at: u64) {
        let follows = filed.text == self.ends.texts;
        self.want(
            follows,
            Section::Dossiers,
            at,
            "the texts of a record do not begin where those before end",
        );
        self.ends.texts = filed.text.saturating_add(u64::from(filed.text_length));
        match self.texts.read(filed.text, filed.text_length) {
            Err(error) => self.found.add_error(&error),
            Ok(raw) if texts::part(&raw).is_none() => {
                self.find(Section::Dossiers, at, "the texts of a record do not come apart");
            }
            Ok(_) => {}
        }
    }

    /// The index of the blocks must rise to the end of the section.
    pub(super) fn text_blocks(&mut self) {
        let index = self.part.section(Section::TextIndex);
        let ends: Vec<u64> = index.chunks_exact(8).map(|end| u64_at(end, 0)).collect();
        let last = self.part.section_length(Section::Texts);
        let rise = index.len().is_multiple_of(8)
            && ends.first() == Some(&0)
            && ends.last() == Some(&last)
            && ends.is_sorted();
        self.want(rise, Section::TextIndex, 0, "its offsets do not rise from 0 to the length of texts");
    }

    /// Length of the raw stream.
    pub(super) fn raw_texts(&mut self) -> u64 {
        self.texts.raw_length().unwrap_or_else(|error| {
            self.found.add_error(&error);
            0
        })
    }
}
