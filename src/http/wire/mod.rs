//! JSON in and out.

mod lines;
mod release;
mod reply;
pub mod request;
mod subjects;
mod text;

pub use lines::{Line, Lines};
pub(super) use release::write_release;
pub use reply::Reply;
pub(super) use subjects::{write_found, write_report};
pub(super) use text::{push_number, push_text};
