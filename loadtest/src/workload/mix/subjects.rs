//! Whom a dataset's register knows: numbers and names, in one text.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::workload::Random;
use crate::workload::key::check_character;

/// Why a dataset gives no subjects.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SubjectsError {
    /// A file or folder cannot be read.
    #[error("{path}: {source}; expected the folder of a dataset, with its register as CSV in `subjects`")]
    Read {
        /// Which.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A table cannot be read.
    #[error("{path}: {source}; expected CSV in UTF-8 with the codes of columns as header")]
    Table {
        /// Which.
        path: String,
        /// What is wrong.
        source: csv::Error,
    },
    /// Nobody is in it.
    #[error(
        "{path}: found no organisation with SHXYM and MC; expected a register as `xinhe generate` writes it"
    )]
    Empty {
        /// Which.
        path: String,
    },
}

/// Numbers and names.
#[derive(Debug, Default)]
pub(crate) struct Subjects {
    text: String,
    /// Of organisations, then of persons: where the number begins, where it ends, where the name ends.
    organisations: Vec<[u32; 3]>,
    persons: Vec<[u32; 3]>,
}

impl Subjects {
    /// Reads `subjects/*.csv` of a dataset's folder. The order is shuffled by the seed, so that a popular subject is any.
    pub(crate) fn read(dataset: &Path, random: &mut Random) -> Result<Self, SubjectsError> {
        let folder = dataset.join("subjects");
        let failed = |source| SubjectsError::Read { path: folder.display().to_string(), source };
        let mut files: Vec<PathBuf> = Vec::new();
        for entry in std::fs::read_dir(&folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.extension().is_some_and(|ending| ending == "csv") {
                files.push(path);
            }
        }
        files.sort();
        let mut subjects = Self::default();
        for file in files {
            let failed = |source| SubjectsError::Table { path: file.display().to_string(), source };
            let opened = File::open(&file)
                .map_err(|source| SubjectsError::Read { path: file.display().to_string(), source })?;
            subjects.table(csv::Reader::from_reader(opened)).map_err(failed)?;
        }
        if subjects.organisations.is_empty() {
            return Err(SubjectsError::Empty { path: folder.display().to_string() });
        }
        shuffle(&mut subjects.organisations, random);
        shuffle(&mut subjects.persons, random);
        Ok(subjects)
    }

    fn table(&mut self, mut reader: csv::Reader<File>) -> Result<(), csv::Error> {
        let headers = reader.headers()?.clone();
        let place =
            |wanted: &str| headers.iter().position(|header| header.trim_start_matches('\u{feff}') == wanted);
        let (code, number, name) = (place("SHXYM"), place("ZJHM"), place("MC"));
        let mut record = csv::StringRecord::new();
        while reader.read_record(&mut record)? {
            let cell = |place: Option<usize>| place.and_then(|at| record.get(at)).unwrap_or_default().trim();
            let name = cell(name);
            // Without a name nothing can be searched for, and with quotes nothing stands in a body as it is.
            if name.is_empty() || name.contains(['"', '\\']) {
                continue;
            }
            let (code, number) = (cell(code), cell(number));
            let plain = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric());
            if code.len() == 18 && plain(code) {
                let entry = self.keep(code, name);
                self.organisations.extend(entry);
            } else if number.len() == 18 && plain(number) {
                let entry = self.keep(number, name);
                self.persons.extend(entry);
            }
        }
        Ok(())
    }

    /// Nobody behind the first 4 GiB of text.
    fn keep(&mut self, number: &str, name: &str) -> Option<[u32; 3]> {
        let begin = u32::try_from(self.text.len()).ok()?;
        let end = u32::try_from(self.text.len() + number.len() + name.len()).ok()?;
        self.text.push_str(number);
        self.text.push_str(name);
        Some([begin, begin + number.len() as u32, end])
    }

    /// How many organisations.
    pub(crate) fn organisations(&self) -> u64 {
        self.organisations.len() as u64
    }

    /// How many persons.
    pub(crate) fn persons(&self) -> u64 {
        self.persons.len() as u64
    }

    /// Number and name of an organisation.
    pub(crate) fn organisation(&self, place: u64) -> (&str, &str) {
        self.at(self.organisations.get(place as usize))
    }

    /// Number and name of a person.
    pub(crate) fn person(&self, place: u64) -> (&str, &str) {
        self.at(self.persons.get(place as usize))
    }

    fn at(&self, entry: Option<&[u32; 3]>) -> (&str, &str) {
        let [begin, middle, end] = entry.copied().unwrap_or_default().map(|at| at as usize);
        (self.text.get(begin..middle).unwrap_or_default(), self.text.get(middle..end).unwrap_or_default())
    }
}

fn shuffle<T>(items: &mut [T], random: &mut Random) {
    for last in (1..items.len()).rev() {
        items.swap(last, random.below(last as u64 + 1) as usize);
    }
}

/// What the contract calls a person's number of 18 characters, which may read as an organisation's code too. The card of a
/// foreign permanent resident (2023) begins with 9, and no division of GB 11643 does.
pub(crate) fn kind_of_person(number: &str) -> &'static str {
    if number.starts_with('9') { "foreign-resident" } else { "citizen" }
}

/// A unified code of no subject: its form and check digit are valid, its organisation code is of a range that no
/// register hands out.
pub(crate) fn unknown_code(random: &mut Random, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    let begin = out.len();
    out.extend_from_slice(b"91370402MAY");
    for _ in 0..5 {
        out.push(DIGITS[random.below(31) as usize]);
    }
    // The organisation code inside has its own check character (GB 11714): letters count from 10.
    let organisation = out.get(begin + 8..).unwrap_or_default();
    let letter =
        |byte: u8| if byte.is_ascii_digit() { u32::from(byte - b'0') } else { u32::from(byte - b'A') + 10 };
    let sum: u32 =
        organisation.iter().zip([3, 7, 9, 10, 5, 8, 4, 2]).map(|(byte, by)| letter(*byte) * by).sum();
    out.push(match 11 - sum % 11 {
        10 => b'X',
        11 => b'0',
        digit => b'0' + digit as u8,
    });
    out.extend(check_character(out.get(begin..).unwrap_or_default()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use xinhe::domain::date::Day;
    use xinhe::domain::identifier::{IdKind, Identifier};

    #[test]
    fn a_code_of_nobody_is_valid_all_the_same() {
        let mut random = Random::new(5);
        for _ in 0..1000 {
            let mut code = Vec::new();
            unknown_code(&mut random, &mut code);
            let code = String::from_utf8(code).unwrap();
            Identifier::parse(IdKind::Uscc, &code, Day::OPEN)
                .unwrap_or_else(|error| panic!("{code}: {error}"));
        }
    }

    #[test]
    fn a_register_gives_organisations_and_persons_in_an_order_by_seed() {
        let dataset = tempfile::tempdir().unwrap();
        std::fs::create_dir(dataset.path().join("subjects")).unwrap();
        let mut csv = "\u{feff}SHXYM,ZJHM,MC\n".to_owned();
        for place in 0..20 {
            csv += &format!("9137040200000000{place:02},,试企{place}\n,1101011990010100{place:02},张试\n");
        }
        csv += ",,无名\n91370402000000009X,,\n";
        std::fs::write(dataset.path().join("subjects/a.csv"), csv).unwrap();
        let read = |seed| Subjects::read(dataset.path(), &mut Random::new(seed)).unwrap();
        let (one, same, other) = (read(1), read(1), read(2));
        assert_eq!((one.organisations(), one.persons()), (20, 20));
        assert!((0..20).all(|place| one.organisation(place) == same.organisation(place)));
        assert!((0..20).any(|place| one.organisation(place) != other.organisation(place)));
        let (number, name) = one.organisation(0);
        assert_eq!(name, format!("试企{}", number[16..].parse::<u32>().unwrap()));
        assert!(one.person(3).1 == "张试" && one.person(3).0.len() == 18);
    }

    #[test]
    fn a_person_is_asked_for_by_the_kind_of_the_number() {
        for (number, kind) in
            [("370491199608074890", IdKind::Citizen), ("937840198501010019", IdKind::ForeignResident)]
        {
            assert!(Identifier::parse(kind, number, Day::OPEN).is_ok(), "{number}");
            assert_eq!(kind_of_person(number), kind.word());
        }
    }
}
