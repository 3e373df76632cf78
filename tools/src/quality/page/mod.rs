//! `quality.html`: the report as one page, without network and without scripts. Chinese headings, English beside.

mod chart;
mod law;
mod sections;

use super::Quality;
use chart::{Bar, bars, days};
use std::fmt::Write as _;
use std::io::{self, Write};

const STYLE: &str = include_str!("style.css");

/// Writes the page.
pub fn html(quality: &Quality, out: &mut impl Write) -> io::Result<()> {
    out.write_all(page(quality).as_bytes())
}

fn page(quality: &Quality) -> String {
    let mut out = String::with_capacity(64 << 10);
    let title = format!("数据质量报告 {}", quality.release);
    push(
        &mut out,
        &[
            "<!doctype html>\n<html lang=\"zh-CN\"><head><meta charset=\"utf-8\">",
            "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">",
            "<meta name=\"color-scheme\" content=\"light dark\"><title>",
            &escape(&title),
            "</title>\n<style>",
            STYLE,
            "</style></head>\n<body><main>\n",
        ],
    );
    head(quality, &mut out);
    sections::guardrails(quality, &mut out);
    sections::sources(quality, &mut out);
    sections::rejects(quality, &mut out);
    sections::coverage(quality, &mut out);
    sections::lists(quality, &mut out);
    sections::terms(quality, &mut out);
    sections::conflicts(quality, &mut out);
    sections::missing(quality, &mut out);
    sections::late(quality, &mut out);
    law::penalties(quality, &mut out);
    law::catalogue(quality, &mut out);
    law::orphans(quality, &mut out);
    law::warnings(quality, &mut out);
    law::comparison(quality, &mut out);
    out.push_str("</main></body></html>\n");
    out
}

/// What an operator looks at first.
fn head(quality: &Quality, out: &mut String) {
    let tripped = quality.guardrails.iter().filter(|one| one.tripped).count();
    let subjects = quality.subjects.enterprise
        + quality.subjects.organisation
        + quality.subjects.individual_business
        + quality.subjects.person;
    let records: u64 = quality.records.iter().map(|kind| kind.count).sum();
    let rows: u64 = quality.sources.iter().map(|source| source.source.rows).sum();
    let rejected: u64 = quality.sources.iter().map(|source| source.source.rejected).sum();
    let previous = quality.previous.as_deref().unwrap_or("无 none");
    push(
        out,
        &[
            "<header><h1>数据质量报告 <small>Data quality</small></h1><p>",
            &escape(&quality.dataset),
            " · 版本 release <b>",
            &escape(&quality.release),
            "</b> · 数据日期 as of <b>",
            &escape(&quality.as_of),
            "</b> · 对比 against ",
            &escape(previous),
            "</p>\n<div class=\"cards\">",
        ],
    );
    let verdict = if tripped == 0 { "ok" } else { "bad" };
    let of_rows = format!("rejected, {}", percent(super::figures::share(rejected, rows)));
    for (class, label, english, count) in [
        (verdict, "未过门禁", "guardrails tripped", tripped as u64),
        ("", "主体", "subjects", subjects),
        ("", "记录", "records", records),
        ("", "读入行", "rows read", rows),
        ("", "退回", &of_rows, rejected),
        ("", "30日内到期", "end within 30 days", quality.terms.within_30),
    ] {
        push(out, &["<div class=\"card ", class, "\"><b>", &number(count), "</b>", label]);
        push(out, &[" <small>", english, "</small></div>"]);
    }
    out.push_str("</div></header>\n");
}

fn heading(out: &mut String, chinese: &str, english: &str) {
    push(out, &["<section><h2>", chinese, " <small>", english, "</small></h2>\n"]);
}

fn note(out: &mut String, text: &str) {
    push(out, &["<p class=\"note\">", &escape(text), "</p>\n"]);
}

/// A cell of a table; text is escaped when it is written.
enum Cell {
    Text(String),
    Code(String),
    Number(u64),
    Right(String),
    Share(f64),
    Flag(&'static str, &'static str),
}

fn text(value: impl Into<String>) -> Cell {
    Cell::Text(value.into())
}

fn code(value: impl Into<String>) -> Cell {
    Cell::Code(value.into())
}

/// A table; a row may carry a class. Nothing at all if there are no rows, but a word that there are none.
fn table(out: &mut String, columns: &[(&str, &str)], rows: Vec<(&'static str, Vec<Cell>)>) {
    if rows.is_empty() {
        out.push_str("<p class=\"none\">无 <small>none</small></p>\n");
        return;
    }
    let first = &rows[0].1;
    out.push_str("<div class=\"scroll\"><table><thead><tr>");
    for (at, (chinese, english)) in columns.iter().enumerate() {
        let right = matches!(first.get(at), Some(Cell::Number(_) | Cell::Share(_) | Cell::Right(_)));
        let class = if right { " class=\"n\"" } else { "" };
        push(out, &["<th", class, ">", chinese, " <small>", english, "</small></th>"]);
    }
    out.push_str("</tr></thead><tbody>\n");
    for (class, cells) in rows {
        let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
        push(out, &["<tr", &class, ">"]);
        cells.iter().for_each(|one| cell(out, one));
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
}

fn cell(out: &mut String, cell: &Cell) {
    match cell {
        Cell::Text(text) => push(out, &["<td>", &escape(text), "</td>"]),
        Cell::Code(text) => push(out, &["<td><code>", &escape(text), "</code></td>"]),
        Cell::Number(count) => push(out, &["<td class=\"n\">", &number(*count), "</td>"]),
        Cell::Right(text) => push(out, &["<td class=\"n\">", &escape(text), "</td>"]),
        Cell::Share(share) => push(out, &["<td class=\"n\">", &percent(*share), "</td>"]),
        Cell::Flag(class, text) => {
            push(out, &["<td><span class=\"flag ", class, "\">", text, "</span></td>"])
        }
    }
}

fn push(out: &mut String, parts: &[&str]) {
    parts.iter().for_each(|part| out.push_str(part));
}

/// With a thin space between thousands.
fn number(count: u64) -> String {
    let digits = count.to_string();
    let mut spaced = String::with_capacity(digits.len() * 2);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            spaced.push('\u{202F}');
        }
        spaced.push(digit);
    }
    spaced
}

fn signed(difference: i64) -> String {
    let sign = match difference {
        0 => "",
        1.. => "+",
        _ => "−",
    };
    format!("{sign}{}", number(difference.unsigned_abs()))
}

fn percent(share: f64) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    if write!(text, "{:.1}", share * 100.0).is_err() {
        return String::new();
    }
    if text == "0.0" && share > 0.0 {
        text = "<0.1".to_owned();
    }
    escape(&text) + "\u{202F}%"
}

pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // A NUL or another control character has no place in a page.
            c if c.is_control() && c != '\n' => escaped.push('\u{FFFD}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests;
