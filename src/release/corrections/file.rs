//! A correction as a file: JSON whose last line but one is the signature of all lines before.

use super::{
    ALGORITHM, Correction, CorrectionsError, Draft, Key, LISTED, Listed, NAMES_MAX, Named, WITHDRAWN, What,
};
use crate::domain::date::Day;
use crate::domain::identifier::{IdKind, Identifier};
use crate::domain::record::{CorrectionKind, RecordId};
use crate::domain::subject::SubjectKind;
use crate::domain::text::hex;
use crate::signature::{PublicKeys, Purpose, SigningKey};
use crate::snapshot::{KeyId, SubjectKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

const FORMAT: u32 = 1;
const SIGNATURE_KEY: &str = "  \"signature\": \"";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: u32,
    number: u32,
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    withdraws: Option<Withdraws>,
    /// The name that was given, then the same record's under other codes of its subject.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    records: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    same: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    subject: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    listed: Option<Entry>,
    effective: String,
    document: String,
    authority: String,
    reason: String,
    time: String,
    previous: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Withdraws {
    number: u32,
    kind: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    subject_kind: String,
    name: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    name_digests: Vec<String>,
    list: String,
    since: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<String>,
}

/// Path of a correction in a store.
pub fn path(number: u32) -> String {
    format!("{}/{number:010}.json", super::FOLDER)
}

/// The number in a path; other files are none of ours.
pub(super) fn number(path: &str) -> Option<u32> {
    let digits = path.strip_prefix(super::FOLDER)?.strip_prefix('/')?.strip_suffix(".json")?;
    let plain = digits.len() == 10 && digits.bytes().all(|b| b.is_ascii_digit());
    digits.parse().ok().filter(|number| plain && *number > 0)
}

/// The bytes of a new file.
pub(super) fn write(
    number: u32,
    draft: &Draft,
    previous: &str,
    key: &SigningKey,
) -> Result<Vec<u8>, CorrectionsError> {
    let damaged = |error: serde_json::Error| CorrectionsError::Damaged { number, why: error.to_string() };
    let mut text = serde_json::to_string_pretty(&file(number, draft, previous)).map_err(damaged)?;
    // The closing brace moves behind the signature.
    text.truncate(text.trim_end_matches(['}', '\n']).len());
    text.push_str(",\n");
    let signature = key.sign(Purpose::Correction, text.as_bytes());
    text.push_str(SIGNATURE_KEY);
    text.push_str(signature.trim_end());
    text.push_str("\"\n}\n");
    Ok(text.into_bytes())
}

fn file(number: u32, draft: &Draft, previous: &str) -> File {
    let none = Named::default();
    let (named, withdraws, listed) = match &draft.what {
        What::Record(_, named) => (named, None, None),
        What::Withdrawn { number, kind, record } => {
            (record, Some(Withdraws { number: *number, kind: kind.clone() }), None)
        }
        What::Listed(listed) => (&none, None, Some(listed)),
    };
    let subject = listed.map_or(&named.subject, |listed| &listed.subject);
    File {
        format: FORMAT,
        number,
        kind: draft.what.word().to_owned(),
        withdraws,
        records: named.ids.iter().map(RecordId::to_string).collect(),
        same: named.same.clone(),
        subject: subject.iter().map(key_text).collect(),
        listed: listed.map(|listed| entry(listed)),
        effective: draft.effective.to_string(),
        document: draft.document.clone(),
        authority: draft.authority.clone(),
        reason: draft.reason.clone(),
        time: draft.time.clone(),
        previous: previous.to_owned(),
    }
}

fn entry(listed: &Listed) -> Entry {
    let digest = |(secret, digest): &(KeyId, [u8; 16])| format!("{ALGORITHM} {secret} {}", hex(digest));
    Entry {
        subject_kind: listed.kind.word().to_owned(),
        name: listed.name.clone(),
        name_digests: listed.name_digests.iter().map(digest).collect(),
        list: listed.list.clone(),
        since: listed.since.to_string(),
        until: listed.until.map(|day| day.to_string()),
    }
}

/// Reads a file and verifies its signature, if keys are given. Whether it follows the one before is for the chain to say.
pub(super) fn parse(
    wanted: u32,
    bytes: &[u8],
    keys: Option<&PublicKeys>,
) -> Result<Correction, CorrectionsError> {
    let damaged = |why: &str| CorrectionsError::Damaged { number: wanted, why: why.to_owned() };
    let text = std::str::from_utf8(bytes).map_err(|_| damaged("it is not UTF-8"))?;
    let (body, tail) = text.rsplit_once(SIGNATURE_KEY).ok_or_else(|| damaged("it has no signature"))?;
    let signature = tail.strip_suffix("\"\n}\n").filter(|line| !line.contains('\n'));
    let signature = signature.ok_or_else(|| damaged("it does not end behind its signature"))?;
    let verify = |keys: &PublicKeys| keys.verify(Purpose::Correction, body.as_bytes(), signature);
    let signed_by = keys.map(verify).transpose();
    let signed_by = signed_by.map_err(|source| CorrectionsError::Signature { number: wanted, source })?;
    let whole = format!("{}\n}}", body.trim_end_matches([',', '\n']));
    let file: File = serde_json::from_str(&whole).map_err(|error| damaged(&error.to_string()))?;
    if file.format != FORMAT {
        let why = format!("format {}, this program reads {FORMAT}: use a matching program", file.format);
        return Err(damaged(&why));
    }
    if file.number != wanted {
        return Err(damaged(&format!("it says that it is correction {}", file.number)));
    }
    let (previous, digest) = (file.previous.clone(), hex(&Sha256::digest(bytes)));
    let draft = draft(file).map_err(damaged)?;
    Ok(Correction { number: wanted, draft, previous, digest, signed_by })
}

/// Names what is not of its form.
fn draft(file: File) -> Result<Draft, &'static str> {
    if file.records.len() > NAMES_MAX || file.subject.len() > NAMES_MAX {
        return Err("it names more codes than a subject can have");
    }
    let effective = Day::parse_iso(&file.effective).ok_or("its field `effective` is no day")?;
    let ids = file.records.iter().map(|id| RecordId::parse(id));
    let ids = ids.collect::<Option<Vec<_>>>().ok_or("its field `records` holds no name of a record")?;
    let subject = file.subject.iter().map(|key| key_of(key));
    let subject = subject.collect::<Option<Vec<_>>>().ok_or("its field `subject` holds no code")?;
    let named = Named { ids, subject, same: file.same };
    let what = match (file.kind.as_str(), file.listed, file.withdraws) {
        (LISTED, Some(entry), None) => What::Listed(Box::new(listed(entry, named.subject)?)),
        (WITHDRAWN, None, Some(of)) if (1..file.number).contains(&of.number) => {
            What::Withdrawn { number: of.number, kind: of.kind, record: named }
        }
        (WITHDRAWN, ..) => return Err("its field `withdraws` names no earlier correction"),
        (kind, None, None) if !named.ids.is_empty() => {
            let kind = CorrectionKind::from_word(kind).ok_or("its field `kind` is unknown")?;
            What::Record(kind, named)
        }
        _ => return Err("its fields do not go with its kind"),
    };
    Ok(Draft {
        what,
        effective,
        document: file.document,
        authority: file.authority,
        reason: file.reason,
        time: file.time,
    })
}

fn listed(entry: Entry, subject: Vec<Key>) -> Result<Listed, &'static str> {
    let digests = entry.name_digests.iter().map(|line| {
        let (secret, digest) = digest_line(line)?;
        Some((secret, bytes::<16>(digest)?))
    });
    let listed = Listed {
        kind: SubjectKind::from_word(&entry.subject_kind).ok_or("its field `subject_kind` is unknown")?,
        name: entry.name,
        name_digests: digests.collect::<Option<_>>().ok_or("its field `name_digests` holds no digest")?,
        list: entry.list,
        since: Day::parse_iso(&entry.since).ok_or("its field `since` is no day")?,
        until: match entry.until {
            Some(day) => Some(Day::parse_iso(&day).ok_or("its field `until` is no day")?),
            None => None,
        },
        subject,
    };
    if listed.subject.is_empty() { Err("its field `subject` is missing") } else { Ok(listed) }
}

fn key_text(key: &Key) -> String {
    match key {
        Key::Clear(key) => {
            let kind = IdKind::from_code(key.to_bytes()[0]).map_or("", IdKind::word);
            format!("{kind} {}", key.code().unwrap_or_default())
        }
        Key::Digest(secret, key) => format!("{ALGORITHM} {secret} {}", hex(&key.to_bytes())),
    }
}

fn key_of(text: &str) -> Option<Key> {
    if let Some((secret, digest)) = digest_line(text) {
        let key = SubjectKey::from_bytes(bytes::<25>(digest)?)?;
        return key.code().is_none().then_some(Key::Digest(secret, key));
    }
    let (kind, code) = text.split_once(' ')?;
    let id = Identifier::parse(IdKind::asked(kind)?, code, Day::OPEN).ok()?;
    SubjectKey::in_clear(&id).map(Key::Clear)
}

fn digest_line(line: &str) -> Option<(KeyId, &str)> {
    let (secret, digest) = line.strip_prefix(ALGORITHM)?.strip_prefix(' ')?.split_once(' ')?;
    Some((KeyId::parse(secret)?, digest))
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != 2 * N || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}
