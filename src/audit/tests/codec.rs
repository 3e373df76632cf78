//! Entries read back as they were written, and nothing else reads as an entry.

use super::with_check;
use crate::audit::entry::{
    About, Body, Cancel, Check, Counted, Detail, Entry, Feedback, Glance, HitNote, Kind, MeasureNote,
    Outcome, Search, VERDICTS,
};
use crate::audit::id::{Id, Place};
use crate::audit::{IdKeys, Packed};
use crate::domain::catalogue::{Effect, Stage};
use crate::domain::date::Day;
use crate::domain::record::RecordId;
use proptest::prelude::*;

fn id(number: u32) -> Id {
    IdKeys::new(&[7; 32], &[]).make(Kind::Check, 3, Place { segment: number, offset: number ^ 77 })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_entry_reads_back_as_it_was_written(
        texts in proptest::collection::vec("\\PC{0,40}", 12),
        numbers in proptest::array::uniform8(any::<u32>()),
        bytes in proptest::collection::vec(any::<u8>(), 0..40),
        count in 0usize..6,
        kind in 0usize..5,
    ) {
        let text = |place: usize| texts[place].as_str();
        let record = |place: usize| RecordId([(numbers[0] as usize + place) as u8; 16]);
        let records: Vec<RecordId> = (0..count).map(record).collect();
        let (mut one, mut two, mut three, mut four) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let records = Packed::pack(&mut one, &records);
        let hits: Vec<HitNote<'_>> = (0..count)
            .map(|place| HitNote {
                record: record(place),
                category: text(0),
                list: text(1),
                effect: Effect::ALL[place % 3],
                objection: place % 2 == 1,
                relation: text(2),
                until: Day::from_number(numbers[1] as i32),
            })
            .collect();
        let measures: Vec<MeasureNote<'_>> =
            (0..count).map(|place| MeasureNote { code: text(place), because: records }).collect();
        let outcomes: Vec<Outcome<'_>> = (0..count)
            .map(|place| Outcome {
                record: (place % 2 == 0).then(|| record(place)),
                measure: text(3),
                outcome: "enforced",
                reason: text(4),
                note: text(5),
            })
            .collect();
        let found: Vec<&str> = texts[..count].iter().map(String::as_str).collect();
        let about = About { asked: &bytes, found: &bytes[..bytes.len() / 2], key: [numbers[2] as u8; 8] };
        let body = match kind {
            0 => Body::Check(Check {
                about,
                linked: numbers[3] % 2 == 0,
                hits: Packed::pack(&mut two, &hits),
                measures: Packed::pack(&mut three, &measures),
            }),
            1 => Body::Detail(Detail { about, records }),
            2 => Body::Search(Search { found: Packed::pack(&mut two, &found) }),
            3 => Body::Feedback(Feedback {
                check: id(numbers[4]),
                row: &bytes,
                digest: [numbers[5] as u8; 16],
                items: Packed::pack(&mut four, &outcomes),
            }),
            _ => Body::Cancel(Cancel { feedback: id(numbers[4]), check: id(numbers[5]), row: &bytes, reason: text(6) }),
        };
        let entry = Entry {
            time_us: u64::from(numbers[6]) << 20,
            counted: Counted {
                day: Day::from_number(numbers[7] as i32),
                stage: Stage::ALL.get(numbers[0] as usize % 6).copied(),
                verdict: VERDICTS.get(numbers[1] as usize % 7).copied(),
                client: text(7),
                division: text(8),
                matter: text(9),
            },
            request_id: text(10),
            purpose: text(11),
            case: text(0),
            operator: text(1),
            authorization: text(2),
            traceparent: text(3),
            release: text(4),
            corrections: u64::from(numbers[2]),
            body,
        };
        let mut out = Vec::new();
        entry.encode(&mut out);
        prop_assert_eq!(Entry::decode(&out), Some(entry));
        let glance = Glance::of(&out).unwrap();
        prop_assert_eq!(glance.row, &entry.counted.packed()[..]);
        prop_assert_eq!((glance.kind, glance.request_id), (entry.body.kind(), text(10).as_bytes()));
        if let Body::Check(check) = entry.body {
            prop_assert_eq!(check.hits.items::<HitNote<'_>>().collect::<Vec<_>>(), hits);
            prop_assert_eq!(check.measures.items::<MeasureNote<'_>>().collect::<Vec<_>>(), measures);
        }
        for end in 0..out.len() {
            prop_assert_eq!(Entry::decode(&out[..end]), None);
        }
    }

    #[test]
    fn any_bytes_are_an_entry_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Some(entry) = Entry::decode(&bytes) {
            let mut out = Vec::new();
            entry.encode(&mut out);
            prop_assert_eq!(out, bytes);
        }
    }
}

#[test]
fn an_entry_with_one_byte_changed_is_another_or_none() {
    let written = with_check(3, |entry| {
        let mut out = Vec::new();
        entry.encode(&mut out);
        out
    });
    for place in 0..written.len() {
        let mut changed = written.clone();
        changed[place] ^= 1;
        if let Some(read) = Entry::decode(&changed) {
            with_check(3, |entry| assert_ne!(read, *entry, "byte {place}"));
        }
    }
}
