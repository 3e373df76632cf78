//! Credit lookup and verification (信用核查) from a memory-mapped snapshot.

pub mod domain;
