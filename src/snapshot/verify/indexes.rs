//! The FSTs of codes and names.

use super::super::layout::Section;
use super::super::{Part, SnapshotError};
use super::Examiner;
use super::rows::indexed_names;
use crate::domain::identifier::IdKind;
use crate::domain::subject::SubjectKind;
use fst::{Map, Streamer};

/// An FST whose own sum fits; only such may be walked.
fn index<B: AsRef<[u8]>>(part: &Part<B>, section: Section) -> Result<Map<&[u8]>, SnapshotError> {
    let map = Map::new(part.section(section));
    let whole = map.and_then(|map| map.as_fst().verify().map(|()| map));
    whole.map_err(|error| part.corrupt(section, 0, &error.to_string()))
}

impl<B: AsRef<[u8]>> Examiner<'_, B> {
    pub(super) fn aliases(&mut self) {
        let map = match index(self.part, Section::Aliases) {
            Ok(map) => map,
            Err(error) => return self.found.add_error(&error),
        };
        let rows = u64::from(self.part.subjects());
        let mut stream = map.stream();
        while let Some((key, place)) = stream.next() {
            self.found.counts.aliases += 1;
            self.want(is_alias(key), Section::Aliases, 0, "a code is of no known kind");
            self.want(place < rows, Section::Aliases, 0, "a code leads to a row that the part lacks");
        }
    }

    pub(super) fn name_index(&mut self) {
        let map = match index(self.part, Section::NameIndex) {
            Ok(map) => map,
            Err(error) => return self.found.add_error(&error),
        };
        let mut stream = map.stream();
        let mut count = 0;
        while let Some((key, former)) = stream.next() {
            count += 1;
            let leads = self.is_name_of_its_row(key, former);
            self.want(leads, Section::NameIndex, 0, "a name leads to a row that does not bear it so");
        }
        if count != self.names_indexed {
            let what = format!("it has {count} names, the subjects have {}", self.names_indexed);
            self.find(Section::NameIndex, 0, what);
        }
    }

    /// A key is the normalised name, 0x00 and the row; its value 1 if the name is a former one.
    fn is_name_of_its_row(&self, key: &[u8], former: u64) -> bool {
        let Some((name, tail)) = key.split_last_chunk::<5>().map(|(name, tail)| (name, *tail)) else {
            return false;
        };
        let [end, row @ ..] = tail;
        let (Ok(name), Some(standing)) =
            (std::str::from_utf8(name), self.part.standing(u32::from_be_bytes(row)))
        else {
            return false;
        };
        let organisation = standing.kind() != SubjectKind::Person;
        let borne = || indexed_names(self.part, &standing).get(name).copied();
        end == 0 && organisation && borne() == Some(former != 0) && former <= 1
    }
}

fn is_alias(key: &[u8]) -> bool {
    match key {
        [100 | 101, digest @ ..] => digest.len() == 24,
        [kind, code @ ..] => {
            let in_clear = IdKind::from_code(*kind).is_some_and(|kind| !kind.is_person());
            in_clear && (1..=24).contains(&code.len()) && code.iter().all(u8::is_ascii_graphic)
        }
        [] => false,
    }
}
