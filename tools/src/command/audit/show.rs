//! `xinhe audit show`: who asked what, and who looked at this subject?

use crate::command::{Failure, identify};
use crate::{given, keys, receipts};
use std::collections::BTreeSet;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use xinhe::audit::entry::Body;
use xinhe::audit::{Id, Stored, read_all};
use xinhe::domain::identifier::{Country, IdKind, Identifier, Unread};
use xinhe::snapshot::SubjectKey;

/// Print receipts, oldest first: all, those of one check with its feedback, or all that looked at one subject.
///
/// A person stands in the receipts as a keyed digest of the number, so that the name is not needed to find who looked.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  xinhe audit show /var/lib/xinhe/audit --check 000100000001…\n  \
                  echo 370402199001011234 | xinhe audit show /var/lib/xinhe/audit --subject - --person-key /etc/xinhe/person.key")]
pub(super) struct Args {
    /// The folder of the receipts.
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// One check, by its check_id.
    #[arg(long, value_name = "ID", conflicts_with = "subject")]
    check: Option<String>,
    /// One subject, by its number; `-`: read it from stdin.
    #[arg(long, value_name = "ID", requires = "person_key")]
    subject: Option<String>,
    /// The subject's name; receipts know persons by number alone. `-`: read it from stdin.
    #[arg(long, value_name = "NAME", requires = "subject")]
    name: Option<String>,
    /// Kind of the number, as `id_type` of the HTTP contract; a passport or a permit needs it.
    #[arg(long, value_name = "T", requires = "subject", value_parser = identify::kind)]
    id_type: Option<IdKind>,
    /// Country of a passport or permit, ISO 3166-1 alpha-3.
    #[arg(long, value_name = "C", requires = "id_type")]
    country: Option<String>,
    /// The secrets under which persons are kept, older ones too.
    #[arg(long, value_name = "FILE")]
    person_key: Option<PathBuf>,
    /// Print NDJSON.
    #[arg(long)]
    json: bool,
}

/// What is printed.
enum Wanted {
    All,
    Check(Id),
    /// Entries about one of these keys, and what was done after such checks.
    Subject(BTreeSet<[u8; 25]>),
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let wanted = wanted(args)?;
    let mut out = BufWriter::new(io::stdout().lock());
    let mut checks = BTreeSet::new();
    let (mut shown, mut failed) = (0u64, None);
    let torn = read_all(&args.dir, |stored| {
        if failed.is_some() || !wanted.holds(stored, &mut checks) {
            return;
        }
        shown += 1;
        let written = if args.json {
            writeln!(out, "{}", receipts::entry_json(stored))
        } else {
            writeln!(out, "{}", receipts::line(stored))
        };
        failed = written.err();
    });
    let torn = torn.map_err(Failure::work)?;
    failed.map_or_else(|| out.flush(), Err).map_err(Failure::work)?;
    super::tell_torn(torn);
    eprintln!("{shown} entries");
    Ok(())
}

fn wanted(args: &Args) -> Result<Wanted, Failure> {
    if let Some(text) = &args.check {
        let help = "expected the check_id of a reply, 32 letters and digits";
        let id = Id::parse(text).ok_or_else(|| Failure::Usage(format!("--check: {help}")))?;
        return Ok(Wanted::Check(id));
    }
    match (&args.subject, &args.person_key) {
        (Some(subject), Some(key)) => {
            let [id, _name] = given::fill([Some(subject), args.name.as_deref()], &mut io::stdin().lock())?;
            let readings = readings(args, &id.unwrap_or_default())?;
            Ok(Wanted::Subject(keys_of(&readings, key)?))
        }
        (Some(_), None) => Err(Failure::Usage("--subject needs --person-key".to_owned())),
        (None, _) => Ok(Wanted::All),
    }
}

/// Each way to read a number; one where its kind is given.
fn readings(args: &Args, number: &str) -> Result<Vec<Identifier>, Failure> {
    let today = identify::today();
    let Some(kind) = args.id_type else {
        return match Identifier::read(number, today) {
            Ok(identifier) => Ok(vec![identifier]),
            Err(Unread::Ambiguous(kinds)) => {
                Ok(kinds.iter().filter_map(|kind| Identifier::parse(kind, number, today).ok()).collect())
            }
            Err(unread @ Unread::Invalid(_)) => Err(Failure::work(unread)),
        };
    };
    let identifier = Identifier::parse(kind, number, today).map_err(Failure::work)?;
    if !kind.is_by_country() {
        return Ok(vec![identifier]);
    }
    let country = args.country.as_deref().and_then(Country::parse).ok_or_else(|| {
        let wanted = "expected three letters of ISO 3166-1, such as USA";
        Failure::Usage(format!("--country: {wanted}: passports and permits are numbered by country"))
    })?;
    Ok(vec![identifier.of_country(country)])
}

/// All keys under which the receipts may know a subject: under each secret, and each way to read its number.
fn keys_of(readings: &[Identifier], person_key: &Path) -> Result<BTreeSet<[u8; 25]>, Failure> {
    let secrets = keys::person_keys(person_key)?;
    let of = |identifier: &Identifier| {
        let keys = secrets.all().iter().map(|secret| SubjectKey::of(identifier, secret).to_bytes());
        keys.collect::<Vec<_>>()
    };
    Ok(readings.iter().flat_map(of).collect())
}

impl Wanted {
    /// Whether an entry is wanted; notes the checks of a subject, whose feedback comes later.
    fn holds(&self, stored: &Stored<'_>, checks: &mut BTreeSet<Id>) -> bool {
        let (about, check) = match &stored.entry.body {
            Body::Check(check) => (Some(&check.about), stored.id),
            Body::Detail(detail) => (Some(&detail.about), stored.id),
            Body::Search(_) => (None, stored.id),
            Body::Feedback(feedback) => (None, feedback.check),
            Body::Cancel(cancel) => (None, cancel.check),
        };
        match self {
            Wanted::All => true,
            Wanted::Check(wanted) => check == *wanted,
            Wanted::Subject(keys) => {
                let is_one = |bytes: &[u8]| keys.iter().any(|key| key == bytes);
                let named = about.is_some_and(|about| is_one(about.asked) || is_one(about.found));
                let found = matches!(&stored.entry.body, Body::Search(search) if {
                    let code = |key: &[u8; 25]| SubjectKey::from_bytes(*key).and_then(|k| k.code().map(str::to_owned));
                    search.found.items::<&str>().any(|one| keys.iter().any(|key| code(key).as_deref() == Some(one)))
                });
                if named {
                    checks.insert(stored.id);
                }
                named || found || checks.contains(&check)
            }
        }
    }
}
