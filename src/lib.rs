//! Credit lookup and verification (信用核查) from a memory-mapped snapshot. Modules in reading order.

pub mod domain;

pub mod snapshot;

pub mod check;
pub mod lookup;

pub mod signature;

pub mod release;

pub mod audit;

pub mod live;

pub mod config;
pub mod http;
pub mod ops;
