//! Reading a catalogue folder (`catalog.toml` and a folder a layer), with the file and line of all that is refused.
//!
//! The tables are read key by key and not by a derive, so that one run tells everything that is wrong.

mod files;
mod row;
#[cfg(test)]
mod tests;

use files::{FILES, Findings};
use row::{Row, Source};
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use toml::de::DeTable;
use xinhe::domain::catalogue::layers::{self, Layer, Place, Refusal, Remark};
use xinhe::domain::catalogue::{Catalogue, ObjectionMode};

/// Why there is no catalogue.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// A file or folder could not be read.
    #[error("{path}: cannot be read; a catalogue is a folder with catalog.toml and one folder a layer")]
    Unreadable {
        /// The path as given.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// What the files say is refused: one `file:line: what` a line, in the order of the files.
    #[error("{}", told(.0))]
    Refused(Vec<Refusal>),
}

fn told(refusals: &[Refusal]) -> String {
    refusals.iter().map(Refusal::to_string).collect::<Vec<_>>().join("\n")
}

/// Reads a catalogue folder and joins its layers. What is odd, but no reason to refuse, comes as remarks.
pub fn read(dir: &Path) -> Result<(Catalogue, Vec<Remark>), CatalogError> {
    let mut folder = Folder::new(dir);
    let (names, objection) = folder.head()?;
    let mut layers = Vec::with_capacity(names.len());
    for (name, at) in &names {
        layers.push(folder.layer(name, at)?);
    }
    let unlisted = folder.unlisted(&names)?;
    let Folder { findings: Findings { mut refusals, whole }, files, .. } = folder;
    // Where an entry could not be read, those that name it would be refused for nothing.
    let joined = if whole { layers::join(layers, objection) } else { Err(Vec::new()) };
    match joined {
        Ok((entries, mut remarks)) if refusals.is_empty() => {
            remarks.extend(unlisted);
            Ok((Catalogue::new(entries), remarks))
        }
        Ok(_) => Err(CatalogError::Refused(in_order(refusals, &files))),
        Err(more) => {
            refusals.extend(more);
            Err(CatalogError::Refused(in_order(refusals, &files)))
        }
    }
}

fn in_order(mut refusals: Vec<Refusal>, files: &[String]) -> Vec<Refusal> {
    let rank = |refusal: &Refusal| files.iter().position(|file| *file == refusal.at.file);
    refusals.sort_by_key(|refusal| (rank(refusal), refusal.at.line));
    refusals
}

/// A catalogue folder while it is read.
struct Folder<'d> {
    dir: &'d Path,
    findings: Findings,
    /// The files read, as refusals name them.
    files: Vec<String>,
}

impl<'d> Folder<'d> {
    fn new(dir: &'d Path) -> Folder<'d> {
        Folder { dir, findings: Findings { refusals: Vec::new(), whole: true }, files: Vec::new() }
    }

    fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> CatalogError {
        let path = path.to_owned();
        |source| CatalogError::Unreadable { path, source }
    }

    /// A path within the folder as refusals tell it: from the folder's own name on.
    fn told(&self, within: &Path) -> String {
        Path::new(self.dir.file_name().unwrap_or_default()).join(within).display().to_string()
    }

    fn refuse(&mut self, at: Place, what: String) {
        self.findings.refusals.push(Refusal { at, what });
    }

    fn source(&mut self, within: &Path) -> Result<Source, CatalogError> {
        let path = self.dir.join(within);
        let text = std::fs::read_to_string(&path).map_err(Self::unreadable(&path))?;
        let told = self.told(within);
        self.files.push(told.clone());
        Ok(Source::new(told, text))
    }

    /// The file as one row; `None` if it is no TOML, which is refused with line and column.
    fn row<'s>(&mut self, source: &'s Source, what: &str) -> Option<Row<'s>> {
        match DeTable::parse(source.text()) {
            Ok(table) => Some(Row::new(source, 0..0, what, table.into_inner())),
            Err(error) => {
                let (at, column) = source.column(error.span().map_or(0, |span| span.start));
                self.refuse(at, format!("column {column}: not TOML: {}", error.message()));
                self.findings.whole = false;
                None
            }
        }
    }

    /// Names and places of the layers, and what an entry under objection can do.
    fn head(&mut self) -> Result<(Vec<(String, Place)>, ObjectionMode), CatalogError> {
        let source = self.source(Path::new("catalog.toml"))?;
        let Some(mut row) = self.row(&source, "the catalogue") else {
            return Ok((Vec::new(), ObjectionMode::Counts));
        };
        let names = row.located_texts("layers");
        let objection =
            row.optional_word("objection", ObjectionMode::Counts).unwrap_or(ObjectionMode::Counts);
        let top = row.at();
        let before = self.findings.refusals.len();
        row.finish(&mut self.findings.refusals);
        if names.is_empty() && self.findings.refusals.len() == before {
            self.refuse(top, "the catalogue has no `layers`: name its folders, the base first".to_owned());
        }
        let mut seen = BTreeSet::new();
        let mut layers = Vec::with_capacity(names.len());
        for (name, at) in names {
            let plain = !matches!(name.as_str(), "" | "." | "..") && !name.contains(['/', '\\']);
            if !plain {
                self.refuse(at, format!("layer `{name}` is no name of a folder beside catalog.toml"));
                self.findings.whole = false;
            } else if !seen.insert(name.clone()) {
                self.refuse(at, format!("layer `{name}` is a duplicate; keep one"));
            } else {
                layers.push((name, at));
            }
        }
        Ok((layers, objection))
    }

    fn layer(&mut self, name: &str, at: &Place) -> Result<Layer, CatalogError> {
        let mut layer = Layer { name: name.to_owned(), ..Layer::default() };
        let path = self.dir.join(name);
        if !path.is_dir() {
            let what = format!("layer `{name}` has no folder {}", self.told(Path::new(name)));
            self.refuse(at.clone(), what);
            self.findings.whole = false;
            return Ok(layer);
        }
        let held = tables(&path)?;
        for strange in held.iter().filter(|file| !FILES.contains(&file.as_str())) {
            let at = Place { file: self.told(&Path::new(name).join(strange)), line: 1 };
            self.files.push(at.file.clone());
            self.refuse(at, format!("unknown file, expected {}", FILES.join(", ")));
        }
        for file in FILES.into_iter().filter(|file| held.contains(*file)) {
            let source = self.source(&Path::new(name).join(file))?;
            if let Some(row) = self.row(&source, "the file") {
                files::into_layer(file, row, &mut layer, &mut self.findings);
            }
        }
        Ok(layer)
    }

    /// Folders that hold tables, but that `layers` does not name.
    fn unlisted(&self, layers: &[(String, Place)]) -> Result<Vec<Remark>, CatalogError> {
        let mut remarks = Vec::new();
        for name in names(self.dir)? {
            let path = self.dir.join(&name);
            if layers.iter().any(|(layer, _)| *layer == name) || !path.is_dir() || tables(&path)?.is_empty() {
                continue;
            }
            let at = Place { file: self.told(Path::new("catalog.toml")), line: 1 };
            remarks.push(Remark {
                at,
                what: format!("`layers` does not name the folder `{name}`: it is not read"),
            });
        }
        Ok(remarks)
    }
}

/// The names within a folder, in order.
fn names(dir: &Path) -> Result<BTreeSet<String>, CatalogError> {
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(dir).map_err(Folder::unreadable(dir))? {
        let entry = entry.map_err(Folder::unreadable(dir))?;
        names.insert(entry.file_name().to_string_lossy().into_owned());
    }
    Ok(names)
}

/// The TOML files of a folder.
fn tables(dir: &Path) -> Result<BTreeSet<String>, CatalogError> {
    let mut names = names(dir)?;
    names.retain(|name| name.ends_with(".toml"));
    Ok(names)
}
