//! On which machine, and how much of it generator and server shared.

use std::fs;
use std::net::{IpAddr, ToSocketAddrs};

use serde::Serialize;

use crate::wire::Target;

/// The machine of the generator.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Machine {
    /// What the processor calls itself.
    pub(crate) processor: String,
    /// Processors of the system.
    pub(crate) processors: usize,
    /// Processors that the thread that sends may use.
    pub(crate) generator_on: Vec<usize>,
    /// Memory.
    pub(crate) memory_gib: f64,
    /// The system.
    pub(crate) kernel: String,
    /// Processes that want to run, over a minute, when the report was written.
    pub(crate) load_average: String,
}

impl Machine {
    /// This one.
    pub(crate) fn this(pinned_to: Option<usize>) -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let field = |text: &str, name: &str| {
            let line = text.lines().find(|line| line.starts_with(name))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        };
        let cpu = read("/proc/cpuinfo");
        let memory_kib = field(&read("/proc/meminfo"), "MemTotal")
            .and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
        Self {
            processor: field(&cpu, "model name").unwrap_or_else(|| "unknown".to_owned()),
            processors: cpu.lines().filter(|line| line.starts_with("processor")).count(),
            generator_on: pinned_to.map_or_else(|| allowed("/proc/self/status"), |cpu| vec![cpu]),
            memory_gib: memory_kib.unwrap_or(0.0) / 1024.0 / 1024.0,
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            load_average: read("/proc/loadavg").split(' ').next().unwrap_or_default().to_owned(),
        }
    }
}

/// The server's process, where it runs on this machine.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ServerProcess {
    /// Its number.
    #[serde(skip)]
    pid: u32,
    /// As the system calls it.
    pub(crate) program: String,
    /// Processors that it may use.
    pub(crate) on: Vec<usize>,
    /// Threads.
    pub(crate) threads: usize,
    #[serde(skip)]
    ticks_before: u64,
    /// Processor time that it used during the run.
    pub(crate) cpu_s: f64,
    /// Memory after the run.
    pub(crate) rss_mib: f64,
}

/// Ticks of the system's clock a second, as it tells processor times; the same on every Linux in use.
const TICKS_PER_SECOND: f64 = 100.0;

impl ServerProcess {
    /// Looks who listens on the target's port, if that is this machine's.
    pub(crate) fn find(target: &Target) -> Option<Self> {
        let mut addresses = (target.host.as_str(), target.port).to_socket_addrs().ok()?;
        let is_local = addresses.any(|address| match address.ip() {
            IpAddr::V4(ip) => ip.is_loopback(),
            IpAddr::V6(ip) => ip.is_loopback(),
        });
        if !is_local {
            return None;
        }
        let inode = listening_inode(target.port)?;
        let wanted = format!("socket:[{inode}]");
        let pid = fs::read_dir("/proc").ok()?.flatten().find_map(|entry| {
            let pid = entry.file_name().to_str()?.parse::<u32>().ok()?;
            let mut open = fs::read_dir(entry.path().join("fd")).ok()?.flatten();
            open.any(|fd| fs::read_link(fd.path()).is_ok_and(|to| to.as_os_str() == wanted.as_str()))
                .then_some(pid)
        })?;
        let program = fs::read_to_string(format!("/proc/{pid}/comm")).ok()?.trim().to_owned();
        let on = allowed(&format!("/proc/{pid}/status"));
        let ticks_before = ticks(pid)?;
        Some(Self { pid, program, on, threads: 0, ticks_before, cpu_s: 0.0, rss_mib: 0.0 })
    }

    /// What it has used since it was found.
    pub(crate) fn after(mut self) -> Self {
        let used = ticks(self.pid).unwrap_or(self.ticks_before).saturating_sub(self.ticks_before);
        self.cpu_s = used as f64 / TICKS_PER_SECOND;
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap_or_default();
        let number = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name))?;
            line.split_whitespace().nth(1)?.parse::<f64>().ok()
        };
        self.rss_mib = number("VmRSS:").unwrap_or(0.0) / 1024.0;
        self.threads = number("Threads:").unwrap_or(0.0) as usize;
        self
    }
}

/// The socket that listens on a port.
fn listening_inode(port: u16) -> Option<String> {
    const LISTENS: &str = "0A";
    let wanted = format!(":{port:04X}");
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|path| fs::read_to_string(path).unwrap_or_default());
    tables.iter().flat_map(|table| table.lines()).find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let fits = fields.get(1)?.ends_with(&wanted) && *fields.get(3)? == LISTENS;
        fits.then(|| fields.get(9).map(|inode| (*inode).to_owned())).flatten()
    })
}

/// Processor time of a process, its threads and its children included: PostgreSQL and nginx answer from children. Those
/// that have ended count too.
fn ticks(pid: u32) -> Option<u64> {
    let all: Vec<(u32, u32, u64)> = fs::read_dir("/proc")
        .ok()?
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(|pid| stat(pid).map(|(parent, used)| (pid, parent, used)))
        .collect();
    let mut family = vec![pid];
    let mut at = 0;
    while let Some(parent) = family.get(at).copied() {
        family.extend(all.iter().filter(|(_, its, _)| *its == parent).map(|(pid, ..)| *pid));
        at += 1;
    }
    let used = all.iter().filter(|(pid, ..)| family.contains(pid)).map(|(.., used)| used);
    family.first().filter(|pid| all.iter().any(|(known, ..)| known == *pid)).map(|_| used.sum())
}

/// The parent of a process, and its processor time with that of the children that it has waited for.
fn stat(pid: u32) -> Option<(u32, u64)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before may hold blanks, but ends with the last bracket.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let used = fields.get(11..15)?.iter().map(|field| field.parse::<u64>().ok()).sum::<Option<u64>>()?;
    Some((fields.get(1)?.parse().ok()?, used))
}

/// The processors that a process may use.
fn allowed(status: &str) -> Vec<usize> {
    let text = fs::read_to_string(status).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).unwrap_or_default();
    ranges(line.trim())
}

/// Reads `0-3,8`.
fn ranges(text: &str) -> Vec<usize> {
    let range = |part: &str| {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        Some(from.parse::<usize>().ok()?..=to.parse::<usize>().ok()?)
    };
    text.split(',').filter_map(range).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_processors_are_read() {
        assert_eq!(ranges("0-2,5,7-8"), [0, 1, 2, 5, 7, 8]);
        assert_eq!(ranges(""), Vec::<usize>::new());
    }

    #[test]
    fn what_children_use_counts_for_their_parent() {
        let own = std::process::id();
        let before = ticks(own).unwrap();
        let work = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done";
        let done = std::process::Command::new("sh").args(["-c", work]).status().unwrap();
        assert!(done.success() && ticks(own).unwrap() > before);
        assert_eq!(stat(own).unwrap().0, std::os::unix::process::parent_id());
    }

    #[test]
    fn the_process_that_listens_is_found() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let target = Target::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let server = ServerProcess::find(&target).unwrap().after();
        assert_eq!(server.pid, std::process::id());
        assert!(server.rss_mib > 0.0 && !server.on.is_empty());
    }
}
