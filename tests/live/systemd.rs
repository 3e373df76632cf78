//! What a service manager hands over and hears.

use super::{FINED, Site, ask, wait_for};
use crate::support::client::get;
use crate::support::server::Server;
use std::collections::BTreeSet;
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::Duration;

/// Binds two sockets, hands them over as systemd does, and becomes the server.
const HAND_OVER: &str = "
import os, socket, sys
names = sys.argv[1]
sockets = [socket.create_server(('127.0.0.1', 0)) for _ in range(2)]
# Asked for before the descriptors are moved: one of them may be moved over.
ports = ' '.join(str(one.getsockname()[1]) for one in sockets)
for place, one in enumerate(sockets):
    os.dup2(one.fileno(), 100 + place)
for place in range(2):
    os.dup2(100 + place, 3 + place)
    os.set_inheritable(3 + place, True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='2', LISTEN_FDNAMES=names)
with open(sys.argv[2], 'w') as told:
    told.write(ports)
os.execv(sys.argv[3], sys.argv[3:])
";

#[test]
fn the_manager_hears_when_it_is_ready_alive_and_stopping() {
    let site = Site::new();
    site.publish();
    let path = site.at("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut command = site.command(&[]);
    command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "600000");
    let server = Server::run(command, tempfile::tempdir().unwrap());
    let mut heard = BTreeSet::new();
    let mut listen = |until: &str| {
        wait_for(until, || {
            let mut buffer = [0; 512];
            let length = socket.recv(&mut buffer).unwrap();
            let words = String::from_utf8_lossy(&buffer[..length]).into_owned();
            heard.extend(words.lines().map(str::to_owned));
            heard.contains(until).then_some(())
        });
    };
    listen("READY=1");
    listen("STATUS=serving release 2026-11-20.1");
    listen("WATCHDOG=1");
    server.signal("-HUP");
    listen("RELOADING=1");
    server.terminate();
    listen("STOPPING=1");
    assert_eq!(server.end().0, Some(0));
}

#[test]
fn sockets_that_are_handed_over_are_used() {
    let site = Site::new();
    site.publish();
    // In this order, or by name.
    for (names, api_place) in [("", 0), ("ops:api", 1)] {
        let plain = site.command(&[]);
        let told = site.at("ports");
        let mut command = Command::new("python3");
        command.args(["-c", HAND_OVER, names]).arg(&told).arg(plain.get_program()).args(plain.get_args());
        let server = Server::run(command, tempfile::tempdir().unwrap());
        let ports = std::fs::read_to_string(&told).unwrap();
        let ports: Vec<u16> = ports.split(' ').map(|port| port.parse().unwrap()).collect();
        assert_eq!(
            (server.api.port(), server.ops.port()),
            (ports[api_place], ports[1 - api_place]),
            "{names}"
        );
        ask(server.api, FINED);
        assert_eq!(get(server.ops, "/ready").status, 200);
    }
}
