//! The build, by record: making tables, a whole release from each format, and reading it back.

use crate::city;
use criterion::{BatchSize, Criterion, Throughput};
use std::hint::black_box;
use xinhe::release::Release;
use xinhe::snapshot::Trust;
use xinhe_tools::compile::{Plan, build};
use xinhe_tools::generate;

pub(crate) fn builds(criterion: &mut Criterion) {
    let subjects = city::size(50_000);
    let plan =
        |format| generate::Plan { subjects, as_of: city::today(), format, ..generate::Plan::default() };
    let records = subjects * 4;
    let folder = tempfile::tempdir().unwrap();
    let catalogue = concat!(env!("CARGO_MANIFEST_DIR"), "/tools/catalog").as_ref();
    let keys = city::keys();
    let mut group = criterion.benchmark_group(format!("build, {records} records"));
    group.throughput(Throughput::Elements(records)).sample_size(10);
    for (title, format) in [("CSV", generate::Format::Csv), ("Parquet", generate::Format::Parquet)] {
        let tables = folder.path().join(title);
        generate::write(&plan(format), &tables, &|_| ()).unwrap();
        let places = || tempfile::tempdir_in(folder.path()).unwrap();
        group.bench_function(format!("generate {title}"), |bencher| {
            bencher.iter_batched(
                places,
                |place| {
                    generate::write(&plan(format), &place.path().join("city"), &|_| ()).unwrap();
                    place
                },
                BatchSize::PerIteration,
            );
        });
        group.bench_function(format!("build from {title}"), |bencher| {
            bencher.iter_batched(
                places,
                |place| {
                    let out = place.path().join("release");
                    black_box(build(&Plan::new(&tables, catalogue, &out, keys.first()), &()).unwrap());
                    place
                },
                BatchSize::PerIteration,
            );
        });
    }
    let release = folder.path().join("release");
    build(&Plan::new(&folder.path().join("CSV"), catalogue, &release, keys.first()), &()).unwrap();
    group.bench_function("open and compare every sum", |bencher| {
        bencher.iter(|| black_box(Release::open(&release, &keys, Trust::Nothing).unwrap().snapshot.as_of()));
    });
    group.finish();
}
