//! `quality.html`: the quality report as one page, without network.

use serde_json::Value;
use std::io::{self, Write};

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:72em;color:#222}\
table{border-collapse:collapse;margin:1em 0}th,td{border-bottom:1px solid #ddd;padding:.25em .8em;text-align:left}\
td.n{text-align:right;font-variant-numeric:tabular-nums}.bad{color:#a00}";

/// Writes the page for a `quality.json`.
pub fn html(quality: &Value, out: &mut impl Write) -> io::Result<()> {
    let title = format!("Data quality (数据质量) of {}", text(&quality["release"]));
    writeln!(
        out,
        "<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\"><title>{}</title>",
        escape(&title)
    )?;
    writeln!(out, "<style>{STYLE}</style><h1>{}</h1>", escape(&title))?;
    writeln!(out, "<h2>Sources (来源)</h2>")?;
    sources(quality, out)?;
    writeln!(out, "<h2>Rejected rows by reason (退回)</h2>")?;
    reasons(quality, "rejected_by_reason", out)?;
    writeln!(out, "<h2>Oddities by reason (提示)</h2>")?;
    reasons(quality, "warnings_by_reason", out)?;
    let orphans = quality["orphan_correction"].as_array().map_or(0, Vec::len);
    if orphans > 0 {
        writeln!(out, "<h2 class=\"bad\">Corrections that match no record (孤立更正): {orphans}</h2>")?;
    }
    writeln!(out, "</html>")
}

fn sources(quality: &Value, out: &mut impl Write) -> io::Result<()> {
    write!(
        out,
        "<table><tr><th>kind<th>path<th>provider<th>as of<th>rows<th>kept<th>merged<th>rejected</tr>"
    )?;
    for source in quality["sources"].as_array().into_iter().flatten().map(|source| &source["source"]) {
        write!(out, "<tr>")?;
        for key in ["kind", "path", "provider", "as_of"] {
            write!(out, "<td>{}", escape(&text(&source[key])))?;
        }
        for key in ["rows", "kept", "merged", "rejected"] {
            write!(out, "<td class=\"n\">{}", text(&source[key]))?;
        }
        writeln!(out, "</tr>")?;
    }
    writeln!(out, "</table>")
}

fn reasons(quality: &Value, which: &str, out: &mut impl Write) -> io::Result<()> {
    write!(out, "<table><tr><th>kind<th>path<th>reason<th>rows</tr>")?;
    for source in quality["sources"].as_array().into_iter().flatten() {
        for (reason, count) in source[which].as_object().into_iter().flatten() {
            let (kind, path) = (text(&source["source"]["kind"]), text(&source["source"]["path"]));
            writeln!(
                out,
                "<tr><td>{}<td>{}<td>{}<td class=\"n\">{}</tr>",
                escape(&kind),
                escape(&path),
                escape(reason),
                text(count)
            )?;
        }
    }
    writeln!(out, "</table>")
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_table_says_cannot_become_markup() {
        let quality = serde_json::json!({"release": "2026-11-20.1", "sources": [
            {"source": {"kind": "penalty", "path": "<script>", "rows": 3}, "rejected_by_reason": {"minor": 1}}]});
        let mut page = Vec::new();
        html(&quality, &mut page).unwrap();
        let page = String::from_utf8(page).unwrap();
        assert!(page.contains("&lt;script&gt;") && !page.contains("<script>"));
        assert!(page.contains("minor"));
    }
}

/// What the report counts while subjects are written.
#[derive(Debug, Clone, Default)]
pub struct Census;

impl Census {
    pub(crate) fn merged(&mut self, _: &crate::facts::RecordFact<'_>, _: &crate::facts::RecordFact<'_>) {}
    pub(crate) fn record(&mut self, _: &crate::facts::RecordFact<'_>, _: &xinhe::snapshot::FiledDraft<'_>) {}
    pub(crate) fn subject(&mut self, _: &xinhe::snapshot::SubjectDraft<'_>, _: bool) {}
    pub(crate) fn add(&mut self, _: &Census) {}
}
