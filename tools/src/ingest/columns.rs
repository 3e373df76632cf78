//! Which cell of a row holds what: headers told by code, older code or Chinese name.

use super::IngestError;
use super::cells::given;
use super::table::Record;
use super::tables::{Column, Slot, table};
use crate::dataset::SourceKind;
use std::collections::HashMap;
use xinhe::domain::text::{alike, is_blank};

/// What may not be collected, or not without law (`domain.md` §7, Shandong regulation art. 42), as headers name it.
const FORBIDDEN: [(&str, &str); 14] = [
    ("宗教信仰", "religion"),
    ("基因", "genes"),
    ("指纹", "fingerprints"),
    ("血型", "blood type"),
    ("疾病", "illness"),
    ("病史", "illness"),
    ("收入", "income"),
    ("存款", "deposits"),
    ("证券", "securities"),
    ("保险", "insurance"),
    ("不动产", "real estate"),
    ("纳税数额", "tax amounts"),
    ("纳税额", "tax amounts"),
    ("纳税金额", "tax amounts"),
];
/// Headers that hold a forbidden word, and no forbidden thing.
const HARMLESS: [&str; 1] = ["社会保险登记"];

/// No column.
const NONE: u32 = u32::MAX;

/// Where a file's cells stand.
pub(super) struct Columns {
    /// The header as written.
    headers: Vec<String>,
    /// By slot: the column that counts first.
    first: [u32; Slot::COUNT],
    /// Columns that count where those before them are blank.
    further: Vec<(Slot, u32)>,
    table: &'static [Column],
}

/// What a header says that the contract does not know.
pub(super) struct Oddity {
    pub(super) reason: &'static str,
    pub(super) detail: String,
}

impl Columns {
    /// Finds the columns of a kind of table in a header.
    pub(super) fn resolve<'h>(
        kind: SourceKind,
        file: &str,
        headers: impl Iterator<Item = &'h str>,
    ) -> Result<(Columns, Vec<Oddity>), IngestError> {
        let table = table(kind);
        let known = names(table);
        let headers: Vec<String> = headers.map(|header| header.trim_matches(is_blank).to_owned()).collect();
        let mut found: Vec<(Slot, u8, u32)> = Vec::new();
        let mut odd = Vec::new();
        for (place, header) in headers.iter().enumerate() {
            let normal = normal(header);
            match known.get(normal.as_str()) {
                Some((slot, rank)) => {
                    if found.iter().any(|(other, same, _)| (other, same) == (slot, rank)) {
                        let detail = format!(
                            "column {}, `{header}`, stands twice: the first counts unless blank",
                            place + 1
                        );
                        odd.push(Oddity { reason: "duplicate_column", detail });
                    }
                    found.push((*slot, *rank, place as u32));
                }
                None => {
                    if let Some(what) = forbidden(&normal) {
                        let (file, column) = (file.to_owned(), header.clone());
                        return Err(IngestError::Forbidden { file, column, what });
                    }
                    let detail = format!("column {}, `{header}`, is not in the contract: ignored", place + 1);
                    odd.push(Oddity { reason: "unknown_column", detail });
                }
            }
        }
        if found.is_empty() {
            // Such a first line may be a row with persons in it: none of it is told.
            let detail = format!(
                "no column of {} headers is one of a {} table: is there a header?",
                headers.len(),
                kind.word()
            );
            odd = vec![Oddity { reason: "no_known_column", detail }];
        }
        found.sort_by_key(|(_, rank, place)| (*rank, *place));
        let mut columns = Columns { headers, first: [NONE; Slot::COUNT], further: Vec::new(), table };
        for (slot, _, place) in found {
            match &mut columns.first[slot as usize] {
                first if *first == NONE => *first = place,
                _ => columns.further.push((slot, place)),
            }
        }
        Ok((columns, odd))
    }

    /// How many cells a row has.
    pub(super) fn len(&self) -> usize {
        self.headers.len()
    }

    /// The values of a row in the order of the contract's columns.
    #[inline]
    pub(super) fn values<'r>(&self, record: Record<'r>) -> impl Iterator<Item = (Slot, Option<&'r str>)> {
        self.table.iter().map(move |column| {
            let found = self.find(column.slot, |place| record.get(place));
            (column.slot, found.map(|(value, _)| value))
        })
    }

    /// The first cell of a slot that is not blank, and its column.
    #[inline]
    pub(super) fn find<'r>(&self, slot: Slot, cell: impl Fn(usize) -> &'r str) -> Option<(&'r str, usize)> {
        let first = self.first[slot as usize];
        if first == NONE {
            return None;
        }
        let value = |place: u32| given(cell(place as usize)).map(|value| (value, place as usize));
        value(first).or_else(|| {
            self.further.iter().filter(|(other, _)| *other == slot).find_map(|(_, at)| value(*at))
        })
    }

    /// The header as written, of the column at this place.
    pub(super) fn header(&self, place: usize) -> &str {
        self.headers.get(place).map_or("", String::as_str)
    }

    /// The header under which a slot stands; the contract's code where the file lacks it.
    pub(super) fn name(&self, slot: Slot) -> &str {
        let first = self.first[slot as usize];
        if first != NONE {
            return self.header(first as usize);
        }
        self.table.iter().find(|column| column.slot == slot).map_or("", |column| column.code)
    }
}

/// Headers compare without width, brackets, blanks and case.
fn normal(header: &str) -> String {
    alike(header).map(|c| c.to_ascii_uppercase()).collect()
}

/// Every header that a table knows, with its slot; the lower rank counts first: code, Chinese name, older code.
fn names(table: &'static [Column]) -> HashMap<String, (Slot, u8)> {
    let mut names = HashMap::new();
    for column in table {
        for (place, old) in column.old.iter().enumerate() {
            names.insert(normal(old), (column.slot, 2 + place as u8));
        }
        if !column.title.is_empty() {
            names.insert(normal(column.title), (column.slot, 1));
        }
        names.insert(normal(column.code), (column.slot, 0));
    }
    names
}

fn forbidden(normal: &str) -> Option<&'static str> {
    if HARMLESS.iter().any(|word| normal.contains(word)) {
        return None;
    }
    if normal == "宗教" {
        return Some("religion");
    }
    FORBIDDEN.iter().find(|(word, _)| normal.contains(word)).map(|(_, what)| *what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use xinhe::domain::record::RecordKind;

    fn resolve(kind: SourceKind, headers: &[&str]) -> (Columns, Vec<Oddity>) {
        Columns::resolve(kind, "t.csv", headers.iter().copied()).unwrap_or_else(|error| panic!("{error}"))
    }

    fn find<'a>(columns: &Columns, slot: Slot, cells: &[&'a str]) -> Option<&'a str> {
        columns.find(slot, |place| cells[place]).map(|(value, _)| value)
    }

    const PENALTY: SourceKind = SourceKind::Record(RecordKind::Penalty);

    #[test]
    fn headers_are_codes_older_codes_or_chinese_names() {
        for header in [
            "CF_XDR_SHXYM",
            " cf_xdr_shxym ",
            "ＣＦ＿ＸＤＲ＿ＳＨＸＹＭ",
            "行政相对人代码_1（统一社会信用代码）",
            "行政相对人代码_1 (统一社会信用代码)",
        ] {
            let (columns, odd) = resolve(PENALTY, &[header]);
            assert_eq!(find(&columns, Slot::Uscc, &[" 9 "]), Some("9"), "{header}");
            assert!(odd.is_empty());
        }
        for (header, slot) in [
            ("CF_XDR_GSDJ", Slot::Registration),
            ("GSDJ", Slot::Registration),
            ("CF_XDR_ZDM", Slot::OrganisationCode),
            ("CF_FR", Slot::Representative),
            ("CF_FR_SFZH", Slot::RepresentativeNumber),
            ("CF_XDR_SFZ", Slot::PersonNumber),
            ("CF_CFMC", Slot::Title),
            ("CF_JG", Slot::Content),
            ("CF_XZJG", Slot::Authority),
            ("没收违法所得、没收非法财物的金额（万元）", Slot::Confiscated),
            ("行政相对人代码_4(税务登记号)", Slot::Tax),
        ] {
            assert_eq!(find(&resolve(PENALTY, &[header]).0, slot, &["x"]), Some("x"), "{header}");
        }
    }

    #[test]
    fn every_table_tells_its_headers_apart() {
        let mut kinds = vec![SourceKind::Subject, SourceKind::Correction];
        kinds.extend(RecordKind::ALL.map(SourceKind::Record));
        for kind in kinds {
            let all = table(kind);
            let written: usize =
                all.iter().map(|column| 1 + column.old.len() + usize::from(!column.title.is_empty())).sum();
            assert_eq!(names(all).len(), written, "{}", kind.word());
            let codes: Vec<&str> = all.iter().map(|column| column.code).collect();
            assert!(resolve(kind, &codes).1.is_empty());
        }
    }

    #[test]
    fn a_new_column_counts_unless_blank() {
        let (columns, odd) = resolve(PENALTY, &["CF_XZJG", "CF_CFJG"]);
        assert!(odd.is_empty());
        assert_eq!(find(&columns, Slot::Authority, &["old", "new"]), Some("new"));
        assert_eq!(find(&columns, Slot::Authority, &["old", "无"]), Some("old"));
        assert_eq!(find(&columns, Slot::Authority, &[" ", "/"]), None);
        assert_eq!(columns.name(Slot::Authority), "CF_CFJG");
        assert_eq!(columns.name(Slot::Date), "CF_JDRQ");
    }

    #[test]
    fn other_columns_are_odd_and_forbidden_ones_stop() {
        let (_, odd) = resolve(PENALTY, &["CF_WSH", "COLOUR", "", "CF_WSH"]);
        let reasons: Vec<&str> = odd.iter().map(|odd| odd.reason).collect();
        assert_eq!(reasons, ["unknown_column", "unknown_column", "duplicate_column"]);
        assert_eq!(resolve(PENALTY, &["a", "b"]).1[0].reason, "no_known_column");
        for header in [
            "宗教信仰",
            "血 型",
            "家庭年收入（万元）",
            "商业保险",
            "纳税数额",
            "有价证券",
            "既往病史",
            "宗教",
        ] {
            let error = Columns::resolve(PENALTY, "a/t.csv", ["CF_WSH", header].into_iter()).err().unwrap();
            let text = error.to_string();
            assert!(text.contains("a/t.csv") && text.contains(header) && text.contains("remove"), "{text}");
        }
        resolve(PENALTY, &["CF_WSH", "社会保险登记证号", "宗教活动场所登记证号"]);
    }
}
