use super::*;
use crate::ingest::heading::Heading;

#[test]
fn one_statement_is_what_copy_takes() {
    assert_eq!(statement("select 1 ; \n;"), "select 1");
    assert_eq!(statement("select ';'"), "select ';'");
}

#[test]
fn a_server_that_is_not_there_is_told_without_the_password() {
    let database =
        Database { url: "postgresql://u:geheim@127.0.0.1:1/credit".to_owned(), query: "select 1".to_owned() };
    let opened = Databases::default().open(&database, "postgres:3", &|_| Heading::Free);
    let error = opened.err().unwrap().to_string();
    assert!(error.starts_with("postgres:3: postgresql://u:***@127.0.0.1:1/credit: "), "{error}");
    assert!(error.contains("is the server running"), "{error}");
}
