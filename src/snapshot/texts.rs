//! The describing texts of records: tagged, joined, cut into blocks and compressed.

use super::SnapshotError;
use super::layout::u64_at;
use super::spool::Spool;
use std::borrow::Cow;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};
use zstd::bulk::Compressor;

/// Raw bytes of a block.
const BLOCK: usize = 64 * 1024;
/// Of the texts of an invented city, 142 bytes a record, level 3 leaves 1/5.3 at 376 ns a record, 2 leaves 1/5.0 at 340,
/// 1 leaves 1/5.0 at 270, -1 leaves 1/4.4 at 280 and -3 leaves 1/3.8 at 250; a compressor for each block costs 40 ns more.
const LEVEL: i32 = 1;
/// Blocks that wait to be compressed.
const BLOCKS_WAITING: usize = 16;

/// What a text describes. Names are those of the detail reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Tag {
    Document,
    Class,
    Number,
    Title,
    Content,
    Offence,
    Facts,
    Basis,
    Procedure,
    Fine,
    Confiscated,
    LicenceHit,
    ValidFrom,
    ValidTo,
    Matter,
    Due,
    Fulfilment,
    Ground,
    Grade,
    Year,
    Remark,
}

impl Tag {
    /// All tags, in the order of their stable numbers.
    pub const ALL: [Tag; 21] = [
        Tag::Document,
        Tag::Class,
        Tag::Number,
        Tag::Title,
        Tag::Content,
        Tag::Offence,
        Tag::Facts,
        Tag::Basis,
        Tag::Procedure,
        Tag::Fine,
        Tag::Confiscated,
        Tag::LicenceHit,
        Tag::ValidFrom,
        Tag::ValidTo,
        Tag::Matter,
        Tag::Due,
        Tag::Fulfilment,
        Tag::Ground,
        Tag::Grade,
        Tag::Year,
        Tag::Remark,
    ];

    /// The key of the detail reply.
    pub const fn word(self) -> &'static str {
        match self {
            Tag::Document => "document",
            Tag::Class => "class",
            Tag::Number => "number",
            Tag::Title => "title",
            Tag::Content => "content",
            Tag::Offence => "offence",
            Tag::Facts => "facts",
            Tag::Basis => "basis",
            Tag::Procedure => "procedure",
            Tag::Fine => "fine",
            Tag::Confiscated => "confiscated",
            Tag::LicenceHit => "licence_hit",
            Tag::ValidFrom => "valid_from",
            Tag::ValidTo => "valid_to",
            Tag::Matter => "matter",
            Tag::Due => "due",
            Tag::Fulfilment => "fulfilment",
            Tag::Ground => "ground",
            Tag::Grade => "grade",
            Tag::Year => "year",
            Tag::Remark => "remark",
        }
    }
}

/// Takes joined texts apart; `None` if the bytes are not such.
pub(super) fn part(mut bytes: &[u8]) -> Option<Vec<(Tag, String)>> {
    let mut texts = Vec::new();
    while let Some((head, rest)) = bytes.split_first_chunk::<5>() {
        let [tag, length @ ..] = *head;
        let (text, rest) = rest.split_at_checked(u32::from_le_bytes(length) as usize)?;
        texts.push((*Tag::ALL.get(usize::from(tag))?, std::str::from_utf8(text).ok()?.to_owned()));
        bytes = rest;
    }
    bytes.is_empty().then_some(texts)
}

/// Joins texts and cuts them into blocks, which a thread beside compresses.
pub(super) struct BlockWriter {
    pending: Vec<u8>,
    raw: u64,
    press: Press,
}

impl BlockWriter {
    /// Grows in this folder.
    pub(super) fn new(folder: &Arc<Path>) -> io::Result<BlockWriter> {
        Ok(BlockWriter { pending: Vec::with_capacity(2 * BLOCK), raw: 0, press: Press::new(folder)? })
    }

    /// Offset in the raw stream at which the next text begins.
    pub(super) fn offset(&self) -> u64 {
        self.raw
    }

    /// Adds the texts of a record, joined: tag u8, length u32, bytes. Returns their bytes.
    pub(super) fn push(&mut self, texts: &[(Tag, Cow<'_, str>)]) -> io::Result<u64> {
        let before = self.raw;
        for (tag, text) in texts {
            self.pending.push(*tag as u8);
            self.pending.extend_from_slice(&(text.len() as u32).to_le_bytes());
            self.pending.extend_from_slice(text.as_bytes());
            self.raw += 5 + text.len() as u64;
        }
        while self.pending.len() >= BLOCK {
            let mut rest = Vec::with_capacity(2 * BLOCK);
            rest.extend_from_slice(&self.pending[BLOCK..]);
            self.pending.truncate(BLOCK);
            self.press.block(std::mem::replace(&mut self.pending, rest))?;
        }
        Ok(self.raw - before)
    }

    /// The sections `text-index` and `texts`.
    pub(super) fn finish(mut self) -> io::Result<(Spool, Spool)> {
        if !self.pending.is_empty() {
            self.press.block(self.pending)?;
        }
        self.press.finish()
    }
}

/// The thread that compresses blocks in their order, with one compressor. It ends with its owner.
struct Press {
    blocks: Option<SyncSender<Vec<u8>>>,
    thread: Option<JoinHandle<io::Result<(Spool, Spool)>>>,
}

impl Press {
    fn new(folder: &Arc<Path>) -> io::Result<Press> {
        let (sender, blocks) = sync_channel::<Vec<u8>>(BLOCKS_WAITING);
        let (mut index, mut texts) = (Spool::new(folder), Spool::new(folder));
        let mut compressor = Compressor::new(LEVEL)?;
        let work = move || {
            let mut packed = Vec::with_capacity(zstd::zstd_safe::compress_bound(BLOCK));
            index.push(&0u64.to_le_bytes())?;
            for block in blocks {
                packed.clear();
                compressor.compress_to_buffer(&block, &mut packed)?;
                texts.push(&packed)?;
                index.push(&texts.length().to_le_bytes())?;
            }
            Ok((index, texts))
        };
        let thread = Builder::new().name("texts".to_owned()).spawn(work)?;
        Ok(Press { blocks: Some(sender), thread: Some(thread) })
    }

    fn block(&mut self, block: Vec<u8>) -> io::Result<()> {
        match self.blocks.as_ref().is_some_and(|blocks| blocks.send(block).is_ok()) {
            true => Ok(()),
            // It ended early: its error is told.
            false => self.end().map(drop),
        }
    }

    fn finish(mut self) -> io::Result<(Spool, Spool)> {
        self.end()
    }

    fn end(&mut self) -> io::Result<(Spool, Spool)> {
        self.blocks = None;
        let ended = self.thread.take().map(JoinHandle::join);
        ended.and_then(Result::ok).unwrap_or_else(|| Err(io::Error::other("no thread compresses texts")))
    }
}

impl Drop for Press {
    fn drop(&mut self) {
        // Nothing is made in the folder once its owner is gone.
        drop(self.end());
    }
}

/// Reads stretches of the raw stream; of stretches that follow each other every block is unpacked once.
pub(super) struct TextReader<'a> {
    index: &'a [u8],
    blocks: &'a [u8],
    unpacked: Option<(usize, Vec<u8>)>,
}

impl<'a> TextReader<'a> {
    /// Over the sections `text-index` and `texts`.
    pub(super) fn new(index: &'a [u8], blocks: &'a [u8]) -> TextReader<'a> {
        TextReader { index, blocks, unpacked: None }
    }

    /// Number of blocks.
    pub(super) fn blocks(&self) -> usize {
        (self.index.len() / 8).saturating_sub(1)
    }

    /// Bytes of the raw stream.
    pub(super) fn raw_length(&mut self) -> Result<u64, SnapshotError> {
        match self.blocks().checked_sub(1) {
            None => Ok(0),
            Some(last) => Ok(last as u64 * BLOCK as u64 + self.block(last)?.len() as u64),
        }
    }

    pub(super) fn read(&mut self, offset: u64, length: u32) -> Result<Vec<u8>, SnapshotError> {
        let (first, skip) = ((offset / BLOCK as u64) as usize, (offset % BLOCK as u64) as usize);
        let wanted = skip + length as usize;
        if length > 0 && first.saturating_add(wanted.div_ceil(BLOCK)) > self.blocks() {
            return Err(corrupt(offset, "a text lies behind the last block"));
        }
        let mut raw = Vec::with_capacity(wanted);
        let mut block = first;
        while raw.len() < wanted && length > 0 {
            raw.extend_from_slice(self.block(block)?);
            block += 1;
        }
        if raw.len() < wanted && length > 0 {
            return Err(corrupt(offset, "a text lies behind the last block"));
        }
        raw.truncate(wanted);
        raw.drain(..skip.min(raw.len()));
        Ok(raw)
    }

    /// The raw bytes of a block.
    pub(super) fn block(&mut self, block: usize) -> Result<&[u8], SnapshotError> {
        if self.unpacked.as_ref().is_none_or(|(known, _)| *known != block) {
            let at = block as u64 * BLOCK as u64;
            let (start, end) = (u64_at(self.index, 8 * block), u64_at(self.index, 8 * block + 8));
            let packed = self.blocks.get(start as usize..end as usize);
            let packed = packed.ok_or_else(|| corrupt(at, "a block lies outside the section"))?;
            let raw = zstd::bulk::decompress(packed, BLOCK).map_err(|e| corrupt(at, &e.to_string()))?;
            if raw.len() != BLOCK && block + 1 != self.blocks() || raw.is_empty() {
                return Err(corrupt(at, "a block of another size"));
            }
            self.unpacked = Some((block, raw));
        }
        Ok(self.unpacked.as_ref().map_or(&[], |(_, raw)| raw))
    }
}

fn corrupt(offset: u64, what: &str) -> SnapshotError {
    SnapshotError::Corrupt { section: "texts", offset, what: what.to_owned() }
}

/// Reads a stretch of the raw stream.
pub(super) fn read(index: &[u8], blocks: &[u8], offset: u64, length: u32) -> Result<Vec<u8>, SnapshotError> {
    TextReader::new(index, blocks).read(offset, length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_cross_blocks() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = BlockWriter::new(&Arc::from(folder.path())).unwrap();
        let texts =
            (0..300).map(|n: usize| vec![(Tag::Content, "文".repeat(n * 7)), (Tag::Remark, n.to_string())]);
        let texts: Vec<_> = texts.collect();
        let mut places = Vec::new();
        for text in &texts {
            let borrowed: Vec<_> =
                text.iter().map(|(tag, text)| (*tag, Cow::Borrowed(text.as_str()))).collect();
            places.push((writer.offset(), writer.push(&borrowed).unwrap() as u32));
        }
        let sections = writer.finish().unwrap();
        let [index, blocks] = [sections.0, sections.1].map(|section| {
            let mut bytes = Vec::new();
            section.copy_to(&mut bytes).unwrap();
            bytes
        });
        for (text, (offset, length)) in texts.iter().zip(places) {
            let raw = read(&index, &blocks, offset, length).unwrap();
            assert_eq!(part(&raw).as_ref(), Some(text));
            if length > 0 {
                assert_eq!(part(&raw[..raw.len() - 1]), None);
            }
        }
        assert!(read(&index, &blocks, 1 << 40, 5).is_err());
    }

    #[test]
    fn texts_with_an_unknown_tag_do_not_come_apart() {
        assert_eq!(part(&[]), Some(vec![]));
        assert_eq!(part(&[99, 0, 0, 0, 0]), None);
    }
}
