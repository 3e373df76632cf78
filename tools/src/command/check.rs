//! `xinhe check`: one check of a release, without a server. The reply is the server's, byte for byte.

use super::Failure;
use super::identify::today;
use crate::explain::explain;
use crate::{given, keys, served};
use std::borrow::Cow;
use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};
use xinhe::check::{Answer, Question, Subject, check};
use xinhe::domain::date::Day;
use xinhe::domain::verdict::Workspace;
use xinhe::http::ask;
use xinhe::http::error::Problem;
use xinhe::http::wire::{Reply, request};
use xinhe::live::Serving;
use xinhe::release::origins_of;
use xinhe::snapshot::PersonKeys;

/// Check a subject in a release, as a caller with every right.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  xinhe check 91110000600037341L --matter 370402-000131 --release releases/2026-11-20.1 \
                        --person-key keys/person.key"
)]
pub(super) struct Args {
    /// Code or number of the subject; `-` reads a line of stdin, so that it stands in no process list.
    id: String,
    /// Name; a person needs one. `-` reads a line of stdin, after that of the id.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Kind of the number, as `id_type` of the HTTP contract.
    #[arg(long, value_name = "T")]
    id_type: Option<String>,
    /// Country of a passport or permit, ISO 3166-1 alpha-3.
    #[arg(long, value_name = "C")]
    country: Option<String>,
    /// Code or alias of the matter.
    #[arg(long, value_name = "CODE")]
    matter: Option<String>,
    /// Stage of the case.
    #[arg(long, value_name = "S")]
    stage: Option<String>,
    /// Answer for this day; absent: today in UTC+8.
    #[arg(long, value_name = "DATE")]
    on: Option<Day>,
    /// Tell for every record where it comes from and why it counts.
    #[arg(long)]
    explain: bool,
    /// The secret under which persons are kept.
    #[arg(long, value_name = "FILE")]
    person_key: PathBuf,
    #[command(flatten)]
    source: Source,
    /// Public keys of the store, `release.pub`; absent: signatures are not checked.
    #[arg(long, value_name = "FILE", requires = "store")]
    public_key: Option<PathBuf>,
    /// Print the reply of POST /v1/checks, without check_id.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct Source {
    /// Folder of the release.
    #[arg(long, value_name = "DIR")]
    release: Option<PathBuf>,
    /// Store whose current release is asked, with the corrections since.
    #[arg(long, value_name = "URL")]
    store: Option<String>,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let request = request(args, &mut io::stdin().lock())?;
    let keys = keys::person_keys(&args.person_key)?;
    let (serving, release) = open(&args.source, args.public_key.as_deref(), &keys)?;
    let day = args.on.unwrap_or_else(today);
    let snapshot = serving.snapshot();
    let refuse = |problem| refused(&problem, args.json);
    let asked = ask::check(&request, snapshot.catalogue(), day).map_err(refuse)?;
    let question = &asked.question();
    let mut work = Workspace::default();
    let answer = &check(snapshot, question, &mut work).map_err(Failure::work)?;
    let reply =
        Reply { check_id: None, serving: &serving, data: &serving.data(day), question, answer, work: &work };
    let explanation = match &answer.subject {
        Subject::Found(found) if args.explain => {
            let origins = origins_of(&release, found.at.part_place).map_err(Failure::work)?;
            Some(explain(snapshot, origins.as_ref(), &found.at, question, &work).map_err(Failure::work)?)
        }
        _ => None,
    };
    let mut out = Vec::new();
    if args.json {
        reply.write(&mut out);
        if let Some(explanation) = &explanation {
            // The reply grows by one field.
            out.pop();
            out.extend_from_slice(b",\"explain\":");
            serde_json::to_writer(&mut out, explanation).map_err(Failure::work)?;
            out.push(b'}');
        }
        out.push(b'\n');
    } else {
        summary(&serving, question, answer, &work, &mut out).map_err(Failure::work)?;
        explanation.map_or(Ok(()), |told| super::explain::words(&told, &mut out)).map_err(Failure::work)?;
    }
    io::stdout().lock().write_all(&out).map_err(Failure::work)
}

fn open(
    source: &Source,
    public_key: Option<&Path>,
    keys: &PersonKeys,
) -> Result<(Serving, PathBuf), Failure> {
    match (&source.release, &source.store) {
        (Some(release), _) => {
            let serving = Serving::open(release, keys).map_err(Failure::work)?;
            Ok((serving, release.clone()))
        }
        (None, Some(store)) => {
            let public = public_key.map(keys::public_keys).transpose()?;
            if public.is_none() {
                eprintln!("signatures are not checked: give --public-key FILE");
            }
            served::open(store, keys, public.as_ref())
        }
        (None, None) => Err(Failure::Usage("give --release DIR or --store URL".to_owned())),
    }
}

/// The question as a caller would send it.
fn request<'a>(args: &'a Args, stdin: &mut impl BufRead) -> Result<request::Check<'a>, Failure> {
    let [id, name] = given::fill([Some(&args.id), args.name.as_deref()], stdin)?;
    let owned = |word: String| request::Text(Cow::Owned(word));
    let plain = |word: &'a Option<String>| word.as_deref().map(|word| request::Text(Cow::Borrowed(word)));
    let subject = request::Subject {
        id: id.map(owned),
        name: name.map(owned),
        id_type: plain(&args.id_type),
        country: plain(&args.country),
    };
    let (matter, stage) = (plain(&args.matter), plain(&args.stage));
    Ok(request::Check { subject: Some(subject), matter, stage, ..request::Check::default() })
}

fn refused(problem: &Problem, json: bool) -> Failure {
    if !json {
        let field = problem.pointer.as_deref().map(|pointer| format!("{pointer}: ")).unwrap_or_default();
        return Failure::Work(format!("{}: {field}{}", problem.code.word(), problem.detail));
    }
    let mut out = Vec::new();
    problem.write(&mut out);
    out.push(b'\n');
    match io::stdout().lock().write_all(&out) {
        Ok(()) => Failure::Told,
        Err(error) => Failure::work(error),
    }
}

/// The reply for people: what a clerk would read out.
fn summary<B: AsRef<[u8]>>(
    serving: &Serving,
    question: &Question<'_>,
    answer: &Answer<'_, B>,
    work: &Workspace,
    out: &mut Vec<u8>,
) -> io::Result<()> {
    let (release, day) = (serving.name(), question.day);
    writeln!(out, "{}   release {release}, answered for {day}", answer.decision.verdict.word())?;
    let found = match &answer.subject {
        Subject::Unknown(reason) => {
            let reason = reason.map_or("no such number with this name", |reason| reason.word());
            return writeln!(out, "  not found: {reason}");
        }
        Subject::Found(found) => found,
    };
    let part = found.at.part;
    let overlay = serving.snapshot().overlay();
    let name = overlay.shown_name(part, &found.at.standing).unwrap_or("no name known");
    let state = part.string(found.at.standing.state()).unwrap_or_default();
    writeln!(out, "  {} {name} {state} (name: {})", found.kind.word(), found.name_match.word())?;
    let catalogue = serving.snapshot().catalogue();
    for hit in &work.hits {
        let list = match hit.category {
            xinhe::domain::verdict::Category::List(list) => {
                catalogue.list_at(list).map(|list| list.title.as_str())
            }
            xinhe::domain::verdict::Category::State => Some(state),
            _ => None,
        };
        let entry = part.entry(hit.place);
        let title = list.or_else(|| part.string(entry?.title())).unwrap_or_default();
        let until = hit.until.map_or("open".to_owned(), |day| day.to_string());
        let since = hit.since.map_or("–".to_owned(), |day| day.to_string());
        let marks = if hit.objection { ", under objection" } else { "" };
        let whose = hit.relation.word().map(|word| format!(", {word}")).unwrap_or_default();
        writeln!(
            out,
            "  {:<9} {} {title}   {since} to {until}{marks}{whose}   {}",
            hit.effect.word(),
            hit.category.word(),
            hit.record
        )?;
    }
    for (bound, measure) in
        work.measures().iter().filter_map(|bound| Some((bound, catalogue.measure_at(bound.measure)?.0)))
    {
        let because: Vec<String> = work.because(bound).iter().map(ToString::to_string).collect();
        writeln!(
            out,
            "  {} {} {}   because {}",
            measure.binding.word(),
            measure.code,
            measure.title,
            because.join(", ")
        )?;
    }
    let decision = &answer.decision;
    writeln!(
        out,
        "  commitment {}, tolerance {}, green channel {}",
        decision.commitment.word(),
        decision.tolerance.word(),
        if decision.green_channel { "yes" } else { "no" }
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn args(words: &str) -> Result<Args, clap::Error> {
        Line::try_parse_from(std::iter::once("check").chain(words.split(' '))).map(|line| line.args)
    }

    #[test]
    fn number_and_name_come_from_stdin_a_line_each() {
        let args = args("- --name - --stage award --person-key k --release r").unwrap();
        let request = request(&args, &mut "360426199101010071\r\n张试三\n".as_bytes()).unwrap();
        let subject = request.subject.unwrap();
        assert_eq!(subject.id.unwrap().0, "360426199101010071");
        assert_eq!(subject.name.unwrap().0, "张试三");
        assert_eq!(request.stage.unwrap().0, "award");
    }

    #[test]
    fn one_source_is_needed() {
        assert!(args("x --person-key k").is_err());
        assert!(args("x --person-key k --release r --store s").is_err());
        assert!(args("x --person-key k --store s").is_ok());
    }
}
