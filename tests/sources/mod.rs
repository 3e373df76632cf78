//! Tables of every format hold the same rows.

mod gather;
mod parquet;
mod postgres;
pub(crate) mod server;
