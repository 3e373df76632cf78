use super::*;

const TABLE: &str = "SHXYM,ZJHM,MC\n91370402XNCN66KM3L,,枣庄示德宇广告有限公司\n,370491199608074890,杨幻仿\n";

fn mix(weights: [f64; 5], seed: u64) -> Mix {
    mix_for("http://hall", weights, seed)
}

fn mix_for(target: &str, weights: [f64; 5], seed: u64) -> Mix {
    let dataset = tempfile::tempdir().unwrap();
    std::fs::create_dir(dataset.path().join("subjects")).unwrap();
    std::fs::write(dataset.path().join("subjects/a.csv"), TABLE).unwrap();
    let mut random = Random::new(seed);
    let subjects = Subjects::read(dataset.path(), &mut random).unwrap();
    let portions = Portions {
        zipf: 1.0,
        persons: 0.5,
        misses: 0.2,
        invalid: 0.2,
        weights,
        batch_lines: 3,
        is_day: true,
    };
    Mix::new(Ingredients {
        target: Target::parse(target).unwrap(),
        http2: false,
        token: None,
        portions,
        subjects: Arc::new(subjects),
        matters: vec!["370400-000011".to_owned()],
        random,
        duration_ns: 1_000_000,
        verifier: None,
    })
}

fn requests(mix: &mut Mix, count: u64) -> Vec<(Op, String)> {
    let request = |at| {
        let mut out = Vec::new();
        let op = mix.next(at * 1000, &mut out);
        (op, String::from_utf8(out).unwrap())
    };
    (0..count).map(request).collect()
}

#[test]
fn the_same_seed_asks_the_same_and_another_asks_otherwise() {
    let texts = |seed| -> Vec<String> {
        requests(&mut mix([8.0, 1.0, 1.0, 0.0, 1.0], seed), 300).into_iter().map(|(_, text)| text).collect()
    };
    assert_eq!(texts(1), texts(1));
    assert_ne!(texts(1), texts(2));
}

#[test]
fn checks_are_about_organisations_persons_nobody_and_invalid_numbers() {
    let all = requests(&mut mix([1.0, 0.0, 0.0, 0.0, 0.0], 7), 1000);
    let count = |wanted: &str| all.iter().filter(|(_, text)| text.contains(wanted)).count();
    assert!((250..350).contains(&count("91370402XNCN66KM3L\"}")), "{}", count("91370402XNCN66KM3L\"}"));
    assert!(
        (250..350).contains(&count("\"370491199608074890\",\"id_type\":\"citizen\",\"name\":\"杨幻仿\"}"))
    );
    let invalid = all.iter().filter(|(op, _)| op.expect == Expect::Status(422)).count();
    assert!((150..250).contains(&invalid), "{invalid}");
    for (_, text) in &all {
        let body = text.split("\r\n\r\n").nth(1).unwrap();
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["matter"], "370400-000011");
    }
}

#[test]
fn a_batch_is_lines_and_must_be_answered_whole() {
    let (op, text) = requests(&mut mix([0.0, 1.0, 0.0, 0.0, 0.0], 1), 1).remove(0);
    assert_eq!(text.split("\r\n\r\n").nth(1).unwrap().lines().count(), 3);
    let mut mix = mix([0.0, 1.0, 0.0, 0.0, 0.0], 1);
    let mut answer = |text: &str| mix.answered(&op, 200, &mut text.as_bytes().to_vec()).is_ok();
    assert!(answer("{}\n{}\n{}\n{\"summary\":{\"asked\":3,\"found\":3}}\n"));
    assert!(!answer("{}\n{}\n{\"summary\":{\"asked\":3,\"found\":3}}\n"));
    assert!(!answer("{}\n{}\n{}\n"));
}

#[test]
fn feedback_is_given_about_a_check_that_had_a_hit() {
    let mut mix = mix([0.0, 0.0, 0.0, 1.0, 0.0], 1);
    let (op, _) = requests(&mut mix, 1).remove(0);
    assert_eq!(op.kind, Kind::Check, "nothing was answered yet");
    mix.answered(&op, 200, &mut br#"{"check_id":"01B","hits":[{"record":"r-12"}]}"#.to_vec()).unwrap();
    let (op, text) = requests(&mut mix, 1).remove(0);
    assert!(op.kind == Kind::Feedback && text.starts_with("POST /v1/checks/01B/feedback "), "{text}");
    assert!(text.contains("\"record\":\"r-12\""));
}

#[test]
fn a_store_is_asked_for_the_keys_of_the_same_subjects() {
    let checks = requests(&mut mix([1.0, 0.0, 0.0, 0.0, 0.0], 7), 300);
    let keyed = requests(&mut mix_for("http://files/{key}", [1.0, 1.0, 1.0, 0.0, 1.0], 7), 300);
    for ((asked, check), (op, text)) in checks.iter().zip(&keyed) {
        let body: serde_json::Value = serde_json::from_str(check.split("\r\n\r\n").nth(1).unwrap()).unwrap();
        let subject = &body["subject"];
        let (id, name) = (subject["id"].as_str().unwrap(), subject["name"].as_str().unwrap_or_default());
        assert!(text.starts_with(&format!("GET /{} HTTP/1.1\r\n", Key::of(id, name).as_str())), "{text}");
        let known = check.contains("91370402XNCN66KM3L") || !name.is_empty();
        assert_eq!(op.expect, if known { Expect::Found } else { Expect::Status(404) }, "{asked:?}");
    }
}
