//! What joining layers refuses and remarks beyond what files can show (those stand with their reader).

use super::layers::{Layer, Located, Place, join};
use super::*;

fn at<T>(line: usize, entry: T) -> Located<T> {
    Located { entry, at: Place { file: "base/x.toml".to_owned(), line } }
}

fn matter(code: String, aliases: &[&str]) -> MatterEntry {
    MatterEntry {
        code,
        aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
        title: String::new(),
        department: String::new(),
        tags: vec![],
        commitment: false,
        tolerance: false,
        persons: Footing::None,
    }
}

fn measure(code: &str) -> MeasureEntry {
    MeasureEntry {
        code: code.to_owned(),
        title: String::new(),
        effect: MeasureEffect::Punish,
        binding: Binding::Discretionary,
        clause: None,
        lists: vec![],
        penalties: vec![],
        grades: vec![],
        commitments: vec![],
        matters: vec![],
        tags: vec![],
        stages: vec![],
        kinds: vec![],
        grants: vec![],
        from: None,
        to: None,
        authority: String::new(),
        basis: vec!["a law".to_owned()],
    }
}

fn refused(layer: Layer) -> Vec<String> {
    let refusals = join(vec![layer], ObjectionMode::Counts).unwrap_err();
    refusals.iter().map(ToString::to_string).collect()
}

#[test]
fn a_measure_that_names_a_matter_by_its_alias_binds_it() {
    let layer = Layer {
        matters: vec![at(1, matter("m".to_owned(), &["alias"]))],
        measures: vec![at(2, MeasureEntry { matters: vec!["alias".to_owned()], ..measure("M") })],
        ..Layer::default()
    };
    let (entries, _) = join(vec![layer], ObjectionMode::Counts).unwrap();
    let catalogue = Catalogue::new(entries);
    assert_eq!(catalogue.matter("alias"), Some(0));
    assert_eq!(catalogue.measures_of(0), [0]);
}

#[test]
fn more_matters_than_have_numbers_are_refused() {
    let matters: Vec<_> = (0..ENTRIES_MAX + 1).map(|n| at(n + 1, matter(format!("m{n}"), &[]))).collect();
    let fits = Layer { matters: matters[1..].to_vec(), ..Layer::default() };
    assert!(join(vec![fits], ObjectionMode::Counts).is_ok());
    let refusals = refused(Layer { matters, ..Layer::default() });
    assert_eq!(refusals, ["base/x.toml:65536: the catalogue has more than 65535 matters: leave out some"]);
}

#[test]
fn more_kinds_of_penalty_than_have_bits_are_refused() {
    let penalties = (0..=PENALTY_TRIGGERS_MAX).map(|n| format!("其他-{n}")).collect();
    let measures = vec![at(7, MeasureEntry { penalties, ..measure("M") })];
    let refusals = refused(Layer { measures, ..Layer::default() });
    assert!(refusals[0].starts_with("base/x.toml:7: measures name 33 kinds of penalty"), "{refusals:?}");
}

#[test]
fn a_grade_is_a_kind_and_a_grade() {
    for grade in ["D", ":D", "纳税信用:", "纳税信用：D"] {
        let measures = vec![at(3, MeasureEntry { grades: vec![grade.to_owned()], ..measure("M") })];
        let refusals = refused(Layer { measures, ..Layer::default() });
        assert!(refusals[0].contains("expected `kind:grade`"), "{grade}: {refusals:?}");
    }
}

#[test]
fn what_is_not_read_is_remarked() {
    let class = ClassEntry {
        name: "ordinary".to_owned(),
        published: true,
        shortest: None,
        longest: crate::domain::date::Term::Years(1),
        bars: vec![],
        from: None,
    };
    let rule = RuleEntry {
        class: "ordinary".to_owned(),
        default: true,
        procedure: Some("简易".to_owned()),
        ..RuleEntry::default()
    };
    let layer = Layer {
        classes: vec![at(1, class)],
        rules: vec![at(2, rule)],
        measures: vec![at(3, MeasureEntry { grants: vec![Grant::GreenChannel], ..measure("M") })],
        ..Layer::default()
    };
    let (_, remarks) = join(vec![layer.clone()], ObjectionMode::Counts).unwrap();
    assert_eq!(remarks.iter().map(|remark| remark.at.line).collect::<Vec<_>>(), [2, 3], "{remarks:?}");
    let mut open = layer;
    open.rules[0].entry.default = false;
    let (_, remarks) = join(vec![open], ObjectionMode::Counts).unwrap();
    assert!(remarks.iter().any(|remark| remark.what.starts_with("no rule has default = true")));
}

#[test]
fn a_blank_state_is_active_and_a_strange_one_unknown() {
    let (entries, _) = join(vec![], ObjectionMode::Counts).unwrap();
    let catalogue = Catalogue::new(entries);
    assert_eq!(catalogue.state_class(""), Some(StateClass::Active));
    assert_eq!(catalogue.state_class("迁出"), Some(StateClass::Neutral));
    assert_eq!(catalogue.state_class("死亡"), Some(StateClass::Terminal));
    assert_eq!(catalogue.state_class("撤销登记"), Some(StateClass::Adverse));
    assert_eq!(catalogue.state_class("筹建"), None);
}
