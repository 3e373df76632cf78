use super::*;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use tempfile::TempDir;
use zip::write::{SimpleFileOptions, ZipWriter};

/// A workbook of one's own: sheets as XML, so that every oddity can be written.
struct Workbook {
    epoch_1904: bool,
    texts: Vec<&'static str>,
    sheets: Vec<String>,
}

/// A sheet: rows as `(row from 1, cells)`, and merged areas.
fn sheet(rows: &[(u32, &[&str])], merged: &[&str]) -> String {
    let mut xml = String::from(
        "<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>",
    );
    for (row, cells) in rows {
        write!(xml, "<row r=\"{row}\">").unwrap();
        for (column, cell) in cells.iter().enumerate() {
            let at = format!("{}{row}", char::from(b'A' + column as u8));
            xml.push_str(&cell.replace("@@", &at));
        }
        xml.push_str("</row>");
    }
    xml.push_str("</sheetData>");
    if !merged.is_empty() {
        let areas: String = merged.iter().map(|area| format!("<mergeCell ref=\"{area}\"/>")).collect();
        write!(xml, "<mergeCells count=\"{}\">{areas}</mergeCells>", merged.len()).unwrap();
    }
    xml + "</worksheet>"
}

/// A cell with text.
macro_rules! t {
    ($text:literal) => {
        concat!("<c r=\"@@\" t=\"inlineStr\"><is><t>", $text, "</t></is></c>")
    };
}

/// A number, as General.
macro_rules! n {
    ($number:literal) => {
        concat!("<c r=\"@@\"><v>", $number, "</v></c>")
    };
}

/// A number that is shown as a date.
macro_rules! d {
    ($number:literal) => {
        concat!("<c r=\"@@\" s=\"1\"><v>", $number, "</v></c>")
    };
}

const BLANK: &str = "<c r=\"@@\" s=\"0\"/>";

impl Workbook {
    fn of(sheets: Vec<String>) -> Workbook {
        Workbook { epoch_1904: false, texts: Vec::new(), sheets }
    }

    fn save(&self, folder: &TempDir) -> PathBuf {
        const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
        const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
        const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
        let (mut names, mut relations) = (String::new(), String::new());
        for number in 1..=self.sheets.len() {
            write!(names, "<sheet name=\"表{number}\" sheetId=\"{number}\" r:id=\"rId{number}\"/>").unwrap();
            write!(
                relations,
                "<Relationship Id=\"rId{number}\" Type=\"{OFFICE}/worksheet\" Target=\"worksheets/sheet{number}.xml\"/>"
            )
            .unwrap();
        }
        let texts: String = self.texts.iter().map(|text| format!("<si><t>{text}</t></si>")).collect();
        let mut parts = vec![
            (
                "_rels/.rels".to_owned(),
                format!(
                    "<Relationships xmlns=\"{PACKAGE}\"><Relationship Id=\"rId1\" Type=\"{OFFICE}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
                ),
            ),
            (
                "xl/workbook.xml".to_owned(),
                format!(
                    "<workbook xmlns=\"{MAIN}\" xmlns:r=\"{OFFICE}\"><workbookPr date1904=\"{}\"/><sheets>{names}</sheets></workbook>",
                    u8::from(self.epoch_1904)
                ),
            ),
            (
                "xl/_rels/workbook.xml.rels".to_owned(),
                format!(
                    "<Relationships xmlns=\"{PACKAGE}\">{relations}<Relationship Id=\"rIdS\" Type=\"{OFFICE}/styles\" Target=\"styles.xml\"/>\
                     <Relationship Id=\"rIdT\" Type=\"{OFFICE}/sharedStrings\" Target=\"sharedStrings.xml\"/></Relationships>"
                ),
            ),
            (
                "xl/styles.xml".to_owned(),
                format!(
                    "<styleSheet xmlns=\"{MAIN}\"><cellXfs count=\"2\"><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/></cellXfs></styleSheet>"
                ),
            ),
            ("xl/sharedStrings.xml".to_owned(), format!("<sst xmlns=\"{MAIN}\">{texts}</sst>")),
        ];
        for (number, xml) in self.sheets.iter().enumerate() {
            parts.push((format!("xl/worksheets/sheet{}.xml", number + 1), xml.clone()));
        }
        let path = folder.path().join("t.xlsx");
        let mut zip = ZipWriter::new(File::create(&path).unwrap());
        for (name, xml) in parts {
            zip.start_file(name, SimpleFileOptions::default()).unwrap();
            zip.write_all(xml.as_bytes()).unwrap();
        }
        zip.finish().unwrap();
        path
    }
}

fn headings(header: &str) -> Heading {
    match header {
        "名称" | "文书号" | "金额" => Heading::Free,
        "代码" | "证件号码" => Heading::Checked,
        "日期" | "JDRQ" => Heading::Date,
        "MC" | "DM" => Heading::Free,
        _ => Heading::Unknown,
    }
}

type Read = (Option<(u32, Vec<String>)>, Vec<(u32, Vec<String>)>, Vec<&'static str>);

fn read_file(path: &Path) -> Result<Read, IngestError> {
    let mut table = open(path, "t.xlsx", &headings)?;
    let header = table.header()?;
    let odd = table.odd().into_iter().map(|(_, reason, _)| reason).collect();
    let (mut rows, mut batch) = (Vec::new(), Batch::default());
    while table.fill(&mut batch)? {
        for record in batch.rows() {
            let cells = (0..record.len()).map(|place| record.get(place).to_owned()).collect();
            rows.push((record.line, record.broken.map_or(cells, |why| vec![format!("! {why}")])));
        }
        batch.clear();
    }
    Ok((header, rows, odd))
}

fn read(workbook: &Workbook) -> Read {
    let folder = tempfile::tempdir().unwrap();
    read_file(&workbook.save(&folder)).unwrap_or_else(|error| panic!("{error}"))
}

fn row(line: u32, cells: &[&str]) -> (u32, Vec<String>) {
    (line, cells.iter().map(|cell| (*cell).to_owned()).collect())
}

#[test]
fn the_header_stands_below_titles_and_instructions() {
    let workbook = Workbook::of(vec![sheet(
        &[
            (1, &[t!("行政处罚信息公示表"), BLANK, BLANK]),
            (2, &[t!("填报单位："), t!("示例局"), t!("名称不得简写")]),
            (4, &[t!("名称"), t!("日期"), t!("颜色"), t!("代码")]),
            (5, &[t!("甲"), d!("46027"), t!("红"), t!("9")]),
        ],
        &["A1:D1"],
    )]);
    let (header, rows, odd) = read(&workbook);
    assert_eq!(header, Some(row(4, &["名称", "日期", "颜色", "代码"])));
    assert_eq!(rows, [row(5, &["甲", "2026-01-05", "", "9"])]);
    assert!(odd.is_empty());
}

#[test]
fn a_second_row_of_headings_is_no_row() {
    let workbook = Workbook::of(vec![sheet(
        &[(1, &[t!("名称"), t!("日期")]), (2, &[t!("MC"), t!("JDRQ")]), (3, &[t!("甲"), t!("2026/1/5")])],
        &[],
    )]);
    let (header, rows, _) = read(&workbook);
    assert_eq!((header.unwrap().0, rows), (1, vec![row(3, &["甲", "2026/1/5"])]));
}

#[test]
fn merged_cells_repeat_their_value_down_and_across() {
    let workbook = Workbook::of(vec![sheet(
        &[
            (1, &[t!("名称"), t!("代码"), t!("日期"), t!("金额")]),
            (2, &[t!("甲"), t!("9"), d!("46027"), n!("1")]),
            (3, &[BLANK, BLANK, d!("46028"), n!("2")]),
            (5, &[BLANK, BLANK, BLANK, n!("3")]),
            (6, &[t!("乙"), t!("8"), t!("x"), BLANK]),
            (7, &[t!("填报人：示例"), BLANK, BLANK, BLANK]),
            (8, &[BLANK, BLANK, BLANK, BLANK]),
        ],
        &["A2:A5", "B2:B3", "C6:D6", "A7:D8"],
    )]);
    let (_, rows, _) = read(&workbook);
    assert_eq!(
        rows,
        [
            row(2, &["甲", "9", "2026-01-05", "1"]),
            row(3, &["甲", "9", "2026-01-06", "2"]),
            row(5, &["甲", "", "", "3"]),
            row(6, &["乙", "8", "x", "x"]),
            row(7, &[&format!("! {NOTE}")]),
        ]
    );
}

#[test]
fn numbers_and_dates_are_told_as_they_are_meant() {
    let cells: &[&str] = &[n!("370402"), n!("46027"), d!("46027.5"), n!("0.30000000000000004")];
    let header: &[&str] = &[t!("代码"), t!("日期"), t!("文书号"), t!("金额")];
    let mut workbook = Workbook::of(vec![sheet(&[(1, header), (2, cells)], &[])]);
    assert_eq!(read(&workbook).1, [row(2, &["370402", "2026-01-05", "2026-01-05 12:00:00", "0.3"])]);
    workbook.epoch_1904 = true;
    assert_eq!(read(&workbook).1, [row(2, &["370402", "2030-01-06", "2030-01-06 12:00:00", "0.3"])]);
}

#[test]
fn a_number_that_has_lost_digits_is_never_taken_for_another() {
    let header: &[&str] = &[t!("证件号码"), t!("文书号"), t!("颜色")];
    let (_, rows, _) = read(&Workbook::of(vec![sheet(
        &[
            (1, header),
            (2, &[n!("370402199001011000"), t!("一"), n!("370402199001011000")]),
            (3, &[n!("370402199001011"), n!("2026000000000001"), BLANK]),
            (4, &[n!("3.70402199001011E+17"), t!("二"), BLANK]),
        ],
        &[],
    )]));
    assert_eq!(
        rows,
        [
            row(2, &["3.70402E+17", "一", ""]),
            row(3, &[&format!("! {LOST}")]),
            row(4, &["3.70402E+17", "二", ""]),
        ]
    );
}

#[test]
fn formulas_are_their_values() {
    let header: &[&str] = &[t!("名称"), t!("金额"), t!("颜色")];
    let (_, rows, _) = read(&Workbook::of(vec![sheet(
        &[
            (1, header),
            (
                2,
                &[
                    "<c r=\"@@\" t=\"str\"><f>A9</f><v>甲</v></c>",
                    "<c r=\"@@\"><f>1+1</f><v>2</v></c>",
                    BLANK,
                ],
            ),
            (3, &[t!("乙"), "<c r=\"@@\"><f>1+1</f></c>", BLANK]),
            (4, &[t!("丙"), "<c r=\"@@\" t=\"e\"><f>VLOOKUP(1)</f><v>#N/A</v></c>", BLANK]),
            (5, &[t!("丁"), BLANK, "<c r=\"@@\" t=\"e\"><v>#N/A</v></c>"]),
            (6, &[t!("戊"), "<c r=\"@@\" t=\"b\"><v>1</v></c>", BLANK]),
        ],
        &[],
    )]));
    assert_eq!(
        rows,
        [
            row(2, &["甲", "2", ""]),
            row(3, &[&format!("! {NO_VALUE}")]),
            row(4, &[&format!("! {ERROR}")]),
            row(5, &["丁", "", ""]),
            row(6, &["戊", "1", ""])
        ]
    );
}

#[test]
fn hidden_and_empty_rows() {
    let xml = sheet(
        &[
            (1, &[t!("名称"), t!("日期")]),
            (2, &[BLANK, BLANK]),
            (3, &[t!(" "), BLANK]),
            (4, &["<c r=\"@@\" t=\"s\"><v>0</v></c>", t!("2026-01-05")]),
        ],
        &[],
    );
    let xml = xml.replace("<row r=\"4\">", "<row r=\"4\" hidden=\"1\">");
    let workbook = Workbook { texts: vec!["甲"], ..Workbook::of(vec![xml]) };
    assert_eq!(read(&workbook).1, [row(4, &["甲", "2026-01-05"])]);
}

#[test]
fn sheets_with_a_known_header_are_one_table() {
    let (header, rows, odd) = read(&Workbook::of(vec![
        sheet(&[(1, &[t!("填写说明")]), (2, &[t!("请如实填写")])], &[]),
        sheet(&[(2, &[t!("名称"), t!("日期")]), (3, &[t!("甲"), t!("2026-01-05")])], &[]),
        sheet(&[], &[]),
        sheet(
            &[(1, &[t!("日期"), t!("代码"), t!("名称")]), (2, &[t!("2026-01-06"), t!("9"), t!("乙")])],
            &[],
        ),
    ]));
    assert_eq!(header, Some(row(2, &["名称", "日期", "代码"])));
    assert_eq!(rows, [row(3, &["甲", "2026-01-05", ""]), row(2, &["乙", "2026-01-06", "9"])]);
    assert_eq!(odd, ["unknown_sheet"]);
}

#[test]
fn without_a_known_header_the_first_sheet_is_read_to_be_refused() {
    let (header, rows, odd) = read(&Workbook::of(vec![
        sheet(&[(1, &[t!("a"), t!("b")]), (2, &[t!("1"), t!("2")])], &[]),
        sheet(&[(1, &[t!("c")])], &[]),
    ]));
    assert_eq!((header, rows), (Some(row(1, &["a", "b"])), vec![row(2, &["", ""])]));
    assert_eq!(odd, ["unknown_sheet"]);
    assert_eq!(read(&Workbook::of(vec![sheet(&[], &[])])), (None, vec![], vec![]));
}

#[test]
fn a_bomb_is_refused_before_it_is_held() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |workbook: &Workbook, words: &str| {
        let error = read_file(&workbook.save(&folder)).unwrap_err().to_string();
        assert!(error.starts_with("t.xlsx: ") && error.contains(words), "{error}");
    };
    let long: &'static str = Box::leak("长".repeat(1 << 19).into_boxed_str());
    refused(&Workbook { texts: vec![long], ..Workbook::of(vec![sheet(&[], &[])]) }, "1 MiB of text");
    let many = vec![
        "长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长";
        700_000
    ];
    refused(&Workbook { texts: many, ..Workbook::of(vec![sheet(&[], &[])]) }, "64 MiB");
    let areas = vec!["A1:A2"; 120_000];
    refused(&Workbook::of(vec![sheet(&[], &areas)]), "merged areas");
}

#[test]
fn damage_is_an_error_that_names_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let rows: &[(u32, &[&str])] = &[(1, &[t!("名称"), t!("日期")]), (2, &[t!("甲"), d!("46027")])];
    let path = Workbook::of(vec![sheet(rows, &["A2:A3"])]).save(&folder);
    let whole = std::fs::read(&path).unwrap();
    for length in 0..whole.len() {
        std::fs::write(&path, &whole[..length]).unwrap();
        let error = read_file(&path).unwrap_err().to_string();
        assert!(error.starts_with("t.xlsx: ") && error.contains("save it again"), "{length}: {error}");
    }
    for byte in 0..whole.len() {
        let mut broken = whole.clone();
        broken[byte] ^= 0x55;
        std::fs::write(&path, &broken).unwrap();
        if let Err(error) = read_file(&path) {
            assert!(error.to_string().starts_with("t.xlsx: "), "{error}");
        }
    }
}

#[test]
fn many_rows_stream_and_a_reader_that_stops_ends_the_thread() {
    let mut rows: Vec<(u32, &[&str])> = vec![(1, &[t!("名称"), t!("日期")])];
    rows.extend((2..20_002).map(|line| (line, &[t!("甲"), d!("46027")] as &[&str])));
    let workbook = Workbook::of(vec![sheet(&rows, &[])]);
    assert_eq!(read(&workbook).1.len(), 20_000);
    let folder = tempfile::tempdir().unwrap();
    let mut table = open(&workbook.save(&folder), "t.xlsx", &headings).unwrap();
    assert!(table.fill(&mut Batch::default()).unwrap());
}
