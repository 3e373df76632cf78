//! A disk that runs full under the log: nobody is answered without a receipt, and the server comes back by itself.

use super::{MANY_HITS, kinds, server};
use crate::support::client::{get, post};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// A small disk in memory, mounted as long as it lives.
struct Disk(PathBuf);

impl Disk {
    /// None where this process may not mount.
    fn mount(path: &Path) -> Option<Disk> {
        fs::create_dir(path).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=2097152,mode=0700", "xinhe-test"]).arg(path);
        match mount.output() {
            Ok(output) if output.status.success() => Some(Disk(path.to_owned())),
            _ => {
                eprintln!("no disk can be mounted here: src/audit/tests/crash.rs stands in for it");
                None
            }
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let gone = |how: &[&str]| Command::new("umount").args(how).arg(&self.0).status();
        if !gone(&[]).is_ok_and(|status| status.success()) {
            gone(&["-l"]).ok();
        }
    }
}

#[test]
fn a_full_disk_is_503_until_there_is_room_again() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = Disk::mount(&folder.path().join("disk")) else { return };
    let audit = disk.0.join("audit");
    let running = server(&audit, &["audit.reserve=256KiB"]);
    let mut answered = 0;
    let mut ask = || {
        let reply = post(running.api, "/v1/checks", MANY_HITS);
        answered += usize::from(reply.status == 200);
        reply
    };
    assert_eq!(ask().status, 200);
    let filler = disk.0.join("filler");
    let full = fs::write(&filler, vec![1; 4 << 20]);
    assert!(full.is_err(), "the disk is larger than it should be");
    let refused = loop {
        let reply = ask();
        if reply.status != 200 {
            break reply;
        }
    };
    assert_eq!((refused.problem().0, refused.problem().1.as_str()), (503, "audit_unavailable"));
    assert!(refused.header("retry-after").is_some());
    assert_eq!(get(running.ops, "/ready").status, 503);
    assert_eq!(get(running.ops, "/live").status, 200);
    fs::remove_file(&filler).unwrap();
    let back = (0..1000).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        ask().status == 200
    });
    assert!(back, "it never came back");
    assert_eq!(get(running.ops, "/ready").status, 200);
    drop(running);
    assert_eq!(
        kinds(&audit).len(),
        answered,
        "an answer without a receipt, or a receipt nobody was answered for"
    );
}
