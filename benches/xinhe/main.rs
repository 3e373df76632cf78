//! All criterion benches in one program: `cargo bench`, or `cargo bench -- check` for those whose name has `check`.

#![allow(missing_docs, reason = "criterion's macros make public items")]
#![allow(clippy::unwrap_used, reason = "a bench that cannot run should stop")]

mod build;
mod check;
mod city;
mod encode;
mod http;
mod identifier;
mod lookup;
mod office;

use criterion::{criterion_group, criterion_main};

criterion_group!(
    benches,
    identifier::identifiers,
    lookup::lookups,
    check::checks,
    encode::replies,
    build::builds,
    http::whole_checks
);
criterion_main!(benches);
