//! Reading identifiers: the kind told, and guessed.

use crate::city;
use criterion::{Criterion, Throughput};
use std::hint::black_box;
use xinhe::domain::identifier::{IdKind, Identifier};

pub(crate) fn identifiers(criterion: &mut Criterion) {
    let today = city::today();
    let samples = [
        ("unified code", IdKind::Uscc, city::organisation(1).as_str().to_owned()),
        ("citizen's number", IdKind::Citizen, city::person(1).as_str().to_owned()),
        ("registration number", IdKind::Registration, "110108002734659".to_owned()),
        ("unified code in any form", IdKind::Uscc, "９１１１0000-6000 37341l".to_owned()),
    ];
    let mut group = criterion.benchmark_group("identifier");
    group.throughput(Throughput::Elements(1));
    for (title, kind, text) in &samples {
        group.bench_function(format!("{title}, kind told"), |bencher| {
            bencher.iter(|| Identifier::parse(*kind, black_box(text), today).is_ok());
        });
        group.bench_function(format!("{title}, guessed"), |bencher| {
            bencher.iter(|| Identifier::read(black_box(text), today).is_ok());
        });
    }
    group.finish();
}
