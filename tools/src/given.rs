//! Ids and names that were given as `-`: they are read from stdin, so that none stands in a process list.

use crate::command::Failure;
use std::io::BufRead;

/// Replaces every `-` by the next line of `input`, in the order of the values.
pub fn fill<const N: usize>(
    values: [Option<&str>; N],
    input: &mut impl BufRead,
) -> Result<[Option<String>; N], Failure> {
    let mut filled = values.map(|value| value.map(str::to_owned));
    for value in filled.iter_mut().flatten().filter(|value| *value == "-") {
        value.clear();
        let length = input.read_line(value).map_err(Failure::work)?;
        if length == 0 {
            let help = "a value given as `-` is a line of stdin, but stdin has ended";
            return Err(Failure::Usage(help.to_owned()));
        }
        value.truncate(value.trim_end_matches(['\r', '\n']).len());
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_dash_takes_a_line_in_turn() {
        let mut input = "甲\r\n乙\n".as_bytes();
        let filled = fill([Some("-"), Some("有"), None, Some("-")], &mut input).unwrap();
        assert_eq!(filled.map(Option::unwrap_or_default), ["甲", "有", "", "乙"]);
        assert!(fill([Some("-")], &mut input).is_err());
    }
}
