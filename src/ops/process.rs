//! What the process itself uses, as Linux tells it under `/proc`. What cannot be read is left out.

use metrics::{counter, gauge};
use std::fs;

/// Ticks of `/proc/self/stat` a second: Linux has told user space 100 on all its platforms.
const TICKS_A_SECOND: u64 = 100;
/// Fields of `/proc/self/stat` behind the name, from 0.
const USER_TICKS: usize = 11;
const SYSTEM_TICKS: usize = 12;

/// Publishes it under the names that Prometheus clients share.
pub(super) fn publish() {
    if let Some(ticks) = fs::read_to_string("/proc/self/stat").ok().and_then(|stat| ticks(&stat)) {
        counter!("process_cpu_seconds_total").absolute(ticks / TICKS_A_SECOND);
    }
    if let Ok(status) = fs::read_to_string("/proc/self/status") {
        let bytes = |field| number(&status, field).map(|kibibytes| (kibibytes << 10) as f64);
        if let Some(resident) = bytes("VmRSS:") {
            gauge!("process_resident_memory_bytes").set(resident);
        }
        if let Some(own) = bytes("RssAnon:") {
            gauge!("process_anonymous_memory_bytes").set(own);
        }
        if let Some(threads) = number(&status, "Threads:") {
            gauge!("process_threads").set(threads as f64);
        }
    }
    if let Ok(open) = fs::read_dir("/proc/self/fd") {
        gauge!("process_open_fds").set(open.count() as f64);
    }
}

/// Ticks that the process has computed, in the system too. The name before the fields may hold anything.
fn ticks(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(USER_TICKS);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.nth(SYSTEM_TICKS - USER_TICKS - 1)?.parse().ok()?;
    Some(user + system)
}

fn number(status: &str, field: &str) -> Option<u64> {
    status.lines().find_map(|line| line.strip_prefix(field))?.split_ascii_whitespace().next()?.parse().ok()
}

/// Says once what each of them is.
pub(super) fn describe() {
    metrics::describe_counter!("process_cpu_seconds_total", "Whole seconds of CPU, user and system");
    metrics::describe_gauge!("process_resident_memory_bytes", "Bytes in memory, mapped releases included");
    metrics::describe_gauge!("process_anonymous_memory_bytes", "Bytes in memory that no file holds");
    metrics::describe_gauge!("process_threads", "Threads");
    metrics::describe_gauge!("process_open_fds", "Open files and sockets");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_and_numbers_are_found_behind_any_name() {
        let stat = "77 (a ) b) S 1 77 77 0 -1 4194304 100 0 0 0 250 31 0 0 20 0 5 0 1000 1 1";
        assert_eq!(ticks(stat), Some(281));
        assert_eq!(ticks("77 (x) S 1"), None);
        assert_eq!(number("Name:\tx\nVmRSS:\t  1024 kB\n", "VmRSS:"), Some(1024));
        assert_eq!(number("Name:\tx\n", "VmRSS:"), None);
    }
}
