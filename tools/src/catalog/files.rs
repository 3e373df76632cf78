//! The files of a layer: which keys each kind of entry has, and which of them may be absent.
//!
//! An entry without a readable name is left out, and `whole` says so: others may name it, and must not be
//! refused for that. In place of any other value that is refused stands one that the joining of layers accepts.

use super::row::Row;
use xinhe::domain::catalogue::layers::{Layer, Located, Refusal};
use xinhe::domain::catalogue::{
    Binding, CapEntry, ClassEntry, Effect, Footing, ListEntry, ListTerm, MatterEntry, MeasureEffect,
    MeasureEntry, RuleEntry, Severity, StateEntry,
};
use xinhe::domain::date::Term;
use xinhe::domain::subject::StateClass;

/// What has been refused so far, and whether every entry could be named.
pub(super) struct Findings {
    pub(super) refusals: Vec<Refusal>,
    pub(super) whole: bool,
}

/// The names of the files that a layer may hold.
pub(super) const FILES: [&str; 5] =
    ["lists.toml", "measures.toml", "matters.toml", "publication.toml", "states.toml"];

/// Reads one of [`FILES`] into its layer.
pub(super) fn into_layer(name: &str, mut file: Row<'_>, layer: &mut Layer, findings: &mut Findings) {
    match name {
        "lists.toml" => layer.lists = all(&mut file, "list", list, findings),
        "measures.toml" => layer.measures = all(&mut file, "measure", measure, findings),
        "matters.toml" => layer.matters = all(&mut file, "matter", matter, findings),
        "states.toml" => layer.states = Some(all(&mut file, "state", state, findings)),
        _ => {
            layer.classes = all(&mut file, "class", class, findings);
            layer.rules = rules(&mut file, findings);
            layer.cap = file.row("cap", "the cap").and_then(|row| cap(row, findings));
        }
    }
    file.finish(&mut findings.refusals);
}

fn all<T>(
    file: &mut Row<'_>,
    key: &'static str,
    read: impl Fn(&mut Row<'_>) -> Option<T>,
    findings: &mut Findings,
) -> Vec<Located<T>> {
    let mut entries = Vec::new();
    for mut row in file.rows(key, key) {
        match read(&mut row) {
            Some(entry) => entries.push(Located { entry, at: row.at() }),
            None => findings.whole = false,
        }
        row.finish(&mut findings.refusals);
    }
    entries
}

fn list(row: &mut Row<'_>) -> Option<ListEntry> {
    let code = row.name("code");
    let list = ListEntry {
        code: code.clone().unwrap_or_default(),
        title: row.text("title").unwrap_or_default(),
        effect: row.word("effect").unwrap_or(Effect::Favour),
        severity: row.optional_word("severity", Severity::Minor),
        term: row.list_term("term").unwrap_or(ListTerm::UntilRemoved),
        ground_terms: row.ground_terms("ground_terms"),
        extends_to: row.words("extends_to"),
        bars: row.words("bars"),
        authority: row.text("authority").unwrap_or_default(),
        basis: row.basis(),
        verified: row.required_flag("verified"),
    };
    code.map(|_| list)
}

fn measure(row: &mut Row<'_>) -> Option<MeasureEntry> {
    let code = row.name("code");
    let measure = MeasureEntry {
        code: code.clone().unwrap_or_default(),
        title: row.text("title").unwrap_or_default(),
        effect: row.word("effect").unwrap_or(MeasureEffect::Favour),
        binding: row.word("binding").unwrap_or(Binding::Discretionary),
        clause: row.optional_text("clause"),
        lists: row.texts("lists"),
        penalties: row.texts("penalties"),
        grades: row.texts("grades"),
        commitments: row.words("commitments"),
        matters: row.texts("matters"),
        tags: row.texts("tags"),
        stages: row.words("stages"),
        kinds: row.words("kinds"),
        grants: row.words("grants"),
        from: row.optional_day("from"),
        to: row.optional_day("to"),
        authority: row.text("authority").unwrap_or_default(),
        basis: row.basis(),
    };
    code.map(|_| measure)
}

fn matter(row: &mut Row<'_>) -> Option<MatterEntry> {
    let code = row.name("code");
    let matter = MatterEntry {
        code: code.clone().unwrap_or_default(),
        aliases: row.texts("aliases"),
        title: row.text("title").unwrap_or_default(),
        department: row.text("department").unwrap_or_default(),
        tags: row.texts("tags"),
        commitment: row.flag("commitment"),
        tolerance: row.flag("tolerance"),
        persons: row.word("persons").unwrap_or(Footing::None),
    };
    code.map(|_| matter)
}

fn class(row: &mut Row<'_>) -> Option<ClassEntry> {
    let name = row.name("name");
    let class = ClassEntry {
        name: name.clone().unwrap_or_default(),
        published: row.required_flag("published"),
        shortest: row.optional_term("shortest"),
        longest: row.term("longest").unwrap_or(Term::Days(0)),
        bars: row.words("bars"),
        from: row.optional_day("from"),
    };
    name.map(|_| class)
}

/// Nothing names a rule, so one that cannot be read hides nothing else.
fn rules(file: &mut Row<'_>, findings: &mut Findings) -> Vec<Located<RuleEntry>> {
    let mut rules = Vec::new();
    for mut row in file.rows("rule", "a rule") {
        let penalties = row.texts("penalties");
        let procedure = row.optional_text("procedure");
        let (fine_from, fine_below) = (row.optional_fine("fine_from"), row.optional_fine("fine_below"));
        let class = row.text("class");
        let default = row.flag("default");
        if let Some(class) = class {
            let entry = RuleEntry { penalties, procedure, fine_from, fine_below, class, default };
            rules.push(Located { entry, at: row.at() });
        }
        row.finish(&mut findings.refusals);
    }
    rules
}

fn cap(mut row: Row<'_>, findings: &mut Findings) -> Option<Located<CapEntry>> {
    let longest = row.term("longest").unwrap_or(Term::Days(0));
    let cap = Located { entry: CapEntry { longest, basis: row.basis() }, at: row.at() };
    row.finish(&mut findings.refusals);
    Some(cap)
}

/// A blank name is the state of a register that gives none.
fn state(row: &mut Row<'_>) -> Option<StateEntry> {
    let name = row.text("name");
    let class = row.word("class").unwrap_or(StateClass::Neutral);
    name.map(|name| StateEntry { name, class })
}
