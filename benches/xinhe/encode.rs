//! Writing the reply of a check into a buffer that is kept.

use crate::office;
use criterion::{Criterion, Throughput};
use std::hint::black_box;
use xinhe::check::check;
use xinhe::domain::verdict::Workspace;
use xinhe::http::wire::Reply;

pub(crate) fn replies(criterion: &mut Criterion) {
    let office = office::open();
    let snapshot = office.serving.snapshot();
    let data = &office.serving.data(snapshot.as_of());
    let mut group = criterion.benchmark_group("encode");
    for (title, id, name, matter) in &office.asks {
        let mut work = Workspace::default();
        let question = &office::question(id, name, *matter, &office.serving);
        let answer = &check(snapshot, question, &mut work).unwrap();
        let reply = Reply { check_id: None, serving: &office.serving, data, question, answer, work: &work };
        let mut out = Vec::new();
        reply.write(&mut out);
        group.throughput(Throughput::Bytes(out.len() as u64));
        group.bench_function(*title, |bencher| {
            bencher.iter(|| {
                out.clear();
                reply.write(&mut out);
                black_box(out.len())
            });
        });
    }
    group.finish();
}
