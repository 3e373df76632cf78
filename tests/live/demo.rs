//! `xinhe demo` publishes, serves and can be corrected, by the lines that it prints.

use super::{free_port, wait_for};
use crate::support::tool;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

/// Runs a line as one types it.
fn shell(line: &str) -> Value {
    let output = Command::new("bash").args(["-c", line]).output().unwrap();
    assert!(output.status.success(), "{line}\n{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap_or_default()
}

#[test]
fn the_lines_that_a_demo_prints_work_and_a_correction_takes_effect() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port().port().to_string();
    let mut child = Command::new(tool())
        .args(["demo", "--json", "--subjects", "5000", "--port", &port, "--dir"])
        .arg(folder.path().join("demo"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let told: Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line:?}"));
    let calls: Vec<&str> =
        told["calls"].as_array().unwrap().iter().map(|call| call["curl"].as_str().unwrap()).collect();
    assert!(calls.len() >= 3, "{calls:?}");
    let replies: Vec<Value> = calls.iter().map(|call| shell(call)).collect();
    let place = replies.iter().position(|reply| reply["verdict"] == "restricted").expect("a restricted one");
    let correct = told["correct"].as_str().unwrap();
    let record = correct.split("--record ").nth(1).unwrap().split(' ').next().unwrap();
    assert!(replies[place].to_string().contains(record), "{record}: {}", replies[place]);
    shell(correct);
    wait_for("the correction in effect", || {
        let reply = shell(calls[place]);
        (reply["data"]["corrections"] == 1 && !reply.to_string().contains(record)).then_some(())
    });
    Command::new("kill").arg("-TERM").arg(child.id().to_string()).status().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
