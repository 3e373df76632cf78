//! CSV against PostgreSQL of the same rows, from a real server; and what a server may refuse.

use super::gather::{Gathered, gather, part};
use super::server::{LOCKED, ROLE, Server};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use xinhe_tools::dataset::Dataset;
use xinhe_tools::generate::{self, Plan};
use xinhe_tools::ingest::{Files, Which};

const HEAD: &str = "name = \"zaozhuang\"\nas_of = \"2026-11-20\"\ncoverage = [\"3704\"]\n";

/// A dataset folder with one source for each kind and query.
fn dataset(folder: &Path, sources: &[(&str, &str, &str)]) {
    let mut text = HEAD.to_owned();
    for (kind, url, query) in sources {
        write!(text, "[[source]]\nkind = \"{kind}\"\npostgres = \"{url}\"\nquery = '''{query}'''\n").unwrap();
    }
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join("dataset.toml"), text).unwrap();
}

/// A city's files, each loaded into a table of its own.
fn load(server: &Server, city: &Path) -> Vec<(&'static str, String)> {
    let dataset = Dataset::open(city).unwrap();
    let mut client = server.client();
    let mut tables = Vec::new();
    for source in &dataset.sources {
        for file in dataset.files(source).unwrap() {
            let text = std::fs::read_to_string(file).unwrap();
            let text = text.trim_start_matches('\u{FEFF}');
            let table = format!("t{}", tables.len());
            let columns: Vec<String> =
                text.lines().next().unwrap().split(',').map(|header| format!("\"{header}\" text")).collect();
            client.batch_execute(&format!("CREATE TABLE {table} ({})", columns.join(", "))).unwrap();
            let mut copy = client.copy_in(&format!("COPY {table} FROM STDIN (FORMAT csv, HEADER)")).unwrap();
            copy.write_all(text.as_bytes()).unwrap();
            copy.finish().unwrap();
            tables.push((source.kind.word(), format!("select * from {table};\n")));
        }
    }
    tables
}

#[test]
fn a_city_in_postgresql_is_the_city_in_csv() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let city = folder.path().join("csv");
    let plan = Plan {
        subjects: 800,
        records_per_subject: 5.0,
        as_of: "2026-11-20".parse().unwrap(),
        defects: 0.1,
        ..Plan::default()
    };
    generate::write(&plan, &city, &|_| ()).unwrap();
    let csv = gather(&city).unwrap();
    let url = server.by_socket("postgres");
    let tables = load(&server, &city);
    let sources: Vec<_> = tables.iter().map(|(kind, query)| (*kind, url.as_str(), query.as_str())).collect();
    dataset(&folder.path().join("sql"), &sources);
    let sql = gather(&folder.path().join("sql")).unwrap();
    assert!(csv.rows.len() > 4_000 && csv.rejects.len() > 100);
    assert!(csv.rows == sql.rows);
    assert_eq!(csv.rejects, sql.rejects);
}

/// An invented organisation's row of the register.
const ONE: &str = "INSERT INTO subject VALUES ('企业法人', '91370402MA3EXAMP1U', '枣庄示例一号有限公司', true, \
    1.5::float8, '2026-01-05 08:30:00+08', '2026-01-05')";

#[test]
fn all_sources_of_a_database_see_one_moment() {
    let server = Server::start();
    let mut client = server.client();
    client
        .batch_execute(
            "CREATE TABLE subject (\"ZT_LB\" text, \"SHXYM\" text, \"MC\" text, \"DJZT\" boolean, \"ZZJG\" float8, \
             \"CYM\" timestamptz, \"FRDB\" date)",
        )
        .unwrap();
    client.batch_execute(ONE).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let url = server.by_loopback(ROLE, "postgres");
    let judged = "select '甲' as \"PJS_XDR_MC\", \"SHXYM\" as \"PJS_XDR_SHXYM\" from subject";
    dataset(folder.path(), &[("subject", &url, "select * from subject"), ("judgment", &url, judged)]);
    let dataset = Dataset::open(folder.path()).unwrap();
    let files = Files::find(&dataset).unwrap();
    let mut all = [Gathered::default()];
    part(&dataset, &files, Which::Register, &mut all).unwrap();
    client.batch_execute(ONE).unwrap();
    part(&dataset, &files, Which::Records, &mut all).unwrap();
    let [all] = all;
    assert_eq!(all.rows.len() + all.rejects.len(), 2, "{:?} {:?}", all.rows, all.rejects);
}

#[test]
fn what_a_server_refuses_is_told_without_passwords_and_rows() {
    let server = Server::start();
    let mut client = server.client();
    client
        .batch_execute(&format!(
            "CREATE ROLE {LOCKED} LOGIN PASSWORD 'richtig'; CREATE TABLE hidden (\"MC\" text); \
             INSERT INTO hidden VALUES ('张示例'); CREATE TABLE lists (\"MD_DM\" text[])"
        ))
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (own, socket) = (server.by_loopback(ROLE, "postgres"), server.by_socket("postgres"));
    let right = server.by_loopback(&format!("{LOCKED}:richtig"), "postgres");
    let wrong = server.by_loopback(&format!("{LOCKED}:geheim"), "postgres");
    let nobody = "postgresql://u:geheim@127.0.0.1:1/credit";
    for (url, query, words) in [
        (own.as_str(), "select * from nowhere", "relation \"nowhere\" does not exist"),
        (&own, "selec", "syntax error"),
        (&own, "select 1; select 2", "cannot insert multiple commands"),
        (&own, "delete from hidden returning *", "SQLSTATE"),
        (&own, "select * from lists", "column `MD_DM`"),
        (&own, "select \"MC\"::int as \"MC\" from hidden", "SQLSTATE 22P02"),
        (&server.by_loopback(ROLE, "nowhere"), "select 1", "database \"nowhere\" does not exist"),
        (&socket.replace(ROLE, "stranger"), "select 1", "role \"stranger\" does not exist"),
        (&right, "select * from hidden", "permission denied for table hidden"),
        (&wrong, "select 1", "password authentication failed"),
        (nobody, "select 1", "is the server running"),
    ] {
        dataset(folder.path(), &[("list", url, query)]);
        let error = gather(folder.path()).err().unwrap_or_else(|| panic!("{query}")).to_string();
        assert!(error.starts_with("postgres:1: postgresql://") && error.contains(words), "{query}\n{error}");
        for secret in ["richtig", "geheim", "张示例"] {
            assert!(!error.contains(secret), "{error}");
        }
    }
}
