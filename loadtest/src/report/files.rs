//! The report as files.

use std::fs;
use std::io;
use std::path::Path;

use super::Report;
use super::page::page;
use crate::error::LoadError;
use crate::measure::percentile_table;
use crate::session::Outcome;

/// Writes report.html, report.json, latency.hlog, latency.hgrm and service.hgrm into a folder that is made where it is missing. Each file is
/// whole or not there.
pub(crate) fn write(folder: &Path, report: &Report, outcome: &Outcome) -> Result<(), LoadError> {
    let failed = |source: io::Error| LoadError::Files { folder: folder.display().to_string(), source };
    fs::create_dir_all(folder).map_err(failed)?;
    let json = serde_json::to_string_pretty(report).map_err(|error| failed(error.into()))?;
    let files = [
        ("report.html", page(report, outcome)),
        ("report.json", json + "\n"),
        ("latency.hlog", outcome.log.text()),
        ("latency.hgrm", percentile_table(outcome.total.response.histogram_ns())),
        ("service.hgrm", percentile_table(outcome.total.service.histogram_ns())),
    ];
    for (name, text) in files {
        let staged = folder.join(format!(".{name}"));
        fs::write(&staged, text).and_then(|()| fs::rename(&staged, folder.join(name))).map_err(failed)?;
    }
    Ok(())
}
