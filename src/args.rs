//! The command line of the server.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

const HELP: &str = "\
Credit lookup and verification (信用核查): the server.

Usage: xinhe-server --config FILE [--set section.key=value]...

Options:
  --config FILE            settings, TOML
  --set section.key=value  overrides one setting; may be given several times
  --help                   this text
  --version                the version

When it serves, one line on stdout says so:
  {\"event\":\"ready\",\"api\":\"127.0.0.1:8080\",\"ops\":\"127.0.0.1:9090\",\"release\":\"2026-11-20.1\"}
It waits for a release where there is none yet. SIGTERM and SIGINT let requests in flight finish; SIGHUP asks the store at once.
";

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Args {
    /// File of the settings.
    pub(super) config: PathBuf,
    /// `section.key=value`, in order.
    pub(super) overrides: Vec<String>,
}

/// Why the server does not run at all.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Early {
    /// It was asked for a text only.
    Text(String),
    /// The words do not go together.
    Usage(String),
}

impl Early {
    /// Prints and gives the exit code.
    pub(super) fn tell(self) -> ExitCode {
        match self {
            Early::Text(text) => {
                print!("{text}");
                ExitCode::SUCCESS
            }
            Early::Usage(what) => {
                eprintln!("xinhe-server: {what}; see xinhe-server --help");
                ExitCode::from(2)
            }
        }
    }
}

/// Reads the words behind the program's name. A value may stand behind its option or behind `=`.
pub(super) fn parse(words: impl Iterator<Item = OsString>) -> Result<Args, Early> {
    let usage = |what: String| Early::Usage(what);
    let mut words = words;
    let (mut config, mut overrides) = (None, Vec::new());
    while let Some(word) = words.next() {
        let word = word.into_string().map_err(|word| usage(format!("{} is not UTF-8", word.display())))?;
        let (option, inline) = match word.split_once('=') {
            Some((option, value)) => (option.to_owned(), Some(OsString::from(value))),
            None => (word, None),
        };
        let mut value = || inline.clone().or_else(|| words.next());
        match option.as_str() {
            "--help" | "-h" => return Err(Early::Text(HELP.to_owned())),
            "--version" | "-V" => {
                return Err(Early::Text(format!("xinhe-server {}\n", env!("CARGO_PKG_VERSION"))));
            }
            "--config" => {
                let file = value().ok_or_else(|| usage("--config needs a file".to_owned()))?;
                if config.replace(PathBuf::from(file)).is_some() {
                    return Err(usage("--config stands twice".to_owned()));
                }
            }
            "--set" => {
                let pair =
                    value().and_then(|value| value.into_string().ok()).filter(|pair| pair.contains('='));
                overrides.push(pair.ok_or_else(|| usage("--set needs section.key=value".to_owned()))?);
            }
            _ => return Err(usage(format!("unknown option {option}"))),
        }
    }
    let config = config.ok_or_else(|| usage("--config FILE is missing".to_owned()))?;
    Ok(Args { config, overrides })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &str) -> Result<Args, Early> {
        parse(words.split(' ').filter(|word| !word.is_empty()).map(OsString::from))
    }

    #[test]
    fn a_file_and_overrides() {
        let args = parsed("--config x.toml --set workers.count=4 --set=listen.api=127.0.0.1:0").unwrap();
        assert_eq!(args.config, PathBuf::from("x.toml"));
        assert_eq!(args.overrides, ["workers.count=4", "listen.api=127.0.0.1:0"]);
        assert_eq!(parsed("--config=x.toml").unwrap().config, PathBuf::from("x.toml"));
    }

    #[test]
    fn other_words_are_wrong_usage() {
        for wrong in [
            "",
            "--config",
            "--config a --config b",
            "--config a b",
            "--config a --set",
            "--config a --set b",
            "--port 1",
        ] {
            assert!(matches!(parsed(wrong), Err(Early::Usage(_))), "{wrong}");
        }
        assert!(matches!(parsed("--help"), Err(Early::Text(_))));
    }
}
