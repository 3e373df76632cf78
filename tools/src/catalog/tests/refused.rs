//! Each refusal with its file and line.

use super::*;

#[test]
fn an_entry_without_basis_is_refused() {
    let list = after("base/lists.toml", "basis = [\"人力资源和社会保障部令第45号\"]\n", "");
    says(&list, &["catalog/base/lists.toml:1: list `wage-arrears` has no basis"]);
    let measure =
        after("base/measures.toml", "basis = [\"中华人民共和国政府采购法 第七十七条\"]", "basis = [\" \"]");
    says(&measure, &["catalog/base/measures.toml:1: measure `GP-77` has no basis"]);
    let cap = after("base/publication.toml", "basis = [\"山东省社会信用条例\"]", "");
    says(&cap, &["catalog/base/publication.toml:12: the cap has no basis"]);
    let wrong = after("base/lists.toml", "basis = [\"人力资源和社会保障部令第45号\"]", "basis = \"45\"");
    says(
        &wrong,
        &["catalog/base/lists.toml:8: list `wage-arrears` has a `basis` that is a text, expected a list"],
    );
}

#[test]
fn a_mandatory_measure_without_clause_is_refused() {
    for clause in ["", "clause = \"\"\n"] {
        let refusals = after("base/measures.toml", "clause = \"在一至三年内禁止参加政府采购活动\"\n", clause);
        says(&refusals, &["catalog/base/measures.toml:1: measure `GP-77` is mandatory without a clause"]);
    }
}

#[test]
fn an_unknown_reference_is_refused() {
    let list = after("base/measures.toml", "[\"wage-arrears\"]", "[\"wages\"]");
    says(&list, &["catalog/base/measures.toml:1: measure `GP-77` names the unknown list `wages`"]);
    let matter = after("city/matters.toml", "370402-000131", "370402-000132");
    says(
        &matter,
        &["catalog/base/measures.toml:1: measure `GP-77` names the unknown matter `370402-000131`"],
    );
    let class = after("base/publication.toml", "class = \"ordinary\"\n[cap]", "class = \"grave\"\n[cap]");
    says(&class, &["catalog/base/publication.toml:8: a rule names the unknown class `grave`"]);
    let grade = after("base/measures.toml", "lists =", "grades = [\"D\"]\nlists =");
    says(&grade, &["catalog/base/measures.toml:1: measure `GP-77` has the grade `D`"]);
}

#[test]
fn an_unknown_key_is_refused() {
    let key = after("base/lists.toml", "term =", "colour = \"black\"\nterm =");
    says(
        &key,
        &["catalog/base/lists.toml:6: list `wage-arrears` has the unknown key `colour`, expected code, "],
    );
    let table = after("city/matters.toml", "[[matter]]", "[[matters]]");
    assert!(table.contains(
        &"catalog/city/matters.toml:1: the file has the unknown key `matters`, expected matter".to_owned()
    ));
    let head = after("catalog.toml", "layers", "objections = \"counts\"\nlayers");
    says(&head, &["catalog/catalog.toml:1: the catalogue has the unknown key `objections`"]);
}

#[test]
fn a_duplicate_is_refused() {
    let twice = format!("{LISTS}{LISTS}");
    let code = after("base/lists.toml", LISTS, &twice);
    says(
        &code,
        &["catalog/base/lists.toml:10: list `wage-arrears` is a duplicate of catalog/base/lists.toml:1"],
    );
    let other = MATTERS.replace("370402-000131", "370402-000132");
    let alias = after("city/matters.toml", MATTERS, &format!("{MATTERS}{other}"));
    says(
        &alias,
        &["catalog/city/matters.toml:7: matter `X-131` is a duplicate of catalog/city/matters.toml:1"],
    );
    let class = after(
        "base/publication.toml",
        "[[rule]]",
        "[[class]]\nname = \"ordinary\"\npublished = true\nlongest = \"2y\"\n[[rule]]",
    );
    says(&class, &["catalog/base/publication.toml:5: class `ordinary` has two rows from the same day"]);
    let default = after("base/publication.toml", "fine_from = \"10\"", "default = true");
    says(&default, &["catalog/base/publication.toml:8: rule `default` is a duplicate"]);
    let layer = after("catalog.toml", "\"city\"", "\"city\",\n\"base\"");
    says(&layer, &["catalog/catalog.toml:2: layer `base` is a duplicate"]);
}

#[test]
fn a_later_layer_that_changes_an_earlier_entry_is_refused() {
    says(
        &with("city/lists.toml", &LISTS.replace("3y", "1y")),
        &[
            "catalog/city/lists.toml:1: list `wage-arrears` changes the entry of an earlier layer (catalog/base/lists.toml:1)",
        ],
    );
    says(
        &with("city/measures.toml", MEASURES),
        &["catalog/city/measures.toml:1: measure `GP-77` changes the entry of an earlier layer"],
    );
    says(
        &with("city/publication.toml", "[cap]\nlongest = \"9y\"\nbasis = [\"…\"]\n"),
        &["catalog/city/publication.toml:1: cap `longest` changes the entry of an earlier layer"],
    );
    let class =
        "[[class]]\nname = \"ordinary\"\npublished = false\nlongest = \"0d\"\nfrom = \"2020-01-01\"\n";
    says(
        &with("city/publication.toml", class),
        &["catalog/city/publication.toml:1: class `ordinary` changes the entry of an earlier layer"],
    );
}

#[test]
fn a_word_outside_the_contract_is_refused() {
    let effect = after("base/lists.toml", "\"punish\"", "\"ban\"");
    says(
        &effect,
        &[
            "catalog/base/lists.toml:4: list `wage-arrears` has a `effect` that is `ban`, expected one of punish, attention, favour",
        ],
    );
    let stage = after("base/measures.toml", "lists =", "stages = [\n\"award\",\n\"later\"]\nlists =");
    says(
        &stage,
        &[
            "catalog/base/measures.toml:9: measure `GP-77` has a `stages` that is `later`, expected one of acceptance, ",
        ],
    );
    let severity = after("base/lists.toml", "severity = \"serious\"\n", "");
    says(&severity, &["catalog/base/lists.toml:1: list `wage-arrears` has no severity"]);
    let objection = after("catalog.toml", "layers", "objection = \"maybe\"\nlayers");
    says(
        &objection,
        &[
            "catalog/catalog.toml:1: the catalogue has a `objection` that is `maybe`, expected one of counts, attention",
        ],
    );
}

#[test]
fn a_value_that_does_not_parse_is_refused() {
    let term = after("base/lists.toml", "\"3y\"", "\"3w\"");
    says(
        &term,
        &[
            "catalog/base/lists.toml:6: list `wage-arrears` has a `term` that is `3w`, expected until-removed or a number with d, m or y",
        ],
    );
    let ground = after("base/lists.toml", "term =", "ground_terms = { \"2\" = \"long\" }\nterm =");
    says(&ground, &["catalog/base/lists.toml:6: list `wage-arrears` has a `ground_terms.2` that is `long`"]);
    let longest = after("base/publication.toml", "\"1y\"", "\"until-removed\"");
    says(
        &longest,
        &["catalog/base/publication.toml:4: class `ordinary` has a `longest` that is `until-removed`"],
    );
    let day = after("base/measures.toml", "lists =", "from = \"2026-02-30\"\nlists =");
    says(
        &day,
        &["catalog/base/measures.toml:7: measure `GP-77` has a `from` that is `2026-02-30`, expected a day"],
    );
    let bare = after("base/measures.toml", "lists =", "from = 2026-02-03\nlists =");
    says(
        &bare,
        &["catalog/base/measures.toml:7: measure `GP-77` has a `from` that is a date without quotes"],
    );
    let fine = after("base/publication.toml", "\"10\"", "\"ten\"");
    says(&fine, &["catalog/base/publication.toml:9: a rule has a `fine_from` that is `ten`"]);
    let flag = after("base/lists.toml", "verified = true", "verified = \"yes\"");
    says(
        &flag,
        &[
            "catalog/base/lists.toml:9: list `wage-arrears` has a `verified` that is a text, expected true or false",
        ],
    );
}

#[test]
fn a_missing_key_is_refused() {
    for (file, line, what, keys) in [
        (
            "base/lists.toml",
            1,
            "list `wage-arrears`",
            ["title", "effect", "term", "authority", "verified"].as_slice(),
        ),
        ("base/measures.toml", 1, "measure `GP-77`", &["title", "effect", "binding", "authority"]),
        ("city/matters.toml", 1, "matter `370402-000131`", &["title", "department", "persons"]),
        ("base/publication.toml", 1, "class `ordinary`", &["published", "longest"]),
    ] {
        for key in keys {
            let files = sound();
            let (_, text) = files.iter().find(|(name, _)| *name == file).unwrap();
            let gone = text.lines().find(|l| l.starts_with(&format!("{key} ="))).unwrap();
            let refusals = after(file, &format!("{gone}\n"), "");
            says(&refusals, &[&format!("catalog/{file}:{line}: {what} has no `{key}`")]);
        }
    }
    let rule = after("base/publication.toml", "default = true\nclass = \"ordinary\"", "default = true");
    says(&rule, &["catalog/base/publication.toml:5: a rule has no `class`"]);
    // What names the list is not refused as well: nobody knows what the list is called.
    let code = after("base/lists.toml", "code = \"wage-arrears\"\n", "");
    says(&code, &["catalog/base/lists.toml:1: list has no `code`"]);
    let layers = after("catalog.toml", HEAD, "");
    says(&layers, &["catalog/catalog.toml:1: the catalogue has no `layers`"]);
}

#[test]
fn what_is_no_toml_is_refused_with_line_and_column() {
    let refusals = after("base/lists.toml", "effect = \"punish\"", "effect \"punish\"");
    says(&refusals, &["catalog/base/lists.toml:4: column 8: not TOML: "]);
    let refusals = after("base/lists.toml", "term =", "title = \"twice\"\nterm =");
    says(&refusals, &["catalog/base/lists.toml:6: column 1: not TOML: duplicate key"]);
}

#[test]
fn a_missing_folder_or_an_unknown_file_is_refused_by_name() {
    let refusals = after("catalog.toml", "\"city\"", "\"city\", \"village\"");
    says(&refusals, &["catalog/catalog.toml:1: layer `village` has no folder catalog/village"]);
    let refusals = with("city/list.toml", LISTS);
    says(&refusals, &["catalog/city/list.toml:1: unknown file, expected lists.toml, measures.toml, "]);
    let refusals = after("catalog.toml", "\"city\"", "\"../catalog/city\"");
    says(&refusals, &["catalog/catalog.toml:1: layer `../catalog/city` is no name of a folder"]);
    let (temp, _) = folder(&[]);
    let error = read(&temp.path().join("nowhere")).unwrap_err();
    assert!(
        matches!(&error, CatalogError::Unreadable { path, .. } if path.ends_with("nowhere/catalog.toml"))
    );
}

#[test]
fn all_refusals_of_all_files_are_told_in_their_order() {
    let mut files = sound();
    files[1].1 = LISTS.replace("\"punish\"", "\"ban\"").replace("verified = true\n", "");
    files[2].1 = MEASURES.replace("clause", "claws");
    files[4].1 = MATTERS.replace("370402-000131", "370402-000132");
    says(
        &outcome(&files).unwrap_err(),
        &[
            "catalog/base/lists.toml:1: list `wage-arrears` has no `verified`",
            "catalog/base/lists.toml:4: list `wage-arrears` has a `effect`",
            "catalog/base/measures.toml:1: measure `GP-77` names the unknown matter",
            "catalog/base/measures.toml:1: measure `GP-77` is mandatory without a clause",
            "catalog/base/measures.toml:6: measure `GP-77` has the unknown key `claws`",
        ],
    );
}
