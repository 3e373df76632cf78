//! Parts with any bytes: refused with an error, or answered from. Never a panic, whatever is read of them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::hint::black_box;
use std::sync::OnceLock;
use xinhe::check::{Question, check};
use xinhe::domain::catalogue::Stage;
use xinhe::domain::date::Day;
use xinhe::domain::identifier::Identifier;
use xinhe::domain::verdict::{MatterAsked, Workspace};
use xinhe::lookup;
use xinhe::snapshot::{
    EntryRow, Origins, Overlay, Part, PersonKeys, Snapshot, Standing, SubjectKey, Trust, verify,
};
use xinhe_fuzz::{GOLDEN, keys, part, today};

/// Subjects of a part that are looked at.
const SUBJECTS_MAX: u32 = 16;

fuzz_target!(
    init: xinhe_fuzz::let_contained_panics_unwind(),
    |input: &[u8]| {
        if let Some(origins) = part::origins_of_input(input) {
            return rows(&origins);
        }
        let file = part::of_input(input);
        if let Ok(part) = Part::open(&file[..], Trust::Nothing) {
            part.verify_sums().expect("they were compared");
        }
        let Ok(part) = Part::open(&file[..], Trust::Sums) else { return };
        read(&part);
        ask(part);
    }
);

/// Keeps a reading from being optimised away.
fn see<T>(value: T) {
    drop(black_box(value));
}

/// Reads an origins file.
fn rows(file: &[u8]) {
    let Ok(origins) = Origins::open(file) else { return };
    see((origins.verify(), origins.place(), origins.part_header(), origins.files()));
    for row in [0, 1, 8191, 8192, u64::MAX] {
        see(origins.row(row).map(|(file, line)| (file.len(), line)));
    }
}

/// Reads everything that a part lets be read.
fn read(part: &Part<&[u8]>) {
    see((part.meta(), part.catalogue(), verify(part)));
    for place in 0..part.subjects().min(SUBJECTS_MAX) {
        let standing = part.standing(place).expect("it has so many");
        subject(part, &standing);
    }
    for key in &subjects().keys {
        see((part.find(key, key.hash()), part.find_alias(key)));
    }
    for name in ["枣庄", "", "枣庄（试验）餐饮店枣庄（试验）餐饮店枣庄（试验）餐饮店"]
    {
        see(part.search_names(name, 5));
    }
}

fn subject(part: &Part<&[u8]>, standing: &Standing<'_>) {
    let key = standing.key();
    see((part.find(&key, key.hash()), part.find_alias(&key), standing.code(), standing.state_class()));
    see((part.shown_name(standing), part.string(standing.state()), part.former_names(standing).count()));
    part.name_digests(standing).for_each(see);
    part.entries_of(standing).into_iter().flatten().for_each(|row| entry(part, &row));
    for filed in part.dossier(standing).into_iter().flat_map(|dossier| dossier.records) {
        see((part.texts(filed.text, filed.text_length), filed.last_day(), part.string(filed.title)));
        part.events(filed.events, filed.events_count).for_each(|event| see(event.event()));
        lookup::sight(&Overlay::default(), part, &filed, today());
    }
}

fn entry(part: &Part<&[u8]>, row: &EntryRow<'_>) {
    see((row.record().text(), row.category(), row.effect(), row.bars(), row.relation(), row.fulfilment()));
    see((row.since().iso(), row.from().next(), row.until().to_string(), row.list(), row.objection()));
    see((part.document(row), part.string(row.authority()), part.string(row.title())));
    let (first, count) = row.events();
    for event in part.events(first, count) {
        let (instrument, authority) = event.strings();
        see((event.event(), event.origin(), event.number()));
        see([instrument, authority].map(|number| part.string(number)));
    }
}

/// Answers questions from a release of this part.
fn ask(part: Part<&[u8]>) {
    let Ok(snapshot) = Snapshot::new(vec![part], &subjects().person_keys) else { return };
    see((snapshot.stale_lists(today()), snapshot.as_of().iso()));
    see(lookup::search(&snapshot, "枣庄", 5));
    snapshot.anticipate(subjects().asked.iter().map(|(identifier, _)| *identifier));
    let mut work = Workspace::default();
    for (identifier, name) in &subjects().asked {
        let matters = snapshot.catalogue().entries().matters.len().min(4);
        let matters = (0..matters).map(|place| MatterAsked::Known(place as u16));
        for (matter, day) in
            matters.chain([MatterAsked::Unnamed]).zip([today(), Day::EVER, Day::OPEN].iter().cycle())
        {
            let name = Some(*name).filter(|name| !name.is_empty());
            let question =
                Question { identifier, name, matter, stage: Stage::Acceptance, day: *day, linked: true };
            see(check(&snapshot, &question, &mut work).map(|answer| answer.is_unknown()));
        }
        if let Ok(Some(at)) = snapshot.find(identifier) {
            see(lookup::detail(&snapshot, &at, today(), &lookup::Section::ALL));
        }
    }
}

/// Whom the golden part holds, under current and older codes.
struct Subjects {
    person_keys: PersonKeys,
    keys: Vec<SubjectKey>,
    asked: Vec<(Identifier, &'static str)>,
}

fn subjects() -> &'static Subjects {
    static SUBJECTS: OnceLock<Subjects> = OnceLock::new();
    SUBJECTS.get_or_init(|| {
        let person_keys = keys();
        let golden = Part::open(GOLDEN, Trust::Nothing).expect("the golden part");
        let rows = (0..golden.subjects()).filter_map(|place| golden.standing(place));
        let mut asked: Vec<_> = rows
            .filter_map(|row| Identifier::read(row.code()?, today()).ok())
            .map(|identifier| (identifier, "枣庄试例商贸有限公司"))
            .collect();
        for row in (0..golden.subjects()).filter_map(|place| golden.standing(place)) {
            let Ok(dossier) = golden.dossier(&row) else { continue };
            let older = dossier.older_codes.iter().map(|(_, code)| code).chain(&dossier.former_codes);
            asked.extend(older.filter_map(|code| Some((Identifier::read(code, today()).ok()?, ""))));
        }
        let keys = asked.iter().map(|(one, _)| SubjectKey::of(one, person_keys.first())).collect();
        Subjects { person_keys, keys, asked }
    })
}
