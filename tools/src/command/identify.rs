//! `xinhe identify`: what is this number?

use super::Failure;
use std::io::{self, BufRead, BufWriter, Write};
use std::time::{SystemTime, UNIX_EPOCH};
use xinhe::domain::date::Day;
use xinhe::domain::identifier::{IdKind, Identifier, Unread};

/// Read identifiers, one a line on stdin, and tell the kind and the normalised form of each as NDJSON.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  echo 91110000-600037341l | xinhe identify")]
pub(super) struct Args {
    /// Read every line as this kind; passports and permits are read only so.
    #[arg(long = "type", value_name = "T", value_parser = kind)]
    kind: Option<IdKind>,
    /// For uniformity: the result is always NDJSON.
    #[arg(long)]
    json: bool,
}

/// The kind that an option names.
pub(super) fn kind(word: &str) -> Result<IdKind, String> {
    IdKind::asked(word)
        .ok_or_else(|| format!("expected one of {}", IdKind::ASKED.map(IdKind::word).join(", ")))
}

/// Exit 0 whatever the lines hold; a line that is not UTF-8 is an invalid identifier.
pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let today = today();
    let mut input = io::stdin().lock();
    let mut output = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let mut line = Vec::new();
    let mut reply = Vec::new();
    loop {
        line.clear();
        let length = input.read_until(b'\n', &mut line).map_err(Failure::work)?;
        if length == 0 {
            return output.flush().map_err(Failure::work);
        }
        let end = line.iter().rposition(|b| !matches!(b, b'\n' | b'\r')).map_or(0, |at| at + 1);
        reply.clear();
        tell(&String::from_utf8_lossy(&line[..end]), args.kind, today, &mut reply).map_err(Failure::work)?;
        output.write_all(&reply).map_err(Failure::work)?;
    }
}

/// The system's day in UTC+8.
pub(crate) fn today() -> Day {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Day::in_china(since.as_secs() as i64)
}

fn tell(text: &str, kind: Option<IdKind>, today: Day, out: &mut Vec<u8>) -> io::Result<()> {
    let reading = match kind {
        Some(kind) => Identifier::parse(kind, text, today).map_err(Unread::Invalid),
        None => Identifier::read(text, today),
    };
    out.extend_from_slice(b"{\"input\":");
    serde_json::to_writer(&mut *out, text)?;
    match reading {
        Ok(id) => {
            writeln!(out, r#","kind":"{}","valid":true,"normalised":"{}"}}"#, id.kind().word(), id.as_str())
        }
        Err(Unread::Ambiguous(kinds)) => {
            writeln!(out, r#","kind":"ambiguous","valid":true,"reason":"reads as {kinds}"}}"#)
        }
        Err(Unread::Invalid(error)) => {
            write!(out, r#","kind":"{}","valid":false,"reason":"#, error.kind.word())?;
            serde_json::to_writer(&mut *out, &error.rule.to_string())?;
            out.extend_from_slice(b"}\n");
            Ok(())
        }
    }
}
