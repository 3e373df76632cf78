//! The later sections of the page: what catalogue and corrections say, oddities, and the release before.

use super::sections::{ROWS_MAX, largest};
use super::*;
use crate::quality::Compared;

pub(super) fn penalties(quality: &Quality, out: &mut String) {
    let penalties = &quality.penalties;
    heading(out, "处罚公示规则", "penalties by publication rule");
    let counts = format!(
        "仅默认规则 only the default: {} · 无规则 no rule: {}",
        number(penalties.by_default),
        number(penalties.unmatched)
    );
    note(out, &counts);
    let rows = penalties.by_rule.iter();
    let rows =
        rows.map(|one| ("", vec![code(one.rule.to_string()), code(&one.class), Cell::Number(one.count)]));
    table(out, &[("规则", "rule"), ("类别", "class"), ("处罚", "penalties")], rows.collect());
    out.push_str("</section>\n");
}

pub(super) fn catalogue(quality: &Quality, out: &mut String) {
    let catalogue = &quality.catalogue;
    heading(out, "目录", "catalogue");
    push(out, &["<p class=\"note\">SHA-256 <code>", &escape(&catalogue.sha256), "</code></p>\n"]);
    for (chinese, english, codes) in [
        ("没有来源的名单", "lists that no source supplies", &catalogue.lists_without_source),
        ("不约束任何事项的措施", "measures that bind no matter", &catalogue.measures_without_matter),
        ("没有触发条件的措施", "measures without triggers", &catalogue.measures_without_trigger),
        ("起晚于止的措施", "measures whose from is after to", &catalogue.measures_from_after_to),
    ] {
        push(out, &["<h3>", chinese, " <small>", english, "</small></h3>"]);
        codes_or_none(out, codes);
    }
    out.push_str("<h3>提示 <small>remarks</small></h3>\n");
    let rows = quality.catalogue_remarks.iter().map(|remark| ("", vec![text(remark)]));
    table(out, &[("提示", "remark")], rows.collect());
    out.push_str("</section>\n");
}

fn codes_or_none(out: &mut String, codes: &[String]) {
    if codes.is_empty() {
        out.push_str("<p class=\"none\">无 <small>none</small></p>\n");
        return;
    }
    out.push_str("<div class=\"chips\">");
    for one in codes {
        push(out, &["<span class=\"chip\"><code>", &escape(one), "</code></span>"]);
    }
    out.push_str("</div>\n");
}

pub(super) fn orphans(quality: &Quality, out: &mut String) {
    heading(out, "孤立更正", "corrections that match no record");
    note(out, &format!("共 in all: {}", number(quality.orphan_corrections)));
    let rows = quality.orphan_correction.iter().take(ROWS_MAX).map(|one| {
        let place = match (&one.file, one.line, one.number) {
            (Some(file), Some(line), _) => format!("{file}:{line}"),
            (.., Some(number)) => format!("第 {number} 号"),
            _ => String::new(),
        };
        ("bad", vec![code(&one.record), code(&one.kind), text(&one.effective), code(place)])
    });
    let columns = [("记录", "record"), ("类型", "kind"), ("生效", "effective"), ("出处", "where")];
    table(out, &columns, rows.collect());
    if !quality.renamed_authorities.is_empty() {
        let count = number(quality.renamed_authorities.len() as u64);
        note(out, &format!("机关名称不同仍按文书号匹配 put to a record of another authority: {count}"));
        let rows = quality.renamed_authorities.iter().take(ROWS_MAX);
        let rows = rows.map(|one| ("", vec![code(&one.correction_of), code(&one.found)]));
        table(out, &[("更正所指", "correction of"), ("记录", "record")], rows.collect());
    }
    out.push_str("</section>\n");
}

pub(super) fn warnings(quality: &Quality, out: &mut String) {
    heading(out, "提示", "oddities of rows that were kept");
    let mut rows = Vec::new();
    for source in &quality.sources {
        for (reason, count) in &source.warnings_by_reason {
            rows.push((*count, ("", vec![code(&source.name), code(reason), Cell::Number(*count)])));
        }
    }
    largest(out, &[("来源", "source"), ("原因", "reason"), ("次数", "times")], rows);
    out.push_str("</section>\n");
}

pub(super) fn comparison(quality: &Quality, out: &mut String) {
    heading(out, "与上一版对比", "comparison with the previous release");
    let Some(previous) = &quality.previous else {
        out.push_str("<p class=\"none\">没有上一版 <small>no previous release</small></p></section>\n");
        return;
    };
    let same = quality.comparison.iter().filter(|one| one.difference == 0).count();
    note(
        out,
        &format!("上一版 previous release: {previous} · 未变的指标 figures that did not change: {same}"),
    );
    let rows = quality.comparison.iter().filter(|one| one.difference != 0).map(|one| ("", compared(one)));
    let columns =
        [("指标", "figure"), ("上一版", "before"), ("本版", "now"), ("差", "difference"), ("变化", "change")];
    table(out, &columns, rows.collect());
    out.push_str("</section>\n");
}

fn compared(one: &Compared) -> Vec<Cell> {
    let change = match one.percent {
        Some(percent) => {
            format!("{}{:.2} %", if percent > 0.0 { "+" } else { "" }, percent).replace('-', "−")
        }
        None => "新 new".to_owned(),
    };
    vec![
        code(&one.figure),
        Cell::Number(one.before),
        Cell::Number(one.now),
        Cell::Right(signed(one.difference)),
        Cell::Right(change),
    ]
}
