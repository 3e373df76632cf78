//! From a request to a question that the domain understands. Refused in this order: words of the contract, the
//! stage, the number, a person without a name, the matter, the footing for persons.

use super::auth::Rights;
use super::error::{Code, Problem};
use super::wire::request::{self, Text};
use crate::check::Question;
use crate::domain::catalogue::{Catalogue, Stage};
use crate::domain::date::Day;
use crate::domain::identifier::{Country, IdKind, Identifier, Unread};
use crate::domain::text::is_blank;
use crate::domain::verdict::MatterAsked;
use crate::lookup::Section;

/// Subjects that a search lists if it does not say.
const SEARCH_LIMIT: u64 = 10;
/// Most subjects that a search lists.
const SEARCH_LIMIT_MAX: u64 = 100;

/// A question, with the number it is about.
#[derive(Debug)]
pub struct Asked<'a> {
    /// Whom it is about.
    pub identifier: Identifier,
    name: Option<&'a str>,
    matter: MatterAsked,
    stage: Stage,
    day: Day,
    linked: bool,
}

impl Asked<'_> {
    /// As the check takes it.
    pub fn question(&self) -> Question<'_> {
        Question {
            identifier: &self.identifier,
            name: self.name,
            matter: self.matter,
            stage: self.stage,
            day: self.day,
            linked: self.linked,
        }
    }
}

/// Understands a check as a caller with every right sends it.
pub fn check<'a>(
    asked: &'a request::Check<'_>,
    catalogue: &Catalogue,
    day: Day,
) -> Result<Asked<'a>, Problem> {
    check_for(asked, catalogue, day, &Rights::EVERY)
}

/// Understands a check as a caller with these rights sends it.
pub fn check_for<'a>(
    asked: &'a request::Check<'_>,
    catalogue: &Catalogue,
    day: Day,
    rights: &Rights,
) -> Result<Asked<'a>, Problem> {
    let kind = id_kind(asked.subject.as_ref())?;
    let stage = match text(&asked.stage) {
        None => Stage::Acceptance,
        Some(word) => Stage::from_word(word)
            .ok_or_else(|| unknown_word("/stage", Stage::ALL.iter().map(|s| s.word())))?,
    };
    rights.stage(stage)?;
    let about = About {
        subject: asked.subject.as_ref(),
        kind,
        matter: text(&asked.matter),
        authorised: is_given(&asked.authorization),
    };
    understand(&about, catalogue, day, rights).map(|asked| Asked { stage, ..asked })
}

/// Understands a detail as a caller with every right sends it, with the sections it asks for.
pub fn detail<'a>(
    asked: &'a request::Detail<'_>,
    catalogue: &Catalogue,
    day: Day,
) -> Result<(Asked<'a>, Vec<Section>), Problem> {
    detail_for(asked, catalogue, day, &Rights::EVERY)
}

/// Understands a detail as a caller with these rights sends it.
pub fn detail_for<'a>(
    asked: &'a request::Detail<'_>,
    catalogue: &Catalogue,
    day: Day,
    rights: &Rights,
) -> Result<(Asked<'a>, Vec<Section>), Problem> {
    let kind = id_kind(asked.subject.as_ref())?;
    let mut sections = Vec::new();
    for (place, Text(word)) in asked.sections.iter().flat_map(|texts| &texts.0).enumerate() {
        let words = Section::ALL.iter().map(|section| section.word());
        let unknown =
            || Problem { pointer: Some(format!("/sections/{place}").into()), ..unknown_word("", words) };
        sections.push(Section::from_word(word).ok_or_else(unknown)?);
    }
    if asked.sections.is_none() {
        sections.extend(Section::ALL);
    }
    let about = About {
        subject: asked.subject.as_ref(),
        kind,
        matter: text(&asked.matter),
        authorised: is_given(&asked.authorization),
    };
    Ok((understand(&about, catalogue, day, rights)?, sections))
}

/// Understands a search: the name and how many to list.
pub fn search<'a>(asked: &'a request::Search<'_>) -> Result<(&'a str, usize), Problem> {
    let name = text(&asked.name).map(trim).filter(|name| !name.is_empty());
    let name = name
        .ok_or_else(|| Problem::at(Code::InvalidRequest, "/name", "missing; give a name or its beginning"))?;
    let limit = asked.limit.map_or(SEARCH_LIMIT, |limit| limit.0);
    if !(1..=SEARCH_LIMIT_MAX).contains(&limit) {
        let detail = format!("found {limit}, expected 1 to {SEARCH_LIMIT_MAX}");
        return Err(Problem::at(Code::InvalidRequest, "/limit", detail));
    }
    Ok((name, limit as usize))
}

fn id_kind(subject: Option<&request::Subject<'_>>) -> Result<Option<IdKind>, Problem> {
    let Some(subject) = subject else {
        return Err(Problem::at(Code::InvalidRequest, "/subject", "missing; name the subject by its id"));
    };
    if subject.id.is_none() {
        return Err(Problem::at(
            Code::InvalidRequest,
            "/subject/id",
            "missing; give the subject's code or number",
        ));
    }
    let unknown = || unknown_word("/subject/id_type", IdKind::ASKED.iter().map(|kind| kind.word()));
    text(&subject.id_type).map(|word| IdKind::asked(word).ok_or_else(unknown)).transpose()
}

/// What checks and details have in common.
struct About<'a> {
    subject: Option<&'a request::Subject<'a>>,
    kind: Option<IdKind>,
    matter: Option<&'a str>,
    /// The number of a person's authorisation is given.
    authorised: bool,
}

fn understand<'a>(
    about: &About<'a>,
    catalogue: &Catalogue,
    day: Day,
    rights: &Rights,
) -> Result<Asked<'a>, Problem> {
    let number = about.subject.and_then(|subject| text(&subject.id)).unwrap_or_default();
    let country = about.subject.and_then(|subject| text(&subject.country));
    let identifier = identifier(number, about.kind, country, day)?;
    let is_person = identifier.kind().is_person();
    rights.before_lookup(&identifier)?;
    let name =
        about.subject.and_then(|subject| text(&subject.name)).map(trim).filter(|name| !name.is_empty());
    if is_person && name.is_none() {
        return Err(Problem::at(
            Code::NameRequired,
            "/subject/name",
            "a person is checked by number and name; give both",
        ));
    }
    let matter = rights.matter(about.matter, catalogue)?;
    if is_person {
        rights.person(matter, catalogue, about.authorised)?;
    }
    let linked = rights.linked(matter, catalogue, about.authorised);
    Ok(Asked { identifier, name, matter, stage: Stage::Acceptance, day, linked })
}

fn identifier(
    number: &str,
    kind: Option<IdKind>,
    country: Option<&str>,
    day: Day,
) -> Result<Identifier, Problem> {
    let read = match kind {
        Some(kind) => Identifier::parse(kind, number, day).map_err(Unread::Invalid),
        None => Identifier::read(number, day),
    };
    let identifier = read.map_err(|unread| Problem::of_number("/subject/id", unread))?;
    if !identifier.kind().is_by_country() {
        return Ok(identifier);
    }
    let wanted =
        "expected three letters of ISO 3166-1, such as USA: passports and permits are numbered by country";
    let country = country.and_then(Country::parse);
    let country = country.ok_or_else(|| Problem::at(Code::InvalidIdentifier, "/subject/country", wanted))?;
    Ok(identifier.of_country(country))
}

fn unknown_word(pointer: &'static str, words: impl Iterator<Item = &'static str>) -> Problem {
    let detail = format!("unknown word, expected one of {}", words.collect::<Vec<_>>().join(", "));
    Problem::at(Code::InvalidRequest, pointer, detail)
}

fn text<'a>(field: &'a Option<Text<'_>>) -> Option<&'a str> {
    field.as_ref().map(|Text(text)| &**text)
}

fn is_given(field: &Option<Text<'_>>) -> bool {
    text(field).is_some_and(|text| !trim(text).is_empty())
}

fn trim(text: &str) -> &str {
    text.trim_matches(is_blank)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::catalogue::{Entries, Footing, MatterEntry, ObjectionMode};

    fn catalogue() -> Catalogue {
        let matter = |code: &str, alias: &str, persons| MatterEntry {
            code: code.to_owned(),
            aliases: vec![alias.to_owned()],
            title: code.to_owned(),
            department: "试验局".to_owned(),
            tags: vec![],
            commitment: false,
            tolerance: false,
            persons,
        };
        Catalogue::new(Entries {
            layers: vec![],
            objection: ObjectionMode::Counts,
            lists: vec![],
            measures: vec![],
            matters: vec![
                matter("m-1", "alias-1", Footing::Statutory),
                matter("m-2", "alias-2", Footing::None),
            ],
            classes: vec![],
            rules: vec![],
            cap: None,
            states: vec![],
        })
    }

    type Understood = (IdKind, Option<String>, MatterAsked, Stage, bool);

    fn asked(body: &str) -> Result<Understood, (&'static str, String)> {
        let refused = |problem: Problem| {
            (problem.code.word(), problem.pointer.as_deref().unwrap_or_default().to_owned())
        };
        let request = request::check(body.as_bytes()).map_err(refused)?;
        let asked = check(&request, &catalogue(), "2026-11-20".parse().unwrap()).map_err(refused)?;
        Ok((asked.identifier.kind(), asked.name.map(str::to_owned), asked.matter, asked.stage, asked.linked))
    }

    const CODE: &str = "91110000600037341L";
    const PERSON: &str = "360426199101010071";

    #[test]
    fn a_code_alone_is_a_question() {
        let (kind, name, matter, stage, linked) =
            asked(&format!(r#"{{"subject":{{"id":"{CODE}"}}}}"#)).unwrap();
        assert_eq!(
            (kind, name, matter, stage, linked),
            (IdKind::Uscc, None, MatterAsked::Unnamed, Stage::Acceptance, false)
        );
    }

    #[test]
    fn matters_are_known_by_code_or_alias_and_say_whether_links_show() {
        let ask = |matter: &str| {
            asked(&format!(r#"{{"subject":{{"id":"{CODE}"}},"matter":"{matter}","stage":"award"}}"#))
        };
        assert_eq!(ask("alias-1").unwrap().2, MatterAsked::Known(0));
        assert!(ask("m-1").unwrap().4);
        assert!(!ask("m-2").unwrap().4);
        assert_eq!(ask("m-3").unwrap_err(), ("unknown_matter", "/matter".to_owned()));
    }

    #[test]
    fn persons_need_a_name() {
        let ask = |name: &str| asked(&format!(r#"{{"subject":{{"id":"{PERSON}","name":"{name}"}}}}"#));
        assert_eq!(ask(" 张试三\u{3000}").unwrap().1.as_deref(), Some("张试三"));
        assert_eq!(ask(" \u{3000}").unwrap_err(), ("name_required", "/subject/name".to_owned()));
    }

    #[test]
    fn passports_and_permits_need_a_country() {
        let ask = |kind: &str, country: &str| {
            let body = r#"{"subject":{"id":"E00000001","id_type":"KIND","name":"朱甲国"COUNTRY}}"#;
            asked(&body.replace("KIND", kind).replace("COUNTRY", country))
        };
        assert_eq!(ask("passport", r#","country":"usa""#).unwrap().0, IdKind::Passport);
        for country in ["", r#","country":"US""#] {
            assert_eq!(
                ask("passport", country).unwrap_err(),
                ("invalid_identifier", "/subject/country".to_owned())
            );
            assert_eq!(ask("permit", country).unwrap_err().1, "/subject/country");
        }
    }

    #[test]
    fn the_first_thing_wrong_is_told() {
        let order = [
            (r#"{"matter":"x"}"#, ("invalid_request", "/subject")),
            (r#"{"subject":{"name":"x"}}"#, ("invalid_request", "/subject/id")),
            (
                r#"{"subject":{"id":"x","id_type":"y"},"stage":"z","matter":"m"}"#,
                ("invalid_request", "/subject/id_type"),
            ),
            (r#"{"subject":{"id":"x"},"stage":"z","matter":"m"}"#, ("invalid_request", "/stage")),
            (r#"{"subject":{"id":"x"},"matter":"m"}"#, ("invalid_identifier", "/subject/id")),
            (r#"{"subject":{"id":"360426199101010071"},"matter":"m"}"#, ("name_required", "/subject/name")),
            (
                r#"{"subject":{"id":"360426199101010071","name":"x"},"matter":"m"}"#,
                ("unknown_matter", "/matter"),
            ),
        ];
        for (body, (code, pointer)) in order {
            assert_eq!(asked(body).unwrap_err(), (code, pointer.to_owned()), "{body}");
        }
    }

    #[test]
    fn searches_list_ten_and_at_most_a_hundred() {
        let ask = |body: &str| {
            let request = request::search(body.as_bytes()).unwrap();
            search(&request)
                .map(|(name, limit)| (name.to_owned(), limit))
                .map_err(|p| p.pointer.unwrap().into_owned())
        };
        assert_eq!(ask(r#"{"name":" 枣庄 "}"#), Ok(("枣庄".to_owned(), 10)));
        assert_eq!(ask(r#"{"name":"x","limit":100}"#), Ok(("x".to_owned(), 100)));
        assert_eq!(ask(r#"{"name":"x","limit":101}"#), Err("/limit".to_owned()));
        assert_eq!(ask(r#"{"name":"x","limit":0}"#), Err("/limit".to_owned()));
        assert_eq!(ask(r#"{"name":"  "}"#), Err("/name".to_owned()));
    }
}
