//! What operators do by command, end to end, with the programs as they are installed.

use crate::support::example::example;
use crate::support::{person_key, root, xinhe, xinhe_ok};
use std::path::Path;

/// The words of a build with the sample catalogue.
fn build<'a>(dataset: &'a Path, out: &'a Path, key: &'a Path, catalog: &'a Path) -> Vec<&'a Path> {
    let named = [("--input", dataset), ("--catalog", catalog), ("--out", out), ("--person-key", key)];
    let words = named.into_iter().flat_map(|(option, path)| [Path::new(option), path]);
    std::iter::once(Path::new("build")).chain(words).collect()
}

#[test]
fn verify_finds_nothing_in_the_worked_example() {
    xinhe_ok(["verify".as_ref(), example().release().as_os_str()]);
}

#[test]
fn verify_finds_nothing_in_a_city_with_defects_in_three_parts() {
    let folder = tempfile::tempdir().unwrap();
    let (city, release) = (folder.path().join("city"), folder.path().join("release"));
    let key = person_key(folder.path());
    let wanted = ["--subjects", "3000", "--as-of", "2026-11-20", "--defects", "0.2"];
    let words = ["generate", "--out"].map(Path::new).into_iter().chain([city.as_path()]);
    xinhe_ok(words.chain(wanted.map(Path::new)));
    let catalog = root().join("tools/catalog");
    xinhe_ok(build(&city, &release, &key, &catalog).into_iter().chain(["--parts", "3"].map(Path::new)));
    let verified = xinhe([Path::new("verify"), &release]);
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
}
