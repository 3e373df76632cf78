//! The FSTs of codes and names.

use super::super::layout::Section;
use super::Examiner;
use super::rows::indexed_names;
use crate::domain::identifier::IdKind;
use crate::domain::subject::SubjectKind;
use fst::Streamer;

impl<B: AsRef<[u8]>> Examiner<'_, B> {
    pub(super) fn aliases(&mut self) {
        let rows = u64::from(self.part.subjects());
        self.walk(Section::Aliases, |this, key, place| {
            this.found.counts.aliases += 1;
            this.want(is_alias(key), Section::Aliases, 0, "a code is of no known kind");
            this.want(place < rows, Section::Aliases, 0, "a code leads to a row that the part lacks");
        });
    }

    pub(super) fn name_index(&mut self) {
        let mut count = 0;
        let walked = self.walk(Section::NameIndex, |this, key, former| {
            count += 1;
            let leads = this.is_name_of_its_row(key, former);
            this.want(leads, Section::NameIndex, 0, "a name leads to a row that does not bear it so");
        });
        if walked && count != self.names_indexed {
            let what = format!("it has {count} names, the subjects have {}", self.names_indexed);
            self.find(Section::NameIndex, 0, what);
        }
    }

    /// Shows every key of an FST whose own sum fits; only such may be walked. Otherwise notes why, and says no.
    fn walk(&mut self, section: Section, mut each: impl FnMut(&mut Self, &[u8], u64)) -> bool {
        let part = self.part;
        let walked = part.index(section, |map| {
            map.as_fst().verify()?;
            let mut stream = map.stream();
            while let Some((key, value)) = stream.next() {
                each(self, key, value);
            }
            Ok(())
        });
        walked.map_err(|error| self.found.add_error(&error)).is_ok()
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
