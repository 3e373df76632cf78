//! The memory of a build is bounded: by `--memory` and what the program itself needs, whatever the tables hold.

use super::{Place, json_of, plan, verifies};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use xinhe::domain::identifier::unified_code_check;

const MEMORY: &str = "64MiB";
const MEMORY_BYTES: u64 = 64 << 20;
/// Beside `--memory`: the program as the tests compile it, catalogue, stacks of threads, what the allocator keeps,
/// and the table of who is who, about half a kibibyte a subject.
const ALLOWANCE_BYTES: u64 = 48 << 20;
/// Records of the one subject.
const RECORDS: u32 = 100_000;
const POLL: Duration = Duration::from_millis(2);

/// Runs a build; tells its peak of resident memory.
fn peak(mut command: Command) -> u64 {
    command.stderr(Stdio::inherit());
    let mut child = command.spawn().unwrap();
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        peak = peak.max(high_water(&child).unwrap_or(0));
        std::thread::sleep(POLL);
    }
    json_of(&child.wait_with_output().unwrap());
    peak
}

/// The system's own high-water mark, so that no peak between two looks is missed but for the last.
fn high_water(child: &Child) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kilobytes| kilobytes << 10)
}

/// Penalties that all are one company's.
fn add_one_with_many(city: &Path) {
    let body = "91370402MA3XT0001";
    let code = format!("{body}{}", unified_code_check(body.as_bytes()).unwrap() as char);
    let mut text = "CF_XDR_MC,CF_XDR_SHXYM,CF_WSH,CF_SY,CF_CFLB,CF_NR,CF_NR_FK,CF_JDRQ,CF_CFJG\n".to_owned();
    for number in 1..=RECORDS {
        let (month, day) = (number % 12 + 1, number % 28 + 1);
        writeln!(
            text,
            "枣庄多案试验有限公司,{code},枣试罚〔2025〕{number}号,第{number}次试验中未按规定留存试样记录,警告;罚款,\
             责令改正并处罚款,{}.5,2025-{month:02}-{day:02},枣庄市试验局",
            number % 90
        )
        .unwrap();
    }
    fs::write(city.join("penalties/one-with-many.csv"), text).unwrap();
}

#[test]
fn a_subject_with_very_many_records_stays_within_the_memory() {
    let place = Place::with_city(1_000, 4.0, 0.05);
    let (city, out) = (place.path("city"), place.path("release"));
    add_one_with_many(&city);
    let peak = peak(place.build(&city, &out, &["--memory", MEMORY]));
    eprintln!("one subject with {RECORDS} records: {} MiB", peak >> 20);
    assert!(peak > 0 && peak < MEMORY_BYTES + ALLOWANCE_BYTES, "{} MiB", peak >> 20);
    assert!(verifies(&out));
}

#[test]
fn four_times_the_subjects_take_little_more_memory() {
    let place = Place::new();
    let mut peaks = Vec::new();
    // A smaller city does not fill its share of the memory.
    for subjects in [15_000, 60_000] {
        let city = place.city("city", &plan(subjects, 4.0, 0.0));
        let out = place.path("release");
        peaks.push(peak(place.build(&city, &out, &["--memory", MEMORY])));
        fs::remove_dir_all(&city).unwrap();
        fs::remove_dir_all(&out).unwrap();
    }
    let (small, large) = (peaks[0], peaks[1]);
    eprintln!("15,000 subjects: {} MiB, 60,000: {} MiB", small >> 20, large >> 20);
    assert!(large < MEMORY_BYTES + ALLOWANCE_BYTES, "{} MiB", large >> 20);
}
