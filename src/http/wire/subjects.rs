//! The replies of `POST /v1/subjects/search` and `/detail`.

use super::Reply;
use super::text::push_text;
use crate::lookup::{Item, Named, Registration, Report};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

#[derive(Serialize)]
struct FoundByName<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    name: &'a str,
    kind: &'static str,
    registered: bool,
    rank: &'static str,
    matched: &'a str,
    former: bool,
}

/// Writes the organisations that a search found.
pub(in crate::http) fn write_found(out: &mut Vec<u8>, found: &[Named], data: &[u8]) {
    let subjects: Vec<FoundByName<'_>> = found
        .iter()
        .map(|named| FoundByName {
            id: named.id.as_deref(),
            name: &named.name,
            kind: named.kind.word(),
            registered: named.registered,
            rank: named.rank.word(),
            matched: &named.matched,
            former: named.former,
        })
        .collect();
    out.extend_from_slice(b"{\"subjects\":");
    push_json(out, &subjects);
    out.extend_from_slice(b",\"data\":");
    out.extend_from_slice(data);
    out.push(b'}');
}

/// Writes what may be seen of a subject. The subject stands as in the reply of a check.
pub(in crate::http) fn write_report<B: AsRef<[u8]>>(
    out: &mut Vec<u8>,
    reply: &Reply<'_, B>,
    report: &Report,
) {
    out.push(b'{');
    let start = out.len();
    reply.subject(out);
    // The subject of a check's reply follows the verdict; here it comes first.
    out.remove(start);
    out.extend_from_slice(b",\"sections\":{");
    let mut separator: &[u8] = b"";
    if let Some(facts) = &report.registration {
        out.extend_from_slice(b"\"registration\":");
        push_json(out, &Facts::of(facts));
        separator = b",";
    }
    for (section, items) in &report.sections {
        out.extend_from_slice(separator);
        push_text(out, section.word());
        out.push(b':');
        push_json(out, &items.iter().map(Record).collect::<Vec<_>>());
        separator = b",";
    }
    out.extend_from_slice(b"},\"data\":");
    out.extend_from_slice(reply.data);
    out.push(b'}');
}

/// Facts of the register that the subject does not show already.
#[derive(Serialize)]
struct Facts<'a> {
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    former_names: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    former_codes: &'a [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    older_codes: Vec<OlderCode<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    division: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    occupation: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    representative: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<&'a str>,
}

#[derive(Serialize)]
struct OlderCode<'a> {
    id_type: &'a str,
    id: &'a str,
}

impl Facts<'_> {
    fn of(facts: &Registration) -> Facts<'_> {
        Facts {
            former_names: &facts.former_names,
            former_codes: &facts.former_codes,
            older_codes: facts.older_codes.iter().map(|(id_type, id)| OlderCode { id_type, id }).collect(),
            division: facts.division.as_deref(),
            occupation: facts.occupation.as_deref(),
            representative: facts.representative.as_deref(),
            provider: facts.provider.as_deref(),
        }
    }
}

/// A record with its texts as fields of their own.
struct Record<'a>(&'a Item);

impl Serialize for Record<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let item = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("record", &item.record.to_string())?;
        // A describing text may be the title, or the content where the title is only the class.
        if let Some(title) =
            item.title.as_deref().filter(|_| item.texts.iter().all(|(tag, _)| tag.word() != "title"))
        {
            map.serialize_entry("title", title)?;
        }
        map.serialize_entry("date", &item.date.to_string())?;
        if let Some(until) = item.until {
            map.serialize_entry("until", &until.to_string())?;
        }
        if let Some(authority) = &item.authority {
            map.serialize_entry("authority", authority)?;
        }
        map.serialize_entry("objection", &item.objection)?;
        if let Some(provider) = &item.provider {
            map.serialize_entry("provider", provider)?;
        }
        for (tag, text) in &item.texts {
            map.serialize_entry(tag.word(), text)?;
        }
        map.end()
    }
}

fn push_json(out: &mut Vec<u8>, value: &impl Serialize) {
    out.extend_from_slice(&serde_json::to_vec(value).unwrap_or_default());
}
