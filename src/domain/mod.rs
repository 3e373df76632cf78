//! The rules, pure: no I/O, no clock, no bytes of files, no status codes.
//!
//! In reading order: how days and texts compare; who a subject is; what is recorded about it; which rules the
//! catalogue makes of that; may a record be seen; what follows.

pub mod date;
pub mod text;

pub mod identifier;
pub mod subject;

pub mod record;

pub mod catalogue;
pub mod publication;
pub mod verdict;
