//! What operators do: generate, build, verify, inspect, check. One file a subcommand in [`command`].

mod cache;
pub mod catalog;
pub mod command;
pub mod compile;
pub mod dataset;
pub mod demo;
pub mod diff;
pub mod explain;
pub mod facts;
mod find;
pub mod generate;
pub mod given;
pub mod guardrail;
pub mod ingest;
pub mod keys;
pub mod publish;
pub mod quality;
mod receipts;
mod served;
mod unfinished;
pub mod witness;
