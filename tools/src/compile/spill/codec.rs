//! Plain bytes for what is spilled: little-endian numbers, lengths before texts.

use xinhe::domain::date::Day;
use xinhe::domain::identifier::{Country, IdKind, Identifier};

/// Appends a length: seven bits a byte, the last one without its top bit.
pub(crate) fn put_length(out: &mut Vec<u8>, mut length: usize) {
    while length >= 0x80 {
        out.push(length as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
}

/// Appends a text.
pub(crate) fn put_text(out: &mut Vec<u8>, text: &str) {
    put_length(out, text.len());
    out.extend_from_slice(text.as_bytes());
}

/// Appends a text that may be missing.
pub(crate) fn put_option(out: &mut Vec<u8>, text: Option<&str>) {
    out.push(u8::from(text.is_some()));
    if let Some(text) = text {
        put_text(out, text);
    }
}

/// Appends an identifier.
pub(crate) fn put_identifier(out: &mut Vec<u8>, id: &Identifier) {
    let country = id.country();
    out.push(id.kind().code() | u8::from(country.is_some()) << 7);
    if let Some(country) = country {
        out.extend_from_slice(country.as_str().as_bytes());
    }
    put_length(out, id.as_bytes().len());
    out.extend_from_slice(id.as_bytes());
}

/// Appends several identifiers.
pub(crate) fn put_identifiers<'i>(out: &mut Vec<u8>, ids: impl ExactSizeIterator<Item = &'i Identifier>) {
    put_length(out, ids.len());
    ids.for_each(|id| put_identifier(out, id));
}

/// Appends an identifier that may be missing.
pub(crate) fn put_optional_identifier(out: &mut Vec<u8>, id: Option<&Identifier>) {
    put_identifiers(out, id.as_slice().iter().copied());
}

/// Takes bytes apart in the order in which they were put; `None` where they end early or mean nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unpacker<'a>(pub(crate) &'a [u8]);

impl<'a> Unpacker<'a> {
    pub(crate) fn bytes(&mut self, length: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*bytes)
    }

    pub(crate) fn byte(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn day(&mut self) -> Option<Day> {
        self.array().map(i32::from_le_bytes).map(Day::from_number)
    }

    pub(crate) fn length(&mut self) -> Option<usize> {
        let mut length = 0usize;
        for shift in (0..usize::BITS).step_by(7) {
            let byte = self.byte()?;
            length |= usize::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Some(length);
            }
        }
        None
    }

    pub(crate) fn text(&mut self) -> Option<&'a str> {
        let length = self.length()?;
        std::str::from_utf8(self.bytes(length)?).ok()
    }

    pub(crate) fn option(&mut self) -> Option<Option<&'a str>> {
        if self.byte()? == 0 { Some(None) } else { self.text().map(Some) }
    }

    pub(crate) fn identifier(&mut self) -> Option<Identifier> {
        let head = self.byte()?;
        let country = if head & 0x80 == 0 {
            None
        } else {
            Some(Country::parse(std::str::from_utf8(self.bytes(3)?).ok()?)?)
        };
        let length = self.length()?;
        Identifier::restore(IdKind::from_code(head & 0x7F)?, country, self.bytes(length)?)
    }

    pub(crate) fn identifiers(&mut self) -> Option<Vec<Identifier>> {
        (0..self.length()?).map(|_| self.identifier()).collect()
    }

    pub(crate) fn optional_identifier(&mut self) -> Option<Option<Identifier>> {
        if self.length()? == 0 { Some(None) } else { self.identifier().map(Some) }
    }
}
