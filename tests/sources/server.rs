//! A PostgreSQL server of one's own: a cluster in a folder, a socket, loopback, gone at the end.

use postgres::{Client, NoTls};
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Starting takes a second; a busy machine may need more.
const START: Duration = Duration::from_secs(60);
/// Its role; and those that must give a password, each in another way.
pub(crate) const ROLE: &str = "xinhe";
pub(crate) const LOCKED: &str = "locked";
pub(crate) const DIGESTED: &str = "digested";
pub(crate) const CLEAR: &str = "clear";

/// A server under test.
pub(crate) struct Server {
    child: Child,
    port: u16,
    sockets: TempDir,
    _folder: TempDir,
}

impl Server {
    pub(crate) fn start() -> Server {
        let bin = programs();
        let user = unprivileged();
        let (folder, sockets) = (folder(user), tempfile::Builder::new().prefix("pg-").tempdir().unwrap());
        for path in [folder.path(), sockets.path()] {
            give(path, user);
        }
        let data = folder.path().join("data");
        let made = command(&bin.join("initdb"), user)
            .arg("-D")
            .arg(&data)
            .args(["-U", ROLE, "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"])
            .output()
            .unwrap();
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let rules = data.join("pg_hba.conf");
        let old = fs::read_to_string(&rules).unwrap();
        let locked = [(LOCKED, "scram-sha-256"), (DIGESTED, "md5"), (CLEAR, "password")]
            .map(|(role, way)| format!("host all {role} 127.0.0.1/32 {way}\n"));
        fs::write(&rules, locked.concat() + &old).unwrap();

        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let child = command(&bin.join("postgres"), user)
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(sockets.path())
            .args(["-h", "127.0.0.1", "-p", &port.to_string(), "-c", "fsync=off"])
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut server = Server { child, port, sockets, _folder: folder };
        server.wait_ready();
        server
    }

    fn wait_ready(&mut self) {
        let begun = Instant::now();
        while Client::connect(&self.by_socket("postgres"), NoTls).is_err() {
            let log = || fs::read_to_string(self._folder.path().join("log")).unwrap_or_default();
            assert!(self.child.try_wait().unwrap().is_none(), "postgres ended: {}", log());
            assert!(begun.elapsed() < START, "postgres does not start: {}", log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The address of a database by the server's socket.
    pub(crate) fn by_socket(&self, database: &str) -> String {
        let folder = self.sockets.path().display().to_string().replace('/', "%2F");
        format!("postgresql://{ROLE}@{folder}:{}/{database}", self.port)
    }

    /// The address of a database over loopback, as this role; a password may follow the role after `:`.
    pub(crate) fn by_loopback(&self, role: &str, database: &str) -> String {
        format!("postgresql://{role}@127.0.0.1:{}/{database}", self.port)
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect(&self.by_socket("postgres"), NoTls).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // SIGINT is its fast shutdown: sessions are ended, shared memory is freed.
        let stopped = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        if !stopped.is_ok_and(|status| status.success()) {
            self.child.kill().unwrap_or_default();
        }
        self.child.wait().map(drop).unwrap_or_default();
    }
}

/// Where initdb and postgres are: Debian's package keeps them by version.
fn programs() -> PathBuf {
    let mut found: Vec<PathBuf> = glob::glob("/usr/lib/postgresql/*/bin/initdb").unwrap().flatten().collect();
    let path = std::env::var_os("PATH").unwrap_or_default();
    found.extend(
        std::env::split_paths(&path).map(|folder| folder.join("initdb")).filter(|file| file.exists()),
    );
    let initdb =
        found.first().expect("no PostgreSQL server is installed: run tests/run.sh, which installs it");
    initdb.parent().unwrap().to_owned()
}

/// PostgreSQL refuses root: the user and group to run as instead.
fn unprivileged() -> Option<(u32, u32)> {
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let ids = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    Some(ids("postgres").or_else(|| ids("nobody")).expect("neither user postgres nor nobody"))
}

/// Below `target/`, or where that cannot be reached by the user, among temporary files.
fn folder(user: Option<(u32, u32)>) -> TempDir {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let open = |path: &Path| fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o001 != 0);
    let reached = user.is_none() || target.ancestors().all(open);
    let made = tempfile::Builder::new().prefix("postgres-").tempdir_in(if reached {
        target.to_owned()
    } else {
        std::env::temp_dir()
    });
    made.unwrap()
}

fn give(folder: &Path, user: Option<(u32, u32)>) {
    if let Some((user, group)) = user {
        chown(folder, Some(user), Some(group)).unwrap();
    }
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
}

fn command(program: &Path, user: Option<(u32, u32)>) -> Command {
    let mut command = Command::new(program);
    // Messages are compared by nobody; the folder of the test may be closed to the user.
    command.env("LC_ALL", "C").current_dir("/");
    if let Some((user, group)) = user {
        command.uid(user).gid(group);
    }
    command
}
