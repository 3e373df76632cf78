//! The rules, pure: no I/O, no clock, no bytes of files, no status codes.

pub mod date;
pub mod identifier;
pub mod text;
