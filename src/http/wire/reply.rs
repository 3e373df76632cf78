//! The reply of `POST /v1/checks`, the same bytes for the same question from the server and from `xinhe check`.

use super::text::{push_bool, push_inner, push_text};
use crate::audit::ID_CHARS;
use crate::check::{Answer, Found, Question, Subject};
use crate::domain::date::Day;
use crate::domain::record::RecordId;
use crate::domain::subject::SubjectKind;
use crate::domain::verdict::{Category, Grade, Hit, Workspace};
use crate::live::Serving;

/// What a reply is written from.
#[derive(Debug)]
pub struct Reply<'r, B> {
    /// Name of the check; none where nobody can quote it.
    pub check_id: Option<&'r [u8; ID_CHARS]>,
    /// What answered.
    pub serving: &'r Serving,
    /// The `data` object of the day.
    pub data: &'r [u8],
    /// What was asked.
    pub question: &'r Question<'r>,
    /// What was answered.
    pub answer: &'r Answer<'r, B>,
    /// Hits, grades and measures of the answer.
    pub work: &'r Workspace,
}

impl<B: AsRef<[u8]>> Reply<'_, B> {
    /// Writes the reply behind what is in the buffer. Allocates nothing but the buffer.
    pub fn write(&self, out: &mut Vec<u8>) {
        let decision = &self.answer.decision;
        out.push(b'{');
        if let Some(id) = self.check_id {
            out.extend_from_slice(b"\"check_id\":\"");
            out.extend_from_slice(id);
            out.extend_from_slice(b"\",");
        }
        push_word(out, "\"verdict\":", decision.verdict.word());
        self.subject(out);
        out.extend_from_slice(b",\"hits\":[");
        if let Subject::Found(found) = &self.answer.subject {
            listed(out, &self.work.hits, |out, hit| self.hit(out, found, hit));
        }
        out.extend_from_slice(b"],\"measures\":[");
        self.measures(out);
        push_word(out, "],\"facilitation\":{\"commitment\":", decision.commitment.word());
        push_word(out, ",\"tolerance\":", decision.tolerance.word());
        out.extend_from_slice(b",\"green_channel\":");
        push_bool(out, decision.green_channel);
        out.extend_from_slice(b"},\"evaluations\":[");
        if let Subject::Found(found) = &self.answer.subject {
            self.evaluations(out, found);
        }
        out.extend_from_slice(b"],\"data\":");
        out.extend_from_slice(self.data);
        out.push(b'}');
    }

    /// The field `subject`, which detail shows alike.
    pub(super) fn subject(&self, out: &mut Vec<u8>) {
        match &self.answer.subject {
            Subject::Unknown(reason) => {
                out.extend_from_slice(b",\"subject\":{\"found\":false,\"id\":\"");
                self.push_asked(out, self.question.identifier.kind().is_person());
                out.push(b'"');
                if let Some(reason) = reason {
                    push_word(out, ",\"reason\":", reason.word());
                }
                out.push(b'}');
            }
            Subject::Found(found) => self.found(out, found),
        }
    }

    fn found(&self, out: &mut Vec<u8>, found: &Found<'_, B>) {
        let (part, standing) = (found.at.part, &found.at.standing);
        out.extend_from_slice(b",\"subject\":{\"found\":true,\"registered\":");
        push_bool(out, standing.is_registered());
        push_word(out, ",\"kind\":", found.kind.word());
        out.extend_from_slice(b",\"id\":\"");
        match standing.code() {
            Some(code) => push_inner(out, code),
            None => self.push_asked(out, found.kind == SubjectKind::Person),
        }
        out.push(b'"');
        push_some(out, ",\"name\":", self.serving.snapshot().overlay().shown_name(part, standing));
        push_word(out, ",\"name_match\":", found.name_match.word());
        if standing.is_registered() {
            push_some(out, ",\"state\":", part.string(standing.state()));
            if let Some(class) = standing.state_class() {
                push_word(out, ",\"state_class\":", class.word());
            }
        }
        out.push(b'}');
    }

    /// The number that was asked for, a person's masked.
    fn push_asked(&self, out: &mut Vec<u8>, masked: bool) {
        // Letters and digits only: an identifier that exists is normalised.
        let number = self.question.identifier.as_bytes();
        if masked { push_masked(out, number) } else { out.extend_from_slice(number) }
    }

    fn hit(&self, out: &mut Vec<u8>, found: &Found<'_, B>, hit: &Hit) {
        let at = &found.at;
        push_record(out, "{\"record\":", hit.record);
        push_word(out, ",\"category\":", hit.category.word());
        let snapshot = self.serving.snapshot();
        let entry = at.part.entry(hit.place).filter(|_| hit.category != Category::State);
        let urgent = snapshot.overlay().listing(hit.place);
        let list = match hit.category {
            Category::List(list) => snapshot.catalogue().list_at(list),
            _ => None,
        };
        push_some(out, ",\"list\":", list.map(|list| list.code.as_str()));
        let title = match (hit.category, &entry) {
            (Category::State, _) => at.part.string(at.standing.state()),
            (_, Some(entry)) => at.part.string(entry.title()),
            _ => None,
        };
        push_some(out, ",\"title\":", title.or(list.map(|list| list.title.as_str())));
        push_word(out, ",\"effect\":", hit.effect.word());
        if let Some(entry) = &entry {
            push_some(out, ",\"authority\":", at.part.string(entry.authority()));
            push_some(out, ",\"document\":", at.part.document(entry));
        }
        if let Some(listing) = urgent {
            push_some(out, ",\"authority\":", Some(&listing.authority));
            push_some(out, ",\"document\":", Some(&listing.document));
        }
        push_day(out, ",\"since\":", hit.since);
        push_day(out, ",\"until\":", hit.until);
        out.extend_from_slice(b",\"objection\":");
        push_bool(out, hit.objection);
        let source = entry.map_or(at.standing.state_source(), |entry| entry.source());
        // No source gave an urgent entry.
        let source = snapshot.sources().get(usize::from(source)).filter(|_| urgent.is_none());
        push_some(out, ",\"provider\":", source.map(|source| source.provider.as_str()));
        if let Some(relation) = hit.relation.word() {
            push_word(out, ",\"relation\":", relation);
        }
        out.push(b'}');
    }

    fn measures(&self, out: &mut Vec<u8>) {
        let catalogue = self.serving.snapshot().catalogue();
        let known = self
            .work
            .measures()
            .iter()
            .filter_map(|bound| Some((bound, catalogue.measure_at(bound.measure)?.0)));
        for (place, (bound, measure)) in known.enumerate() {
            out.extend_from_slice(if place == 0 { b"" } else { b"," });
            push_some(out, "{\"code\":", Some(&measure.code));
            push_some(out, ",\"title\":", Some(&measure.title));
            push_word(out, ",\"effect\":", measure.effect.word());
            push_word(out, ",\"binding\":", measure.binding.word());
            push_some(out, ",\"clause\":", measure.clause.as_deref());
            out.extend_from_slice(b",\"basis\":[");
            listed(out, &measure.basis, |out, basis| push_text(out, basis));
            out.push(b']');
            push_some(out, ",\"authority\":", Some(&measure.authority));
            out.extend_from_slice(b",\"because\":[");
            listed(out, self.work.because(bound), |out, record| push_record(out, "", *record));
            out.extend_from_slice(b"]}");
        }
    }

    fn evaluations(&self, out: &mut Vec<u8>, found: &Found<'_, B>) {
        let at = &found.at;
        let rows = self.work.grades.iter().filter_map(|grade| {
            let entry = at.part.entry(grade.place)?;
            Some((at.part.string(entry.title())?, at.part.string(entry.grade())?, grade))
        });
        for (place, (kind, word, grade)) in rows.enumerate() {
            out.extend_from_slice(if place == 0 { b"" } else { b"," });
            push_evaluation(out, kind, word, grade);
        }
    }
}

fn push_evaluation(out: &mut Vec<u8>, kind: &str, word: &str, grade: &Grade) {
    push_some(out, "{\"kind\":", Some(kind));
    push_some(out, ",\"grade\":", Some(word));
    push_day(out, ",\"date\":", Some(grade.date));
    out.push(b'}');
}

fn listed<T>(out: &mut Vec<u8>, items: &[T], mut write: impl FnMut(&mut Vec<u8>, &T)) {
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        write(out, item);
    }
}

/// As [`crate::domain::text::mask_number`], without a string between.
fn push_masked(out: &mut Vec<u8>, number: &[u8]) {
    let kept = if number.len() >= 15 { 4 } else { 2 };
    for (place, byte) in number.iter().enumerate() {
        let shown = number.len() > 2 * kept && (place < kept || place >= number.len() - kept);
        out.push(if shown { *byte } else { b'*' });
    }
}

/// A word of the contract, which needs no escaping.
fn push_word(out: &mut Vec<u8>, key: &str, word: &str) {
    out.extend_from_slice(key.as_bytes());
    out.push(b'"');
    out.extend_from_slice(word.as_bytes());
    out.push(b'"');
}

/// A field that has a value; one without is left out.
fn push_some(out: &mut Vec<u8>, key: &str, text: Option<&str>) {
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        out.extend_from_slice(key.as_bytes());
        push_text(out, text);
    }
}

fn push_day(out: &mut Vec<u8>, key: &str, day: Option<Day>) {
    if let Some(day) = day {
        out.extend_from_slice(key.as_bytes());
        out.push(b'"');
        out.extend_from_slice(&day.iso());
        out.push(b'"');
    }
}

fn push_record(out: &mut Vec<u8>, key: &str, record: RecordId) {
    out.extend_from_slice(key.as_bytes());
    out.push(b'"');
    if record == RecordId::STATE {
        out.extend_from_slice(b"state");
    } else {
        out.extend_from_slice(&record.text());
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::text::mask_number;

    #[test]
    fn numbers_are_masked_as_the_domain_masks_them() {
        for length in 0..24 {
            let number = &"370402199001011012345678"[..length];
            let (mut ours, mut theirs) = (Vec::new(), String::new());
            push_masked(&mut ours, number.as_bytes());
            mask_number(number, &mut theirs);
            assert_eq!(String::from_utf8(ours).unwrap(), theirs);
        }
    }
}
