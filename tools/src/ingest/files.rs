//! The files of a dataset, numbered.

use super::IngestError;
use super::columns::headings;
use super::csv::Csv;
use super::decode::Text;
use super::postgres::Databases;
use super::table::Table;
use super::{parquet, sheet};
use crate::dataset::{Dataset, DatasetError, Format, Source};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

/// All files of a dataset, by source and path; a database is one, named `postgres:<place of its source>`: [`crate::facts::Origin::file`] is a place in it.
#[derive(Debug, Clone, Default)]
pub struct Files {
    /// Paths below the dataset folder.
    pub names: Vec<String>,
    /// Which files are a source's.
    pub of_source: Vec<Range<u32>>,
    /// Bytes of each file as it is on disk.
    pub bytes: Vec<u64>,
    paths: Vec<PathBuf>,
    /// Open as long as these are known: every reading of the build sees one moment of each database.
    databases: Arc<Databases>,
}

impl Files {
    /// Finds the files of every source. None is no error.
    pub fn find(dataset: &Dataset) -> Result<Files, DatasetError> {
        let mut files = Files::default();
        for (place, source) in dataset.sources.iter().enumerate() {
            let first = files.count();
            if source.database.is_some() {
                files.names.push(format!("postgres:{}", place + 1));
                files.bytes.push(0);
                files.paths.push(PathBuf::new());
            }
            for path in dataset.files(source)? {
                let name = path.strip_prefix(&dataset.folder).unwrap_or(&path);
                files.names.push(name.to_string_lossy().into_owned());
                files.bytes.push(std::fs::metadata(&path).map_or(0, |meta| meta.len()));
                files.paths.push(path);
            }
            files.of_source.push(first..files.count());
        }
        Ok(files)
    }

    /// The name of the file with this number.
    pub fn name(&self, file: u32) -> &str {
        self.names.get(file as usize).map_or("", String::as_str)
    }

    /// Bytes of all files of a source.
    pub fn bytes_of(&self, source: usize) -> u64 {
        let files = self.of_source.get(source).cloned().unwrap_or_default();
        files.filter_map(|file| self.bytes.get(file as usize)).sum()
    }

    fn count(&self) -> u32 {
        u32::try_from(self.names.len()).unwrap_or(u32::MAX)
    }

    /// Opens a file of a source as a table.
    pub(super) fn open(&self, source: &Source, file: u32) -> Result<Box<dyn Table>, IngestError> {
        let name = self.name(file);
        let path = self.paths.get(file as usize).cloned().unwrap_or_default();
        let headings = headings(source.kind);
        if let Some(database) = &source.database {
            return Ok(Box::new(self.databases.open(database, name, &headings)?));
        }
        let format = match Format::of(&path) {
            Some(Format::Xlsx) => return Ok(Box::new(sheet::open(&path, name, &headings)?)),
            Some(Format::Parquet) => return Ok(Box::new(parquet::open(&path, name, &headings)?)),
            other => other.unwrap_or(Format::Plain),
        };
        let text = Text::open(&path, format, source.encoding);
        let text = text.map_err(|error| IngestError::Text { file: name.to_owned(), error })?;
        Ok(Box::new(Csv::new(text, name)))
    }
}
