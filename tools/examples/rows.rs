//! What reading a row costs: `cargo run --release -p xinhe-tools --example rows [ROWS]` writes a table of invented
//! penalties, reads it, and tells the CPU time a row.

use std::fmt::Write;
use std::io;
use xinhe::domain::catalogue::{Catalogue, Entries, ObjectionMode, default_states};
use xinhe::domain::date::Day;
use xinhe::domain::identifier::{citizen_check, unified_code_check};
use xinhe_tools::dataset::Dataset;
use xinhe_tools::facts::{CorrectionFact, RecordFact, Reject, Sink, SubjectFact, Warning};
use xinhe_tools::ingest::{self, Files, Which};

/// Packs the row, as a spill would.
#[derive(Default)]
struct Packed {
    facts: u64,
    rejects: u64,
    bytes: Vec<u8>,
}

impl Sink for Packed {
    fn subject(&mut self, _fact: &SubjectFact<'_>) -> io::Result<()> {
        Ok(())
    }

    fn record(&mut self, fact: &RecordFact<'_>) -> io::Result<()> {
        self.facts += 1;
        self.bytes.clear();
        self.bytes.extend_from_slice(fact.version.row);
        std::hint::black_box(fact);
        Ok(())
    }

    fn correction(&mut self, _fact: CorrectionFact) -> io::Result<()> {
        Ok(())
    }

    fn reject(&mut self, _reject: Reject) -> io::Result<()> {
        self.rejects += 1;
        Ok(())
    }

    fn warn(&mut self, _warning: Warning) -> io::Result<()> {
        Ok(())
    }
}

const HEADER: &str = "CF_XDR_MC,CF_XDR_LB,CF_XDR_SHXYM,CF_XDR_GSZC,CF_XDR_ZZJG,CF_XDR_SWDJ,CF_FRDB,CF_FR_ZJLX,CF_FR_ZJHM,\
CF_XDR_ZJLX,CF_XDR_ZJHM,CF_WSH,CF_CFLB,CF_NR,CF_WFXW,CF_SY,CF_YJ,CF_NR_FK,CF_JDRQ,CF_GSJZQ,CF_CFJG,CF_CFJGDM,CF_ZT,\
CF_CXLX,SJC\n";

fn table(rows: u32) -> Result<String, std::fmt::Error> {
    let mut text = HEADER.to_owned();
    for number in 0..rows {
        let code = format!("91370402MA{:07}", number % 10_000_000);
        let check = unified_code_check(code.as_bytes()).map_or('0', char::from);
        let person = format!("3704021980{:02}{:02}{:03}", number % 12 + 1, number % 28 + 1, number % 1000);
        let last = citizen_check(person.as_bytes()).map_or('0', char::from);
        writeln!(
            text,
            "枣庄示例{number}号有限公司,法人及非法人组织,{code}{check},,,,张试{},身份证,{person}{last},,,\
             鲁枣示监罚〔2026〕{number}号,罚款,罚款{}元,未按规定公示信息,,《示例条例》第十二条,{}.5,2026-{:02}-{:02},\
             2027-05-01,枣庄市示例局,11370402MB28573908,0,普通,2026-05-02 08:00:{:02}",
            ["三", "四", "五"][number as usize % 3],
            number % 90_000,
            number % 9,
            number % 12 + 1,
            number % 28 + 1,
            number % 60,
        )?;
    }
    Ok(text)
}

/// CPU time of this thread so far, in ns.
fn cpu_ns() -> u64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    stat.split(' ').next().and_then(|ns| ns.parse().ok()).unwrap_or(0)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rows: u32 = std::env::args().nth(1).map_or(Ok(400_000), |rows| rows.parse())?;
    let folder = std::env::temp_dir().join(format!("xinhe-rows-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let text = table(rows)?;
    std::fs::write(folder.join("t.csv"), &text)?;
    let source =
        "name = \"rows\"\nas_of = \"2026-11-20\"\n[[source]]\nkind = \"penalty\"\npath = \"t.csv\"\n";
    std::fs::write(folder.join("dataset.toml"), source)?;
    let dataset = Dataset::open(&folder)?;
    let files = Files::find(&dataset)?;
    let catalogue = Catalogue::new(Entries {
        layers: vec!["base".to_owned()],
        objection: ObjectionMode::Counts,
        lists: Vec::new(),
        measures: Vec::new(),
        matters: Vec::new(),
        classes: Vec::new(),
        rules: Vec::new(),
        cap: None,
        states: default_states(),
    });
    println!("{} bytes a row", text.len() / rows as usize);
    for _ in 0..5 {
        let mut sinks = [Packed::default()];
        let from = cpu_ns();
        ingest::read(
            &dataset,
            &files,
            Which::Records,
            &catalogue,
            "2026-11-20".parse::<Day>()?,
            &mut sinks,
            &(),
        )?;
        let ns = cpu_ns() - from;
        println!(
            "{} ns a row ({} facts, {} rejects)",
            ns / u64::from(rows),
            sinks[0].facts,
            sinks[0].rejects
        );
    }
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}
