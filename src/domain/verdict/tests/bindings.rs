//! Which measures bind, what triggers them, and the order of the reply.

use super::*;

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
