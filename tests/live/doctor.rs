//! `xinhe doctor`: right where all is right, and wrong by name where something is not.

use super::Site;
use crate::store::signing_key;
use crate::support::tool;
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use xinhe::domain::date::Term;
use xinhe::domain::record::CorrectionKind as Kind;
use xinhe::live::Clock;
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

#[test]
fn a_certificate_is_told_before_it_ends() {
    let site = Site::new();
    site.publish();
    let key = KeyPair::generate().unwrap();
    let (certificate, pem) = (site.at("server.pem"), key.serialize_pem());
    fs::write(site.at("server.key"), pem).unwrap();
    let ends = |days: u32| {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let (year, month, day) = Clock::System.now().day.plus(Term::Days(days)).ymd();
        params.not_after = date_time_ymd(year, month as u8, day as u8);
        fs::write(&certificate, params.self_signed(&key).unwrap().pem()).unwrap();
    };
    let sets = [
        format!("listen.tls_certificate={}", certificate.display()),
        format!("listen.tls_key={}", site.at("server.key").display()),
    ];
    let sets = [sets[0].as_str(), sets[1].as_str()];
    let told = || {
        let (_, findings) = doctor(&site, &sets);
        findings.into_iter().filter(|(check, ..)| check == "certificates").collect::<Vec<_>>()
    };
    for (days, level, says) in [(200, "ok", "holds for"), (10, "warning", "ends in")] {
        ends(days);
        let found = told();
        assert!(
            matches!(&found[..], [(_, l, what)] if l == level && what.contains(says)),
            "{days} {found:?}"
        );
    }
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.not_after = date_time_ymd(2026, 1, 31);
    fs::write(&certificate, params.self_signed(&key).unwrap().pem()).unwrap();
    one(&wrong(&site, &sets), "certificates", "ended");

    let other = KeyPair::generate().unwrap();
    ends(200);
    fs::write(site.at("server.key"), other.serialize_pem()).unwrap();
    one(&wrong(&site, &sets), "certificates", "listen.tls_key");

    fs::write(site.at("clients.toml"), "[[client]]\nid = 3\n").unwrap();
    let clients = format!("clients.file={}", site.at("clients.toml").display());
    site.command(&[]);
    site.by_the_clock();
    let mut doctor = Command::new(tool());
    doctor.args(["doctor", "--config"]).arg(site.at("server.toml"));
    let output = doctor.args(["--set", &clients]).output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.lines().any(|line| line.starts_with("wrong    clients")), "{told}");
}
