//! The dataset folder: `dataset.toml` and its CSV tables, as rows of named values.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::dates::{Day, Term};
use super::text::{cell, half_width, plain};

#[derive(Deserialize)]
pub(crate) struct Dataset {
    pub(crate) as_of: String,
    #[serde(default)]
    pub(crate) coverage: Vec<String>,
    #[serde(rename = "source", default)]
    pub(crate) sources: Vec<Source>,
}

#[derive(Deserialize)]
pub(crate) struct Source {
    pub(crate) kind: String,
    path: Option<String>,
    pub(crate) provider: Option<String>,
    #[serde(default)]
    pub(crate) priority: i64,
    as_of: Option<String>,
    #[serde(default)]
    pub(crate) supplies: Vec<String>,
    max_age: Option<String>,
}

impl Dataset {
    /// Reads `dataset.toml` of a folder.
    pub(crate) fn load(folder: &Path) -> Result<Dataset, String> {
        let path = folder.join("dataset.toml");
        let text = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        toml::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))
    }

    /// The day of the data.
    pub(crate) fn today(&self) -> Result<Day, String> {
        Day::read(&self.as_of).ok_or_else(|| "dataset.toml: as_of is no date".to_owned())
    }
}

impl Source {
    /// The store's own entries: a table's row of the same record outweighs them, and they have no provider.
    pub(crate) fn of_store() -> Source {
        Source {
            kind: "list".to_owned(),
            path: None,
            provider: None,
            priority: i64::MIN,
            as_of: None,
            supplies: Vec::new(),
            max_age: None,
        }
    }

    /// Its rows are of another day.
    pub(crate) fn carry(&mut self, as_of: &str) {
        self.as_of = Some(as_of.to_owned());
    }

    /// Whether its lists are stale: `as_of` and `max_age` together are over.
    pub(crate) fn is_stale(&self, dataset: &Dataset, on: Day) -> bool {
        let as_of = self.as_of.as_deref().or(Some(&dataset.as_of)).and_then(Day::read);
        let term = self.max_age.as_deref().and_then(Term::read);
        as_of.zip(term).is_some_and(|(as_of, term)| on > term.last_day(as_of))
    }
}

/// One row of a table that has the length of its header.
pub(crate) struct Row {
    pub(crate) source: usize,
    pub(crate) priority: i64,
    pub(crate) provider: Option<String>,
    /// Values that say something, by meaning (see [`columns`]).
    values: BTreeMap<&'static str, String>,
    raw: Vec<String>,
}

impl Row {
    pub(crate) fn get(&self, meaning: &str) -> Option<&str> {
        self.values.get(meaning).map(String::as_str)
    }

    fn stamp(&self) -> String {
        let digits: String = self.get("stamp").unwrap_or("").chars().filter(char::is_ascii_digit).collect();
        format!("{digits:0<20}")
    }

    fn date(&self) -> Option<Day> {
        self.get("date").and_then(|date| Day::read(&half_width(date)))
    }

    /// Sorts the version that wins first: priority, SJC, date, then the bytewise smaller row.
    pub(crate) fn winner_first(&self, other: &Row) -> Ordering {
        let rank = |row: &Row| (row.priority, row.stamp(), row.date());
        rank(other).cmp(&rank(self)).then_with(|| self.raw.cmp(&other.raw))
    }
}

/// The rows of one source, and how many lines do not fit its header.
pub(crate) struct Table {
    pub(crate) rows: Vec<Row>,
    pub(crate) malformed: usize,
}

pub(crate) fn read_source(folder: &Path, at: usize, source: &Source) -> Result<Table, String> {
    let mut table = Table { rows: vec![], malformed: 0 };
    let path = source.path.as_deref().ok_or("the naive model reads no database: give a path")?;
    let pattern = folder.join(path);
    let files = glob::glob(&pattern.to_string_lossy()).map_err(|e| e.to_string())?;
    for file in files {
        let file = file.map_err(|e| e.to_string())?;
        if file.extension().is_none_or(|ending| ending != "csv") {
            return Err(format!("{}: the naive model reads plain .csv only", file.display()));
        }
        let text = std::fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
        read_file(text.trim_start_matches('\u{feff}'), at, source, &mut table)
            .map_err(|e| format!("{}: {e}", file.display()))?;
    }
    Ok(table)
}

impl Row {
    /// A row that was read elsewhere: texts by the headers of the contract, codes or Chinese names. Of cells of one meaning the first that says
    /// something counts, by code, then by the names of before.
    pub(crate) fn of_cells(at: usize, source: &Source, cells: &[(&str, &str)]) -> Row {
        let mut values = BTreeMap::new();
        let cells: Vec<(String, &str)> = cells.iter().map(|(header, text)| (plain(header), *text)).collect();
        for (meaning, names) in columns(&source.kind) {
            let of_name = |name: &str| {
                let name = plain(name);
                cells.iter().filter(|(code, _)| *code == name).find_map(|(_, text)| cell(text))
            };
            if let Some(value) = names.split(' ').find_map(of_name) {
                values.insert(meaning, value);
            }
        }
        let raw = cells.iter().map(|(_, text)| cell(text).unwrap_or_default()).collect();
        Row { source: at, priority: source.priority, provider: source.provider.clone(), values, raw }
    }
}

fn read_file(text: &str, at: usize, source: &Source, table: &mut Table) -> Result<(), csv::Error> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let headers: Vec<String> = reader.headers()?.iter().map(plain).collect();
    let place = |name: &str| headers.iter().position(|header| *header == plain(name));
    let places = |(meaning, names): (&'static str, String)| {
        (meaning, names.split(' ').filter_map(place).collect::<Vec<usize>>())
    };
    let known: Vec<_> = columns(&source.kind).into_iter().map(places).collect();
    for record in reader.records() {
        let raw: Vec<String> = record?.iter().map(str::to_owned).collect();
        if raw.len() != headers.len() {
            table.malformed += 1;
            continue;
        }
        let mut values = BTreeMap::new();
        for (meaning, places) in &known {
            if let Some(value) = places.iter().find_map(|at| cell(&raw[*at])) {
                values.insert(*meaning, value);
            }
        }
        let (provider, priority) = (source.provider.clone(), source.priority);
        table.rows.push(Row { source: at, priority, provider, values, raw });
    }
    Ok(())
}

/// Meanings and the headers that carry them, newest first, for the columns that a check depends on.
fn columns(kind: &str) -> Vec<(&'static str, String)> {
    let (prefix, own) = match kind {
        "subject" => return fixed(SUBJECT),
        "licence" => ("XK", LICENCE),
        "penalty" => ("CF", PENALTY),
        "administrative" => ("XZ", ADMINISTRATIVE),
        "list" => ("MD", LIST),
        "commitment" => ("CN", COMMITMENT),
        "evaluation" => ("PJ", EVALUATION),
        "judgment" => ("PJS", JUDGMENT),
        "honour" => ("RY", HONOUR),
        _ => return fixed(CORRECTION),
    };
    let of_subject = OF_SUBJECT.iter().map(|(meaning, names)| (*meaning, names.replace('*', prefix)));
    of_subject.chain(fixed(own)).collect()
}

fn fixed(list: &'static [(&'static str, &'static str)]) -> Vec<(&'static str, String)> {
    list.iter().map(|(meaning, names)| (*meaning, (*names).to_owned())).collect()
}

type Columns = &'static [(&'static str, &'static str)];

const OF_SUBJECT: Columns = &[
    ("name", "*_XDR_MC 行政相对人名称"),
    ("uscc", "*_XDR_SHXYM 行政相对人代码_1(统一社会信用代码)"),
    ("registration", "*_XDR_GSZC 行政相对人代码_2(工商注册号) *_XDR_GSDJ"),
    ("organisation-code", "*_XDR_ZZJG 行政相对人代码_3(组织机构代码) *_XDR_ZDM"),
    ("tax", "*_XDR_SWDJ 行政相对人代码_4(税务登记号)"),
    ("institution", "*_XDR_SYDW 行政相对人代码_5(事业单位证书号)"),
    ("society", "*_XDR_SHZZ 行政相对人代码_6(社会组织登记证号)"),
    ("paper", "*_XDR_ZJLX 证件类型"),
    ("paper-number", "*_XDR_ZJHM 证件号码 *_XDR_SFZ"),
    ("country", "GJ *_XDR_GJ"),
    ("stamp", "SJC 时间戳"),
];
const SUBJECT: Columns = &[
    ("class", "ZT_LB"),
    ("uscc", "SHXYM"),
    ("registration", "GSZC GSDJ"),
    ("organisation-code", "ZZJG ZDM"),
    ("tax", "SWDJ"),
    ("institution", "SYDW"),
    ("society", "SHZZ"),
    ("paper", "ZJLX"),
    ("paper-number", "ZJHM"),
    ("country", "GJ"),
    ("name", "MC"),
    ("former-names", "CYM"),
    ("former-codes", "YSHXYM"),
    ("successor", "HJ"),
    ("representative-paper", "FR_ZJLX"),
    ("representative-number", "FR_ZJHM"),
    ("state", "DJZT"),
    ("stamp", "SJC 时间戳"),
];
const LICENCE: Columns = &[
    ("document", "XK_WSH 行政许可决定文书号"),
    ("number", "XK_XKBH 许可编号"),
    ("date", "XK_JDRQ 许可决定日期"),
    ("authority", "XK_XKJG 许可机关 XK_XZJG"),
    ("standing", "XK_ZT 当前状态"),
];
const PENALTY: Columns = &[
    ("document", "CF_WSH 行政处罚决定书文号"),
    ("classes", "CF_CFLB 处罚类别"),
    ("classes-1", "CF_CFLB1"),
    ("classes-2", "CF_CFLB2"),
    ("fine", "CF_NR_FK 罚款金额(万元)"),
    ("date", "CF_JDRQ 处罚决定日期"),
    ("until", "CF_GSJZQ 公示截止期"),
    ("authority", "CF_CFJG 处罚机关 CF_XZJG"),
    ("standing", "CF_ZT 当前状态"),
    ("procedure", "CF_CXLX 处罚程序"),
];
const ADMINISTRATIVE: Columns =
    &[("type", "XZ_LX"), ("document", "XZ_WSH"), ("date", "XZ_JDRQ"), ("authority", "XZ_JG")];
const LIST: Columns = &[
    ("list", "MD_DM"),
    ("document", "MD_WSH"),
    ("date", "MD_LRRQ"),
    ("until", "MD_JZRQ"),
    ("ground", "MD_SY_DM"),
    ("authority", "MD_RDJG"),
];
const COMMITMENT: Columns = &[
    ("type", "CN_LX"),
    ("matter", "CN_SX"),
    ("date", "CN_RQ"),
    ("due", "CN_JZRQ"),
    ("fulfilment", "CN_LYZT"),
    ("authority", "CN_SLDW"),
];
const EVALUATION: Columns =
    &[("type", "PJ_LX"), ("grade", "PJ_DJ"), ("year", "PJ_ND"), ("date", "PJ_RQ"), ("authority", "PJ_JG")];
const JUDGMENT: Columns = &[("document", "PJS_AH"), ("date", "PJS_RQ"), ("authority", "PJS_FY")];
const HONOUR: Columns = &[("title", "RY_MC"), ("date", "RY_RQ"), ("until", "RY_YXQ"), ("authority", "RY_JG")];
const CORRECTION: Columns = &[
    ("type", "GZ_LX"),
    ("record", "GZ_JL"),
    ("date", "GZ_RQ"),
    ("document", "GZ_WSH"),
    ("authority", "GZ_JG"),
    ("stamp", "SJC 时间戳"),
];
