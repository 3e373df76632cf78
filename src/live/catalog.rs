//! The catalogue as replies show it, with the keys of its files.

use super::json;
use crate::domain::catalogue::{Entries, ListEntry, ListTerm, MatterEntry, MeasureEntry};
use serde::{Serialize, Serializer};

#[derive(Serialize)]
struct Lists<'a> {
    lists: Vec<List<'a>>,
}

#[derive(Serialize)]
struct List<'a> {
    code: &'a str,
    title: &'a str,
    effect: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    severity: Option<&'static str>,
    term: String,
    #[serde(serialize_with = "as_object")]
    ground_terms: Vec<(&'a str, String)>,
    extends_to: Vec<&'static str>,
    bars: Vec<&'static str>,
    authority: &'a str,
    basis: &'a [String],
    verified: bool,
}

#[derive(Serialize)]
struct Measures<'a> {
    measures: Vec<Measure<'a>>,
}

#[derive(Serialize)]
struct Measure<'a> {
    code: &'a str,
    title: &'a str,
    effect: &'static str,
    binding: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    clause: Option<&'a str>,
    lists: &'a [String],
    penalties: &'a [String],
    grades: &'a [String],
    commitments: Vec<&'static str>,
    matters: &'a [String],
    tags: &'a [String],
    stages: Vec<&'static str>,
    kinds: Vec<&'static str>,
    grants: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    authority: &'a str,
    basis: &'a [String],
}

#[derive(Serialize)]
struct Matters<'a> {
    matters: Vec<Matter<'a>>,
}

#[derive(Serialize)]
struct Matter<'a> {
    code: &'a str,
    aliases: &'a [String],
    title: &'a str,
    department: &'a str,
    tags: &'a [String],
    commitment: bool,
    tolerance: bool,
    persons: &'static str,
}

pub(super) fn lists(entries: &Entries) -> Vec<u8> {
    json(&Lists { lists: entries.lists.iter().map(list).collect() })
}

pub(super) fn measures(entries: &Entries) -> Vec<u8> {
    json(&Measures { measures: entries.measures.iter().map(measure).collect() })
}

pub(super) fn matters(entries: &Entries) -> Vec<u8> {
    json(&Matters { matters: entries.matters.iter().map(matter).collect() })
}

fn list(entry: &ListEntry) -> List<'_> {
    List {
        code: &entry.code,
        title: &entry.title,
        effect: entry.effect.word(),
        severity: entry.severity.map(|severity| severity.word()),
        term: term(entry.term),
        ground_terms: entry.ground_terms.iter().map(|(ground, of)| (ground.as_str(), term(*of))).collect(),
        extends_to: entry.extends_to.iter().map(|one| one.word()).collect(),
        bars: entry.bars.iter().map(|one| one.word()).collect(),
        authority: &entry.authority,
        basis: &entry.basis,
        verified: entry.verified,
    }
}

fn measure(entry: &MeasureEntry) -> Measure<'_> {
    Measure {
        code: &entry.code,
        title: &entry.title,
        effect: entry.effect.word(),
        binding: entry.binding.word(),
        clause: entry.clause.as_deref(),
        lists: &entry.lists,
        penalties: &entry.penalties,
        grades: &entry.grades,
        commitments: entry.commitments.iter().map(|one| one.word()).collect(),
        matters: &entry.matters,
        tags: &entry.tags,
        stages: entry.stages.iter().map(|one| one.word()).collect(),
        kinds: entry.kinds.iter().map(|one| one.word()).collect(),
        grants: entry.grants.iter().map(|one| one.word()).collect(),
        from: entry.from.map(|day| day.to_string()),
        to: entry.to.map(|day| day.to_string()),
        authority: &entry.authority,
        basis: &entry.basis,
    }
}

fn matter(entry: &MatterEntry) -> Matter<'_> {
    Matter {
        code: &entry.code,
        aliases: &entry.aliases,
        title: &entry.title,
        department: &entry.department,
        tags: &entry.tags,
        commitment: entry.commitment,
        tolerance: entry.tolerance,
        persons: entry.persons.word(),
    }
}

fn term(term: ListTerm) -> String {
    match term {
        ListTerm::UntilRemoved => "until-removed".to_owned(),
        ListTerm::For(term) => term.to_string(),
    }
}

fn as_object<S: Serializer>(pairs: &[(&str, String)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(key, value)| (key, value)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::catalogue::Effect;
    use crate::domain::date::Term;

    #[test]
    fn entries_have_the_keys_of_their_files() {
        let entry = ListEntry {
            code: "government-procurement".to_owned(),
            title: "政府采购严重违法失信".to_owned(),
            effect: Effect::Punish,
            severity: None,
            term: ListTerm::For(Term::Years(3)),
            ground_terms: vec![("2".to_owned(), ListTerm::UntilRemoved)],
            extends_to: vec![],
            bars: vec![],
            authority: "财政部".to_owned(),
            basis: vec!["第七十七条".to_owned()],
            verified: true,
        };
        assert_eq!(
            String::from_utf8(json(&list(&entry))).unwrap(),
            "{\"code\":\"government-procurement\",\"title\":\"政府采购严重违法失信\",\"effect\":\"punish\",\"term\":\"3y\",\
             \"ground_terms\":{\"2\":\"until-removed\"},\"extends_to\":[],\"bars\":[],\"authority\":\"财政部\",\
             \"basis\":[\"第七十七条\"],\"verified\":true}"
        );
    }
}
