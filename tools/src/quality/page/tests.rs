//! The page holds what the report says, and nothing of it as markup.

use super::*;
use crate::quality::tests::quality;

fn shown(quality: &Quality) -> String {
    let mut page = Vec::new();
    html(quality, &mut page).unwrap();
    String::from_utf8(page).unwrap()
}

#[test]
fn what_a_table_says_cannot_become_markup() {
    const EVIL: &str = "<script>alert('1')</script>\"&\0";
    let mut report = quality();
    let evil = || EVIL.to_owned();
    (report.release, report.dataset, report.previous) = (evil(), evil(), Some(evil()));
    report.catalogue_remarks.push(evil());
    report.catalogue.lists_without_source.push(evil());
    report.lists[0].title = evil();
    report.lists[0].code = evil();
    report.coverage.evaluations[0].kind = evil();
    report.guardrails[0].detail = evil();
    report.guardrails[0].name = evil();
    report.comparison[0].figure = evil();
    let source = &mut report.sources[1];
    (source.name, source.source.path, source.source.provider) = (evil(), evil(), evil());
    source.rejected_by_reason.insert(evil(), 3);
    source.rejected_by_column.entry(evil()).or_default().insert(evil(), 3);
    source.warnings_by_reason.insert(evil(), 3);
    source.missing_fields.insert(evil(), 3);
    report.conflicts.fields[0].field = evil();
    report.orphan_correction[0].file = Some(evil());
    let page = shown(&report);
    assert!(page.matches("&lt;script&gt;").count() > 20);
    assert!(!page.contains("<script") && !page.contains('\0') && !page.contains("('1')"));
}

#[test]
fn the_page_stands_alone() {
    let page = shown(&quality());
    for outside in ["http://", "https://", "<script", "@import", "url(", "<link", "<img", "src="] {
        assert!(!page.contains(outside), "{outside}");
    }
    for words in
        ["门禁", "来源", "退回原因", "覆盖率", "名单", "即将到期", "重复与冲突", "缺失", "与上一版对比"]
    {
        assert!(page.contains(words), "{words}");
    }
}

#[test]
fn every_element_that_opens_closes() {
    for report in [quality(), Quality::default()] {
        let page = shown(&report);
        for element in [
            "section", "details", "table", "tr", "td", "th", "svg", "figure", "div", "h2", "h3", "p", "text",
            "span",
        ] {
            let opened =
                page.matches(&format!("<{element}>")).count() + page.matches(&format!("<{element} ")).count();
            assert_eq!(opened, page.matches(&format!("</{element}>")).count(), "{element}");
        }
    }
}

#[test]
fn numbers_are_readable() {
    assert_eq!(number(0), "0");
    assert_eq!(number(1_234_567), "1\u{202F}234\u{202F}567");
    assert_eq!(signed(-1_000), "−1\u{202F}000");
    assert_eq!(percent(0.1234), "12.3\u{202F}%");
    assert_eq!(percent(0.000_01), "&lt;0.1\u{202F}%");
}
