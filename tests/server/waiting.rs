//! A disk that keeps receipts waiting for longer than callers may take with their requests.

use crate::support::client::{Connection, post_bytes, post_with};
use crate::support::example::example;
use std::io;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use xinhe::audit::disk::{Disk, DiskFile, SystemDisk};
use xinhe::audit::{self, Acknowledge, IdKeys, Log};
use xinhe::config::{Config, Wait};
use xinhe::live::{Live, Serving};
use xinhe::snapshot::PersonKeys;

/// A firm without entries.
const CHECK: &str = r#"{"subject":{"id":"91370402MA3T0056XB"}}"#;

/// The system's disk, which does not sync while it is told so.
#[derive(Debug, Clone, Default)]
struct SlowDisk(Arc<AtomicBool>);

#[derive(Debug)]
struct SlowFile(Box<dyn DiskFile>, SlowDisk);

impl SlowDisk {
    fn slow(&self, file: io::Result<Box<dyn DiskFile>>) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(SlowFile(file?, self.clone())))
    }
}

impl Disk for SlowDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.slow(SystemDisk.create(path))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.slow(SystemDisk.open(path))
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        SystemDisk.replace(path, bytes)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        SystemDisk.remove(path)
    }

    fn fill(&self, path: &Path, bytes: u64, wanted: &dyn Fn() -> bool) -> io::Result<()> {
        SystemDisk.fill(path, bytes, wanted)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        SystemDisk.rename(from, to)
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        SystemDisk.sync_folder(path)
    }

    fn keep_room(&self, path: &Path, bytes: u64) -> io::Result<()> {
        SystemDisk.keep_room(path, bytes)
    }
}

impl DiskFile for SlowFile {
    fn write_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.0.write_at(bytes, offset)
    }

    fn sync(&mut self) -> io::Result<()> {
        while self.1.0.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(5));
        }
        self.0.sync()
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.0.truncate(length)
    }
}

fn settings() -> audit::Settings {
    audit::Settings {
        node: 1,
        acknowledge: Acknowledge::Durable,
        reserve_bytes: 0,
        segment_bytes: 1 << 20,
        retention_days: 10,
        key: None,
        ids: IdKeys::new(&[5; 32], &[]),
        now_us: audit::system_now_us,
        tell: Arc::new(|what| eprintln!("{what}")),
    }
}

/// Whoever has sent the whole request is not slow, however long its receipt takes.
#[test]
fn nobody_is_cut_for_the_wait_for_a_receipt() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::default();
    (config.workers.count, config.limits.body_timeout) = (1, Wait::parse("200ms").unwrap());
    let keys = PersonKeys::parse(&std::fs::read_to_string(example().key()).unwrap()).unwrap();
    let live = Live::new(Serving::open(&example().release(), &keys).unwrap());
    let disk = SlowDisk::default();
    let log = Arc::new(Log::open(&folder.path().join("audit"), settings(), Arc::new(disk.clone())).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = xinhe::http::start(&config, &live, &log, listener).unwrap();

    disk.0.store(true, Ordering::Relaxed);
    let requests = [
        post_bytes("/v1/checks", "application/json", CHECK),
        // Not plain: it goes through hyper.
        post_with("/v1/checks", "Connection: close", CHECK),
    ];
    let mut callers = requests.map(|request| {
        let mut caller = Connection::open(server.addr());
        caller.send(&request);
        caller
    });
    // Many sweeps, and five times what a body may take.
    std::thread::sleep(Duration::from_secs(1));
    disk.0.store(false, Ordering::Relaxed);
    for caller in &mut callers {
        assert_eq!(caller.reply().status, 200);
    }
    server.shutdown();
}
