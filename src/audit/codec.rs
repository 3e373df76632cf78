//! Numbers, texts and lists as entries hold them: little-endian, lengths as LEB128.

/// Appends a length or count.
pub(super) fn put_count(out: &mut Vec<u8>, mut count: usize) {
    while count >= 0x80 {
        out.push(count as u8 | 0x80);
        count >>= 7;
    }
    out.push(count as u8);
}

/// Appends bytes behind their length.
pub(super) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_count(out, bytes.len());
    out.extend_from_slice(bytes);
}

/// Reads what the functions above wrote. Everything may be missing: `None` then, and the entry is damaged.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    rest: &'a [u8],
}

impl<'a> Source<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Source<'a> {
        Source { rest: bytes }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// What is not read yet.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(super) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// A length or count, in its shortest form only: one value has one form.
    pub(super) fn count(&mut self) -> Option<usize> {
        let mut count = 0u64;
        for place in 0..5 {
            let byte = self.byte()?;
            count |= u64::from(byte & 0x7F) << (7 * place);
            if byte & 0x80 == 0 {
                let shortest = place == 0 || byte != 0;
                return usize::try_from(count).ok().filter(|_| shortest);
            }
        }
        None
    }

    pub(super) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.count()?;
        self.take(length)
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }
}

/// An item of a list.
pub trait Item<'a>: Sized {
    /// Appends it.
    fn put(&self, out: &mut Vec<u8>);
    /// Reads it; `None` if it is damaged.
    #[doc(hidden)]
    fn take(bytes: &mut &'a [u8]) -> Option<Self>;
}

/// A list whose items stay packed until they are asked for, so that an entry needs no list of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Packed<'a> {
    count: u32,
    bytes: &'a [u8],
}

impl<'a> Packed<'a> {
    /// No item.
    pub const EMPTY: Packed<'static> = Packed { count: 0, bytes: &[] };

    /// So many items, one behind the other as [`Item::put`] wrote them.
    pub fn new(count: u32, bytes: &'a [u8]) -> Packed<'a> {
        Packed { count, bytes }
    }

    /// Packs items into a buffer of their own.
    pub fn pack<T: Item<'a>>(buffer: &'a mut Vec<u8>, items: &[T]) -> Packed<'a> {
        buffer.clear();
        items.iter().for_each(|item| item.put(buffer));
        Packed { count: items.len() as u32, bytes: buffer }
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.count as usize
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The items.
    pub fn items<T: Item<'a>>(&self) -> impl Iterator<Item = T> + use<'a, T> {
        let mut rest = self.bytes;
        (0..self.count).map_while(move |_| T::take(&mut rest))
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        put_count(out, self.count as usize);
        put_bytes(out, self.bytes);
    }

    /// Reads a list and looks at every item once, so that later nobody meets a damaged one.
    pub(super) fn take<T: Item<'a>>(source: &mut Source<'a>) -> Option<Packed<'a>> {
        let count = u32::try_from(source.count()?).ok()?;
        let bytes = source.bytes()?;
        let mut rest = bytes;
        for _ in 0..count {
            T::take(&mut rest)?;
        }
        rest.is_empty().then_some(Packed { count, bytes })
    }
}

impl std::fmt::Debug for Packed<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Packed({} items, {} bytes)", self.count, self.bytes.len())
    }
}

/// Reads one item with a [`Source`], for [`Item::take`].
pub(super) fn item<'a, T>(
    bytes: &mut &'a [u8],
    read: impl FnOnce(&mut Source<'a>) -> Option<T>,
) -> Option<T> {
    let mut source = Source::new(bytes);
    let found = read(&mut source)?;
    *bytes = source.rest();
    Some(found)
}
