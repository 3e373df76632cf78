//! A server as operators start it: a process with a settings file.

use super::example::{Example, example};
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use tempfile::TempDir;

/// A running server on ports of its own; killed when dropped.
pub(crate) struct Server {
    child: Child,
    stdout: BufReader<ChildStdout>,
    pub(crate) api: SocketAddr,
    pub(crate) ops: SocketAddr,
    pub(crate) ready: Value,
    folder: TempDir,
}

/// The command with the settings of a trial on the worked example's day.
fn command(overrides: &[&str]) -> (Command, TempDir) {
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
    (command_in(folder.path(), "[clock]\ntoday = \"2026-11-20\"\n", overrides), folder)
}

fn command_in(folder: &Path, more: &str, overrides: &[&str]) -> Command {
    let example: &Example = example();
    let settings = format!(
        "[listen]\napi = \"127.0.0.1:0\"\nops = \"127.0.0.1:0\"\n[release]\ndir = {:?}\nperson_key = {:?}\n\
         [audit]\ndir = {:?}\nreserve = \"1MiB\"\n{more}",
        example.release(),
        example.key(),
        folder.join("audit")
    );
    let file = folder.join("server.toml");
    fs::write(&file, settings).unwrap_or_else(|error| panic!("{error}"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_xinhe-server"));
    command.arg("--config").arg(file).env_remove("RUST_LOG");
    for one in overrides {
        command.arg("--set").arg(one);
    }
    command
}

/// A start that is expected to fail.
pub(crate) fn refused(overrides: &[&str]) -> Output {
    let (mut command, _folder) = command(overrides);
    command.output().unwrap_or_else(|error| panic!("{error}"))
}

impl Server {
    pub(crate) fn start(overrides: &[&str]) -> Server {
        let (command, folder) = command(overrides);
        Server::run(command, folder)
    }

    /// A server with clients, in a folder that may hold other files for it. Its day is the system's.
    pub(crate) fn guarded(folder: TempDir, clients: &str, overrides: &[&str]) -> Server {
        let file = folder.path().join("clients.toml");
        fs::write(&file, clients).unwrap_or_else(|error| panic!("{error}"));
        let more = format!("[clients]\nfile = {file:?}\n");
        Server::run(command_in(folder.path(), &more, overrides), folder)
    }

    /// Runs a command until its ready line.
    pub(crate) fn run(mut command: Command, folder: TempDir) -> Server {
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.unwrap_or_else(|error| panic!("{error}"));
        let stdout = child.stdout.take().unwrap_or_else(|| panic!("no stdout"));
        let mut stdout = BufReader::new(stdout);
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap_or_else(|error| panic!("{error}"));
        let ready: Value = serde_json::from_str(&line)
            .unwrap_or_else(|_| panic!("no ready line: {line:?}; {}", words(&mut child)));
        let addr = |key: &str| {
            let text = ready[key].as_str().unwrap_or_default();
            text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
        };
        Server { api: addr("api"), ops: addr("ops"), child, stdout, ready, folder }
    }

    /// Where its files are.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The most memory that it ever held, in bytes.
    pub(crate) fn memory_most(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.unwrap_or_else(|error| panic!("{error}"));
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
        kib.unwrap_or_else(|| panic!("no VmHWM")) << 10
    }

    /// Everything that its metrics say.
    pub(crate) fn metrics(&self) -> String {
        String::from_utf8(super::client::get(self.ops, "/metrics").body).unwrap_or_default()
    }

    /// Sends SIGTERM.
    pub(crate) fn terminate(&self) {
        self.signal("-TERM");
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: &str) {
        let sent = Command::new("kill").arg(signal).arg(self.child.id().to_string()).status();
        assert!(sent.is_ok_and(|status| status.success()), "kill");
    }

    /// Waits for the end: exit code, what was left on stdout, words on stderr.
    pub(crate) fn end(mut self) -> (Option<i32>, String, String) {
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap_or_else(|error| panic!("{error}"));
        let words = words(&mut self.child);
        let status = self.child.wait().unwrap_or_else(|error| panic!("{error}"));
        (status.code(), rest, words)
    }
}

fn words(child: &mut Child) -> String {
    let mut words = String::new();
    if let Some(mut stderr) = child.stderr.take() {
        stderr.read_to_string(&mut words).unwrap_or_else(|error| panic!("{error}"));
    }
    words
}

impl Drop for Server {
    fn drop(&mut self) {
        // Already gone is as good.
        self.child.kill().ok();
        self.child.wait().ok();
        if std::thread::panicking() {
            eprintln!("the server said: {}", words(&mut self.child));
        }
    }
}
