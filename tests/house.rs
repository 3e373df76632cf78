//! The house keeps its shape: rooms import only what ARCHITECTURE.md allows, and nothing else is unsafe.
//! A rule that only a document states is broken within a month; this one fails the build.

use std::fs;
use std::path::{Path, PathBuf};

/// Room, the rooms that it may import, and the crates that it may use beside std.
const ROOMS: [(&str, &[&str], &[&str]); 12] = [
    ("domain", &[], &["thiserror"]),
    (
        "snapshot",
        &["domain"],
        &["thiserror", "rkyv", "fst", "memmap2", "xxhash_rust", "hmac", "sha2", "zstd"],
    ),
    ("check", &["domain", "snapshot"], &[]),
    ("lookup", &["domain", "snapshot"], &[]),
    ("signature", &["domain"], &["thiserror", "sha2", "ed25519_dalek"]),
    (
        "release",
        &["snapshot", "domain", "signature"],
        &[
            "thiserror",
            "serde",
            "serde_json",
            "sha2",
            "getrandom",
            "bytes",
            "futures_util",
            "object_store",
            "tokio",
        ],
    ),
    (
        "live",
        &["release", "snapshot", "domain"],
        &["thiserror", "serde_json", "serde", "getrandom", "tracing"],
    ),
    ("audit", &["domain", "signature"], &["thiserror", "sha2", "hmac", "xxhash_rust", "rustix"]),
    ("config", &["domain"], &["thiserror", "serde", "toml"]),
    (
        "http",
        &["check", "lookup", "live", "audit", "config", "domain", "ops"],
        &[
            "thiserror",
            "hyper",
            "hyper_util",
            "http_body_util",
            "httparse",
            "httpdate",
            "tokio",
            "bytes",
            "serde",
            "serde_json",
            "socket2",
            "getrandom",
            "memchr",
            "rustls",
            "tokio_rustls",
            "sha2",
            "subtle",
            "tracing",
        ],
    ),
    (
        "ops",
        &["live", "audit", "config", "domain"],
        &[
            "thiserror",
            "hyper",
            "hyper_util",
            "http_body_util",
            "tokio",
            "bytes",
            "serde_json",
            "metrics",
            "metrics_exporter_prometheus",
            "listenfd",
            "tracing",
        ],
    ),
    (
        "main",
        &["audit", "check", "config", "domain", "http", "live", "lookup", "ops", "release", "snapshot"],
        &[],
    ),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if !path.ends_with("target") {
                rust_files(&path, found);
            }
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// The code of a file without comments and without its tests.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let shipped = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    shipped.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn is_test_file(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "tests") || path.ends_with("tests.rs")
}

/// Names that follow `prefix` in the code.
fn names_after<'a>(code: &'a str, prefix: &str) -> Vec<&'a str> {
    code.match_indices(prefix)
        .map(|(at, _)| {
            let rest = &code[at + prefix.len()..];
            &rest[..rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())]
        })
        .collect()
}

/// What a file imports from the library: `crate::x` and `crate::{x, y}`; of main `xinhe::x`.
fn imports(code: &str, crate_name: &str) -> Vec<String> {
    let plain = names_after(code, &format!("{crate_name}::")).into_iter().map(str::to_owned);
    let opening = format!("{crate_name}::{{");
    let grouped = code.match_indices(&opening).flat_map(|(at, _)| {
        let rest = &code[at + opening.len()..];
        let inside = rest.split("};").next().unwrap_or_default().to_owned();
        let heads = inside.split(',').filter_map(|one| one.trim().split("::").next().map(str::to_owned));
        heads.collect::<Vec<_>>()
    });
    plain.chain(grouped).filter(|name| !name.is_empty()).collect()
}

#[test]
fn rooms_import_only_what_the_arrows_allow() {
    let mut broken = Vec::new();
    for (room, rooms, crates) in ROOMS {
        let mut files = Vec::new();
        let (folder, file) = (root().join("src").join(room), root().join("src").join(format!("{room}.rs")));
        if folder.is_dir() {
            rust_files(&folder, &mut files);
        } else if file.exists() {
            files.push(file);
        }
        for path in files.iter().filter(|path| !is_test_file(path)) {
            let code = code(path);
            let library = if room == "main" { "xinhe" } else { "crate" };
            for name in imports(&code, library) {
                let is_room = ROOMS.iter().any(|(known, ..)| *known == name);
                if is_room && name != room && !rooms.contains(&name.as_str()) {
                    broken.push(format!("{}: {room} may not import {name}", path.display()));
                }
            }
            for line in code.lines().filter_map(|line| line.trim_start().strip_prefix("use ")) {
                let head: &str = line.split([':', ' ', ';']).next().unwrap_or_default();
                let own = matches!(head, "crate" | "super" | "self" | "std" | "xinhe")
                    || !head.starts_with(char::is_lowercase);
                let module = path.parent().is_some_and(|folder| {
                    folder.join(format!("{head}.rs")).exists() || folder.join(head).is_dir()
                });
                if room != "main" && !own && !module && !crates.contains(&head) {
                    broken.push(format!("{}: {room} may not use the crate {head}", path.display()));
                }
            }
        }
    }
    assert!(broken.is_empty(), "the arrows of ARCHITECTURE.md are broken:\n{}", broken.join("\n"));
}

#[test]
fn every_room_of_the_library_is_known_here() {
    let lib = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    for module in names_after(&lib, "pub mod ") {
        assert!(
            ROOMS.iter().any(|(room, ..)| *room == module),
            "{module} has no arrows: say what it may import"
        );
    }
}

#[test]
fn the_generator_knows_the_library_only_where_answers_are_compared() {
    let mut files = Vec::new();
    rust_files(&root().join("loadtest/src"), &mut files);
    for path in files.iter().filter(|path| !is_test_file(path)) {
        let within = |room: &str| path.components().any(|part| part.as_os_str() == room);
        let may: &[&str] = match () {
            () if within("verify") => &["check", "domain", "http", "live", "release", "snapshot"],
            () if within("background") => &["live"],
            () => &[],
        };
        for name in imports(&code(path), "xinhe") {
            assert!(may.contains(&name.as_str()), "{}: may not import {name} of the library", path.display());
        }
    }
}

#[test]
fn nothing_is_unsafe_but_the_mapping() {
    let mut files = Vec::new();
    for folder in ["src", "tools/src", "loadtest/src", "benches"] {
        rust_files(&root().join(folder), &mut files);
    }
    let unsafe_files: Vec<_> = files
        .iter()
        .filter(|path| names_after(&code(path), "unsafe ").iter().any(|word| word.is_empty() || *word != "_"))
        .filter(|path| !path.ends_with("src/snapshot/mapping.rs"))
        .collect();
    assert!(unsafe_files.is_empty(), "unsafe outside src/snapshot/mapping.rs: {unsafe_files:?}");
}

#[test]
fn only_the_schema_derives_archives() {
    let mut files = Vec::new();
    rust_files(&root().join("src"), &mut files);
    for path in
        files.iter().filter(|path| !path.parent().is_some_and(|room| room.ends_with("snapshot/schema")))
    {
        assert!(
            !code(path).contains("derive(Archive"),
            "{}: archived types stand in the schema",
            path.display()
        );
    }
}
