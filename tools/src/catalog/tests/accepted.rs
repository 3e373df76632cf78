//! What is accepted, and how it is read.

use super::*;

#[test]
fn the_shipped_catalogue_is_accepted() {
    let (catalogue, remarks) = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("catalog")).unwrap();
    let entries = catalogue.entries();
    assert_eq!(remarks, []);
    assert!(entries.lists.len() >= 12 && entries.measures.len() >= 20 && entries.matters.len() >= 30);
    let mandatory = || entries.measures.iter().filter(|measure| measure.binding == Binding::Mandatory);
    assert!(mandatory().count() > 0);
    assert!(mandatory().all(|measure| measure.clause.as_deref().is_some_and(|clause| !clause.is_empty())));
    let debtor =
        catalogue.list("dishonest-judgment-debtor").and_then(|list| catalogue.list_at(list)).unwrap();
    assert_eq!(debtor.ground_terms[0], ("2".to_owned(), ListTerm::For(Term::Years(2))));
    let responsible = catalogue.list("responsible-person").and_then(|list| catalogue.list_at(list)).unwrap();
    assert_eq!(responsible.extends_to, [Extension::Represented]);
    assert_eq!(entries.layers, ["base", "shandong", "zaozhuang"]);
    assert_eq!(entries.cap.as_ref().map(|cap| cap.longest), Some(Term::Years(5)));
    // A measure that binds nothing would be a slip of the pen.
    let bound: BTreeSet<u16> = (0..entries.matters.len() as u16)
        .flat_map(|matter| catalogue.measures_of(matter).iter().copied())
        .collect();
    let idle = (0..entries.measures.len() as u16).filter(|measure| !bound.contains(measure));
    assert_eq!(idle.map(|m| entries.measures[usize::from(m)].code.as_str()).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn what_may_be_absent_means_empty_or_false() {
    let (entries, remarks) = accepted(&sound());
    assert_eq!(remarks, []);
    assert_eq!(entries.objection, ObjectionMode::Counts);
    let (list, measure) = (&entries.lists[0], &entries.measures[0]);
    assert!(list.bars.is_empty() && list.ground_terms.is_empty() && list.extends_to.is_empty());
    assert!(measure.stages.is_empty() && measure.from.is_none() && measure.grants.is_empty());
    let matter = &entries.matters[0];
    assert!(!matter.commitment && !matter.tolerance && matter.tags.is_empty());
    assert!(entries.classes[0].from.is_none() && entries.classes[0].bars.is_empty());
}

#[test]
fn every_key_is_read() {
    let mut files = sound();
    files[0].1.push_str("objection = \"attention\"\n");
    files[1].1.push_str("ground_terms = { b = \"2y\", a = \"until-removed\" }\nextends_to = [\"represented\"]\nbars = [\"tolerance\"]\n");
    files[2].1.push_str(
        "penalties = [\"罚款\"]\ngrades = [\"纳税信用:D\"]\ncommitments = [\"违反承诺\"]\ntags = [\"t\"]\nstages = [\"award\"]\nkinds = [\"person\"]\ngrants = []\nfrom = \"2015-03-01\"\nto = \"2030-01-01\"\n",
    );
    let (entries, _) = accepted(&files);
    assert_eq!(entries.objection, ObjectionMode::Attention);
    let terms: Vec<&str> = entries.lists[0].ground_terms.iter().map(|(ground, _)| ground.as_str()).collect();
    assert_eq!(terms, ["b", "a"], "in the order of the file");
    let measure = &entries.measures[0];
    assert_eq!(measure.commitments, [Fulfilment::Broken]);
    assert_eq!(measure.kinds, [SubjectKind::Person]);
    assert_eq!(measure.from.map(|day| day.to_string()).as_deref(), Some("2015-03-01"));
    assert_eq!(entries.lists[0].effect, Effect::Punish);
}

#[test]
fn a_folder_that_no_layer_names_is_remarked() {
    let mut files = sound();
    files.push(("village/lists.toml", LISTS.to_owned()));
    files.push(("notes/README.md", String::new()));
    let (_, remarks) = accepted(&files);
    let told: Vec<String> = remarks.iter().map(Remark::to_string).collect();
    assert_eq!(told, ["catalog/catalog.toml:1: `layers` does not name the folder `village`: it is not read"]);
}

#[test]
fn states_are_the_defaults_unless_a_layer_has_its_own() {
    let class = |files: &[(&str, String)], state: &str| outcome(files).unwrap().0.state_class(state);
    let mut files = sound();
    assert_eq!(class(&files, "吊销"), Some(StateClass::Adverse));
    files.push(("city/states.toml", "[[state]]\nname = \"停业\"\nclass = \"neutral\"\n".to_owned()));
    assert_eq!(class(&files, "停业"), Some(StateClass::Neutral));
    assert_eq!(class(&files, "吊销"), None, "a file of states stands in place of the defaults");
    assert_eq!(class(&files, ""), Some(StateClass::Active));
}

#[test]
fn rules_are_tried_in_order_of_layers_and_the_default_last() {
    let mut files = sound();
    files[3].1 = PUBLICATION.replace("\"10\"", "\"20\"");
    files
        .push(("city/publication.toml", "[[rule]]\nprocedure = \"简易\"\nclass = \"ordinary\"\n".to_owned()));
    let (entries, _) = accepted(&files);
    let [fine, simple, default] = entries.rules.as_slice() else { panic!("{:?}", entries.rules) };
    assert_eq!(fine.fine_from.map(|fine| fine.to_string()).as_deref(), Some("20"));
    assert_eq!(simple.procedure.as_deref(), Some("简易"));
    assert!(default.default);
}

#[test]
fn a_class_has_a_row_for_each_law() {
    let mut files = sound();
    files[3].1.push_str("[[class]]\nname = \"ordinary\"\npublished = true\nshortest = \"3m\"\nlongest = \"2y\"\nbars = [\"commitment\"]\nfrom = \"2026-04-01\"\n");
    let (entries, _) = accepted(&files);
    let rows: Vec<_> = entries.classes.iter().map(|row| (row.longest, row.from.is_some())).collect();
    assert_eq!(rows, [(Term::Years(1), false), (Term::Years(2), true)]);
    assert_eq!(entries.classes[1].shortest, Some(Term::Months(3)));
}
