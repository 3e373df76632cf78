//! One test a rule of `api.md`, on a small catalogue made by hand.

use super::*;
use crate::domain::catalogue::{
    Entries, Footing, ListEntry, ListTerm, MatterEntry, Severity, default_states,
};

const BANNED: &str = "government-procurement";
const ABNORMAL: &str = "abnormal";
const RED: &str = "tax-a";

fn today() -> Day {
    "2026-11-21".parse().unwrap()
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn list(code: &str, effect: Effect) -> ListEntry {
    ListEntry {
        code: code.to_owned(),
        title: code.to_owned(),
        effect,
        severity: (effect != Effect::Favour).then_some(Severity::Serious),
        term: ListTerm::UntilRemoved,
        ground_terms: vec![],
        extends_to: vec![],
        bars: vec![],
        authority: "an authority".to_owned(),
        basis: owned(&["a law"]),
        verified: true,
    }
}

fn measure(code: &str, effect: MeasureEffect, change: impl FnOnce(&mut MeasureEntry)) -> MeasureEntry {
    let mut measure = MeasureEntry {
        code: code.to_owned(),
        title: code.to_owned(),
        effect,
        binding: Binding::Discretionary,
        clause: None,
        lists: vec![],
        penalties: vec![],
        grades: vec![],
        commitments: vec![],
        matters: vec![],
        tags: owned(&["procurement"]),
        stages: vec![],
        kinds: vec![],
        grants: vec![],
        from: None,
        to: None,
        authority: "an authority".to_owned(),
        basis: owned(&["a law"]),
    };
    change(&mut measure);
    measure
}

fn mandatory(code: &str, change: impl FnOnce(&mut MeasureEntry)) -> MeasureEntry {
    measure(code, MeasureEffect::Punish, |measure| {
        measure.binding = Binding::Mandatory;
        measure.clause = Some("the words".to_owned());
        change(measure);
    })
}

fn matter(code: &str, tags: &[&str]) -> MatterEntry {
    MatterEntry {
        code: code.to_owned(),
        aliases: vec![],
        title: code.to_owned(),
        department: "a department".to_owned(),
        tags: owned(tags),
        commitment: true,
        tolerance: true,
        persons: Footing::Statutory,
    }
}

/// Matter 0 bears the tag of every measure, matter 1 none.
fn catalogue(measures: Vec<MeasureEntry>, objection: ObjectionMode) -> Catalogue {
    Catalogue::new(Entries {
        layers: owned(&["base"]),
        objection,
        lists: vec![
            list(BANNED, Effect::Punish),
            list(ABNORMAL, Effect::Attention),
            list(RED, Effect::Favour),
        ],
        measures,
        matters: vec![matter("370402-000131", &["procurement"]), matter("370402-000132", &[])],
        classes: vec![],
        rules: vec![],
        cap: None,
        states: default_states(),
    })
}

fn id(number: u8) -> RecordId {
    RecordId([number; 16])
}

fn hit(number: u8, category: Category, effect: Effect) -> Hit {
    Hit {
        record: id(number),
        category,
        effect,
        relation: Relation::Own,
        since: Some("2026-05-01".parse().unwrap()),
        until: None,
        objection: false,
        bars: Bars::default(),
        place: 0,
    }
}

fn listed(number: u8) -> Hit {
    hit(number, Category::List(0), Effect::Punish)
}

fn favoured(number: u8) -> Hit {
    hit(number, Category::List(2), Effect::Favour)
}

fn grade(number: u8, trigger: Option<u16>) -> Grade {
    Grade { record: id(number), trigger, date: today(), place: 0 }
}

fn state() -> Hit {
    Hit { since: None, record: RecordId::STATE, ..hit(0, Category::State, Effect::Attention) }
}

/// A question and its answer, told by what differs from an active enterprise, asked for matter 0 at acceptance.
struct Asked {
    catalogue: Catalogue,
    fresh_until: Vec<Day>,
    matter: MatterAsked,
    stage: Stage,
    day: Day,
    kind: SubjectKind,
    state: Option<StateClass>,
    name_match: NameMatch,
    work: Workspace,
}

impl Asked {
    fn with(measures: Vec<MeasureEntry>) -> Asked {
        Asked {
            catalogue: catalogue(measures, ObjectionMode::Counts),
            fresh_until: vec![Day::OPEN; 3],
            matter: MatterAsked::Known(0),
            stage: Stage::Acceptance,
            day: today(),
            kind: SubjectKind::Enterprise,
            state: Some(StateClass::Active),
            name_match: NameMatch::Current,
            work: Workspace::default(),
        }
    }

    fn decide(&mut self, hits: &[Hit], grades: &[Grade]) -> Decision {
        self.work.clear();
        self.work.hits.extend_from_slice(hits);
        self.work.grades.extend_from_slice(grades);
        let situation = Situation {
            catalogue: &self.catalogue,
            fresh_until: &self.fresh_until,
            matter: self.matter,
            stage: self.stage,
            day: self.day,
            kind: self.kind,
            state: self.state,
            name_match: self.name_match,
        };
        decide(&situation, &mut self.work)
    }

    fn verdict(&mut self, hits: &[Hit]) -> Verdict {
        self.decide(hits, &[]).verdict
    }

    /// The codes of the measures that bound in the last answer.
    fn measures(&self) -> Vec<&str> {
        let code = |bound: &Bound| self.catalogue.measure_at(bound.measure).unwrap().0.code.as_str();
        self.work.measures().iter().map(code).collect()
    }

    fn because(&self, place: usize) -> &[RecordId] {
        self.work.because(&self.work.measures()[place])
    }
}

fn ban() -> MeasureEntry {
    mandatory("GP-77", |measure| measure.lists = owned(&[BANNED]))
}

fn favour() -> MeasureEntry {
    measure("SD-26", MeasureEffect::Favour, |measure| {
        measure.lists = owned(&[RED]);
        measure.grants = vec![Grant::GreenChannel];
    })
}

#[test]
fn restricted_where_a_mandatory_punishing_measure_binds_the_matter() {
    let mut asked = Asked::with(vec![ban()]);
    assert_eq!(asked.verdict(&[listed(1)]), Verdict::Restricted);
    assert_eq!(asked.measures(), ["GP-77"]);
    asked.name_match = NameMatch::None;
    assert_eq!(asked.verdict(&[listed(1)]), Verdict::Restricted, "graver than a name that does not match");
}

#[test]
fn attention_where_the_measure_binds_another_matter_or_none_is_named() {
    let mut asked = Asked::with(vec![ban()]);
    for matter in [MatterAsked::Known(1), MatterAsked::Unnamed, MatterAsked::Unlisted] {
        asked.matter = matter;
        assert_eq!(asked.verdict(&[listed(1)]), Verdict::Attention, "{matter:?}");
        assert!(asked.measures().is_empty());
    }
}

#[test]
fn attention_where_a_discretionary_punishing_measure_binds() {
    let by_list = measure("D", MeasureEffect::Punish, |measure| measure.lists = owned(&[BANNED]));
    assert_eq!(Asked::with(vec![by_list]).verdict(&[listed(1)]), Verdict::Attention);
    let by_grade = measure("D", MeasureEffect::Punish, |measure| measure.grades = owned(&["纳税信用:D"]));
    let mut asked = Asked::with(vec![by_grade]);
    assert_eq!(asked.decide(&[], &[grade(1, Some(0))]).verdict, Verdict::Attention);
    assert_eq!(asked.measures(), ["D"]);
}

#[test]
fn attention_where_anything_adverse_is_visible() {
    let mut asked = Asked::with(vec![]);
    asked.matter = MatterAsked::Unnamed;
    for adverse in [
        listed(1),
        hit(1, Category::List(1), Effect::Attention),
        hit(1, Category::Penalty(0), Effect::Punish),
        hit(1, Category::Commitment(Fulfilment::Broken), Effect::Attention),
        state(),
    ] {
        assert_eq!(asked.verdict(&[adverse]), Verdict::Attention, "{:?}", adverse.category);
    }
    assert_eq!(asked.verdict(&[]), Verdict::Clear);
}

#[test]
fn attention_where_the_name_does_not_match() {
    let mut asked = Asked::with(vec![favour()]);
    asked.name_match = NameMatch::None;
    assert_eq!(asked.verdict(&[]), Verdict::Attention);
    let decision = asked.decide(&[favoured(1)], &[]);
    assert_eq!((decision.verdict, decision.green_channel), (Verdict::Attention, false));
    for name_match in [NameMatch::Former, NameMatch::NotGiven] {
        asked.name_match = name_match;
        assert_eq!(asked.verdict(&[]), Verdict::Clear, "{name_match:?}");
    }
}

#[test]
fn incomplete_where_a_stale_list_triggers_a_punishing_measure_that_binds() {
    let mut asked = Asked::with(vec![ban(), favour()]);
    asked.fresh_until[0] = today();
    assert_eq!(asked.verdict(&[]), Verdict::Clear, "fresh on its last day");
    asked.fresh_until[0] = Day::from_number(today().number() - 1);
    assert_eq!(asked.verdict(&[]), Verdict::Incomplete);
    let decision = asked.decide(&[favoured(1)], &[]);
    assert_eq!((decision.verdict, decision.green_channel), (Verdict::Incomplete, false));
    assert!(asked.measures().is_empty(), "favouring measures only where favoured");
    assert_eq!(asked.verdict(&[hit(2, Category::List(1), Effect::Attention)]), Verdict::Attention);
}

#[test]
fn clear_where_a_stale_list_triggers_nothing_that_would_bind() {
    let elsewhere: [fn(&mut MeasureEntry); 5] = [
        |measure| measure.tags = vec![],
        |measure| measure.stages = vec![Stage::Award],
        |measure| measure.kinds = vec![SubjectKind::Person],
        |measure| measure.to = "2026-11-20".parse().ok(),
        |measure| measure.lists = vec![],
    ];
    for (place, change) in elsewhere.into_iter().enumerate() {
        let mut ban = ban();
        change(&mut ban);
        let mut asked = Asked::with(vec![ban]);
        asked.fresh_until[0] = Day::EVER;
        assert_eq!(asked.verdict(&[]), Verdict::Clear, "{place}");
    }
    let mut asked = Asked::with(vec![favour()]);
    asked.fresh_until[2] = Day::EVER;
    assert_eq!(asked.verdict(&[]), Verdict::Clear, "a stale red list takes nothing away");
}

#[test]
fn incomplete_where_the_matter_is_not_known() {
    let mut asked = Asked::with(vec![ban(), favour()]);
    asked.matter = MatterAsked::Unlisted;
    assert_eq!(asked.verdict(&[]), Verdict::Incomplete);
    assert_eq!(asked.verdict(&[favoured(1)]), Verdict::Incomplete);
}

#[test]
fn favoured_with_a_green_channel_where_a_binding_measure_grants_it() {
    let mut asked = Asked::with(vec![favour()]);
    let decision = asked.decide(&[favoured(1)], &[]);
    assert_eq!((decision.verdict, decision.green_channel), (Verdict::Favoured, true));
    assert_eq!((asked.measures(), asked.because(0)), (vec!["SD-26"], [id(1)].as_slice()));
    asked.matter = MatterAsked::Known(1);
    let decision = asked.decide(&[favoured(1)], &[]);
    assert_eq!((decision.verdict, decision.green_channel), (Verdict::Clear, false));

    let mut plain = favour();
    plain.grants = vec![Grant::Tolerance];
    let advice = measure("S", MeasureEffect::Supervise, |measure| {
        measure.lists = owned(&[RED]);
        measure.grants = vec![Grant::GreenChannel];
    });
    let mut asked = Asked::with(vec![plain, advice]);
    asked.stage = Stage::Inspection;
    let decision = asked.decide(&[favoured(1)], &[]);
    assert_eq!((decision.verdict, decision.green_channel), (Verdict::Favoured, false));
    assert_eq!(asked.measures(), ["S", "SD-26"]);
}

#[test]
fn nothing_favours_while_anything_adverse_is_visible() {
    let mut asked = Asked::with(vec![favour()]);
    let decision = asked.decide(&[favoured(1), state()], &[]);
    assert_eq!((decision.verdict, decision.green_channel), (Verdict::Attention, false));
    assert!(asked.measures().is_empty());
}

#[test]
fn supervising_measures_stand_only_at_inspection_and_change_no_verdict() {
    let advice = || {
        measure("S", MeasureEffect::Supervise, |measure| {
            measure.grades = owned(&["纳税信用:D"]);
            measure.binding = Binding::Mandatory;
        })
    };
    let mut asked = Asked::with(vec![advice()]);
    assert_eq!(asked.decide(&[], &[grade(1, Some(0))]).verdict, Verdict::Clear);
    assert!(asked.measures().is_empty());
    asked.stage = Stage::Inspection;
    assert_eq!(asked.decide(&[], &[grade(1, Some(0))]).verdict, Verdict::Clear);
    assert_eq!(asked.measures(), ["S"]);
}

#[test]
fn a_measure_binds_at_its_stages_and_kinds_and_between_its_days() {
    let mut narrow = ban();
    narrow.stages = vec![Stage::Review];
    narrow.kinds = vec![SubjectKind::Person, SubjectKind::Organisation];
    narrow.from = "2026-01-01".parse().ok();
    narrow.to = "2026-12-31".parse().ok();
    let mut asked = Asked::with(vec![narrow]);
    asked.stage = Stage::Review;
    asked.kind = SubjectKind::Organisation;
    for (day, binds) in
        [("2025-12-31", false), ("2026-01-01", true), ("2026-12-31", true), ("2027-01-01", false)]
    {
        asked.day = day.parse().unwrap();
        let expected = if binds { Verdict::Restricted } else { Verdict::Attention };
        assert_eq!(asked.verdict(&[listed(1)]), expected, "{day}");
    }
    asked.day = today();
    asked.stage = Stage::Completion;
    assert_eq!(asked.verdict(&[listed(1)]), Verdict::Attention);
    asked.stage = Stage::Review;
    asked.kind = SubjectKind::Enterprise;
    assert_eq!(asked.verdict(&[listed(1)]), Verdict::Attention);
}

#[test]
fn an_entry_under_objection_counts_unless_the_catalogue_says_attention() {
    let disputed = Hit { objection: true, ..listed(1) };
    let mut asked = Asked::with(vec![ban()]);
    assert_eq!(asked.verdict(&[disputed]), Verdict::Restricted);
    asked.catalogue = catalogue(vec![ban()], ObjectionMode::Attention);
    assert_eq!(asked.verdict(&[disputed]), Verdict::Attention);
    assert_eq!(asked.measures(), ["GP-77"], "the measure is still told");
    assert_eq!(asked.verdict(&[disputed, listed(2)]), Verdict::Restricted, "not alone");
    assert_eq!(asked.because(0), [id(1), id(2)]);
    let barring = Hit { bars: Bars::of(&[Barred::Commitment]), ..disputed };
    assert_eq!(asked.decide(&[barring], &[]).commitment, Facility::Barred);
}

#[test]
fn facilitation_is_unavailable_where_it_is_not_offered_or_no_matter_is_known() {
    let mut asked = Asked::with(vec![]);
    let decision = asked.decide(&[], &[]);
    assert_eq!((decision.commitment, decision.tolerance), (Facility::Eligible, Facility::Eligible));
    for matter in [MatterAsked::Unnamed, MatterAsked::Unlisted] {
        asked.matter = matter;
        let decision = asked.decide(&[state()], &[]);
        assert_eq!((decision.commitment, decision.tolerance), (Facility::Unavailable, Facility::Unavailable));
    }
    let mut entries = asked.catalogue.entries().clone();
    entries.matters[0].tolerance = false;
    asked.catalogue = Catalogue::new(entries);
    asked.matter = MatterAsked::Known(0);
    let decision = asked.decide(&[], &[]);
    assert_eq!((decision.commitment, decision.tolerance), (Facility::Eligible, Facility::Unavailable));
}

#[test]
fn an_entry_bars_what_its_list_or_class_says() {
    let mut asked = Asked::with(vec![]);
    let decision = asked.decide(&[listed(1)], &[]);
    assert_eq!((decision.commitment, decision.tolerance), (Facility::Eligible, Facility::Eligible));
    let barring =
        Hit { bars: Bars::of(&[Barred::Tolerance]), ..hit(1, Category::Penalty(0), Effect::Punish) };
    let decision = asked.decide(&[barring], &[]);
    assert_eq!((decision.commitment, decision.tolerance), (Facility::Eligible, Facility::Barred));
}

#[test]
fn a_broken_commitment_bars_both_facilitations() {
    let broken = hit(1, Category::Commitment(Fulfilment::Unkept), Effect::Attention);
    let decision = Asked::with(vec![]).decide(&[broken], &[]);
    assert_eq!(decision.verdict, Verdict::Attention);
    assert_eq!((decision.commitment, decision.tolerance), (Facility::Barred, Facility::Barred));
}

#[test]
fn an_adverse_or_terminal_state_bars_both_facilitations() {
    let mut asked = Asked::with(vec![]);
    for class in [StateClass::Adverse, StateClass::Terminal] {
        asked.state = Some(class);
        let decision = asked.decide(&[state()], &[]);
        assert_eq!((decision.commitment, decision.tolerance), (Facility::Barred, Facility::Barred));
    }
    for class in [Some(StateClass::Neutral), None] {
        asked.state = class;
        assert_eq!(asked.decide(&[], &[]).commitment, Facility::Eligible);
    }
}

#[test]
fn a_linked_entry_is_attention_and_triggers_and_bars_nothing() {
    let mut asked = Asked::with(vec![ban()]);
    for relation in [Relation::LegalRepresentative, Relation::Represents] {
        let linked =
            Hit { relation, effect: Effect::Attention, bars: Bars::of(&[Barred::Commitment]), ..listed(1) };
        let decision = asked.decide(&[linked], &[]);
        assert_eq!((decision.verdict, decision.commitment), (Verdict::Attention, Facility::Eligible));
        assert!(asked.measures().is_empty());
    }
}

#[test]
fn a_measure_is_triggered_by_a_kind_of_penalty() {
    let revoked = mandatory("FSL-135", |measure| measure.penalties = owned(&["吊销许可证件"]));
    let fined = measure("F", MeasureEffect::Punish, |measure| measure.penalties = owned(&["罚款"]));
    let mut asked = Asked::with(vec![revoked, fined]);
    let penalty = |catalogue: &Catalogue, kinds: &[&str]| {
        hit(1, Category::Penalty(catalogue.penalty_bits(kinds.iter().copied())), Effect::Punish)
    };
    let both = penalty(&asked.catalogue, &["罚款", "吊销许可证件"]);
    assert_eq!(asked.verdict(&[both]), Verdict::Restricted);
    assert_eq!(asked.measures(), ["F", "FSL-135"]);
    let one = penalty(&asked.catalogue, &["警告", "罚款"]);
    assert_eq!(asked.verdict(&[one]), Verdict::Attention);
    assert_eq!(asked.measures(), ["F"]);
}

#[test]
fn a_measure_is_triggered_by_how_far_a_commitment_was_kept() {
    let broken = mandatory("C", |measure| measure.commitments = vec![Fulfilment::Broken]);
    let mut asked = Asked::with(vec![broken]);
    let commitment = |fulfilment| hit(1, Category::Commitment(fulfilment), Effect::Attention);
    assert_eq!(asked.verdict(&[commitment(Fulfilment::Broken)]), Verdict::Restricted);
    assert_eq!(asked.verdict(&[commitment(Fulfilment::Partial)]), Verdict::Attention);
    assert!(asked.measures().is_empty());
}

#[test]
fn a_grade_changes_the_verdict_only_by_a_measure() {
    let by_grade = mandatory("G", |measure| measure.grades = owned(&["纳税信用:D"]));
    let red = measure("R", MeasureEffect::Favour, |measure| measure.grades = owned(&["纳税信用:A"]));
    let mut asked = Asked::with(vec![by_grade, red]);
    let [bad, good] = ["D", "A"].map(|grade| asked.catalogue.grade_trigger("纳税信用", grade));
    assert!(bad.is_some() && good.is_some() && bad != good);
    assert_eq!(asked.catalogue.grade_trigger("纳税", "D"), None);
    assert_eq!(asked.decide(&[], &[grade(1, None), grade(2, bad)]).verdict, Verdict::Restricted);
    assert_eq!(asked.because(0), [id(2)]);
    assert_eq!(asked.decide(&[], &[grade(1, good)]).verdict, Verdict::Favoured);
    assert_eq!(asked.decide(&[], &[grade(1, None)]).verdict, Verdict::Clear);
}

#[test]
fn measures_stand_by_code_and_their_records_in_order() {
    let by_all = |code| {
        measure(code, MeasureEffect::Punish, |measure| {
            measure.lists = owned(&[BANNED, ABNORMAL]);
            measure.grades = owned(&["纳税信用:D"]);
        })
    };
    let advice = measure("M", MeasureEffect::Supervise, |measure| measure.lists = owned(&[BANNED]));
    let mut asked = Asked::with(vec![by_all("Z"), advice, by_all("A")]);
    asked.stage = Stage::Inspection;
    let late = Hit { since: Some(today()), ..listed(9) };
    let hits = [late, hit(3, Category::List(1), Effect::Attention), listed(7)];
    asked.decide(&hits, &[grade(5, Some(0))]);
    assert_eq!(asked.measures(), ["A", "M", "Z"]);
    assert_eq!(asked.because(0), [id(3), id(5), id(7), id(9)]);
    assert_eq!(asked.because(1), [id(7), id(9)]);
}

#[test]
fn hits_stand_by_effect_then_latest_first_then_record() {
    let since = |hit: Hit, day: &str| Hit { since: day.parse().ok(), ..hit };
    let attention = |number| hit(number, Category::List(1), Effect::Attention);
    let mut asked = Asked::with(vec![]);
    asked.verdict(&[
        favoured(1),
        state(),
        since(attention(6), "2020-01-01"),
        since(listed(5), "2025-01-01"),
        since(listed(4), "2026-01-01"),
        since(listed(3), "2026-01-01"),
        since(attention(2), "2026-06-01"),
    ]);
    let order: Vec<RecordId> = asked.work.hits.iter().map(|hit| hit.record).collect();
    assert_eq!(order, [id(3), id(4), id(5), id(2), id(6), RecordId::STATE, id(1)]);
}
