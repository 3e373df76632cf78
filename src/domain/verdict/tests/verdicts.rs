//! Which verdict applies, and what facilitation it leaves.

use super::*;

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
