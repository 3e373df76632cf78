//! What several tests need: the programs, folders, a release of the worked example, a server.

pub(crate) mod asking;
pub(crate) mod chunks;
pub(crate) mod client;
pub(crate) mod clients;
pub(crate) mod example;
pub(crate) mod http2;
pub(crate) mod server;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The Python of a tool that `tests/run.sh` installs: the one that a variable names, else the one kept in the folder of
/// the build.
pub(crate) fn tool_python(variable: &str, name: &str) -> PathBuf {
    if let Some(path) = std::env::var_os(variable) {
        return path.into();
    }
    let target = Path::new(env!("CARGO_BIN_EXE_xinhe-server")).parent().and_then(Path::parent).unwrap();
    let path = target.join("test-tools").join(name).join("bin/python");
    assert!(path.exists(), "no {}: run tests/run.sh once, it installs what the tests need", path.display());
    path
}

/// The program `xinhe`, built once. Cargo hands this test the programs of its own package only.
pub(crate) fn tool() -> &'static Path {
    static TOOL: OnceLock<PathBuf> = OnceLock::new();
    TOOL.get_or_init(|| {
        let server = Path::new(env!("CARGO_BIN_EXE_xinhe-server"));
        let folder = server.parent().expect("a folder of programs");
        let mut cargo = Command::new(env!("CARGO"));
        // The selection of the tests: another would compile all dependencies once more.
        cargo.args(["build", "--quiet", "--workspace", "--bin", "xinhe", "--target-dir"]);
        cargo.arg(folder.parent().expect("a target folder")).current_dir(root());
        // What cargo tells a test of its own package would make build scripts run again, and all behind them.
        for (name, _) in std::env::vars_os() {
            let of_package =
                ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"];
            if name.to_str().is_some_and(|name| of_package.iter().any(|prefix| name.starts_with(prefix))) {
                cargo.env_remove(name);
            }
        }
        if folder.ends_with("release") {
            cargo.arg("--release");
        }
        assert!(cargo.status().expect("cargo").success(), "xinhe does not build");
        folder.join("xinhe")
    })
}

/// Runs `xinhe`.
pub(crate) fn xinhe<S: AsRef<std::ffi::OsStr>>(args: impl IntoIterator<Item = S>) -> Output {
    Command::new(tool()).args(args).output().expect("xinhe runs")
}

/// Runs `xinhe`, which must succeed.
pub(crate) fn xinhe_ok<S: AsRef<std::ffi::OsStr>>(args: impl IntoIterator<Item = S>) -> Output {
    let output = xinhe(args);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

/// Writes a person key that tests share.
pub(crate) fn person_key(folder: &Path) -> PathBuf {
    let path = folder.join("person.key");
    std::fs::write(&path, xinhe::snapshot::PersonKeys::line(&[7; 32])).expect("a key file");
    path
}

/// Copies a folder with all below it.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder to copy") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

/// A unified code with its check digit.
pub(crate) fn unified(body: &str) -> String {
    let check = xinhe::domain::identifier::unified_code_check(body.as_bytes()).expect("17 characters");
    format!("{body}{}", char::from(check))
}
