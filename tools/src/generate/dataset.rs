//! `dataset.toml`, which says what the tables are.

use super::city::City;
use super::table::{Kind, Table};
use super::{Encoding, Format, Plan};
use std::fmt::Write;

/// The description of the tables.
pub(super) fn describe(plan: &Plan, city: &City, tables: &[Table]) -> String {
    let encoding = match plan.encoding {
        Encoding::Utf8 => "utf-8",
        Encoding::Gb18030 => "gb18030",
    };
    let mut text = format!(
        "# An invented city: no subject, number or record is real.\n\
         name     = \"zaozhuang\"\nas_of    = \"{}\"\ncoverage = [\"3704\"]\n",
        plan.as_of
    );
    for table in tables {
        let authority = city.authorities.city(table.provider);
        let mut line = |key: &str, value: &str| {
            // Writing to a string cannot fail.
            writeln!(text, "{key:<8} = {value}").unwrap_or_default();
        };
        let quoted = |value: &str| format!("\"{value}\"");
        line("\n[[source]]\nkind    ", &quoted(table.kind.word()));
        line("path", &quoted(&table.pattern(plan.format)));
        if plan.format == Format::Csv {
            line("encoding", &quoted(encoding));
        }
        line("provider", &format!("{}  # {}", quoted(&authority.code), authority.name));
        line("priority", &table.priority.to_string());
        if table.kind == Kind::List
            && let Some(supply) = table.supply
        {
            let codes: Vec<String> = supply.lists.iter().map(|list| quoted(list.code)).collect();
            line("supplies", &format!("[{}]", codes.join(", ")));
            line("max_age", &quoted(supply.max_age));
        }
    }
    text
}
