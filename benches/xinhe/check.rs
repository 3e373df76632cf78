//! One check in process at 5 million subjects: no socket, no JSON.
//! To reach (design): an organisation without entries ≤ 150 ns, a person ≤ 500 ns.

use crate::city;
use criterion::{Criterion, Throughput};
use std::hint::black_box;
use xinhe::check::{Question, check};
use xinhe::domain::catalogue::Stage;
use xinhe::domain::identifier::Identifier;
use xinhe::domain::verdict::{MatterAsked, Workspace};

/// A walk over the subjects that no cache can guess.
fn walk(count: u64) -> impl FnMut() -> u64 {
    let mut at = 1u64;
    move || {
        at = at.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (at >> 33) % count
    }
}

pub(crate) fn checks(criterion: &mut Criterion) {
    let subjects = city::size(5_000_000);
    let snapshot = city::snapshot(subjects);
    let pairs = subjects / 2;
    let without = |n: u64| (n / 25 * 25 + n % 24 + 1).min(pairs - 1);
    let mut next = walk(pairs);
    let count = 1 << 16;
    let organisations =
        |n: &mut dyn FnMut() -> u64| (0..count).map(|_| city::organisation(n())).collect::<Vec<Identifier>>();
    let clean = organisations(&mut || without(next()));
    let hit = organisations(&mut || next() / 25 * 25);
    let persons: Vec<Identifier> = (0..count).map(|_| city::person(next())).collect();
    let misses = organisations(&mut || pairs + next());
    let matter =
        snapshot.catalogue().matter("370402-000131").map_or(MatterAsked::Unnamed, MatterAsked::Known);

    let mut group = criterion.benchmark_group(format!("check, {subjects} subjects"));
    group.throughput(Throughput::Elements(1));
    // What the machine asks for one row that is in no cache: figures of checks are to be read as multiples of it.
    let part = &snapshot.parts()[0];
    let mut at = 1u64;
    group.bench_function("baseline: one row read at random", |bencher| {
        bencher.iter(|| {
            let place = ((at >> 33) % subjects) as u32;
            let row = part.standing(place).map_or(0, |standing| u64::from(standing.entries()));
            // The next place depends on what was read, so that reads cannot overlap.
            at = (at ^ row).wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            black_box(row)
        });
    });
    let mut work = Workspace::default();
    let cases = [
        ("organisation without entries", &clean, None),
        ("organisation with two hits", &hit, None),
        ("person", &persons, Some(city::PERSON_NAME)),
        ("organisation not found", &misses, None),
    ];
    for (title, ids, name) in cases {
        let mut place = 0;
        group.bench_function(title, |bencher| {
            bencher.iter(|| {
                place = (place + 1) % ids.len();
                let question = Question {
                    identifier: &ids[place],
                    name,
                    matter,
                    stage: Stage::Acceptance,
                    day: city::today(),
                    linked: true,
                };
                black_box(check(&snapshot, &question, &mut work).unwrap().decision.verdict)
            });
        });
    }
    group.finish();
}
