//! A tiny invented dataset and catalogue for the model's own tests.

use std::fmt::Write;

use super::Model;
use super::numbers::{check_of_17, is_uscc};

/// A dataset and a catalogue in the making.
pub(super) struct World {
    pub(super) subjects: String,
    penalties: String,
    lists: String,
    pub(super) commitments: String,
    pub(super) evaluations: String,
    pub(super) corrections: String,
    pub(super) objection: &'static str,
    pub(super) court_as_of: &'static str,
}

const CATALOGUE: &str = r#"
[[list]]
code = "court"
title = "失信被执行人"
effect = "punish"
severity = "serious"
term = "until-removed"
extends_to = ["represented"]
bars = ["commitment", "tolerance"]
[[list]]
code = "procurement"
title = "政府采购严重违法失信"
effect = "punish"
severity = "serious"
term = "3y"
ground_terms = { "2" = "1y" }
[[list]]
code = "red"
title = "诚信示范企业"
effect = "favour"
term = "until-removed"
[[measure]]
code = "GP-77"
title = "禁止参加政府采购活动"
effect = "punish"
binding = "mandatory"
clause = "…"
lists = ["procurement"]
matters = ["M1"]
authority = "财政部门"
basis = ["x"]
[[measure]]
code = "CT-1"
title = "限制"
effect = "punish"
binding = "discretionary"
lists = ["court"]
tags = ["trade"]
authority = "x"
basis = ["x"]
[[measure]]
code = "GR-1"
title = "绿色通道"
effect = "favour"
binding = "discretionary"
lists = ["red"]
grades = ["纳税信用:A"]
grants = ["green-channel"]
matters = ["M1"]
authority = "x"
basis = ["x"]
[[measure]]
code = "SV-1"
title = "重点监管"
effect = "supervise"
binding = "discretionary"
penalties = ["罚款"]
matters = ["M1"]
authority = "x"
basis = ["x"]
[[matter]]
code = "M1"
aliases = ["M1-impl"]
title = "政府采购供应商资格审查"
tags = ["procurement"]
commitment = true
tolerance = true
persons = "statutory"
[[matter]]
code = "M2"
title = "其他"
tags = ["trade"]
persons = "none"
[[class]]
name = "minor"
published = false
longest = "3m"
[[class]]
name = "ordinary"
published = true
longest = "3y"
[[class]]
name = "ordinary"
published = true
longest = "1y"
bars = ["tolerance"]
from = "2026-04-01"
default = true
[[rule]]
penalties = ["吊销许可证件"]
class = "ordinary"
[[rule]]
fine_below = "10"
class = "minor"
[cap]
longest = "5y"
"#;

const SOURCES: [(&str, &str); 6] = [
    ("subject", "ZT_LB,SHXYM,YSHXYM,HJ,ZJLX,ZJHM,MC,CYM,DJZT,FR_ZJLX,FR_ZJHM"),
    ("penalty", "CF_XDR_MC,CF_XDR_SHXYM,CF_WSH,CF_JDRQ,处罚类别,罚款金额（万元）,CF_ZT,CF_CFJG"),
    ("list", "MD_XDR_MC,MD_XDR_SHXYM,MD_XDR_ZJLX,MD_XDR_ZJHM,MD_DM,MD_WSH,MD_LRRQ,MD_SY_DM,MD_RDJG"),
    ("commitment", "CN_XDR_SHXYM,CN_LX,CN_RQ,CN_JZRQ,CN_LYZT,CN_SLDW"),
    ("evaluation", "PJ_XDR_SHXYM,PJ_LX,PJ_DJ,PJ_RQ,PJ_JG"),
    ("correction", "GZ_LX,GZ_JL,GZ_RQ,GZ_WSH,GZ_JG"),
];

/// Seventeen characters and the check character that fits.
pub(super) fn uscc(first: &str) -> String {
    let mut all = "0123456789ABCDEFGHJKLMNPQRTUWXY".chars().map(|last| format!("{first}{last}"));
    all.rfind(|code| is_uscc(code)).expect("one of the characters fits")
}

pub(super) fn citizen(first: &str) -> String {
    format!("{first}{}", check_of_17(first))
}

impl World {
    pub(super) fn new() -> World {
        let empty = String::new;
        World {
            subjects: empty(),
            penalties: empty(),
            lists: empty(),
            commitments: empty(),
            evaluations: empty(),
            corrections: empty(),
            objection: "counts",
            court_as_of: "2026-11-20",
        }
    }

    pub(super) fn enterprise(&mut self, code: &str, name: &str, state: &str) {
        writeln!(self.subjects, "企业法人,{code},,,,,{name},,{state},,").expect("text");
    }

    /// `act` holds kinds, fine and standing, as the table has them.
    pub(super) fn penalty(&mut self, code: &str, document: &str, decided: &str, act: &str) {
        writeln!(self.penalties, "某公司,{code},{document},{decided},{act},某局").expect("text");
    }

    pub(super) fn list(&mut self, code: &str, list: &str, document: &str, since: &str, ground: &str) {
        writeln!(self.lists, "某公司,{code},,,{list},{document},{since},{ground},某局").expect("text");
    }

    pub(super) fn list_of_person(&mut self, number: &str, name: &str, list: &str, since: &str) {
        writeln!(self.lists, "{name},,身份证,{number},{list},P,{since},,某法院").expect("text");
    }

    pub(super) fn folder(&self) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("a file");
        let mut dataset = "name = \"t\"\nas_of = \"2026-11-20\"\ncoverage = [\"3704\"]\n".to_owned();
        let bodies = [
            &self.subjects,
            &self.penalties,
            &self.lists,
            &self.commitments,
            &self.evaluations,
            &self.corrections,
        ];
        for ((kind, header), body) in SOURCES.iter().zip(bodies) {
            writeln!(dataset, "[[source]]\nkind = \"{kind}\"\npath = \"{kind}/*.csv\"\nprovider = \"P\"")
                .expect("text");
            if *kind == "list" {
                let of_court = format!(
                    "supplies = [\"procurement\"]\nmax_age = \"7d\"\nas_of = \"{}\"",
                    self.court_as_of
                );
                writeln!(dataset, "{of_court}").expect("text");
            }
            std::fs::create_dir(folder.path().join(kind)).expect("a folder");
            write(&format!("{kind}/1.csv"), &format!("\u{feff}{header}\n{body}"));
        }
        write("dataset.toml", &dataset);
        write("catalog.toml", &format!("layers = [\"base\"]\nobjection = \"{}\"\n", self.objection));
        std::fs::create_dir(folder.path().join("base")).expect("a folder");
        write("base/lists.toml", CATALOGUE);
        folder
    }

    pub(super) fn load(&self) -> Model {
        let folder = self.folder();
        Model::load(folder.path(), folder.path()).expect("a model").with_release("R")
    }
}
