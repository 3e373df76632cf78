//! What a caller proves itself with: a bearer token over HTTP, a password elsewhere.

use std::io::{self, Read};

use crate::error::LoadError;

/// No token is longer.
const TOKEN_BYTES_MAX: u64 = 8 << 10;

/// As given with `--token`.
#[derive(Clone)]
pub(crate) struct Token(String);

/// Leaves it out.
impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

impl Token {
    /// Takes a token as given, `-` from standard input.
    pub(crate) fn read(token: &str) -> Result<Self, LoadError> {
        let mut given = token.to_owned();
        if token == "-" {
            given.clear();
            io::stdin().take(TOKEN_BYTES_MAX).read_to_string(&mut given).map_err(LoadError::TokenInput)?;
            given.truncate(given.trim_ascii_end().len());
        }
        if given.is_empty() || !given.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(LoadError::Token);
        }
        Ok(Self(given))
    }

    /// To be sent, and nowhere else.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_with_a_line_end_is_refused_and_not_repeated() {
        let error = Token::read("secret\nX: y").unwrap_err();
        assert!(!error.to_string().contains("secret"));
        assert!(Token::read("").is_err());
        assert!(!format!("{:?}", Token::read("abc").unwrap()).contains("abc"));
    }
}
