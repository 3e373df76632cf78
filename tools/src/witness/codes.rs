//! The numbers of which a row of any table speaks, and hashes of them.

use super::text::{cell, plain, plain_number};
use std::borrow::Cow;
use xxhash_rust::xxh3::xxh3_64;

/// The numbers of a row, as text: those of its subject, those it was known by, its successor's, a person's.
#[derive(Default)]
pub(super) struct Numbers {
    pub(super) current: Option<String>,
    pub(super) linked: Vec<String>,
    pub(super) older: Vec<String>,
    pub(super) person: Option<String>,
}

impl Numbers {
    /// By the headers of the contract; the numbers of representatives are others' numbers.
    pub(super) fn of(cells: &[(&str, &str)]) -> Numbers {
        let mut numbers = Numbers::default();
        let said = |text: &str| cell(text).map(|text| plain_number(&text));
        for (column, text) in cells.iter().filter(|(_, text)| !text.is_empty()) {
            let own = column.split_once("_XDR_").map_or(*column, |(_, own)| own);
            let chinese = (!own.is_ascii()).then(|| plain(own));
            let own = match &chinese {
                Some(header) => in_code(header),
                None => own,
            };
            match own {
                "SHXYM" => numbers.current = numbers.current.take().or_else(|| said(text)),
                "YSHXYM" | "HJ" => numbers.linked.extend(text.split([';', '；']).filter_map(said)),
                "ZZJG" | "ZDM" | "GSZC" | "GSDJ" | "SWDJ" | "SYDW" | "SHZZ" => {
                    numbers.older.extend(said(text))
                }
                "ZJHM" | "SFZ" => numbers.person = numbers.person.take().or_else(|| said(text)),
                _ => {}
            }
        }
        numbers
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &String> {
        self.current.iter().chain(&self.linked).chain(&self.older).chain(&self.person)
    }

    pub(super) fn codes(&self) -> Vec<u64> {
        self.all().flat_map(|number| tokens(number)).collect()
    }

    /// Of the codes that are the subject's own, now or before.
    pub(super) fn names(&self) -> impl Iterator<Item = u64> {
        self.current.iter().chain(&self.older).flat_map(|number| tokens(number))
    }

    /// Whether the row points to other rows of the register, or can only be found through them.
    pub(super) fn hang(&self) -> bool {
        !self.linked.is_empty() || (self.current.is_none() && !self.older.is_empty())
    }
}

/// The column code of a Chinese header that stands over a number of the subject.
fn in_code(header: &str) -> &'static str {
    match header {
        "行政相对人代码_1(统一社会信用代码)" => "SHXYM",
        "行政相对人代码_2(工商注册号)" => "GSZC",
        "行政相对人代码_3(组织机构代码)" => "ZZJG",
        "行政相对人代码_4(税务登记号)" => "SWDJ",
        "行政相对人代码_5(事业单位证书号)" => "SYDW",
        "行政相对人代码_6(社会组织登记证号)" => "SHZZ",
        "证件号码" => "ZJHM",
        _ => "",
    }
}

/// A number and, of a unified code, the organisation code inside it.
pub(super) fn tokens(number: &str) -> impl Iterator<Item = u64> {
    let inside = (number.len() == 18).then(|| number.get(8..17)).flatten();
    let said = !matches!(number, "" | "无" | "/" | "NULL");
    std::iter::once(number).chain(inside).filter(move |_| said).map(|text| xxh3_64(text.as_bytes()))
}

/// As it is kept; most tables write it so.
pub(super) fn kept(number: &str) -> Cow<'_, str> {
    if is_easy(number) { Cow::Borrowed(number) } else { Cow::Owned(plain_number(number)) }
}

/// Written as it is kept.
pub(super) fn is_easy(number: &str) -> bool {
    number.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
}
