//! The budget of a snapshot: 64 bytes a record and 96 a subject, texts aside, as the design has it.

use super::{Place, json_of};
use crate::support::tool;
use std::process::Command;

#[test]
fn a_snapshot_keeps_within_its_bytes() {
    for (subjects, records_per_subject) in [(20_000, 4.0), (5_000, 40.0)] {
        let place = Place::with_city(subjects, records_per_subject, 0.02);
        let release = place.path("release");
        json_of(&place.build(&place.path("city"), &release, &[]).output().unwrap());
        let told =
            json_of(&Command::new(tool()).arg("inspect").arg(&release).arg("--json").output().unwrap());
        let size = |name: &str| told["size"][name].as_u64().unwrap_or_else(|| panic!("{name}: {told}"));
        let bytes = told["size"]["texts_aside"]["bytes"].as_u64().unwrap();
        let most = size("texts_aside_max");
        let sum =
            |name: &str| told[name].as_object().unwrap().values().filter_map(|n| n.as_u64()).sum::<u64>();
        assert!(sum("subjects") >= subjects, "{told}");
        assert_eq!(most, 96 * sum("subjects") + 64 * sum("records"), "the budget is the design's");
        assert!(bytes <= most, "{bytes} bytes, {most} at most: {}", told["sections"]);
        assert!(size("texts") > 0, "texts are counted apart");
    }
}
