//! A disk that is full: too little room is told before the work; room that ends on the way is an error that names
//! the file, and leaves nothing that passes for a release.

use super::{Place, bytes_below, entries, json_of, verifies, words};
use crate::store::{folder_store, served, signing_key};
use crate::support::tool;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

const POLL: Duration = Duration::from_millis(1);

/// A small disk in memory, mounted as long as it lives.
struct Disk {
    path: PathBuf,
    bytes: u64,
}

impl Disk {
    /// None where this process may not mount.
    fn mount(path: &Path, bytes: u64) -> Option<Disk> {
        fs::create_dir(path).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={bytes},mode=0700"), "xinhe-test"]).arg(path);
        match mount.output() {
            Ok(output) if output.status.success() => Some(Disk { path: path.to_owned(), bytes }),
            _ => {
                eprintln!("no disk can be mounted here: limits on the size of files stand in for it");
                None
            }
        }
    }

    /// Takes room away until only so many bytes are left for everything else that is, or will be, there.
    fn leave(&self, bytes: u64) {
        let mut file = File::create(self.filler()).unwrap();
        let block = vec![0; 1 << 16];
        let mut left = self.bytes.saturating_sub(bytes);
        while left > 0 {
            let length = left.min(block.len() as u64) as usize;
            // Full before its time: others were faster.
            if file.write_all(&block[..length]).is_err() {
                return;
            }
            left -= length as u64;
        }
    }

    fn filler(&self) -> PathBuf {
        self.path.join("filler")
    }

    fn free(&self) {
        fs::remove_file(self.filler()).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let gone = |how: &[&str]| Command::new("umount").args(how).arg(&self.path).status();
        if !gone(&[]).is_ok_and(|status| status.success()) {
            gone(&["-l"]).map(drop).unwrap_or_default();
        }
    }
}

/// The system's words for a disk or a file that may not grow.
fn tells_of_room(told: &str) -> bool {
    told.contains("No space left") || told.contains("too large")
}

/// A failed command said so in words that name where.
fn failed_by_name(output: &Output, folder: &Path) -> String {
    let told = words(output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    let last = told.lines().rfind(|line| tells_of_room(line)).unwrap_or_else(|| panic!("{told}"));
    assert!(last.contains(folder.to_str().unwrap()), "{told}");
    last.to_owned()
}

#[test]
fn too_little_room_is_told_before_the_work_begins() {
    let place = Place::with_city(1_500, 4.0, 0.0);
    let Some(disk) = Disk::mount(&place.path("disk"), 1 << 20) else { return };
    let output = place.build(&place.path("city"), &disk.path.join("release"), &[]).output().unwrap();
    let told = words(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    for part in ["MiB are free", "--out", disk.path.to_str().unwrap()] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert_eq!(entries(&disk.path), Vec::<String>::new());
}

#[test]
fn a_build_whose_room_ends_on_the_way_fails_by_name_and_leaves_nothing() {
    let place = Place::with_city(2_500, 5.0, 0.05);
    let city = place.path("city");
    let rows = bytes_below(&city);
    let Some(disk) = Disk::mount(&place.path("disk"), 3 * rows) else {
        return files_that_may_not_grow(&place);
    };
    let out = disk.path.join("release");
    let mut where_it_ended = BTreeSet::new();
    let mut moments = 0;
    loop {
        let mut child = place.build(&city, &out, &[]).spawn().unwrap();
        while entries(&disk.path).is_empty() && child.try_wait().unwrap().is_none() {
            std::thread::sleep(POLL);
        }
        disk.leave(rows * moments / 10);
        let output = child.wait_with_output().unwrap();
        if output.status.success() {
            break;
        }
        where_it_ended.insert(file_of(&failed_by_name(&output, &disk.path)));
        assert_eq!(entries(&disk.path), ["filler"], "{moments}");
        disk.free();
        moments += 1;
    }
    eprintln!("the room ended {moments} times, in {where_it_ended:?}");
    assert!(moments >= 5 && where_it_ended.len() >= 3, "{moments} times, in {where_it_ended:?}");
    assert!(verifies(&out));
    assert_eq!(entries(&disk.path), ["filler", "release"]);
}

/// The kind of the file that a message names: its name without numbers.
fn file_of(told: &str) -> String {
    let path = told.split(": ").find(|part| part.contains('/')).unwrap_or_default();
    let name = Path::new(path).file_name().unwrap_or_default().to_string_lossy();
    name.chars().filter(|c| !c.is_ascii_digit()).collect()
}

/// Without a disk of one's own: no file may grow beyond some size.
fn files_that_may_not_grow(place: &Place) {
    let folder = &place.path("plain");
    fs::create_dir(folder).unwrap();
    let out = &folder.join("release");
    for kibibytes in [0, 16, 64, 256, 1024] {
        let build = place.build(&place.path("city"), out, &[]);
        let output = limited(&build, kibibytes);
        failed_by_name(&output, folder);
        assert_eq!(entries(folder), Vec::<String>::new(), "{kibibytes} KiB");
    }
    json_of(&place.build(&place.path("city"), out, &[]).output().unwrap());
    assert!(verifies(out));
}

/// Runs a command none of whose files may grow beyond this.
fn limited(command: &Command, kibibytes: u64) -> Output {
    let script = format!("trap '' XFSZ; ulimit -f {kibibytes}; exec \"$@\"");
    let mut limited = Command::new("bash");
    limited.args(["-c", &script, "bash"]).arg(command.get_program()).args(command.get_args());
    limited.output().unwrap()
}

#[test]
fn a_store_whose_room_ends_serves_what_it_served() {
    let place = Place::with_city(600, 4.0, 0.0);
    let (city, release) = (place.path("city"), place.path("release"));
    json_of(&place.build(&city, &release, &[]).output().unwrap());
    let bytes = bytes_below(&release);
    let Some(disk) = Disk::mount(&place.path("disk"), 4 * bytes) else { return };
    let (store, cache) = (folder_store(&disk.path.join("store")), place.path("cache"));
    let key = place.path("release.key");
    fs::write(&key, signing_key().line()).unwrap();
    let publish = || {
        let mut command = Command::new(tool());
        command.arg("publish").arg(&release).args(["--store", store.url(), "--key"]).arg(&key);
        command.output().unwrap()
    };
    let first = publish();
    assert!(first.status.success(), "{}", words(&first));
    let before = served(&store, &cache).pointer;
    let listed = store.list("").unwrap();
    let taken = bytes_below(&disk.path);
    for share in [0, 10, 30, 50, 70, 90, 98] {
        disk.leave(taken + bytes * share / 100);
        let output = publish();
        let told = words(&output);
        // Rejected rows stay behind, so that a little less than the release is uploaded.
        if output.status.success() {
            assert!(share >= 90, "{share} %");
            break;
        }
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(tells_of_room(&told), "{share} %: {told}");
        assert_eq!(served(&store, &cache).pointer, before, "{share} %");
        assert_eq!(store.list("").unwrap(), listed, "{share} %: the upload is taken back");
        disk.free();
    }
    if disk.filler().exists() {
        disk.free();
    }
    let next = publish();
    assert!(next.status.success(), "{}", words(&next));
    assert!(served(&store, &cache).pointer.sequence > before.sequence);
}
