//! A city whose bureaus may be late.

use super::{NIGHTS, day};
use crate::support::asking::Office;
use crate::support::root;
use std::fs;
use std::path::PathBuf;
use xinhe::snapshot::{PersonKey, PersonKeys};
use xinhe_tools::compile::{self, BuildError, Built, Plan};
use xinhe_tools::generate;
use xinhe_tools::witness::{Known, Model};

/// A city whose tables change from night to night.
pub(super) struct City {
    pub(super) folder: tempfile::TempDir,
    pub(super) keys: PersonKeys,
}

impl City {
    pub(super) fn new(subjects: u64, seed: u64) -> City {
        let folder = tempfile::tempdir().unwrap();
        let plan = generate::Plan {
            subjects,
            seed,
            defects: 0.04,
            as_of: day(NIGHTS[0]),
            ..generate::Plan::default()
        };
        generate::write(&plan, &folder.path().join("city"), &|_| ()).unwrap();
        City { folder, keys: PersonKeys::parse(&PersonKeys::line(&[7; 32])).unwrap() }
    }

    /// From tables: kind, file, text.
    pub(super) fn of(tables: &[(&str, &str, String)]) -> City {
        let folder = tempfile::tempdir().unwrap();
        let input = folder.path().join("city");
        fs::create_dir(&input).unwrap();
        let mut description = format!("name = \"late\"\nas_of = \"{}\"\ncoverage = [\"3704\"]\n", NIGHTS[0]);
        for (kind, file, text) in tables {
            description.push_str(&format!("[[source]]\nkind = \"{kind}\"\npath = \"{file}\"\n"));
            fs::write(input.join(file), text).unwrap();
        }
        fs::write(input.join("dataset.toml"), description).unwrap();
        City { folder, keys: PersonKeys::parse(&PersonKeys::line(&[7; 32])).unwrap() }
    }

    pub(super) fn input(&self) -> PathBuf {
        self.folder.path().join("city")
    }

    pub(super) fn out(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn description(&self) -> toml::Table {
        toml::from_str(&fs::read_to_string(self.input().join("dataset.toml")).unwrap()).unwrap()
    }

    /// Name and path of every source of a kind.
    pub(super) fn sources(&self, kind: &str) -> Vec<(String, String)> {
        let description = self.description();
        let sources = description["source"].as_array().unwrap().iter().enumerate();
        let of_kind = sources.filter(|(_, source)| source["kind"].as_str() == Some(kind));
        of_kind
            .map(|(at, source)| (format!("{}-{kind}", at + 1), source["path"].as_str().unwrap().to_owned()))
            .collect()
    }

    /// The next night comes; lists are stale on the day after the next.
    pub(super) fn night(&self, as_of: &str) {
        let mut description = self.description();
        description["as_of"] = as_of.into();
        for source in description["source"].as_array_mut().unwrap() {
            let source = source.as_table_mut().unwrap();
            if source.contains_key("max_age") {
                source.insert("max_age".to_owned(), "1d".into());
            }
        }
        fs::write(self.input().join("dataset.toml"), description.to_string()).unwrap();
    }

    /// Takes the files of a path away; gives them back with [`City::give`].
    pub(super) fn take(&self, path: &str) -> Vec<(PathBuf, Vec<u8>)> {
        let files = glob::glob(self.input().join(path).to_str().unwrap()).unwrap();
        let files: Vec<_> =
            files.map(|file| file.unwrap()).map(|file| (file.clone(), fs::read(file).unwrap())).collect();
        files.iter().for_each(|(file, _)| fs::remove_file(file).unwrap());
        assert!(!files.is_empty(), "{path} meets no file");
        files
    }

    pub(super) fn give(files: Vec<(PathBuf, Vec<u8>)>) {
        files.into_iter().for_each(|(file, bytes)| fs::write(file, bytes).unwrap());
    }

    pub(super) fn try_build(
        &self,
        out: &str,
        previous: Option<&str>,
        carry: &[&str],
    ) -> Result<Built, BuildError> {
        self.build_with(self.keys.first(), out, previous, carry)
    }

    pub(super) fn build_with(
        &self,
        key: &PersonKey,
        out: &str,
        previous: Option<&str>,
        carry: &[&str],
    ) -> Result<Built, BuildError> {
        let (input, catalog, out) = (self.input(), root().join("tools/catalog"), self.out(out));
        let previous = previous.map(|name| self.out(name));
        let carry: Vec<String> = carry.iter().map(|name| (*name).to_owned()).collect();
        let plan = Plan {
            parts: 2,
            previous: previous.as_deref(),
            carry: &carry,
            ..Plan::new(&input, &catalog, &out, key)
        };
        compile::build(&plan, &())
    }

    pub(super) fn build(&self, out: &str, previous: Option<&str>, carry: &[&str]) -> Built {
        self.try_build(out, previous, carry).unwrap()
    }

    pub(super) fn office(&self, name: &str) -> Office {
        Office::open(&self.out(name))
    }

    /// Everyone, as one may ask.
    pub(super) fn everyone(&self) -> (Vec<Known>, Vec<String>) {
        let model = Model::load(&self.input(), &root().join("tools/catalog")).unwrap();
        (model.every_way_to_ask().collect(), model.matters())
    }
}
