//! The worked example, built once a run.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use tempfile::TempDir;
use xinhe::snapshot::PersonKeys;
use xinhe_tools::compile::{self, Plan};

/// A release of the worked example and the key of its persons.
pub(crate) struct Example {
    folder: TempDir,
}

impl Example {
    /// The release folder.
    pub(crate) fn release(&self) -> PathBuf {
        self.folder.path().join("release")
    }

    /// The key file.
    pub(crate) fn person_key(&self) -> PathBuf {
        self.folder.path().join("person.key")
    }
}

/// The worked example before corrections, as of 2026-11-20.
pub(crate) fn built() -> &'static Example {
    static BUILT: OnceLock<Example> = OnceLock::new();
    BUILT.get_or_init(|| build().unwrap_or_else(|error| panic!("the worked example does not build: {error}")))
}

fn build() -> Result<Example, Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/example");
    let dataset = folder.path().join("dataset");
    copy(&source, &dataset)?;
    // Its record ids are aliases, which only a second build can replace.
    fs::remove_file(dataset.join("corrections.csv"))?;
    let line = PersonKeys::line(&[7; 32]);
    fs::write(folder.path().join("person.key"), &line)?;
    let keys = PersonKeys::parse(&line)?;
    let plan = Plan {
        input: &dataset,
        catalog: &source.join("catalog"),
        out: &folder.path().join("release"),
        key: keys.first(),
        previous: None,
        parts: 2,
    };
    compile::build(&plan, &())?;
    Ok(Example { folder })
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() { copy(&path, &target)? } else { fs::copy(&path, &target).map(|_| ())? }
    }
    Ok(())
}
