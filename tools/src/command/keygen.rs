//! `xinhe keygen`: the secrets of a deployment.

use super::Failure;
use std::fs::DirBuilder;
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;
use xinhe::release::signature::{ALGORITHM, SigningKey};
use xinhe::snapshot::{PersonKey, PersonKeys};

/// Make the keys of a deployment: release.key release.pub person.key audit.key audit.pub, mode 0600.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  xinhe keygen --out /etc/xinhe")]
pub(super) struct Args {
    /// Folder for the keys; made if it is missing. Existing keys are never overwritten.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Print names and paths of the keys as JSON.
    #[arg(long)]
    json: bool,
}

/// A file and what goes into it.
type Content = (PathBuf, String);

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let release = SigningKey::new(&secret()?);
    let audit = SigningKey::new(&secret()?);
    let person = secret()?;
    let at = |name: &str| args.out.join(name);
    write_all(
        &args.out,
        &[
            (at("release.key"), release.line()),
            (at("release.pub"), release.public().line()),
            (at("person.key"), PersonKeys::line(&person)),
            (at("audit.key"), audit.line()),
            (at("audit.pub"), audit.public().line()),
        ],
    )?;
    let person = PersonKey::new(&person).id();
    if args.json {
        let pair = |key: &SigningKey, name: &str| {
            serde_json::json!({
                "algorithm": ALGORITHM, "key": key.public().id(),
                "secret": at(&format!("{name}.key")), "public": at(&format!("{name}.pub")),
            })
        };
        let told = serde_json::json!({
            "release": pair(&release, "release"),
            "person": {"algorithm": PersonKey::ALGORITHM, "key": person.to_string(), "secret": at("person.key")},
            "audit": pair(&audit, "audit"),
        });
        println!("{told}");
    }
    eprintln!("release.key {} signs what is published; servers get release.pub", release.public().id());
    eprintln!(
        "person.key  {person} keeps persons; without it no person is ever found again: keep a copy apart"
    );
    eprintln!("audit.key   {} names and seals receipts; auditors get audit.pub", audit.public().id());
    Ok(())
}

fn secret() -> Result<[u8; 32], Failure> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret)
        .map_err(|e| Failure::Work(format!("the system gives no random bytes: {e}")))?;
    Ok(secret)
}

/// All or none: every file is complete on disk before the first gets its name.
fn write_all(dir: &Path, files: &[Content]) -> Result<(), Failure> {
    let at = |path: &Path, error: std::io::Error| Failure::Work(format!("{}: {error}", path.display()));
    if let Some((path, _)) = files.iter().find(|(path, _)| path.symlink_metadata().is_ok()) {
        let help = "keys are never overwritten; give another --out, or move the old key away";
        return Err(Failure::Work(format!("{} is there already: {help}", path.display())));
    }
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(|e| at(dir, e))?;
    let mut ready = Vec::new();
    for (path, content) in files {
        // Such files are made with mode 0600.
        let mut file = NamedTempFile::new_in(dir).map_err(|e| at(dir, e))?;
        file.write_all(content.as_bytes()).map_err(|e| at(path, e))?;
        file.as_file().sync_all().map_err(|e| at(path, e))?;
        ready.push((file, path));
    }
    let mut done: Vec<&Path> = Vec::new();
    for (file, path) in ready {
        if let Err(error) = file.persist_noclobber(path) {
            for path in done {
                std::fs::remove_file(path).map_err(|e| at(path, e))?;
            }
            return Err(at(path, error.error));
        }
        done.push(path);
    }
    std::fs::File::open(dir).and_then(|dir| dir.sync_all()).map_err(|e| at(dir, e))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn keys_are_private_readable_and_never_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let args = Args { out: dir.path().join("keys"), json: false };
        run(&args).unwrap();
        for name in ["release.key", "release.pub", "person.key", "audit.key", "audit.pub"] {
            let mode = args.out.join(name).metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
        let signing = crate::keys::signing_key(&args.out.join("release.key")).unwrap();
        let public = crate::keys::public_keys(&args.out.join("release.pub")).unwrap();
        assert_eq!(public.ids(), signing.public().id());
        crate::keys::person_keys(&args.out.join("person.key")).unwrap();
        std::fs::remove_file(args.out.join("release.key")).unwrap();
        let before = std::fs::read(args.out.join("person.key")).unwrap();
        assert!(run(&args).is_err());
        assert_eq!(std::fs::read(args.out.join("person.key")).unwrap(), before);
        assert_eq!(std::fs::read_dir(&args.out).unwrap().count(), 4, "a refused run leaves nothing behind");
    }

    #[test]
    fn a_missing_or_wrong_key_file_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("person.key");
        let told = crate::keys::person_keys(&path).unwrap_err().to_string();
        assert!(told.contains("person.key") && told.contains("keygen"), "{told}");
        std::fs::write(&path, "hmac-sha256 12").unwrap();
        let told = crate::keys::person_keys(&path).unwrap_err().to_string();
        assert!(told.contains("person.key") && told.contains("line 1") && !told.contains("12\n"), "{told}");
    }
}
