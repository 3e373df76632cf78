//! Checkpoints: how far the log was at a moment, in a few lines that can be kept away from the machine. Whoever holds
//! one can tell later whether anything before it was changed or is missing.

use super::frame::Link;
use super::id::Place;
use crate::domain::text::hex;
use crate::signature::{PublicKeys, Purpose, SignatureError, SigningKey, hex_bytes};

/// What the lines say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saying {
    /// The log was this far.
    Reached,
    /// What the log held up to there was taken away on purpose: its time was over, or it was moved to a store.
    Retired,
}

impl Saying {
    const fn first_line(self) -> &'static str {
        match self {
            Saying::Reached => "xinhe checkpoint 1",
            Saying::Retired => "xinhe retired 1",
        }
    }
}

/// How far the log was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// The node.
    pub node: u16,
    /// Where the next batch would have begun.
    pub end: Place,
    /// Entries of the log before that, from its beginning.
    pub entries: u64,
    /// The last link of the chain.
    pub(super) link: Link,
    /// When, in microseconds since 1970-01-01T00:00:00Z.
    pub time_us: u64,
}

/// Why a checkpoint is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// It is no checkpoint.
    #[error("line {0}: this is no checkpoint of receipts, or it was changed")]
    Form(usize),
    /// It bears no signature, but one is expected.
    #[error("it is not signed, so anybody could have made it: give the server an audit.key")]
    Unsigned,
    /// Its signature does not fit.
    #[error(transparent)]
    Signature(#[from] SignatureError),
}

impl Checkpoint {
    /// The file: a line a value, then the signature if there is a key.
    pub fn text(&self, saying: Saying, key: Option<&SigningKey>) -> String {
        let first = saying.first_line();
        let Checkpoint { node, end, entries, link, time_us } = self;
        let (segment, offset, link) = (end.segment, end.offset, hex(link));
        let body = format!(
            "{first}\nnode {node}\nsegment {segment}\noffset {offset}\nentries {entries}\nlink {link}\ntime_us {time_us}\n"
        );
        let signature = key.map(|key| key.sign(Purpose::Checkpoint, body.as_bytes())).unwrap_or_default();
        body + &signature
    }

    /// Reads a file, and with keys compares its signature. Tells the name of the key that signed, if that was compared.
    pub fn parse(
        saying: Saying,
        text: &str,
        keys: Option<&PublicKeys>,
    ) -> Result<(Checkpoint, Option<String>), CheckpointError> {
        let (checkpoint, body_bytes) = Checkpoint::fields(saying, text)?;
        let (body, signature) = text.split_at(body_bytes);
        let signed_by = match keys {
            None => None,
            Some(_) if signature.trim().is_empty() => return Err(CheckpointError::Unsigned),
            Some(keys) => Some(keys.verify(Purpose::Checkpoint, body.as_bytes(), signature)?),
        };
        Ok((checkpoint, signed_by))
    }

    fn fields(saying: Saying, text: &str) -> Result<(Checkpoint, usize), CheckpointError> {
        let mut at = 0;
        let mut number = 0;
        let mut next = |name: &str| {
            number += 1;
            let rest = text.get(at..).unwrap_or_default();
            let line = rest.split_inclusive('\n').next().and_then(|line| line.strip_suffix('\n'));
            let line = line.ok_or(CheckpointError::Form(number))?;
            at += line.len() + 1;
            let value = line.strip_prefix(name).and_then(|value| value.strip_prefix(' '));
            let first = name.is_empty() && line == saying.first_line();
            value
                .or(first.then_some(""))
                .map(|value| (value, at, number))
                .ok_or(CheckpointError::Form(number))
        };
        next("")?;
        fn number_of<T: std::str::FromStr>(field: (&str, usize, usize)) -> Result<T, CheckpointError> {
            field.0.parse().map_err(|_| CheckpointError::Form(field.2))
        }
        let node = number_of(next("node")?)?;
        let end = Place { segment: number_of(next("segment")?)?, offset: number_of(next("offset")?)? };
        let entries = number_of(next("entries")?)?;
        let link = next("link")?;
        let link = hex_bytes(link.0).ok_or(CheckpointError::Form(link.2))?;
        let last = next("time_us")?;
        Ok((Checkpoint { node, end, entries, link, time_us: number_of(last)? }, last.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_reads_as_it_was_signed() {
        let key = SigningKey::new(&[7; 32]);
        let keys = PublicKeys::parse(&key.public().line()).unwrap();
        let end = Place { segment: 2, offset: 900 };
        let made = Checkpoint { node: 1, end, entries: 17, link: [9; 32], time_us: 5 };
        let text = made.text(Saying::Reached, Some(&key));
        assert_eq!(
            Checkpoint::parse(Saying::Reached, &text, Some(&keys)),
            Ok((made, Some(key.public().id())))
        );
        assert_eq!(Checkpoint::parse(Saying::Reached, &text, None), Ok((made, None)));
        let unsigned = made.text(Saying::Reached, None);
        assert_eq!(
            Checkpoint::parse(Saying::Reached, &unsigned, Some(&keys)),
            Err(CheckpointError::Unsigned)
        );
        let forged = text.replace("entries 17", "entries 16");
        assert!(matches!(
            Checkpoint::parse(Saying::Reached, &forged, Some(&keys)),
            Err(CheckpointError::Signature(_))
        ));
        for end in 0..unsigned.len() {
            assert!(Checkpoint::parse(Saying::Reached, &unsigned[..end], None).is_err(), "cut at {end}");
        }
    }
}
