//! `xinhe inspect`: what a release holds, as a whole or about one subject.

use super::{Failure, explain, identify};
use crate::explain::{RecordExplained, records, row_of};
use crate::{given, keys};
use serde_json::{Value, json};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use xinhe::check::{Question, Subject, check};
use xinhe::domain::catalogue::{Entries, Stage};
use xinhe::domain::date::Day;
use xinhe::domain::identifier::Identifier;
use xinhe::domain::record::RecordKind;
use xinhe::domain::subject::SubjectKind;
use xinhe::domain::verdict::{MatterAsked, Workspace};
use xinhe::lookup::{Registration, registration};
use xinhe::release::{Manifest, Release, SourceEntry, open_part, origins_of, read_manifest};
use xinhe::snapshot::schema::Counts;
use xinhe::snapshot::{Section, SnapshotError, Trust};

/// Sections whose bytes are words: names, numbers and texts as the tables give them, and what indexes them.
const TEXTS: [Section; 6] = [
    Section::Texts,
    Section::TextIndex,
    Section::Names,
    Section::Labels,
    Section::Strings,
    Section::NameIndex,
];

/// What the format may take, texts aside.
const BYTES_A_SUBJECT_MAX: u64 = 96;
const BYTES_A_RECORD_MAX: u64 = 64;

/// Tell what a release holds; with --subject everything about one subject, also what may not be seen, and why.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  xinhe inspect /var/lib/xinhe/out\n  \
    echo 91370402MA3ABCDE00 | xinhe inspect /var/lib/xinhe/out --subject - --person-key /etc/xinhe/person.key")]
pub(super) struct Args {
    /// The release folder.
    #[arg(value_name = "RELEASE_DIR")]
    release: PathBuf,
    /// A subject by its number; `-`: read it from stdin.
    #[arg(long, value_name = "ID", requires = "person_key")]
    subject: Option<String>,
    /// The subject's name, which persons need; `-`: read it from stdin.
    #[arg(long, value_name = "NAME", requires = "subject")]
    name: Option<String>,
    /// The secret under which persons are kept.
    #[arg(long, value_name = "FILE")]
    person_key: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    match (&args.subject, &args.person_key) {
        (Some(subject), Some(key)) => inspect_subject(args, subject, key),
        (Some(_), None) => Err(Failure::Usage("--subject needs --person-key".to_owned())),
        (None, _) => inspect_release(&args.release, args.json),
    }
}

/// What is added up over the parts.
struct Totals {
    counts: Counts,
    /// Bytes by section.
    sections: [u64; Section::COUNT],
    /// Bytes of all parts, headers and padding included.
    bytes: u64,
    /// Bytes of all origins files.
    origins: u64,
    catalogue: Entries,
}

impl Totals {
    fn read(dir: &Path, manifest: &Manifest) -> Result<Totals, Failure> {
        let (mut counts, mut sections, mut catalogue) = (Counts::default(), [0; Section::COUNT], None);
        for entry in &manifest.parts {
            let part = open_part(dir, entry, Trust::Sums).map_err(Failure::work)?;
            let named = |error: SnapshotError| Failure::Work(format!("{}: {error}", entry.file));
            counts = sum(counts, &part.meta().map_err(named)?.counts);
            for (bytes, section) in sections.iter_mut().zip(Section::ALL) {
                *bytes += part.section_length(section);
            }
            if catalogue.is_none() {
                catalogue = Some(part.catalogue().map_err(named)?);
            }
        }
        let catalogue = catalogue.ok_or_else(|| Failure::Work("the manifest names no part".to_owned()))?;
        let bytes = manifest.parts.iter().map(|part| part.bytes).sum();
        let origins = manifest.parts.iter().filter_map(|part| part.origins.as_ref());
        let origins = origins.map(|origins| origins.bytes).sum();
        Ok(Totals { counts, sections, bytes, origins, catalogue })
    }

    fn subjects(&self) -> u64 {
        self.counts.subjects.iter().sum()
    }

    fn records(&self) -> u64 {
        self.counts.records.iter().sum()
    }

    /// What the format may take, texts aside.
    fn limit(&self) -> u64 {
        BYTES_A_SUBJECT_MAX * self.subjects() + BYTES_A_RECORD_MAX * self.records()
    }

    fn texts(&self) -> u64 {
        let words = |section: &Section| TEXTS.contains(section);
        self.sections.iter().zip(Section::ALL).filter(|(_, s)| words(s)).map(|(bytes, _)| bytes).sum()
    }
}

fn sum(mut total: Counts, more: &Counts) -> Counts {
    total.subjects.iter_mut().zip(more.subjects).for_each(|(sum, more)| *sum += more);
    total.records.iter_mut().zip(more.records).for_each(|(sum, more)| *sum += more);
    total.stubs += more.stubs;
    total.aliases += more.aliases;
    total
}

fn inspect_release(dir: &Path, as_json: bool) -> Result<(), Failure> {
    let manifest = read_manifest(dir).map_err(Failure::work)?;
    let totals = Totals::read(dir, &manifest)?;
    let mut out = io::stdout().lock();
    let told = if as_json {
        writeln!(out, "{}", release_json(&manifest, &totals))
    } else {
        release_words(&manifest, &totals, &mut out)
    };
    told.map_err(Failure::work)
}

fn release_json(manifest: &Manifest, totals: &Totals) -> Value {
    let sections: serde_json::Map<String, Value> = Section::ALL
        .iter()
        .zip(totals.sections)
        .map(|(section, bytes)| (section.name().to_owned(), json!(bytes)))
        .collect();
    let share = |bytes: u64| {
        json!({
            "bytes": bytes,
            "per_subject": ratio(bytes, totals.subjects()),
            "per_record": ratio(bytes, totals.records()),
        })
    };
    let kinds = SubjectKind::ALL.map(|kind| (kind.word(), totals.counts.subjects[usize::from(kind.code())]));
    let records = RecordKind::ALL.map(|kind| (kind.word(), totals.counts.records[usize::from(kind.code())]));
    let object = |pairs: &[(&str, u64)]| -> Value {
        pairs
            .iter()
            .map(|(word, count)| ((*word).to_owned(), json!(count)))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    let catalogue = &totals.catalogue;
    json!({
        "release": manifest.release,
        "dataset": manifest.dataset,
        "as_of": manifest.as_of,
        "coverage": manifest.coverage,
        "built_by": manifest.built_by,
        "persons": manifest.persons,
        "corrections": manifest.corrections,
        "sources": manifest.sources,
        "parts": manifest.parts.len(),
        "subjects": object(&kinds),
        "records": object(&records),
        "stubs": totals.counts.stubs,
        "aliases": totals.counts.aliases,
        "sections": sections,
        "size": {
            "all": share(totals.bytes),
            "origins": totals.origins,
            "texts": totals.texts(),
            "texts_are": TEXTS.map(Section::name),
            "texts_aside": share(totals.bytes - totals.texts()),
            "texts_aside_max": totals.limit(),
        },
        "catalogue": {
            "layers": catalogue.layers, "lists": catalogue.lists.len(), "measures": catalogue.measures.len(),
            "matters": catalogue.matters.len(), "sha256": manifest.catalogue_sha256,
        },
    })
}

fn release_words(manifest: &Manifest, totals: &Totals, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "release {} of {}, as of {}", manifest.release, manifest.dataset, manifest.as_of)?;
    writeln!(out, "coverage {}", manifest.coverage.join(", "))?;
    let persons = &manifest.persons;
    writeln!(out, "built by {}; persons under {} key {}", manifest.built_by, persons.algorithm, persons.key)?;
    let folded = &manifest.corrections;
    let orphans = format!("{} orphans", folded.orphans);
    writeln!(
        out,
        "corrections to {} of the store, {} from tables, {orphans}",
        folded.last, folded.from_tables
    )?;
    writeln!(out, "\nsources: rows = kept + merged + rejected")?;
    for source in &manifest.sources {
        source_words(source, out)?;
    }
    writeln!(out, "\n{} subjects, {} of them only named by records", totals.subjects(), totals.counts.stubs)?;
    for kind in SubjectKind::ALL {
        writeln!(out, "  {:20}{:>15}", kind.word(), totals.counts.subjects[usize::from(kind.code())])?;
    }
    writeln!(out, "{} records", totals.records())?;
    for kind in RecordKind::ALL {
        writeln!(out, "  {:20}{:>15}", kind.word(), totals.counts.records[usize::from(kind.code())])?;
    }
    writeln!(out, "{} older and former codes", totals.counts.aliases)?;
    size_words(manifest, totals, out)
}

fn source_words(source: &SourceEntry, out: &mut impl Write) -> io::Result<()> {
    let SourceEntry { kind, path, provider, as_of, files, rows, kept, merged, rejected, .. } = source;
    writeln!(out, "  {kind} {path} ({files} files), {provider}, as of {as_of}")?;
    writeln!(out, "    {rows} = {kept} + {merged} + {rejected}")?;
    match (&source.max_age, source.supplies.is_empty()) {
        (_, true) => Ok(()),
        (age, false) => {
            let age = age.as_deref().unwrap_or("any");
            writeln!(out, "    supplies {}; stale at {age}", source.supplies.join(", "))
        }
    }
}

fn size_words(manifest: &Manifest, totals: &Totals, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "\n{} bytes in {} parts, by section:", totals.bytes, manifest.parts.len())?;
    for (section, bytes) in Section::ALL.iter().zip(totals.sections) {
        let text = if TEXTS.contains(section) { "  text" } else { "" };
        writeln!(out, "  {:20}{bytes:>15}{text}", section.name())?;
    }
    let kept = totals.sections.iter().sum::<u64>();
    writeln!(out, "  {:20}{:>15}", "headers and padding", totals.bytes - kept)?;
    for (what, bytes) in [("all", totals.bytes), ("texts aside", totals.bytes - totals.texts())] {
        let (subject, record) = (ratio(bytes, totals.subjects()), ratio(bytes, totals.records()));
        writeln!(out, "{what}: {subject} bytes a subject, {record} bytes a record")?;
    }
    writeln!(out, "origins, which servers do not read: {} bytes", totals.origins)?;
    let aside = totals.bytes - totals.texts();
    let limit = format!("{BYTES_A_SUBJECT_MAX} a subject and {BYTES_A_RECORD_MAX} a record");
    writeln!(out, "texts aside: {aside} bytes; {limit} would be {}", totals.limit())?;
    let catalogue = &totals.catalogue;
    let (lists, measures, matters) =
        (catalogue.lists.len(), catalogue.measures.len(), catalogue.matters.len());
    let layers = catalogue.layers.join(", ");
    writeln!(out, "\ncatalogue ({layers}): {lists} lists, {measures} measures, {matters} matters")
}

/// To one place after the point; 0 of nothing.
fn ratio(bytes: u64, count: u64) -> f64 {
    if count == 0 { 0.0 } else { (bytes as f64 / count as f64 * 10.0).round() / 10.0 }
}

fn inspect_subject(args: &Args, subject: &str, key: &Path) -> Result<(), Failure> {
    let [id, name] = given::fill([Some(subject), args.name.as_deref()], &mut io::stdin().lock())?;
    let today = identify::today();
    let identifier = Identifier::read(&id.unwrap_or_default(), today).map_err(Failure::work)?;
    if identifier.kind().is_person() && name.is_none() {
        return Err(Failure::Usage("a person is found only with --name".to_owned()));
    }
    let keys = keys::person_keys(key)?;
    let release = Release::open(&args.release, &keys, Trust::Sums).map_err(Failure::work)?;
    let question = Question {
        identifier: &identifier,
        name: name.as_deref(),
        matter: MatterAsked::Unnamed,
        stage: Stage::Acceptance,
        day: today,
        linked: false,
    };
    let mut work = Workspace::default();
    let answer = check(&release.snapshot, &question, &mut work).map_err(Failure::work)?;
    let Subject::Found(found) = answer.subject else {
        let help = "nobody has this number, or it is a person's and the name is another";
        return Err(Failure::Work(format!("unknown in release {}: {help}", release.manifest.release)));
    };
    let dossier = found.at.part.dossier(&found.at.standing).map_err(Failure::work)?;
    let origins = origins_of(&args.release, found.at.part_place).map_err(Failure::work)?;
    let row = dossier.register.map(|(_, row)| row_of(&found.at, origins.as_ref(), row));
    let register_row = row.transpose().map_err(Failure::work)?.flatten();
    let told = SubjectTold {
        facts: registration(&release.snapshot, found.at.part, &found.at.standing, &dossier),
        register_row: register_row.map(|(file, line)| (file.to_owned(), line)),
        today,
    };
    let mut out = io::stdout().lock();
    let all = records(&release.snapshot, origins.as_ref(), &found.at, today).map_err(Failure::work)?;
    let mut texts = Vec::with_capacity(all.len());
    for filed in &dossier.records {
        texts.push(found.at.part.texts(filed.text, filed.text_length).map_err(Failure::work)?);
    }
    let written = if args.json {
        writeln!(out, "{}", told.json(&all, &texts))
    } else {
        told.words(&all, &texts, &mut out)
    };
    written.map_err(Failure::work)
}

/// The texts of a record.
type Texts = Vec<(xinhe::snapshot::Tag, String)>;

/// What is told of a subject beside its records.
struct SubjectTold {
    facts: Registration,
    register_row: Option<(String, u32)>,
    today: Day,
}

impl SubjectTold {
    /// The facts that are known, by the names of the detail reply.
    fn facts(&self) -> Vec<(&'static str, Vec<String>)> {
        let facts = &self.facts;
        let one = |value: &Option<String>| value.iter().cloned().collect::<Vec<_>>();
        let older = facts.older_codes.iter().map(|(kind, code)| format!("{kind} {code}"));
        let row = self.register_row.iter().map(|(file, line)| format!("{file} line {line}"));
        let known = vec![
            ("kind", vec![facts.kind.word().to_owned()]),
            ("registered", vec![facts.registered.to_string()]),
            ("id", one(&facts.id)),
            ("name", one(&facts.name)),
            ("former_names", facts.former_names.clone()),
            ("former_codes", facts.former_codes.clone()),
            ("older_codes", older.collect()),
            ("state", one(&facts.state)),
            ("state_class", facts.state_class.iter().map(|class| class.word().to_owned()).collect()),
            ("division", one(&facts.division)),
            ("occupation", one(&facts.occupation)),
            ("representative", one(&facts.representative)),
            ("provider", one(&facts.provider)),
            ("row", row.collect()),
        ];
        known.into_iter().filter(|(_, values)| !values.is_empty()).collect()
    }

    fn json(&self, all: &[RecordExplained], texts: &[Texts]) -> Value {
        let several = ["former_names", "former_codes", "older_codes"];
        let facts: serde_json::Map<String, Value> = self
            .facts()
            .into_iter()
            .map(|(key, values)| {
                let value = match key {
                    "registered" => json!(self.facts.registered),
                    _ if several.contains(&key) => json!(values),
                    _ => json!(values.join("; ")),
                };
                (key.to_owned(), value)
            })
            .collect();
        let record = |(record, texts): (&RecordExplained, &Texts)| {
            let mut told = json!(record);
            for (tag, text) in texts {
                told["texts"][tag.word()] = json!(text);
            }
            told
        };
        let records: Vec<Value> = all.iter().zip(texts).map(record).collect();
        json!({"on": self.today.to_string(), "subject": facts, "records": records})
    }

    fn words(&self, all: &[RecordExplained], texts: &[Texts], out: &mut impl Write) -> io::Result<()> {
        for (key, values) in self.facts() {
            writeln!(out, "{key:16}{}", values.join("; "))?;
        }
        writeln!(out, "\n{} records; what may be seen is said of {}", all.len(), self.today)?;
        for (record, texts) in all.iter().zip(texts) {
            explain::record(record, out)?;
            for (tag, text) in texts {
                writeln!(out, "    {}: {text}", tag.word())?;
            }
        }
        Ok(())
    }
}
