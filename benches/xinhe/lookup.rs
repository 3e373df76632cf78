//! Exact lookup: the directory of the snapshot against an FST over the same keys, at 100,000 and 5 million.

use crate::city;
use criterion::{Criterion, Throughput};
use std::hint::black_box;
use xinhe::domain::identifier::Identifier;

pub(crate) fn lookups(criterion: &mut Criterion) {
    for full in [100_000, 5_000_000] {
        let keys = city::size(full);
        let snapshot = city::snapshot(keys * 2);
        let mut codes: Vec<Identifier> = (0..keys).map(city::organisation).collect();
        codes.sort_unstable();
        let mut builder = fst::MapBuilder::memory();
        for (place, code) in codes.iter().enumerate() {
            builder.insert(code.as_bytes(), place as u64).unwrap();
        }
        let fst = fst::Map::new(builder.into_inner().unwrap()).unwrap();
        // A stride that shares no factor with the number of keys visits them all in no cache's order.
        let stride = 48_271;
        let mut group = criterion.benchmark_group(format!("exact lookup, {keys} keys"));
        group.throughput(Throughput::Elements(1));
        let mut place = 0;
        group.bench_function("table", |bencher| {
            bencher.iter(|| {
                place = (place + stride) % codes.len();
                black_box(snapshot.find(&codes[place]).unwrap().is_some())
            });
        });
        group.bench_function("FST", |bencher| {
            bencher.iter(|| {
                place = (place + stride) % codes.len();
                black_box(fst.get(codes[place].as_bytes()))
            });
        });
        group.finish();
    }
}
