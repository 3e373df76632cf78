//! `xinhe doctor`: right where all is right, and wrong by name where something is not.

use super::Site;
use crate::store::signing_key;
use crate::support::tool;
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use xinhe::domain::record::CorrectionKind as Kind;
use xinhe::release::signature::SigningKey;

/// Exit code and findings: check, level and words.
fn doctor(site: &Site, overrides: &[&str]) -> (Option<i32>, Vec<(String, String, String)>) {
    // Writes the settings.
    site.command(&[]);
    let mut command = Command::new(tool());
    command.args(["doctor", "--json", "--config"]).arg(site.at("server.toml"));
    for one in overrides {
        command.args(["--set", one]);
    }
    let output = command.output().unwrap();
    let told: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stderr)));
    assert_eq!(told["ok"].as_bool(), Some(output.status.success()));
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    let findings = told["findings"].as_array().unwrap().iter();
    let findings = findings.map(|one| (text(one, "check"), text(one, "level"), text(one, "what")));
    (output.status.code(), findings.collect())
}

/// The words of what is wrong.
fn wrong(site: &Site, overrides: &[&str]) -> Vec<(String, String)> {
    let (code, findings) = doctor(site, overrides);
    let wrong = findings.into_iter().filter(|(_, level, _)| level == "wrong");
    let wrong: Vec<_> = wrong.map(|(check, _, what)| (check, what)).collect();
    assert_eq!(code, Some(i32::from(!wrong.is_empty())), "{wrong:?}");
    wrong
}

fn one(found: &[(String, String)], check: &str, says: &str) {
    assert!(
        matches!(found, [(name, what)] if name == check && what.contains(says)),
        "{check}: {says}: {found:?}"
    );
}

#[test]
fn what_is_wrong_is_told_by_name() {
    let site = Site::new();
    assert!(wrong(&site, &[]).iter().any(|(check, _)| check == "store"), "no store yet");
    site.publish();
    let (_, findings) = doctor(&site, &[]);
    assert_eq!(wrong(&site, &[]), [], "{findings:?}");
    for check in ["clock", "disk", "keys", "certificates", "store", "corrections", "release", "sources"] {
        assert!(findings.iter().any(|(name, ..)| name == check), "{check}");
    }
    one(
        &wrong(&site, &["clock.today=2026-12-01", "release.when_old=refuse"])[..1],
        "release",
        "day was over",
    );
    assert!(wrong(&site, &["clock.today=2027-12-01"]).iter().all(|(check, _)| check == "sources"));

    fs::write(site.at("other.pub"), SigningKey::new(&[9; 32]).public().line()).unwrap();
    let other = format!("release.public_key={}", site.at("other.pub").display());
    one(&wrong(&site, &[&other]), "store", "signed by key");
    fs::write(site.at("other.key"), xinhe::snapshot::PersonKeys::line(&[9; 32])).unwrap();
    let other = format!("release.person_key={}", site.at("other.key").display());
    one(&wrong(&site, &[&other]), "keys", "persons are kept under key");
    one(&wrong(&site, &["audit.reserve=99999999GiB"]), "disk", "less than audit.reserve");

    for _ in 0..3 {
        site.correct(Kind::Repaired, "r-00000000000000000000000001", "2026-11-20");
    }
    assert_eq!(wrong(&site, &[]), []);
    fs::remove_file(site.correction(2)).unwrap();
    one(&wrong(&site, &[]), "corrections", "correction 2 is missing");
}

#[test]
fn a_secret_that_others_may_read_is_a_warning() {
    let site = Site::new();
    site.publish();
    let key = site.at("audit.key");
    fs::write(&key, signing_key().line()).unwrap();
    let set = format!("audit.key={}", key.display());
    for (mode, warned) in [(0o644, true), (0o600, false)] {
        fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
        let (code, findings) = doctor(&site, &[&set]);
        let told = |(_, level, what): &(String, String, String)| {
            level == "warning" && what.contains("audit.key: others")
        };
        assert_eq!((code, findings.iter().any(told)), (Some(0), warned), "{mode:o} {findings:?}");
    }
}
