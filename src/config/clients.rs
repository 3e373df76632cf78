//! Who may ask for what: every key of `clients.toml`, with its default.

use super::network::Network;
use super::read::{ConfigError, place};
use crate::domain::catalogue::{Footing, Stage};
use crate::domain::subject::SubjectKind;
use serde::Deserialize;
use serde::de::{Deserializer, Error};
use std::collections::HashMap;
use std::path::Path;
use toml::Spanned;

/// Most requests a second that can be allowed.
const RATE_MOST: u32 = 10_000_000;
/// Most distinct persons a day that can be allowed: each takes some bytes of memory until midnight.
const PERSONS_MOST: u32 = 10_000_000;
/// Longest name of a client.
const ID_MOST: usize = 64;

/// What a caller can ask for (`endpoints`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// Checks, one or many, and their receipts.
    Checks,
    /// What was done about hits.
    Feedback,
    /// Search and detail.
    Subjects,
    /// Numbers of use.
    Usage,
    /// Any client's receipts.
    Audit,
}

impl Endpoint {
    /// All, in the order of their numbers.
    pub const ALL: [Endpoint; 5] =
        [Endpoint::Checks, Endpoint::Feedback, Endpoint::Subjects, Endpoint::Usage, Endpoint::Audit];

    /// The contract's word.
    pub const fn word(self) -> &'static str {
        match self {
            Endpoint::Checks => "checks",
            Endpoint::Feedback => "feedback",
            Endpoint::Subjects => "subjects",
            Endpoint::Usage => "usage",
            Endpoint::Audit => "audit",
        }
    }
}

/// What happens to a check of a matter that the catalogue lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UnknownMatter {
    /// It is refused.
    Refuse,
    /// It is answered, `incomplete` at best.
    Answer,
}

/// A set of words of the contract, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words(u8);

impl Words {
    /// Every word.
    pub const ALL: Words = Words(u8::MAX);

    const fn of(codes: &[u8]) -> Words {
        let (mut bits, mut place) = (0, 0);
        while place < codes.len() {
            bits |= 1 << codes[place];
            place += 1;
        }
        Words(bits)
    }

    /// Whether the word with this number is in it.
    pub const fn holds(self, code: u8) -> bool {
        self.0 & (1 << code) != 0
    }

    fn read<'de, D: Deserializer<'de>>(
        deserializer: D,
        words: &[&str],
        star: bool,
    ) -> Result<Words, D::Error> {
        let mut bits = 0;
        for text in Vec::<String>::deserialize(deserializer)? {
            bits |= match words.iter().position(|word| *word == text) {
                Some(place) => 1 << place,
                None if star && text == "*" => u8::MAX,
                None => {
                    let all = if star { " or `*`" } else { "" };
                    let words = words.join(", ");
                    return Err(D::Error::custom(format!("found `{text}`, expected one of {words}{all}")));
                }
            };
        }
        Ok(Words(bits))
    }
}

/// SHA-256 of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenDigest(pub [u8; 32]);

impl<'de> Deserialize<'de> for TokenDigest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<TokenDigest, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wanted = "expected the SHA-256 of a token, 64 hexadecimal digits";
        let mut digest = [0; 32];
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            // The text is not repeated: it may be the token itself.
            return Err(D::Error::custom(format!("found {} characters, {wanted}", text.chars().count())));
        }
        for (place, byte) in digest.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * place..2 * place + 2], 16)
                .map_err(|_| D::Error::custom(wanted))?;
        }
        Ok(TokenDigest(digest))
    }
}

/// One `[[client]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientSettings {
    /// Its name in receipts, logs and metrics.
    id: Spanned<String>,
    /// Its department, in words.
    #[serde(default)]
    pub department: String,
    /// Its division (行政区划代码).
    #[serde(default)]
    pub division: String,
    /// Digests of its tokens; two while they are changed.
    #[serde(default)]
    pub token_sha256: Vec<TokenDigest>,
    /// Subject names of its certificates.
    #[serde(default)]
    pub certificates: Vec<String>,
    /// Addresses that it may come from; empty: any.
    #[serde(default)]
    pub addresses: Vec<Network>,
    /// Matters that it may check for, `*` for any run of characters; absent: those of its division.
    matters: Option<Vec<String>>,
    /// Stages at which it may check.
    #[serde(default = "all", deserialize_with = "stages")]
    pub stages: Words,
    /// Kinds of subject that it may check.
    #[serde(default = "all", deserialize_with = "kinds")]
    pub kinds: Words,
    /// What it may ask for.
    #[serde(default = "usual_endpoints", deserialize_with = "endpoints")]
    pub endpoints: Words,
    /// On what footing it may check persons.
    #[serde(default = "statutory", deserialize_with = "footing")]
    pub persons: Footing,
    /// What happens to a check of a matter that the catalogue lacks.
    #[serde(default = "refuse")]
    pub unknown_matter: UnknownMatter,
    /// Requests a second.
    #[serde(default = "usual_rate")]
    pub rate_per_second: u32,
    /// Distinct persons a day.
    #[serde(default = "usual_persons")]
    pub persons_per_day: u32,
}

impl ClientSettings {
    /// Its name.
    pub fn id(&self) -> &str {
        self.id.get_ref()
    }

    /// Patterns of the matters that it may check for.
    pub fn matters(&self) -> Vec<String> {
        self.matters.clone().unwrap_or_else(|| vec![format!("{}-*", self.division)])
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    client: Vec<ClientSettings>,
}

/// Reads the file of clients. A mistake refuses the whole file: half of it could be the wrong rights.
pub fn read_clients(path: &Path) -> Result<Vec<ClientSettings>, ConfigError> {
    let text =
        std::fs::read_to_string(path).map_err(|source| ConfigError::Io { path: path.to_owned(), source })?;
    parse_clients(&text, path)
}

/// Reads the text of a file of clients; the path is for messages.
pub fn parse_clients(text: &str, path: &Path) -> Result<Vec<ClientSettings>, ConfigError> {
    let file: File = toml::from_str(text).map_err(|error| ConfigError::at_line(text, path, &error))?;
    let refuse = |client: &ClientSettings, key: &str, what: String| {
        let (line, _) = place(text, client.id.span().start);
        Err(ConfigError::Line { path: path.to_owned(), line, key: format!("client.{key}"), what })
    };
    let (mut ids, mut named) = (HashMap::new(), HashMap::new());
    for client in &file.client {
        if let Err((key, what)) = client.complete() {
            return refuse(client, key, what);
        }
        if ids.insert(client.id(), ()).is_some() {
            return refuse(client, "id", format!("`{}` stands twice; a client has one entry", client.id()));
        }
        let tokens = client.token_sha256.iter().map(|token| (token.0.to_vec(), "token_sha256"));
        let certificates = client.certificates.iter().map(|name| (name.clone().into_bytes(), "certificates"));
        for (name, key) in tokens.chain(certificates) {
            if let Some(other) = named.insert((name, key), client.id()) {
                let what = format!("`{other}` has the same; each names one client, and stands once");
                return refuse(client, key, what);
            }
        }
    }
    Ok(file.client)
}

impl ClientSettings {
    /// The first key that is missing or out of bounds.
    fn complete(&self) -> Result<(), (&'static str, String)> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if self.id().is_empty() || self.id().len() > ID_MOST || !self.id().chars().all(plain) {
            let what = format!("expected 1 to {ID_MOST} letters, digits, `-`, `_` or `.`");
            return Err(("id", what));
        }
        if self.matters.is_none() && self.division.is_empty() {
            let what = "missing; name the matters that it may check for, or its division";
            return Err(("matters", what.to_owned()));
        }
        if !(1..=RATE_MOST).contains(&self.rate_per_second) {
            return Err((
                "rate_per_second",
                format!("found {}, expected 1 to {RATE_MOST}", self.rate_per_second),
            ));
        }
        if self.persons_per_day > PERSONS_MOST {
            return Err((
                "persons_per_day",
                format!("found {}, expected 0 to {PERSONS_MOST}", self.persons_per_day),
            ));
        }
        Ok(())
    }
}

fn all() -> Words {
    Words::ALL
}

fn usual_endpoints() -> Words {
    Words::of(&[
        Endpoint::Checks as u8,
        Endpoint::Feedback as u8,
        Endpoint::Subjects as u8,
        Endpoint::Usage as u8,
    ])
}

fn statutory() -> Footing {
    Footing::Statutory
}

fn refuse() -> UnknownMatter {
    UnknownMatter::Refuse
}

fn usual_rate() -> u32 {
    2000
}

fn usual_persons() -> u32 {
    20_000
}

fn stages<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Words, D::Error> {
    let words: Vec<&str> = Stage::ALL.iter().map(|stage| stage.word()).collect();
    Words::read(deserializer, &words, true)
}

fn kinds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Words, D::Error> {
    Words::read(deserializer, &SubjectKind::ALL.map(|kind| kind.word()), true)
}

fn endpoints<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Words, D::Error> {
    Words::read(deserializer, &Endpoint::ALL.map(|endpoint| endpoint.word()), false)
}

fn footing<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Footing, D::Error> {
    let text = String::deserialize(deserializer)?;
    let words = || Footing::ALL.iter().map(|footing| footing.word()).collect::<Vec<_>>().join(", ");
    Footing::from_word(&text)
        .ok_or_else(|| D::Error::custom(format!("found `{text}`, expected one of {}", words())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    fn read(text: &str) -> Result<Vec<ClientSettings>, String> {
        parse_clients(text, Path::new("c.toml")).map_err(|error| error.to_string())
    }

    #[test]
    fn every_key_of_the_contract_is_known() {
        let text = format!(
            "[[client]]\nid = \"hall-370402\"\ndepartment = \"枣庄市市中区行政审批服务局\"\ndivision = \"370402\"\n\
             token_sha256 = [\"{DIGEST}\"]\ncertificates = []\naddresses = []\nmatters = [\"370402-*\"]\n\
             stages = [\"*\"]\nkinds = [\"enterprise\", \"organisation\", \"individual-business\", \"person\"]\n\
             endpoints = [\"checks\", \"feedback\", \"subjects\", \"usage\"]\npersons = \"statutory\"\n\
             unknown_matter = \"refuse\"\nrate_per_second = 2000\npersons_per_day = 20000\n"
        );
        let clients = read(&text).unwrap();
        assert_eq!((clients.len(), clients[0].id()), (1, "hall-370402"));
        assert_eq!(clients[0].token_sha256[0].0[..2], [0x9f, 0x86]);
        assert!(!clients[0].endpoints.holds(Endpoint::Audit as u8));
        assert!(clients[0].stages.holds(Stage::Award.code()));
    }

    #[test]
    fn what_is_absent_is_what_the_contract_shows() {
        let client = &read("[[client]]\nid = \"a\"\ndivision = \"370402\"\n").unwrap()[0];
        assert_eq!(client.matters(), ["370402-*"]);
        assert_eq!((client.rate_per_second, client.persons_per_day), (2000, 20_000));
        assert_eq!((client.persons, client.unknown_matter), (Footing::Statutory, UnknownMatter::Refuse));
        assert!(client.kinds.holds(SubjectKind::Person.code()));
        assert!(client.endpoints.holds(Endpoint::Usage as u8));
        assert!(
            client.token_sha256.is_empty() && client.certificates.is_empty() && client.addresses.is_empty()
        );
        assert!(read("").unwrap().is_empty());
    }

    #[test]
    fn mistakes_are_told_with_line_and_what_was_expected() {
        let head = "[[client]]\nid = \"a\"\nmatters = [\"*\"]\n";
        let cases = [
            ("tokens = []\n", "c.toml:4: client.tokens: unknown field `tokens`, expected one of"),
            (
                "stages = [\"tasting\"]\n",
                "c.toml:4: client.stages: found `tasting`, expected one of acceptance",
            ),
            ("kinds = [\"ghost\"]\n", "expected one of enterprise"),
            ("endpoints = [\"*\"]\n", "expected one of checks"),
            ("persons = \"any\"\n", "c.toml:4: client.persons: found `any`, expected one of none"),
            ("addresses = [\"10.0.0.0/33\"]\n", "client.addresses: found `10.0.0.0/33`, expected an address"),
            ("token_sha256 = [\"secret\"]\n", "found 6 characters, expected the SHA-256"),
            ("rate_per_second = 0\n", "c.toml:2: client.rate_per_second: found 0, expected 1 to"),
            ("[[client]]\nid = \"a\"\nmatters = []\n", "c.toml:5: client.id: `a` stands twice"),
            ("[[client]]\nid = \"b\"\n", "c.toml:5: client.matters: missing"),
            ("[[client]]\nmatters = []\n", "missing field `id`"),
            ("[[client]]\nid = \"张三\"\nmatters = []\n", "client.id: expected 1 to 64"),
        ];
        for (text, words) in cases {
            let told = read(&format!("{head}{text}")).unwrap_err();
            assert!(told.contains(words), "{text}: {told}");
        }
        let twice = format!("token_sha256 = [\"{DIGEST}\"]\n");
        let told = read(&format!("{head}{twice}[[client]]\nid = \"b\"\nmatters = []\n{twice}")).unwrap_err();
        assert!(told.contains("c.toml:6: client.token_sha256: `a` has the same"), "{told}");
        assert!(!read(&format!("{head}token_sha256 = [\"secret\"]\n")).unwrap_err().contains("secret"));
    }
}
