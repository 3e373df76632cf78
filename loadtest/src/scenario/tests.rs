use super::*;

const GOOD: &str = r#"
name = "试验"
matters = ["370400-000011"]
[load]
connections = 8
warmup = "1s"
steps = [{ for = "2s", from = 0, to = 100 }, { for = "10s", rate = 100.0 }]
[subjects]
zipf = 1.1
[mix]
check = 9
search = 1
"#;

fn parse(text: &str) -> Result<Scenario, ScenarioError> {
    Scenario::parse(&Text { file: "s.toml".to_owned(), text: text.to_owned() })
}

#[test]
fn a_scenario_is_read_with_its_defaults() {
    let scenario = parse(GOOD).unwrap();
    assert_eq!((scenario.connections(), scenario.warmup()), (8, Duration::from_secs(1)));
    assert_eq!(scenario.plan().unwrap().duration_ns(), 12_000_000_000);
    assert_eq!(scenario.plan().unwrap().reach(12_000_000_000), 1100.0);
    let portions = scenario.portions();
    assert_eq!((portions.zipf, portions.weights), (1.1, [9.0, 0.0, 1.0, 0.0, 0.0]));
    assert_eq!(scenario.target().to_string(), "http://127.0.0.1:8080/");
}

/// What is changed in the good file, and what is said then: line, column, and words.
#[test]
fn a_mistake_is_told_with_line_column_and_what_was_expected() {
    let cases = [
        ("zipf = 1.1", "zpif = 1.1", 9, 1, "unknown field `zpif`, expected one of"),
        ("connections = 8", "connections = 0", 5, 15, "expected a whole number from 1 to 20000"),
        ("connections = 8", "connections = \"8\"", 5, 15, "invalid type: string \"8\", expected i64"),
        ("connections = 8", "connections = 8\nstreams = 4", 4, 1, "expected `http2 = true` beside it"),
        ("connections = 8\n", "", 4, 1, "missing field `connections`"),
        ("warmup = \"1s\"", "warmup = \"1 s\"", 6, 10, "expected a whole number and a unit"),
        ("warmup = \"1s\"", "warmup = \"12s\"", 4, 1, "expected a longer run"),
        ("zipf = 1.1", "zipf = -1", 9, 8, "expected a number from 0 to 4"),
        ("rate = 100.0", "rate = 100.0, to = 3", 7, 46, "expected `rate`, or `from` and `to`"),
        ("steps =", "closed = \"1s\"\nsteps =", 4, 1, "found more than one of `steps`"),
        ("check = 9\nsearch = 1", "check = 0", 10, 1, "no weight is above 0"),
        ("check = 9\nsearch = 1", "feedback = 1", 10, 1, "feedback is given about checks"),
        ("name = \"试验\"", "name = \"试验\" x", 2, 13, "expected newline"),
    ];
    for (good, bad, line, column, words) in cases {
        assert!(GOOD.contains(good), "{good}");
        let error = parse(&GOOD.replacen(good, bad, 1)).unwrap_err().to_string();
        let place = format!("s.toml:{line}:{column}: ");
        assert!(
            error.starts_with(&place) && error.contains(words),
            "{bad}: expected {place}{words}, found {error}"
        );
    }
}

#[test]
fn a_halls_day_has_its_peaks_at_nine_and_at_two() {
    let day = GOOD.replace(
        "steps = [{ for = \"2s\", from = 0, to = 100 }, { for = \"10s\", rate = 100.0 }]",
        "day = { peak = 1000, lasts = \"540s\" }",
    );
    let plan = parse(&day).unwrap().plan().unwrap();
    // A second stands for a minute, from 08:30 on.
    let rate = |hour: f64| {
        let at = ((hour - 8.5) * 60.0 * 1e9) as u64;
        plan.reach(at + 500_000_000) - plan.reach(at - 500_000_000)
    };
    assert!(rate(9.0) > 980.0 && rate(14.0) > 880.0, "{} {}", rate(9.0), rate(14.0));
    assert!(rate(12.5) < 100.0 && rate(11.5) < 400.0 && rate(17.0) < 300.0);
}

#[test]
fn the_shipped_scenarios_are_right() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut found: Vec<String> = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let scenario = Scenario::read(&path).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(path.file_stem().unwrap().to_str().unwrap(), scenario.name);
        assert!(!scenario.about.is_empty());
        found.push(scenario.name);
    }
    found.sort();
    assert_eq!(found, ["nightly-inspection", "office-day", "overload", "smoke", "soak", "swap-under-load"]);
}
