//! A server that follows a store: what it serves, what it does when the store lies, fails or is gone.

mod age;
mod clock;
mod corrections;
mod demo;
mod doctor;
mod faults;
mod following;
mod starts;
mod systemd;

use crate::store::{folder_store, publish_to, signing_key, sound, to_the_end};
use crate::support::client::{get, post};
use crate::support::example::example;
use crate::support::server::Server;
use serde_json::{Value, json};
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use xinhe::domain::date::Day;
use xinhe::domain::record::{CorrectionKind, RecordId};
use xinhe::release::Store;
use xinhe::release::corrections::{Draft, Named, What, append};
use xinhe::release::signature::SigningKey;

/// A subject of the worked example with a penalty, and nothing else adverse.
const FINED: &str = "91370402MA3T006317";
/// How long a test waits for what should take a moment.
const PATIENCE: Duration = Duration::from_secs(60);

/// A store, the folder of a server, and what both need.
struct Site {
    folder: tempfile::TempDir,
    store: Store,
    variables: Vec<(String, String)>,
}

impl Site {
    /// With a store in a folder.
    fn new() -> Site {
        let folder = tempfile::tempdir().unwrap();
        let store = folder_store(&folder.path().join("store"));
        Site::of(folder, store, Vec::new())
    }

    fn of(folder: tempfile::TempDir, store: Store, variables: Vec<(String, String)>) -> Site {
        fs::write(folder.path().join("release.key"), signing_key().line()).unwrap();
        fs::write(folder.path().join("release.pub"), signing_key().public().line()).unwrap();
        sound(folder.path());
        Site { folder, store, variables }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn cache(&self) -> PathBuf {
        self.at("audit-cache")
    }

    /// Publishes the worked example once more, under a new name, and tells that name.
    fn publish(&self) -> String {
        let done = publish_to(&self.store, &self.at("release"), None, &mut to_the_end()).unwrap();
        done.pointer.newest().unwrap().release.clone()
    }

    /// The file of a part of a release in the store.
    fn part(&self, release: &str) -> PathBuf {
        self.at("store/releases").join(release).join("part-00000.xinhe")
    }

    fn command(&self, overrides: &[&str]) -> Command {
        let settings = format!(
            "[listen]\napi = \"127.0.0.1:0\"\nops = \"127.0.0.1:0\"\n[release]\nstore = {:?}\npublic_key = {:?}\n\
             person_key = {:?}\npoll = \"50ms\"\n[audit]\ndir = {:?}\n[clock]\ntoday = \"2026-11-20\"\n",
            self.store.url(),
            self.at("release.pub"),
            example().key(),
            self.at("audit"),
        );
        let file = self.at("server.toml");
        fs::write(&file, settings).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_xinhe-server"));
        command.arg("--config").arg(file).env_remove("RUST_LOG").envs(self.variables.iter().cloned());
        for one in overrides {
            command.arg("--set").arg(one);
        }
        command
    }

    /// Takes the fixed day out of the settings that [`Site::command`] wrote.
    fn by_the_clock(&self) {
        let file = self.at("server.toml");
        let settings = fs::read_to_string(&file).unwrap();
        let (before, _) = settings.split_once("[clock]").expect("the last section");
        fs::write(&file, before).unwrap();
    }

    /// A server, once it is ready.
    fn serve(&self, overrides: &[&str]) -> Server {
        Server::run(self.command(overrides), tempfile::tempdir().unwrap())
    }

    /// A server that may never be ready, on ports that are known beforehand.
    fn begin(&self, overrides: &[&str]) -> Waiting {
        let (api, ops) = (free_port(), free_port());
        let ports = [format!("listen.api={api}"), format!("listen.ops={ops}")];
        let mut command = self.command(&ports.each_ref().map(String::as_str));
        for one in overrides {
            command.arg("--set").arg(one);
        }
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        Waiting { child, api, ops }
    }

    /// Corrects a record, as `xinhe correct` writes it.
    fn correct(&self, kind: CorrectionKind, record: &str, effective: &str) -> u32 {
        self.correct_by(&signing_key(), kind, record, effective)
    }

    fn correct_by(&self, key: &SigningKey, kind: CorrectionKind, record: &str, effective: &str) -> u32 {
        let ids = vec![RecordId::parse(record).unwrap()];
        let what = What::Record(kind, Named { ids, ..Named::default() });
        append(&self.store, key, &draft(what, effective), 0).unwrap().number
    }

    /// The file of a correction in the store.
    fn correction(&self, number: u32) -> PathBuf {
        self.at("store/corrections").join(format!("{number:010}.json"))
    }
}

fn draft(what: What, effective: &str) -> Draft {
    Draft {
        what,
        effective: Day::parse_iso(effective).unwrap(),
        document: "试修〔2026〕1号".to_owned(),
        authority: "枣庄市试验局".to_owned(),
        reason: "试验".to_owned(),
        time: "2026-11-20T10:00:00+08:00".to_owned(),
    }
}

/// A server of which nothing was read yet; killed when dropped.
struct Waiting {
    child: Child,
    api: SocketAddr,
    ops: SocketAddr,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A port that was free a moment ago.
fn free_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// Waits until something holds.
fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn status(ops: SocketAddr) -> Value {
    get(ops, "/status").json()
}

fn metric(ops: SocketAddr, line: &str) -> Option<f64> {
    let text = String::from_utf8(get(ops, "/metrics").body).unwrap();
    text.lines().find_map(|one| one.strip_prefix(line)?.trim().parse().ok())
}

/// What is wrong with this, as `/status` tells it.
fn trouble(ops: SocketAddr, concern: &str) -> Option<String> {
    let status = status(ops);
    let troubles = status["follow"]["troubles"].as_array()?.iter();
    let mut found = troubles.filter(|trouble| trouble["concern"] == concern);
    found.next().map(|trouble| trouble["what"].as_str().unwrap().to_owned())
}

fn wait_for_trouble(ops: SocketAddr, concern: &str) -> String {
    let what = wait_for(concern, || trouble(ops, concern));
    assert_eq!(metric(ops, &format!("xinhe_follow_trouble{{concern=\"{concern}\"}}")), Some(1.0));
    what
}

fn wait_for_release(ops: SocketAddr, name: &str) {
    wait_for(name, || (status(ops)["follow"]["serving"] == name).then_some(()));
}

fn ask(api: SocketAddr, id: &str) -> Value {
    let reply = post(api, "/v1/checks", &json!({"subject": {"id": id}}).to_string());
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
    reply.json()
}

/// Names of the penalties that a reply shows.
fn penalties(reply: &Value) -> Vec<String> {
    let hits = reply["hits"].as_array().unwrap().iter();
    let penalties = hits.filter(|hit| hit["category"] == "penalty");
    penalties.map(|hit| hit["record"].as_str().unwrap().to_owned()).collect()
}

fn wait_for_corrections(server: &Server, number: u64) -> Value {
    wait_for("corrections in effect", || {
        let reply = ask(server.api, FINED);
        (reply["data"]["corrections"] == number).then_some(reply)
    })
}

/// Changes a byte in the midst of a file; tells what it was.
fn damage(path: &Path) -> Vec<u8> {
    let sound = fs::read(path).unwrap();
    let mut damaged = sound.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    fs::write(path, damaged).unwrap();
    sound
}
