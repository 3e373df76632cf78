//! The sections of the page, in the order in which they stand.

use super::super::figures::share;
use super::*;
use crate::guardrail::Guardrail;
use crate::quality::SourceQuality;

/// Rows of the longest tables.
pub(super) const ROWS_MAX: usize = 200;

pub(super) fn guardrails(quality: &Quality, out: &mut String) {
    heading(out, "门禁", "guardrails");
    if quality.guardrails.iter().any(|one| one.tripped) {
        note(
            out,
            "发布将被拒绝，除非逐项以 --accept NAME 接受。Publishing is refused unless each is accepted by name.",
        );
    }
    let (tripped, fine): (Vec<_>, Vec<_>) = quality.guardrails.iter().partition(|one| one.tripped);
    let row = |one: &Guardrail| {
        let flag = if one.tripped { Cell::Flag("bad", "✗ 未过") } else { Cell::Flag("ok", "✓ 通过") };
        let class = if one.tripped { "bad" } else { "" };
        (class, vec![flag, code(&one.name), text(&one.found), text(&one.limit), text(&one.detail)])
    };
    let columns =
        [("结果", "result"), ("名称", "name"), ("实测", "found"), ("限值", "limit"), ("说明", "detail")];
    table(out, &columns, tripped.into_iter().map(row).collect());
    let passed = fine.len().to_string();
    push(out, &["<details><summary>通过 ", &passed, " 项 <small>guardrails passed</small></summary>\n"]);
    table(out, &columns, fine.into_iter().map(row).collect());
    out.push_str("</details></section>\n");
}

pub(super) fn sources(quality: &Quality, out: &mut String) {
    heading(out, "来源", "sources: rows = kept + merged + rejected");
    let rows = quality.sources.iter().map(|one| {
        let source = &one.source;
        let as_of = match &one.carried_from {
            Some(day) => format!("{day}（沿用 carried forward）"),
            None => source.as_of.clone(),
        };
        let class = if source.files == 0 || source.rows == 0 { "bad" } else { "" };
        let cells = vec![
            code(&one.name),
            code(&source.path),
            code(&source.provider),
            text(as_of),
            Cell::Number(source.files),
            Cell::Number(source.rows),
            Cell::Number(source.kept),
            Cell::Number(source.merged),
            Cell::Number(source.rejected),
            Cell::Share(share(source.rejected, source.rows)),
        ];
        (class, cells)
    });
    let columns = [
        ("来源", "source"),
        ("路径", "path"),
        ("提供单位", "provider"),
        ("日期", "as of"),
        ("文件", "files"),
        ("读入", "rows"),
        ("保留", "kept"),
        ("合并", "merged"),
        ("退回", "rejected"),
        ("退回率", "share"),
    ];
    table(out, &columns, rows.collect());
    out.push_str("</section>\n");
}

pub(super) fn rejects(quality: &Quality, out: &mut String) {
    heading(out, "退回原因", "rejected rows by reason");
    let mut reasons: std::collections::BTreeMap<&str, u64> = Default::default();
    for (reason, count) in quality.sources.iter().flat_map(|source| &source.rejected_by_reason) {
        *reasons.entry(reason).or_default() += count;
    }
    let mut sorted: Vec<_> = reasons.into_iter().collect();
    sorted.sort_by_key(|(reason, count)| (std::cmp::Reverse(*count), *reason));
    let all: Vec<Bar> = sorted
        .into_iter()
        .map(|(reason, count)| Bar {
            label: reason.to_owned(),
            value: count as f64,
            before: None,
            told: number(count),
            bad: true,
        })
        .collect();
    bars(out, "退回原因 rejects by reason", &all, None);
    let mut rows = Vec::new();
    for source in &quality.sources {
        for (reason, columns) in &source.rejected_by_column {
            for (column, count) in columns {
                let column = if column.is_empty() { text("整行 whole row") } else { code(column) };
                let of = share(*count, source.source.rows);
                let cells =
                    vec![code(&source.name), code(reason), column, Cell::Number(*count), Cell::Share(of)];
                rows.push((*count, ("", cells)));
            }
        }
    }
    let columns =
        [("来源", "source"), ("原因", "reason"), ("列", "column"), ("行", "rows"), ("占来源", "of source")];
    largest(out, &columns, rows);
    out.push_str("</section>\n");
}

pub(super) fn coverage(quality: &Quality, out: &mut String) {
    let coverage = &quality.coverage;
    heading(out, "覆盖率", "coverage against the register");
    let all: Vec<Bar> = coverage
        .kinds
        .iter()
        .map(|kind| bar_of_share(&format!("{} 有记录", kind_title(&kind.kind)), kind.share))
        .chain(std::iter::once(bar_of_share("法人及其他组织 有评价", coverage.evaluated_share)))
        .chain(coverage.evaluations.iter().map(|one| bar_of_share(&one.kind, one.share)))
        .collect();
    bars(out, "覆盖率 coverage", &all, Some(1.0));
    let rows = coverage.kinds.iter().map(|kind| {
        let cells = vec![
            text(format!("{} {}", kind_title(&kind.kind), kind.kind)),
            Cell::Number(kind.registered),
            Cell::Number(kind.registered_with_records),
            Cell::Share(kind.share),
            Cell::Number(kind.stubs),
        ];
        ("", cells)
    });
    let columns = [
        ("主体类别", "kind of subject"),
        ("登记", "registered"),
        ("有记录", "with records"),
        ("比例", "share"),
        ("未登记", "only in records"),
    ];
    table(out, &columns, rows.collect());
    out.push_str("<h3>评价 <small>evaluations visible on the day of the data</small></h3>\n");
    let rows = coverage.evaluations.iter().map(|one| {
        let cells = vec![
            text(&one.kind),
            Cell::Number(one.organisations),
            Cell::Share(one.share),
            Cell::Number(one.persons),
        ];
        ("", cells)
    });
    let columns = [
        ("评价", "evaluation"),
        ("法人及其他组织", "organisations"),
        ("比例", "share"),
        ("自然人", "persons"),
    ];
    table(out, &columns, rows.collect());
    out.push_str("<h3>记录 <small>records by kind</small></h3>\n");
    let rows = quality.records.iter();
    let rows = rows.map(|one| ("", vec![text(record_title(&one.kind)), Cell::Number(one.count)]));
    table(out, &[("类别", "kind"), ("记录", "records")], rows.collect());
    out.push_str("</section>\n");
}

pub(super) fn lists(quality: &Quality, out: &mut String) {
    heading(out, "名单", "entries by list");
    let before = |code: &str| {
        let figure = format!("lists.{code}.entries");
        quality.comparison.iter().find(|one| one.figure == figure).map(|one| one.before)
    };
    if quality.previous.is_some() {
        note(out, "深色：本版；浅色：上一版。Dark: this release; light: the one before.");
    }
    let all: Vec<Bar> = quality
        .lists
        .iter()
        .filter(|list| list.entries > 0 || before(&list.code).is_some_and(|before| before > 0))
        .map(|list| Bar {
            label: list.title.clone(),
            value: list.entries as f64,
            before: before(&list.code).map(|before| before as f64),
            told: match before(&list.code) {
                Some(before) if before != list.entries => {
                    format!("{} ({})", number(list.entries), signed(list.entries as i64 - before as i64))
                }
                _ => number(list.entries),
            },
            bad: list.entries == 0,
        })
        .collect();
    bars(out, "名单条目 entries by list", &all, None);
    let rows = quality.lists.iter().map(|list| {
        let supplied =
            if list.supplied_by.is_empty() { "—".to_owned() } else { list.supplied_by.join(", ") };
        let cells = vec![
            text(&list.title),
            code(&list.code),
            Cell::Number(list.entries),
            Cell::Number(list.visible),
            code(supplied),
        ];
        ("", cells)
    });
    let columns = [
        ("名单", "list"),
        ("代码", "code"),
        ("条目", "entries"),
        ("有效", "visible"),
        ("权威来源", "supplied by"),
    ];
    table(out, &columns, rows.collect());
    out.push_str("</section>\n");
}

pub(super) fn terms(quality: &Quality, out: &mut String) {
    let terms = &quality.terms;
    heading(out, "即将到期", "terms that end soon");
    let counts = format!(
        "7日内 within 7 days: {} · 30日内 within 30 days: {}",
        number(terms.within_7),
        number(terms.within_30)
    );
    note(out, &counts);
    let by_day: Vec<(String, u64)> = terms.by_day.iter().map(|one| (one.day.clone(), one.count)).collect();
    days(out, "按最后一日 by last day", &by_day);
    let title =
        |code: &str| quality.lists.iter().find(|list| list.code == code).map(|list| list.title.clone());
    let rows = terms.by.iter().map(|one| {
        let what = match &one.list {
            Some(list) => title(list).unwrap_or_else(|| list.clone()),
            None => record_title(&one.kind),
        };
        ("", vec![text(what), Cell::Number(one.within_7), Cell::Number(one.within_30)])
    });
    table(out, &[("名单或类别", "list or kind"), ("7日内", "7 days"), ("30日内", "30 days")], rows.collect());
    out.push_str("</section>\n");
}

pub(super) fn conflicts(quality: &Quality, out: &mut String) {
    let conflicts = &quality.conflicts;
    heading(out, "重复与冲突", "duplicates and conflicts");
    let counts = format!(
        "重复 duplicates: {} · 冲突 conflicts: {}",
        number(conflicts.duplicates),
        number(conflicts.conflicts)
    );
    note(out, &counts);
    let rows = conflicts.pairs.iter().map(|one| {
        let cells = vec![
            code(&one.winner),
            code(&one.loser),
            Cell::Number(one.duplicates),
            Cell::Number(one.conflicts),
        ];
        (one.duplicates + one.conflicts, ("", cells))
    });
    let columns =
        [("采用", "won"), ("未采用", "lost"), ("内容相同", "duplicates"), ("内容不同", "conflicts")];
    largest(out, &columns, rows.collect());
    if !conflicts.fields.is_empty() {
        out.push_str("<h3>不同的字段 <small>fields that differ</small></h3>\n");
        let rows = conflicts.fields.iter().map(|one| {
            let cells = vec![code(&one.winner), code(&one.loser), code(&one.field), Cell::Number(one.count)];
            (one.count, ("", cells))
        });
        let columns = [("采用", "won"), ("未采用", "lost"), ("字段", "field"), ("行", "rows")];
        largest(out, &columns, rows.collect());
    }
    out.push_str("</section>\n");
}

/// One line a source: its columns with the share of rows in which they are blank, the emptiest first.
pub(super) fn missing(quality: &Quality, out: &mut String) {
    heading(out, "缺失", "missing fields: share of rows in which a column is blank or absent");
    let mut any = false;
    for source in &quality.sources {
        let mut columns: Vec<(&String, u64)> = source
            .missing_fields
            .iter()
            .map(|(column, count)| (column, *count))
            .filter(|(_, count)| *count > 0)
            .collect();
        if columns.is_empty() {
            continue;
        }
        any = true;
        columns.sort_by_key(|(column, count)| (std::cmp::Reverse(*count), *column));
        push(out, &["<h3><code>", &escape(&source.name), "</code></h3><div class=\"chips\">"]);
        for (column, count) in columns {
            let of = share(count, source.source.rows);
            let class = if of >= 0.5 { "chip high" } else { "chip" };
            push(
                out,
                &["<span class=\"", class, "\"><code>", &escape(column), "</code> ", &percent(of), "</span>"],
            );
        }
        out.push_str("</div>\n");
    }
    if !any {
        out.push_str("<p class=\"none\">无 <small>none</small></p>\n");
    }
    out.push_str("</section>\n");
}

pub(super) fn late(quality: &Quality, out: &mut String) {
    heading(out, "迟报与日期异常", "late arrivals and odd dates");
    let limit = quality.sources.first().map_or(0, |source| source.late.limit_days);
    note(
        out,
        &format!(
            "迟报：时间戳晚于记录日期超过 {limit} 个工作日；无时间戳者以来源日期计，可能只是旧记录。Late: changed more than {limit} working days after the record's date; without SJC, by the source's day, which old records exceed too."
        ),
    );
    let of_records = |source: &&SourceQuality| source.late.timed + source.late.untimed > 0;
    let rows = quality.sources.iter().filter(of_records).map(|source| {
        let late = &source.late;
        let cells = vec![
            code(&source.name),
            Cell::Number(late.timed),
            Cell::Number(late.late),
            Cell::Share(share(late.late, late.timed)),
            Cell::Number(late.untimed),
            Cell::Number(late.older),
            Cell::Number(source.from_after_to),
            Cell::Number(source.in_future),
        ];
        ("", cells)
    });
    let columns = [
        ("来源", "source"),
        ("有时间戳", "with SJC"),
        ("迟报", "late"),
        ("比例", "share"),
        ("无时间戳", "without SJC"),
        ("早于期限", "older"),
        ("起晚于止", "from after to"),
        ("未来日期", "in future"),
    ];
    table(out, &columns, rows.collect());
    out.push_str("</section>\n");
}

/// The largest rows first, and a word on those that are left out.
pub(super) fn largest(
    out: &mut String,
    columns: &[(&str, &str)],
    mut rows: Vec<(u64, (&'static str, Vec<Cell>))>,
) {
    rows.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    let left = rows.len().saturating_sub(ROWS_MAX);
    table(out, columns, rows.into_iter().take(ROWS_MAX).map(|(_, row)| row).collect());
    if left > 0 {
        note(out, &format!("另有 {left} 行，见 quality.json。{left} more rows stand in quality.json."));
    }
}

fn bar_of_share(label: &str, share: f64) -> Bar {
    let told = format!("{:.1} %", share * 100.0);
    Bar { label: label.to_owned(), value: share, before: None, told, bad: false }
}

fn kind_title(kind: &str) -> &str {
    match kind {
        "enterprise" => "企业法人",
        "organisation" => "非企业法人",
        "individual-business" => "个体工商户",
        "person" => "自然人",
        other => other,
    }
}

fn record_title(kind: &str) -> String {
    let chinese = match kind {
        "licence" => "行政许可",
        "penalty" => "行政处罚",
        "administrative" => "其他行政行为",
        "list" => "名单",
        "commitment" => "信用承诺",
        "evaluation" => "信用评价",
        "judgment" => "司法判决",
        "honour" => "荣誉",
        _ => "",
    };
    format!("{chinese} {kind}").trim_start().to_owned()
}
