//! The file that checks are answered from: its bytes, its answers, its damage, its past.
#![allow(clippy::unwrap_used, reason = "tests say what they expect by unwrapping")]

mod damage;
mod drafts;
mod golden;
mod layout;
mod lookup;
mod round_trip;
mod verify;
