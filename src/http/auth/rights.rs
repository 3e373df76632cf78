//! What a caller may ask. The rules alone: who the caller is, is found elsewhere.

use super::super::error::{Code, Problem, Right};
use crate::config::{ClientSettings, Endpoint, UnknownMatter, Words};
use crate::domain::catalogue::{Catalogue, Footing, Stage};
use crate::domain::identifier::{IdKind, Identifier};
use crate::domain::subject::SubjectKind;
use crate::domain::verdict::MatterAsked;

/// On what footing a caller may check persons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Persons {
    /// On any, for any matter or none.
    Any,
    /// On the one that `clients.toml` gives.
    On(Footing),
}

/// What a caller may ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rights {
    /// Patterns of matters; none where any matter may be asked for, and none be named.
    matters: Option<Vec<String>>,
    stages: Words,
    kinds: Words,
    endpoints: Words,
    persons: Persons,
    unknown_matter: UnknownMatter,
}

impl Rights {
    /// Of a caller on loopback, where there is no file of clients.
    pub const EVERY: Rights = Rights {
        matters: None,
        stages: Words::ALL,
        kinds: Words::ALL,
        endpoints: Words::ALL,
        persons: Persons::Any,
        unknown_matter: UnknownMatter::Refuse,
    };

    /// Of a client.
    pub fn of(client: &ClientSettings) -> Rights {
        let patterns = client.matters();
        Rights {
            matters: (!patterns.iter().any(|pattern| pattern == "*")).then_some(patterns),
            stages: client.stages,
            kinds: client.kinds,
            endpoints: client.endpoints,
            persons: Persons::On(client.persons),
            unknown_matter: client.unknown_matter,
        }
    }

    /// Whether it may ask there.
    pub fn endpoint(&self, endpoint: Endpoint) -> bool {
        self.endpoints.holds(endpoint as u8)
    }

    /// Whether it may see subjects of this kind.
    pub fn kind(&self, kind: SubjectKind) -> bool {
        self.kinds.holds(kind.code())
    }

    pub(in crate::http) fn stage(&self, stage: Stage) -> Result<(), Problem> {
        let forbidden = || {
            let detail = format!("this client may not ask at stage {}", stage.word());
            Problem::forbidden(Right::Stages, Some("/stage"), &detail)
        };
        if self.stages.holds(stage.code()) { Ok(()) } else { Err(forbidden()) }
    }

    /// What the number alone tells. Persons are refused here, before anybody is looked up, so that a refusal says
    /// nothing about whom the register knows.
    pub(in crate::http) fn before_lookup(&self, identifier: &Identifier) -> Result<(), Problem> {
        let organisations = SubjectKind::ALL.into_iter().filter(|kind| *kind != SubjectKind::Person);
        if identifier.kind().is_person() {
            if self.persons == Persons::On(Footing::None) {
                return Err(no_persons("this client may not check persons"));
            }
            self.of_kind(SubjectKind::Person)
        } else if organisations.into_iter().any(|kind| self.kind(kind)) {
            Ok(())
        } else {
            self.of_kind(SubjectKind::of_identifier(identifier))
        }
    }

    /// What the register tells: the kind that was found, or of an unknown code the kind that it says itself.
    pub(in crate::http) fn after_lookup(
        &self,
        identifier: &Identifier,
        found: Option<SubjectKind>,
    ) -> Result<(), Problem> {
        match found {
            Some(kind) => self.of_kind(kind),
            None if identifier.kind() == IdKind::Uscc => self.of_kind(SubjectKind::of_identifier(identifier)),
            None => Ok(()),
        }
    }

    fn of_kind(&self, kind: SubjectKind) -> Result<(), Problem> {
        let forbidden = || {
            let detail = format!("this client may not ask about subjects of kind {}", kind.word());
            Problem::forbidden(Right::Kinds, Some("/subject/id"), &detail)
        };
        if self.kind(kind) { Ok(()) } else { Err(forbidden()) }
    }

    /// The matter, if it may be asked for. Whether the catalogue has it is told only to those who may.
    pub(in crate::http) fn matter(
        &self,
        asked: Option<&str>,
        catalogue: &Catalogue,
    ) -> Result<MatterAsked, Problem> {
        let Some(asked) = asked else {
            let detail = "this client must name a matter";
            return match &self.matters {
                None => Ok(MatterAsked::Unnamed),
                Some(_) => Err(Problem::forbidden(Right::Matters, Some("/matter"), detail)),
            };
        };
        let place = catalogue.matter(asked);
        // Patterns are over codes: an alias stands for its code.
        let code = place.and_then(|place| catalogue.matter_at(place)).map_or(asked, |entry| &entry.code);
        if self.matters.as_ref().is_some_and(|patterns| !patterns.iter().any(|one| fits(one, code))) {
            let detail = "this client may not ask for this matter";
            return Err(Problem::forbidden(Right::Matters, Some("/matter"), detail));
        }
        match (place, self.unknown_matter) {
            (Some(place), _) => Ok(MatterAsked::Known(place)),
            (None, UnknownMatter::Answer) => Ok(MatterAsked::Unlisted),
            (None, UnknownMatter::Refuse) => Err(Problem::at(
                Code::UnknownMatter,
                "/matter",
                "the catalogue has no matter with this code or alias; see /v1/catalog/matters",
            )),
        }
    }

    /// Whether a person may be checked for a matter.
    pub(in crate::http) fn person(
        &self,
        matter: MatterAsked,
        catalogue: &Catalogue,
        authorised: bool,
    ) -> Result<(), Problem> {
        match self.footing(matter, catalogue) {
            Stance::Free => Ok(()),
            Stance::Authorised if authorised => Ok(()),
            Stance::Authorised => Err(Problem::at(
                Code::AuthorizationRequired,
                "/authorization",
                "missing; give the number of the person's authorisation",
            )),
            Stance::Closed(detail) => Err(no_persons(detail)),
        }
    }

    /// Whether entries of linked subjects are shown: only for a matter that allows the caller's footing.
    pub(in crate::http) fn linked(
        &self,
        matter: MatterAsked,
        catalogue: &Catalogue,
        authorised: bool,
    ) -> bool {
        let allows = |place| catalogue.matter_at(place).is_some_and(|entry| entry.persons != Footing::None);
        match (matter, self.footing(matter, catalogue)) {
            (MatterAsked::Known(place), Stance::Free) => allows(place),
            (MatterAsked::Known(place), Stance::Authorised) => authorised && allows(place),
            _ => false,
        }
    }

    /// The caller's footing and the matter's, put together.
    fn footing(&self, matter: MatterAsked, catalogue: &Catalogue) -> Stance {
        let of_matter = match matter {
            MatterAsked::Known(place) => catalogue.matter_at(place).map(|entry| entry.persons),
            MatterAsked::Unnamed | MatterAsked::Unlisted => None,
        };
        match (self.persons, of_matter) {
            (Persons::Any, _) => Stance::Free,
            (Persons::On(Footing::None), _) => Stance::Closed("this client may not check persons"),
            (_, Some(Footing::None)) => Stance::Closed("persons may not be checked for this matter"),
            (Persons::On(Footing::Statutory), Some(Footing::Statutory)) => Stance::Free,
            (Persons::On(Footing::Statutory), None) => {
                Stance::Closed("this client may check persons only for a matter that says so")
            }
            (_, Some(Footing::Authorised)) | (Persons::On(Footing::Authorised), _) => Stance::Authorised,
        }
    }
}

/// What the footing of a caller comes to for one matter.
enum Stance {
    /// Persons may be checked.
    Free,
    /// With an authorisation.
    Authorised,
    /// Not at all, and why.
    Closed(&'static str),
}

fn no_persons(detail: &str) -> Problem {
    Problem::forbidden(Right::Persons, Some("/subject/id"), detail)
}

/// Whether a code is one of a pattern, in which `*` stands for any run of characters.
fn fits(pattern: &str, code: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = pieces.next().and_then(|first| code.strip_prefix(first)) else { return false };
    let mut pieces = pieces.peekable();
    if pieces.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return rest.ends_with(piece);
        }
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse_clients;
    use crate::domain::catalogue::{Entries, MatterEntry, ObjectionMode};

    fn catalogue() -> Catalogue {
        let matter = |code: &str, persons| MatterEntry {
            code: code.to_owned(),
            aliases: vec![format!("alias-{code}")],
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
                matter("370402-1", Footing::Statutory),
                matter("370402-2", Footing::Authorised),
                matter("370402-3", Footing::None),
                matter("370403-1", Footing::Statutory),
            ],
            classes: vec![],
            rules: vec![],
            cap: None,
            states: vec![],
        })
    }

    fn rights(keys: &str) -> Rights {
        let text = format!("[[client]]\nid = \"a\"\n{keys}\n");
        Rights::of(&parse_clients(&text, std::path::Path::new("c.toml")).unwrap()[0])
    }

    fn code<T>(told: Result<T, Problem>) -> (&'static str, Option<Right>) {
        told.map_or_else(|problem| (problem.code.word(), problem.right), |_| ("ok", None))
    }

    #[test]
    fn patterns_hold_any_run_of_characters() {
        for (pattern, code, good) in [
            ("370402-*", "370402-000131", true),
            ("370402-*", "370403-000131", false),
            ("370402-000131", "370402-000131", true),
            ("370402-000131", "370402-0001311", false),
            ("*-000131", "370402-000131", true),
            ("37*-*31", "370402-000131", true),
            ("37*x*31", "370402-000131", false),
            ("3*3", "3", false),
            ("", "", true),
            ("*", "", true),
        ] {
            assert_eq!(fits(pattern, code), good, "{pattern} {code}");
        }
    }

    #[test]
    fn a_matter_is_asked_for_by_those_who_may() {
        let catalogue = catalogue();
        let some = rights("matters = [\"370402-*\"]");
        let ask = |rights: &Rights, matter: Option<&str>| code(rights.matter(matter, &catalogue));
        assert_eq!(ask(&some, Some("370402-1")).0, "ok");
        assert_eq!(ask(&some, Some("alias-370402-1")).0, "ok", "an alias stands for its code");
        assert_eq!(ask(&some, Some("370403-1")), ("forbidden", Some(Right::Matters)));
        assert_eq!(ask(&some, Some("alias-370403-1")).0, "forbidden");
        assert_eq!(ask(&some, None), ("forbidden", Some(Right::Matters)));
        assert_eq!(ask(&some, Some("370402-9")).0, "unknown_matter");
        assert_eq!(ask(&some, Some("370403-9")).0, "forbidden", "not told whether it exists");
        let any = rights("matters = [\"*\"]\nunknown_matter = \"answer\"");
        assert_eq!(any.matter(None, &catalogue), Ok(MatterAsked::Unnamed));
        assert_eq!(any.matter(Some("370403-9"), &catalogue), Ok(MatterAsked::Unlisted));
        assert_eq!(ask(&rights("matters = []"), Some("370402-1")).0, "forbidden");
    }

    #[test]
    fn persons_are_checked_on_the_footing_of_caller_and_matter() {
        let catalogue = catalogue();
        let (statutory, authorised, none) =
            (MatterAsked::Known(0), MatterAsked::Known(1), MatterAsked::Known(2));
        let (forbidden, required) = (("forbidden", Some(Right::Persons)), ("authorization_required", None));
        let ok = ("ok", None);
        let table = [
            ("none", statutory, [forbidden, forbidden]),
            ("none", authorised, [forbidden, forbidden]),
            ("statutory", statutory, [ok, ok]),
            ("statutory", authorised, [required, ok]),
            ("statutory", none, [forbidden, forbidden]),
            ("statutory", MatterAsked::Unnamed, [forbidden, forbidden]),
            ("statutory", MatterAsked::Unlisted, [forbidden, forbidden]),
            ("authorised", statutory, [required, ok]),
            ("authorised", authorised, [required, ok]),
            ("authorised", none, [forbidden, forbidden]),
            ("authorised", MatterAsked::Unnamed, [required, ok]),
        ];
        for (footing, matter, expected) in table {
            let rights = rights(&format!("matters = [\"*\"]\npersons = \"{footing}\""));
            for (given, expected) in [false, true].into_iter().zip(expected) {
                let told = code(rights.person(matter, &catalogue, given));
                assert_eq!(told, expected, "{footing} {matter:?} {given}");
                let linked = rights.linked(matter, &catalogue, given);
                let named = matches!(matter, MatterAsked::Known(_));
                assert_eq!(linked, expected == ok && named, "{footing} {matter:?} {given}");
            }
        }
        assert_eq!(code(Rights::EVERY.person(none, &catalogue, false)), ok);
        assert!(Rights::EVERY.linked(statutory, &catalogue, false));
        assert!(!Rights::EVERY.linked(none, &catalogue, false));
        assert!(!Rights::EVERY.linked(MatterAsked::Unnamed, &catalogue, false));
    }

    #[test]
    fn kinds_are_held_to_before_and_after_the_lookup() {
        let day = "2026-11-20".parse().unwrap();
        let read = |number: &str| Identifier::read(number, day).unwrap();
        let (enterprise, person) = (read("91110000600037341L"), read("360426199101010071"));
        let kinds = |kinds: &str| rights(&format!("matters = [\"*\"]\nkinds = [{kinds}]"));
        let firms = kinds("\"enterprise\"");
        assert_eq!(code(firms.before_lookup(&person)), ("forbidden", Some(Right::Kinds)));
        assert_eq!(code(firms.before_lookup(&enterprise)).0, "ok");
        assert_eq!(code(firms.after_lookup(&enterprise, Some(SubjectKind::Organisation))).0, "forbidden");
        assert_eq!(code(firms.after_lookup(&enterprise, None)).0, "ok");
        let persons = kinds("\"person\"");
        assert_eq!(code(persons.before_lookup(&enterprise)).0, "forbidden");
        assert_eq!(code(persons.before_lookup(&person)).0, "ok");
        let shops = kinds("\"individual-business\"");
        assert_eq!(code(shops.after_lookup(&enterprise, None)).0, "forbidden");
        assert_eq!(code(shops.after_lookup(&enterprise, Some(SubjectKind::IndividualBusiness))).0, "ok");
        assert_eq!(
            code(rights("matters = [\"*\"]\npersons = \"none\"").before_lookup(&person)).1,
            Some(Right::Persons)
        );
    }
}
