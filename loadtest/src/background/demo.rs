//! A demo that runs on this machine: where its city, its keys and its store are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use xinhe::live::Clock;

/// How the temporary folder of a demo begins.
const PREFIX: &str = "xinhe-demo-";

/// Why there is no demo.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DemoError {
    /// Nowhere.
    #[error(
        "no demo runs on this machine (no {PREFIX}* with a city in {0}): start one with `cargo demo`, or name its folder with --demo, or a dataset with --dataset"
    )]
    None(String),
    /// Not one.
    #[error("{0} is no folder of a demo: it has no city/subjects; give what `xinhe demo --dir` was given")]
    NotOne(String),
    /// No folder for what is made meanwhile.
    #[error("no folder for files of the run: {0}")]
    Work(std::io::Error),
}

/// A demo's folder.
#[derive(Debug)]
pub(crate) struct Demo {
    folder: PathBuf,
}

impl Demo {
    /// The one that was named, or the newest that runs.
    pub(crate) fn find(named: Option<&Path>) -> Result<Self, DemoError> {
        let is_one = |folder: &Path| folder.join("city/subjects").is_dir();
        if let Some(folder) = named {
            let shown = || folder.display().to_string();
            let folder = std::path::absolute(folder).map_err(|_| DemoError::NotOne(shown()))?;
            return if is_one(&folder) { Ok(Self { folder }) } else { Err(DemoError::NotOne(shown())) };
        }
        let temporary = std::env::temp_dir();
        let entries = std::fs::read_dir(&temporary).into_iter().flatten().flatten();
        let demos = entries
            .filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX) && is_one(&entry.path()));
        let newest = demos.max_by_key(|entry| entry.metadata().and_then(|about| about.modified()).ok());
        let folder = newest.map(|entry| entry.path());
        folder.map(|folder| Self { folder }).ok_or_else(|| DemoError::None(temporary.display().to_string()))
    }

    /// The dataset that it was built from.
    pub(crate) fn dataset(&self) -> PathBuf {
        self.folder.join("city")
    }

    /// The store that it follows.
    pub(crate) fn store(&self) -> String {
        format!("file://{}", self.folder.join("store").display().to_string().replace('%', "%25"))
    }

    /// The key of its persons.
    pub(crate) fn person_key(&self) -> PathBuf {
        self.folder.join("person.key")
    }

    /// The release that it began with becomes that of turn 0.
    pub(crate) fn lay_out(&self, work: &Path) -> std::io::Result<()> {
        std::os::unix::fs::symlink(self.folder.join("release"), work.join("release-0"))
    }

    /// What `{…}` stand for in commands of a scenario.
    pub(crate) fn words(&self, work: &Path) -> BTreeMap<&'static str, String> {
        let shown = |path: PathBuf| path.display().to_string();
        let day = Clock::System.today();
        let catalog = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("tools").join("catalog");
        BTreeMap::from([
            ("xinhe", program()),
            ("store", self.store()),
            ("city", shown(self.dataset())),
            ("catalog", shown(catalog)),
            ("release", shown(self.folder.join("release"))),
            ("release-key", shown(self.folder.join("release.key"))),
            ("person-key", shown(self.person_key())),
            ("work", shown(work.to_path_buf())),
            ("today", day.to_string()),
        ])
    }
}

/// `xinhe` beside this program, or on the path.
fn program() -> String {
    let beside = std::env::current_exe().ok().map(|own| own.with_file_name("xinhe"));
    let found = beside.filter(|path| path.is_file());
    found.map_or_else(|| "xinhe".to_owned(), |path| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_a_city_is_no_demo() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(Demo::find(Some(folder.path())), Err(DemoError::NotOne(_))));
        std::fs::create_dir_all(folder.path().join("city/subjects")).unwrap();
        let demo = Demo::find(Some(folder.path())).unwrap();
        assert!(demo.words(Path::new("/w"))["store"].ends_with("/store"));
    }
}
