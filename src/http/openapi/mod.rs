//! `GET /openapi.json`: the contract for programs. Written by hand; tests compare it with the code's own types, and with
//! every reply of the worked example.

/// OpenAPI 3.1.
pub(super) const DOCUMENT: &[u8] = include_bytes!("openapi.json");

#[cfg(test)]
mod tests;
