//! In which fields two versions of one thing differ.

use crate::facts::{Detail, Field, RecordFact, SubjectFact};

/// The fields by their bit.
pub(super) const FIELDS: [&str; 39] = [
    "name",
    "code",
    "person_document",
    "date",
    "authority",
    "document",
    "revoked",
    "objection",
    "class",
    "number",
    "valid_from",
    "valid_to",
    "penalties",
    "procedure",
    "fine",
    "published_until",
    "type",
    "until",
    "ground",
    "matter",
    "due",
    "fulfilment",
    "grade",
    "year",
    "title",
    "content",
    "offence",
    "facts",
    "basis",
    "confiscated",
    "licence_hit",
    "remark",
    "former_names",
    "former_codes",
    "state",
    "division",
    "representative",
    "successor",
    "occupation",
];

/// A set of [`FIELDS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Differences(u64);

impl Differences {
    fn mark(&mut self, field: &str, differs: bool) {
        if differs && let Some(bit) = FIELDS.iter().position(|known| *known == field) {
            self.0 |= 1 << bit;
        }
    }

    /// None: the two say the same.
    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The bits that are set.
    pub(super) fn bits(self) -> impl Iterator<Item = usize> {
        (0..FIELDS.len()).filter(move |bit| self.0 & (1 << bit) != 0)
    }
}

/// Compares two versions of a record. Equal rows are not taken apart.
pub(super) fn of_records(a: &RecordFact<'_>, b: &RecordFact<'_>) -> Differences {
    let mut found = Differences::default();
    if !a.version.row.is_empty() && a.version.row == b.version.row {
        return found;
    }
    found.mark("name", a.subject.name != b.subject.name);
    found.mark("code", a.subject.codes != b.subject.codes);
    found.mark("person_document", a.subject.document != b.subject.document);
    found.mark("date", a.date != b.date);
    found.mark("authority", a.authority != b.authority);
    found.mark("document", a.document != b.document);
    found.mark("revoked", a.revoked != b.revoked);
    found.mark("objection", a.objection != b.objection);
    if a.detail != b.detail {
        details(&a.detail, &b.detail, &mut found);
    }
    if a.texts != b.texts {
        for field in Field::ALL {
            let text = |fact: &RecordFact<'_>| {
                fact.texts.iter().find(|(other, _)| *other == field).map(|(_, text)| text.to_string())
            };
            found.mark(word(field), text(a) != text(b));
        }
    }
    found
}

/// Two versions of a record are of one kind, since the kind is part of what makes them the same.
fn details(a: &Detail<'_>, b: &Detail<'_>, found: &mut Differences) {
    match (a, b) {
        (
            Detail::Licence { class, number, valid_from, valid_to },
            Detail::Licence { class: class_b, number: number_b, valid_from: from_b, valid_to: to_b },
        ) => {
            found.mark("class", class != class_b);
            found.mark("number", number != number_b);
            found.mark("valid_from", valid_from != from_b);
            found.mark("valid_to", valid_to != to_b);
        }
        (
            Detail::Penalty { kinds, procedure, fine, published_until },
            Detail::Penalty {
                kinds: kinds_b,
                procedure: procedure_b,
                fine: fine_b,
                published_until: until_b,
            },
        ) => {
            found.mark("penalties", kinds != kinds_b);
            found.mark("procedure", procedure != procedure_b);
            found.mark("fine", fine != fine_b);
            found.mark("published_until", published_until != until_b);
        }
        (Detail::Administrative { act }, Detail::Administrative { act: act_b }) => {
            found.mark("type", act != act_b);
        }
        (Detail::List { until, ground, .. }, Detail::List { until: until_b, ground: ground_b, .. }) => {
            found.mark("until", until != until_b);
            found.mark("ground", ground != ground_b);
        }
        (
            Detail::Commitment { kind, matter, due, fulfilment },
            Detail::Commitment { kind: kind_b, matter: matter_b, due: due_b, fulfilment: fulfilment_b },
        ) => {
            found.mark("type", kind != kind_b);
            found.mark("matter", matter != matter_b);
            found.mark("due", due != due_b);
            found.mark("fulfilment", fulfilment != fulfilment_b);
        }
        (
            Detail::Evaluation { kind, grade, year },
            Detail::Evaluation { kind: kind_b, grade: grade_b, year: year_b },
        ) => {
            found.mark("type", kind != kind_b);
            found.mark("grade", grade != grade_b);
            found.mark("year", year != year_b);
        }
        (Detail::Honour { title, until }, Detail::Honour { title: title_b, until: until_b }) => {
            found.mark("title", title != title_b);
            found.mark("until", until != until_b);
        }
        _ => {}
    }
}

/// Compares two rows of the register.
pub(super) fn of_subjects(a: &SubjectFact<'_>, b: &SubjectFact<'_>) -> Differences {
    let mut found = Differences::default();
    if !a.version.row.is_empty() && a.version.row == b.version.row {
        return found;
    }
    found.mark("name", a.named.name != b.named.name);
    found.mark("code", a.named.codes != b.named.codes);
    found.mark("person_document", a.named.document != b.named.document);
    found.mark("class", a.kind != b.kind);
    found.mark("former_names", a.former_names != b.former_names);
    found.mark("former_codes", a.former_codes != b.former_codes);
    found.mark("successor", a.successor != b.successor);
    found.mark("state", a.state != b.state);
    found.mark("division", a.division != b.division);
    found.mark("occupation", a.occupation != b.occupation);
    found.mark("representative", a.representative != b.representative);
    found
}

fn word(field: Field) -> &'static str {
    match field {
        Field::Title => "title",
        Field::Content => "content",
        Field::Offence => "offence",
        Field::Facts => "facts",
        Field::Basis => "basis",
        Field::Confiscated => "confiscated",
        Field::LicenceHit => "licence_hit",
        Field::Remark => "remark",
    }
}
