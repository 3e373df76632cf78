//! Dossiers and texts.

use super::super::layout::{Section, u32_at, u64_at};
use super::super::{Filed, RowPlace, Standing, texts};
use super::Examiner;
use super::rows::Own;

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
        if let Some((source, row)) = dossier.register {
            self.source(source, section, at);
            self.row(row, section, at);
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
        for (row, at) in std::mem::take(&mut self.event_rows) {
            self.row(row, Section::Events, at);
        }
    }

    /// The rows of a subject follow each other in the origins file: the register's, its records', its corrections'.
    fn row(&mut self, row: RowPlace, section: Section, at: u64) {
        match row {
            RowPlace::Here { file, line: _ } => self.string(file, false, section, at, "file"),
            RowPlace::Origins(number) => {
                let follows = number == self.found.rows;
                self.want(follows, section, at, "its row does not follow the row before");
                self.found.rows = number.saturating_add(1);
            }
        }
    }

    fn filed(&mut self, filed: &Filed, own: &mut Own, at: u64) {
        let section = Section::Dossiers;
        self.found.counts.records[usize::from(filed.kind.code())] += 1;
        let rules = self.catalogue.entries().rules.len();
        let rule = filed.rule.is_none_or(|rule| usize::from(rule) < rules);
        self.want(rule, section, at, "the rule of a record is not in the catalogue");
        self.source(filed.source, section, at);
        self.row(filed.row, section, at);
        self.string(filed.title, true, section, at, "title of a record");
        self.string(filed.authority, false, section, at, "authority of a record");
        self.file_own(own, filed, at);
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
