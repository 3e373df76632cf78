//! Bodies that read, and how others are refused.

use super::*;

fn refused(body: &str) -> (&'static str, String, String) {
    let problem = check(body.as_bytes()).unwrap_err();
    let pointer = problem.pointer.clone().unwrap_or("none".into()).into_owned();
    (problem.code.word(), pointer, problem.detail.into_owned())
}

#[test]
fn a_question_reads_without_copying() {
    let body =
        r#"{"subject":{"id":"91110000600037341L","name":"\u67a3庄"},"matter":"m","request_id":"8841-1"}"#;
    let asked = check(body.as_bytes()).unwrap();
    let subject = asked.subject.unwrap();
    assert!(matches!(subject.id, Some(Text(Cow::Borrowed("91110000600037341L")))));
    assert_eq!(subject.name, Some(Text(Cow::Owned("枣庄".to_owned()))));
    assert_eq!(asked.stage, None);
}

#[test]
fn unknown_fields_are_refused_by_name() {
    let (code, pointer, detail) = refused(r#"{"subject":{"id":"x","nmae":"y"}}"#);
    assert_eq!((code, pointer.as_str()), ("invalid_request", "/subject/nmae"));
    assert_eq!(detail, "unknown field `nmae`, expected id, id_type, country, name");
    assert_eq!(refused(r#"{"subject":{"id":"x"},"Matter":"m"}"#).1, "/Matter");
}

#[test]
fn a_field_that_is_called_like_a_person_is_not_repeated() {
    for key in ["370402199001011012", "张试三", "E12345678"] {
        let (code, _, detail) = refused(&format!("{{\"{key}\":1}}"));
        assert_eq!(code, "invalid_request");
        assert!(!detail.contains(key), "{detail}");
    }
}

#[test]
fn types_are_strict() {
    assert_eq!(refused(r#"{"subject":{"id":911}}"#).1, "/subject/id");
    assert_eq!(refused(r#"{"subject":"911"}"#).1, "/subject");
    assert_eq!(refused(r#"{"subject":["911"]}"#).1, "/subject");
    assert_eq!(refused(r#"["x"]"#).1, "");
    let (code, pointer, detail) = refused(r#"{"subject":{"id":"x"},"matter":null}"#);
    assert_eq!((code, pointer.as_str()), ("invalid_request", "/matter"));
    assert!(detail.contains("leave the field out"), "{detail}");
    assert!(refused(r#"{"subject":{"id":"x","id":"y"}}"#).2.contains("twice"));
}

#[test]
fn what_is_no_json_says_where() {
    for body in ["", "{", "{\"subject\":}", "{} {}", "{\"a\":\"\u{1}\"}"] {
        assert_eq!(refused(body).0, "invalid_json", "{body}");
    }
    assert_eq!(check(b"{\"matter\":\"\xff\"}").unwrap_err().code, Code::InvalidJson);
    // An unknown field before broken JSON is broken JSON.
    assert_eq!(refused("{\"x\":1").0, "invalid_json");
    let deep = format!("{{\"x\":{}", "[".repeat(100_000));
    assert_eq!(refused(&deep).0, "invalid_json");
    let closed = format!("{{\"x\":{}{}}}", "[".repeat(1000), "]".repeat(1000));
    assert_eq!(refused(&closed).0, "invalid_json");
    // Half a pair of surrogates is no character.
    assert_eq!(refused(r#"{"subject":{"id":"x","name":"\ud800"}}"#).0, "invalid_json");
}

#[test]
fn lists_name_the_item_that_is_wrong() {
    let wrong = detail(br#"{"sections":["penalty",1]}"#).unwrap_err();
    assert_eq!(wrong.pointer.as_deref(), Some("/sections/1"));
}

#[test]
fn numbers_are_whole_however_they_are_written() {
    let limit =
        |text: &str| search(format!(r#"{{"name":"x","limit":{text}}}"#).as_bytes()).map(|one| one.limit);
    for (text, number) in [("10", 10), ("10.0", 10), ("1e2", 100), ("0", 0)] {
        assert_eq!(limit(text).unwrap(), Some(Number(number)), "{text}");
    }
    for wrong in ["10.5", "-1", "-1.0", "1e300", "\"10\"", "null"] {
        assert_eq!(limit(wrong).unwrap_err().pointer.as_deref(), Some("/limit"), "{wrong}");
    }
}

#[test]
fn what_the_plain_reader_takes_serde_reads_alike() {
    let whole = r#"{"subject":{"id":"91110000600037341L","id_type":"uscc","country":"USA","name":"试验 公司"},"matter":"370402-000131","stage":"acceptance","case":"2026-8841","purpose":"licensing","operator":"u1029","authorization":"SQ-1","request_id":"8841-1"}"#;
    let spaced = r#" { "subject" : { "id" : "1" } ,  "case" : "" }  "#;
    for plain in [whole, spaced, "{}", r#"{"subject":{}}"#] {
        assert!(super::plain::check(plain.as_bytes()).is_some(), "{plain}");
    }
    // Every way to break one place of a body: the plain reader leaves it to serde, or reads the same.
    let mut taken = 0;
    for body in [whole, spaced] {
        for at in 0..body.len() {
            for byte in *b"\"\\{}:,[]0a \n\x00\x1F\x7F\x80\xE8\xFF" {
                let mut broken = body.as_bytes().to_vec();
                broken[at] = byte;
                let mut longer = body.as_bytes().to_vec();
                longer.insert(at, byte);
                for bytes in [broken, longer, body.as_bytes()[..at].to_vec()] {
                    let Some(read) = super::plain::check(&bytes) else { continue };
                    taken += 1;
                    let again = serde_json::from_slice::<Check<'_>>(&bytes);
                    assert_eq!(Some(read), again.ok(), "{}", String::from_utf8_lossy(&bytes));
                }
            }
        }
    }
    assert!(taken > 1000, "{taken}");
}

#[test]
fn what_is_not_plain_is_left_to_serde() {
    for odd in [
        r#"{"case":"a\u0062"}"#,
        r#"{"case":"a\"b"}"#,
        r#"{"case":null}"#,
        r#"{"case":"1","case":"2"}"#,
        r#"{"subject":{"id":"1"},"subject":{"id":"1"}}"#,
        r#"{"subject":"1"}"#,
        r#"{"other":"1"}"#,
        r#"{"case":"1",}"#,
        r#"{"case":"1"} x"#,
        "{\n}",
        "{\"case\":\"\u{1}\"}",
        "",
        "[]",
        "{",
    ] {
        assert!(super::plain::check(odd.as_bytes()).is_none(), "{odd}");
    }
}
