//! Putting a part together from its sections.

use super::super::layout::*;
use super::super::names::index_of;
use super::super::schema::{Counts, Meta};
use super::super::spool::Spool;
use super::super::{SnapshotError, convert};
use super::{PartWriter, fit, misused};
use crate::domain::catalogue::Entries;
use crate::domain::text::hex;
use sha2::Digest as _;
use std::io::Write;
use xxhash_rust::xxh3::xxh3_64;

/// Subjects a bucket of the directory, on average.
const BUCKET: u32 = 2;

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// What the part holds.
    pub counts: Counts,
    /// Bytes of the part.
    pub bytes: u64,
    /// Sum of its header, which the manifest tells.
    pub header: u64,
    /// Bytes of the origins file.
    pub origins_bytes: u64,
    /// Rows in it.
    pub origins_rows: u64,
}

impl PartWriter {
    /// Writes the part with this place among `parts`, and where its rows came from. `meta.counts` is filled in; `files`
    /// are the names that [`super::super::Provenance::file`] counts. What is copied is freed at once.
    #[expect(clippy::too_many_arguments, reason = "two files, and what stands at the head of each")]
    pub fn finish(
        self,
        mut meta: Meta,
        catalogue: &Entries,
        place: (u32, u32),
        files: &[String],
        part: &mut impl Write,
        origins: &mut impl Write,
    ) -> Result<Written, SnapshotError> {
        if self.is_open {
            return Err(misused("the last subject has not ended"));
        }
        fit("bytes of recurring strings", self.strings.size(), u32::MAX.into())?;
        let spool = || Spool::new(&self.folder);
        let of = |bytes: &[u8]| -> Result<Spool, SnapshotError> {
            let mut section = spool();
            section.push(bytes)?;
            Ok(section)
        };
        let mut aliases_of = 0;
        let mut counts = self.counts;
        // The first subject that claims a code keeps it; compile sees to it that there is one.
        let aliases = index_of(self.aliases, spool(), &mut aliases_of)?;
        counts.aliases = aliases_of;
        meta.counts = counts;
        let mut strings = spool();
        self.strings.encode(&mut strings)?;
        drop(self.strings);
        let name_index = self.name_index.finish(spool())?;
        let directory = of(&directory(&self.hashes))?;
        drop(self.hashes);
        let (text_index, texts) = self.texts.finish()?;
        let sections: [Spool; Section::COUNT] = [
            of(&archive(&meta)?)?,
            of(&archive(&convert::to_file(catalogue))?)?,
            directory,
            self.standings,
            self.entries,
            self.events,
            self.names,
            strings,
            self.labels,
            self.dossiers,
            text_index,
            texts,
            aliases,
            name_index,
        ];
        let (header, bytes) = write(sections, place, part)?;
        let origins_rows = self.origins.next();
        let origins_bytes = self.origins.finish(place, files, header, origins)?;
        Ok(Written { counts, bytes, header, origins_bytes, origins_rows })
    }
}

fn archive<T>(value: &T) -> Result<Vec<u8>, SnapshotError>
where
    T: for<'a> rkyv::Serialize<
            rkyv::api::high::HighSerializer<
                rkyv::util::AlignedVec,
                rkyv::ser::allocator::ArenaHandle<'a>,
                rkyv::rancor::Error,
            >,
        >,
{
    let bytes = rkyv::to_bytes::<rkyv::rancor::Error>(value);
    bytes.map(|bytes| bytes.to_vec()).map_err(|e| {
        SnapshotError::Parts(format!("the catalogue or the head of a part cannot be archived: {e}"))
    })
}

/// SHA-256 of a catalogue as parts hold it, in hex; empty if it cannot be archived.
pub fn catalogue_digest(catalogue: &Entries) -> String {
    let bytes = archive(&convert::to_file(catalogue)).unwrap_or_default();
    hex(&sha2::Sha256::digest(&bytes))
}

fn directory(hashes: &[u64]) -> Vec<u8> {
    let buckets = u64::from((hashes.len() as u32 / BUCKET).max(1));
    let mut starts = Vec::with_capacity(4 * (buckets as usize + 1));
    let mut next = 0u32;
    for bucket in 0..buckets {
        while (next as usize) < hashes.len()
            && ((u128::from(hashes[next as usize]) * u128::from(buckets)) >> 64) < u128::from(bucket)
        {
            next += 1;
        }
        starts.extend_from_slice(&next.to_le_bytes());
    }
    starts.extend_from_slice(&(hashes.len() as u32).to_le_bytes());
    starts
}

/// Writes the file. Returns the sum of its header and its length.
fn write(
    sections: [Spool; Section::COUNT],
    (part, parts): (u32, u32),
    out: &mut impl Write,
) -> Result<(u64, u64), SnapshotError> {
    let version = FORMAT_VERSION;
    let mut header = Header { version, part, parts, file_length: 0, sections: Default::default() };
    let mut offset = PAGE as u64;
    for (extent, section) in header.sections.iter_mut().zip(&sections) {
        *extent = Extent { offset, length: section.length(), sum: section.sum() };
        offset += section.length().next_multiple_of(PAGE as u64);
    }
    header.file_length = offset;
    let page = header.encode();
    out.write_all(&page)?;
    let zeros = [0; PAGE];
    for section in sections {
        let over = (section.length() % PAGE as u64) as usize;
        section.copy_to(out)?;
        out.write_all(&zeros[..(PAGE - over) % PAGE])?;
    }
    Ok((xxh3_64(&page), offset))
}
