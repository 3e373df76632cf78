//! The files of a dataset, numbered.

use super::IngestError;
use super::csv::Csv;
use super::decode::Text;
use super::table::Table;
use crate::dataset::{Dataset, DatasetError, Format, Source};
use std::ops::Range;
use std::path::PathBuf;

/// All files of a dataset, by source and path: [`crate::facts::Origin::file`] is a place in it.
#[derive(Debug, Clone, Default)]
pub struct Files {
    /// Paths below the dataset folder.
    pub names: Vec<String>,
    /// Which files are a source's.
    pub of_source: Vec<Range<u32>>,
    /// Bytes of each file as it is on disk.
    pub bytes: Vec<u64>,
    paths: Vec<PathBuf>,
}

impl Files {
    /// Finds the files of every source. None is no error.
    pub fn find(dataset: &Dataset) -> Result<Files, DatasetError> {
        let mut files = Files::default();
        for source in &dataset.sources {
            let first = files.count();
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
        let format = Format::of(&path).unwrap_or(Format::Plain);
        let text = Text::open(&path, format, source.encoding);
        let text = text.map_err(|error| IngestError::Text { file: name.to_owned(), error })?;
        Ok(Box::new(Csv::new(text, name)))
    }
}
