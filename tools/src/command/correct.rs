//! `xinhe correct`: a repair, an objection, a delisting or an urgent listing, in effect without a build.

mod sense;

use super::Failure;
use super::identify::today;
use crate::find::{self, Found, Served};
use crate::{given, ingest, keys, served};
use sense::{NAME_CHARS_MAX, events_of, refuse_strange_words, senseless};
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};
use xinhe::domain::catalogue::Effect;
use xinhe::domain::date::{Day, Term};
use xinhe::domain::identifier::Identifier;
use xinhe::domain::record::{CorrectionKind, RecordId};
use xinhe::domain::subject::SubjectKind;
use xinhe::domain::text::{is_blank, mask_name};
use xinhe::release::Store;
use xinhe::release::corrections::{
    Correction, Draft, Key, LISTED, Listed, Named, WITHDRAWN, What, append, read_after, read_one,
};
use xinhe::snapshot::{PersonKeys, SubjectKey};

/// A person younger than this on the day of a listing is not entered.
const OF_AGE: Term = Term::Years(18);

/// Correct a record, or enter a subject in a list, at once: servers apply it within a second, builds fold it in.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    xinhe correct repaired --store file:///var/lib/xinhe/store --key release.key --record r-… --document 试修〔2026〕1号 \
    --authority 试验局 --reason 已履行\n  \
    xinhe correct withdrawn --store … --key … --number 7 --document … --authority … --reason …\n\n\
    Kinds: repaired revoked delisted suspended resumed objection_opened objection_closed listed withdrawn")]
pub(super) struct Args {
    /// What it does.
    #[arg(value_name = "KIND", value_parser = kind)]
    kind: Kind,
    /// Store into which it goes.
    #[arg(long, value_name = "URL")]
    store: String,
    /// Secret key that signs it, `release.key`.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The record; `-` reads a line of stdin.
    #[arg(long, value_name = "ID")]
    record: Option<String>,
    /// Number of the correction to withdraw.
    #[arg(long, value_name = "N")]
    number: Option<u32>,
    /// First day on which it acts; absent: today in UTC+8. A listing acts from --since.
    #[arg(long, value_name = "DATE")]
    effective: Option<Day>,
    /// Code or number of the subject to enter; `-` reads a line of stdin.
    #[arg(long, value_name = "ID")]
    subject: Option<String>,
    /// Its name; `-` reads a line of stdin, after that of the subject.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Code of the list.
    #[arg(long, value_name = "CODE")]
    list: Option<String>,
    /// Day of the listing.
    #[arg(long, value_name = "DATE")]
    since: Option<Day>,
    /// Last day; absent: the list's term.
    #[arg(long, value_name = "DATE")]
    until: Option<Day>,
    /// The instrument.
    #[arg(long, value_name = "NO")]
    document: String,
    /// The authority that made it.
    #[arg(long, value_name = "NAME")]
    authority: String,
    /// Why, in words; numbers of persons are masked.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The secret under which persons are kept: needed to enter a person in a list, so that the store holds no number.
    #[arg(long, value_name = "FILE")]
    person_key: Option<PathBuf>,
    /// Print what was written as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Record(CorrectionKind),
    Listed,
    Withdrawn,
}

fn kind(word: &str) -> Result<Kind, String> {
    match word {
        LISTED => Ok(Kind::Listed),
        WITHDRAWN => Ok(Kind::Withdrawn),
        _ => CorrectionKind::from_word(word).map(Kind::Record).ok_or_else(|| {
            let words = CorrectionKind::ALL.map(CorrectionKind::word).join(", ");
            format!("expected one of {words}, {LISTED}, {WITHDRAWN}")
        }),
    }
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    refuse_strange_words(args)?;
    let given = given::fill(
        [args.record.as_deref(), args.subject.as_deref(), args.name.as_deref()],
        &mut io::stdin().lock(),
    )?;
    let key = keys::signing_key(&args.key)?;
    let store = Store::open(&args.store).map_err(Failure::work)?;
    let fetched = served::fetch(&store, None)?;
    let served =
        fetched.as_ref().map(|fetched| Served::open(&fetched.folder)).transpose().map_err(Failure::work)?;
    let [record, subject, name] = given;
    let name = name.map(|name| trim(&name));
    let desk = Desk { args, store: &store, served: served.as_ref(), today: today(), name: name.as_deref() };
    let (what, warnings) = match args.kind {
        Kind::Record(kind) => desk.of_record(kind, &record.unwrap_or_default())?,
        Kind::Withdrawn => desk.withdrawal(record.as_deref())?,
        Kind::Listed => desk.listing(&subject.unwrap_or_default(), desk.name.unwrap_or_default())?,
    };
    let draft = desk.draft(what);
    // Every release of the store was built from corrections that must still be there.
    let releases = fetched.iter().flat_map(|fetched| &fetched.pointer.releases);
    let folded = releases.map(|release| release.corrections).max().unwrap_or(0);
    let written = append(&store, &key, &draft, folded).map_err(Failure::work)?;
    for warning in &warnings {
        eprintln!("xinhe: {warning}");
    }
    tell(&written, &desk.shown(&written)?, &key.public().id(), &warnings, args.json)
}

/// What a correction is made out on.
struct Desk<'a> {
    args: &'a Args,
    store: &'a Store,
    served: Option<&'a Served>,
    today: Day,
    /// The name of the subject to enter.
    name: Option<&'a str>,
}

type Made = (What, Vec<String>);

impl Desk<'_> {
    fn draft(&self, what: What) -> Draft {
        let is_person = |listed: &Listed| listed.kind == SubjectKind::Person;
        let name = self.name.filter(|_| matches!(&what, What::Listed(listed) if is_person(listed)));
        let reason = ingest::mask_persons(&self.args.reason, name.as_slice(), self.today);
        let effective = match &what {
            What::Listed(listed) => listed.since,
            _ => self.args.effective.unwrap_or(self.today),
        };
        Draft {
            what,
            effective,
            document: trim(&self.args.document),
            authority: trim(&self.args.authority),
            reason,
            time: now(),
        }
    }

    fn of_record(&self, kind: CorrectionKind, id: &str) -> Result<Made, Failure> {
        let id = RecordId::parse(id.trim()).ok_or_else(|| {
            Failure::Usage(
                "--record: expected `r-` and 26 letters and digits, as a check shows it".to_owned(),
            )
        })?;
        let since = self.since()?;
        let mut warnings = Vec::new();
        let found = self.find(id, &since)?.unwrap_or_else(|| {
            let help =
                "it acts if a release has the record; the next build reports it as an orphan if none has";
            warnings.push(format!("warning: the release that is served has no record {id}: {help}"));
            Found { named: Named { ids: vec![id], ..Named::default() }, events: vec![], objection: false }
        });
        let events = events_of(&found.events, &since, &found.named);
        let day = self.args.effective.unwrap_or(self.today);
        warnings.extend(senseless(kind, day, &events, found.objection));
        Ok((What::Record(kind, found.named), warnings))
    }

    /// The record in the release, or among the urgent entries since.
    fn find(&self, id: RecordId, since: &[Correction]) -> Result<Option<Found>, Failure> {
        let Some(served) = self.served else { return Ok(None) };
        if let Some(found) = served.record(id).map_err(Failure::work)? {
            return Ok(Some(found));
        }
        for correction in since {
            if let Some(named) = served.listed(correction).map_err(Failure::work)?
                && named.ids.contains(&id)
            {
                return Ok(Some(Found { named, events: vec![], objection: false }));
            }
        }
        Ok(None)
    }

    /// The corrections that the served release does not hold. Who signed them is for servers to say: they know the keys.
    fn since(&self) -> Result<Vec<Correction>, Failure> {
        read_after(self.store, None, self.served.map_or(0, |served| served.folded)).map_err(Failure::work)
    }

    fn withdrawal(&self, record: Option<&str>) -> Result<Made, Failure> {
        let number = self.args.number.unwrap_or_default();
        let refuse = |why: String| Err(Failure::Work(why));
        if number == 0 {
            return refuse("there is no correction 0: numbers begin with 1".to_owned());
        }
        let undone = read_one(self.store, None, number).map_err(Failure::work)?;
        let later = read_after(self.store, None, u64::from(number)).map_err(Failure::work)?;
        let by = later
            .iter()
            .find(|one| matches!(one.draft.what, What::Withdrawn { number: n, .. } if n == number));
        if let Some(by) = by {
            return refuse(format!("correction {number} is withdrawn already, by correction {}", by.number));
        }
        let named = match &undone.draft.what {
            What::Record(_, named) => named.clone(),
            What::Listed(listed) => {
                let draft = &undone.draft;
                find::named(listed, &draft.document, &draft.authority, self.served).map_err(Failure::work)?
            }
            What::Withdrawn { .. } => {
                return refuse(format!(
                    "correction {number} is a withdrawal: make the correction that it undid once more instead"
                ));
            }
        };
        if let Some(record) = record
            && !RecordId::parse(record.trim()).is_some_and(|id| named.ids.contains(&id))
        {
            return refuse(format!("correction {number} is not about that record: see its number again"));
        }
        let kind = undone.draft.what.word().to_owned();
        Ok((What::Withdrawn { number, kind, record: named }, Vec::new()))
    }

    fn listing(&self, subject: &str, name: &str) -> Result<Made, Failure> {
        let (args, today) = (self.args, self.today);
        let Some(served) = self.served else {
            let help =
                "the list is looked up in the catalogue of the release that is served; publish one first";
            return Err(Failure::Work(format!("{}: nothing is published there: {help}", args.store)));
        };
        let code = args.list.clone().unwrap_or_default();
        let list = served.catalogue.list(&code).and_then(|list| served.catalogue.list_at(list));
        let list = list.ok_or_else(|| {
            let lists = served.catalogue.entries().lists.iter().map(|list| list.code.as_str());
            let known = lists.collect::<Vec<_>>().join(", ");
            Failure::Work(format!(
                "the catalogue of the release that is served has no list `{code}`; it has {known}"
            ))
        })?;
        if name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
            return Err(Failure::Usage(format!("--name: expected 1 to {NAME_CHARS_MAX} characters")));
        }
        // The message names the rule that is broken, and not the number.
        let id =
            Identifier::read(subject, today).map_err(|why| Failure::Work(format!("--subject: {why}")))?;
        let since = args.since.unwrap_or(today);
        if list.effect != Effect::Favour && id.birth().is_some_and(|birth| birth.plus(OF_AGE) > since) {
            return Err(Failure::Work(
                "the person was under 18 on --since: minors are entered in no list".to_owned(),
            ));
        }
        let keys = self.person_keys(&id)?;
        let listed = listed(&id, name, keys.as_ref(), code, since, args.until);
        let warnings = match &args.person_key {
            None => Vec::new(),
            Some(_) if keys.is_some() => Vec::new(),
            Some(path) => vec![format!("note: no person is named, so {} is not used", path.display())],
        };
        Ok((What::Listed(Box::new(listed)), warnings))
    }

    /// The secrets under which a person's number and name are digested; none for an organisation.
    fn person_keys(&self, id: &Identifier) -> Result<Option<PersonKeys>, Failure> {
        match (&self.args.person_key, SubjectKey::in_clear(id)) {
            (_, Some(_)) => Ok(None),
            (Some(path), None) => keys::person_keys(path).map(Some),
            (None, None) => Err(Failure::Usage(
                "the subject is a person: give --person-key FILE, so that the store holds digests and no number".to_owned(),
            )),
        }
    }

    /// The name of the record that was corrected or made, as checks show it.
    fn shown(&self, written: &Correction) -> Result<Option<RecordId>, Failure> {
        let named = match &written.draft.what {
            What::Record(_, named) | What::Withdrawn { record: named, .. } => named.clone(),
            What::Listed(listed) => {
                let draft = &written.draft;
                find::named(listed, &draft.document, &draft.authority, self.served).map_err(Failure::work)?
            }
        };
        Ok(named.ids.first().copied())
    }
}

fn listed(
    id: &Identifier,
    name: &str,
    keys: Option<&PersonKeys>,
    list: String,
    since: Day,
    until: Option<Day>,
) -> Listed {
    let (mut subject, mut name_digests, mut shown) = (Vec::new(), Vec::new(), String::new());
    match keys {
        None => {
            subject.extend(SubjectKey::in_clear(id).map(Key::Clear));
            shown.push_str(name);
        }
        Some(keys) => {
            mask_name(name, &mut shown);
            for secret in keys.all() {
                let key = SubjectKey::of(id, secret);
                subject.push(Key::Digest(secret.id(), key));
                name_digests.push((secret.id(), secret.name(&key, name)));
            }
        }
    }
    Listed { subject, kind: SubjectKind::of_identifier(id), name: shown, name_digests, list, since, until }
}

fn tell(
    written: &Correction,
    record: &Option<RecordId>,
    key: &str,
    warnings: &[String],
    as_json: bool,
) -> Result<(), Failure> {
    let draft = &written.draft;
    let mut out = io::stdout().lock();
    if as_json {
        let told = serde_json::json!({
            "number": written.number, "kind": draft.what.word(), "record": record.map(|id| id.to_string()),
            "effective": draft.effective.to_string(), "time": draft.time, "sha256": written.digest,
            "signature": {"algorithm": xinhe::release::signature::ALGORITHM, "key": key}, "warnings": warnings,
        });
        return writeln!(out, "{told}").map_err(Failure::work);
    }
    let record = record.map(|id| format!(" {id}")).unwrap_or_default();
    let (number, word, effective) = (written.number, draft.what.word(), draft.effective);
    writeln!(out, "correction {number}: {word}{record}, in effect from {effective}").map_err(Failure::work)
}

fn trim(text: &str) -> String {
    text.trim_matches(is_blank).to_owned()
}

/// This moment, `2026-11-20T03:12:45+08:00`.
fn now() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX / 2);
    let of_day = (seconds + 8 * 3600).rem_euclid(86_400);
    let (hours, minutes) = (of_day / 3600, of_day / 60 % 60);
    format!("{}T{hours:02}:{minutes:02}:{:02}+08:00", Day::in_china(seconds), of_day % 60)
}
