//! Records (信用记录) about subjects, and what corrections do to them.

use super::date::Day;
use std::fmt;

/// The kinds of record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordKind {
    /// Administrative licence (行政许可).
    Licence,
    /// Administrative penalty (行政处罚).
    Penalty,
    /// Any other administrative act (行政强制, 行政确认 and so on).
    Administrative,
    /// Entry in a list, red or black (名单).
    List,
    /// Commitment (信用承诺).
    Commitment,
    /// Evaluation (信用评价).
    Evaluation,
    /// Judgment (司法判决).
    Judgment,
    /// Honour (荣誉).
    Honour,
}

impl RecordKind {
    /// All kinds, in the order of their stable numbers.
    pub const ALL: [RecordKind; 8] = [
        RecordKind::Licence,
        RecordKind::Penalty,
        RecordKind::Administrative,
        RecordKind::List,
        RecordKind::Commitment,
        RecordKind::Evaluation,
        RecordKind::Judgment,
        RecordKind::Honour,
    ];

    /// The contract's word: the kind of a source, the section of a report.
    pub const fn word(self) -> &'static str {
        match self {
            RecordKind::Licence => "licence",
            RecordKind::Penalty => "penalty",
            RecordKind::Administrative => "administrative",
            RecordKind::List => "list",
            RecordKind::Commitment => "commitment",
            RecordKind::Evaluation => "evaluation",
            RecordKind::Judgment => "judgment",
            RecordKind::Honour => "honour",
        }
    }

    /// The kind by the contract's word.
    pub fn from_word(word: &str) -> Option<RecordKind> {
        RecordKind::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// A stable number for files, 0 to 7.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The kind with this stable number.
    pub fn from_code(code: u8) -> Option<RecordKind> {
        RecordKind::ALL.get(usize::from(code)).copied()
    }
}

/// The name of a record: the same every night, since it is derived from what makes two rows the same record.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId(pub [u8; 16]);

/// In ASCII order, so that identifiers sort alike as bytes and as text.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

impl RecordId {
    /// Length of the text form: `r-` and 26 characters.
    pub const TEXT_LENGTH: usize = 28;
    /// Stands for a hit that is a state of registration and no record; its text is `state`.
    pub const STATE: RecordId = RecordId([0xFF; 16]);

    /// `r-` and 26 characters of base 32, without allocation; of [`Self::STATE`] the caller writes `state`.
    pub fn text(self) -> [u8; Self::TEXT_LENGTH] {
        let value = u128::from_be_bytes(self.0);
        let mut text = *b"r-00000000000000000000000000";
        for (place, byte) in text[2..].iter_mut().enumerate() {
            *byte = ALPHABET[((value >> (125 - 5 * place)) & 31) as usize];
        }
        text
    }

    /// Reads the text form.
    pub fn parse(text: &str) -> Option<RecordId> {
        let rest = text.strip_prefix("r-")?;
        if rest.len() != 26 {
            return None;
        }
        let mut value = 0u128;
        for (place, byte) in rest.bytes().enumerate() {
            let digit = ALPHABET.iter().position(|c| *c == byte.to_ascii_lowercase())? as u128;
            if place == 0 && digit > 7 {
                return None;
            }
            value = value << 5 | digit;
        }
        Some(RecordId(value.to_be_bytes()))
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == RecordId::STATE {
            return f.write_str("state");
        }
        f.write_str(std::str::from_utf8(&self.text()).unwrap_or_default())
    }
}

impl fmt::Debug for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// How far a commitment was kept (CN_LYZT).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fulfilment {
    /// 全部履行
    Whole,
    /// 部分履行
    Partial,
    /// 未履行
    Unkept,
    /// 违反承诺
    Broken,
}

impl Fulfilment {
    /// All values, in the order of their stable numbers.
    pub const ALL: [Fulfilment; 4] =
        [Fulfilment::Whole, Fulfilment::Partial, Fulfilment::Unkept, Fulfilment::Broken];

    /// The word of the tables and the catalogue.
    pub const fn word(self) -> &'static str {
        match self {
            Fulfilment::Whole => "全部履行",
            Fulfilment::Partial => "部分履行",
            Fulfilment::Unkept => "未履行",
            Fulfilment::Broken => "违反承诺",
        }
    }

    /// The value by its word.
    pub fn from_word(word: &str) -> Option<Fulfilment> {
        Fulfilment::ALL.into_iter().find(|value| value.word() == word)
    }

    /// A stable number for files, 0 to 3.
    pub const fn code(self) -> u8 {
        self as u8
    }
}

/// An amount of money in millionths of 万元 (decimal(18,6) of the national tables).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fine(pub i64);

impl Fine {
    /// Digits, at most six after the point; blanks and thousands commas are forgiven, a sign is not.
    pub fn parse(text: &str) -> Option<Fine> {
        if let Some(fine) = Fine::usual(text) {
            return Some(fine);
        }
        let plain: String =
            text.chars().map(super::text::half_width).filter(|c| !matches!(c, ' ' | ',')).collect();
        let (whole, part) = plain.split_once('.').unwrap_or((&plain, ""));
        let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
        let sane = (1..=12).contains(&whole.len()) && digits(whole) && digits(part);
        let significant = part.trim_end_matches('0');
        if !sane || significant.len() > 6 || (plain.contains('.') && part.is_empty()) {
            return None;
        }
        let millionths: i64 = format!("{significant:0<6}").parse().ok()?;
        Some(Fine(whole.parse::<i64>().ok()? * 1_000_000 + millionths))
    }

    /// As nearly all are written, such as `12` and `0.5`; without allocation.
    fn usual(text: &str) -> Option<Fine> {
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let number = |digits: &str, longest: usize| {
            let sane = (1..=longest).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
            sane.then(|| digits.bytes().fold(0, |all, digit| all * 10 + i64::from(digit - b'0')))
        };
        let scale = 10_i64.pow(6_u32.checked_sub(part.len() as u32)?);
        Some(Fine(number(whole, 12)? * 1_000_000 + number(part, 6)? * scale))
    }
}

impl fmt::Display for Fine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

/// What a correction (更正) does to a record (`design.md` §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CorrectionKind {
    /// 信用修复: gone for good.
    Repaired,
    /// 撤销: gone for good.
    Revoked,
    /// 移出名单: gone for good.
    Delisted,
    /// Stayed by a court or in reorganisation: hidden until resumed.
    Suspended,
    /// The stay has ended.
    Resumed,
    /// 异议: under examination from now on.
    ObjectionOpened,
    /// The examination has ended, the record stands.
    ObjectionClosed,
}

impl CorrectionKind {
    /// All kinds that act on a record, in the order in which those of one day apply.
    pub const ALL: [CorrectionKind; 7] = [
        CorrectionKind::Repaired,
        CorrectionKind::Revoked,
        CorrectionKind::Delisted,
        CorrectionKind::Suspended,
        CorrectionKind::Resumed,
        CorrectionKind::ObjectionOpened,
        CorrectionKind::ObjectionClosed,
    ];

    /// The contract's word.
    pub const fn word(self) -> &'static str {
        match self {
            CorrectionKind::Repaired => "repaired",
            CorrectionKind::Revoked => "revoked",
            CorrectionKind::Delisted => "delisted",
            CorrectionKind::Suspended => "suspended",
            CorrectionKind::Resumed => "resumed",
            CorrectionKind::ObjectionOpened => "objection_opened",
            CorrectionKind::ObjectionClosed => "objection_closed",
        }
    }

    /// The kind by its word.
    pub fn from_word(word: &str) -> Option<CorrectionKind> {
        CorrectionKind::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// A stable number for files, 0 to 6.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The kind with this stable number.
    pub fn from_code(code: u8) -> Option<CorrectionKind> {
        CorrectionKind::ALL.get(usize::from(code)).copied()
    }
}

/// A correction of one record, in effect from a day on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event {
    /// The first day on which it acts.
    pub day: Day,
    /// What it does.
    pub kind: CorrectionKind,
}

/// What corrections leave of a record on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Repaired, revoked, delisted or suspended: as if it were not there.
    Gone,
    /// It stands.
    Stands {
        /// It is under objection.
        objection: bool,
    },
}

/// Applies the events in effect on `day`, which come in order of day and kind, to a record whose
/// table says whether it is under objection.
pub fn standing_on(events: impl IntoIterator<Item = Event>, day: Day, objection: bool) -> Standing {
    let (mut suspended, mut objection) = (false, objection);
    for event in events.into_iter().take_while(|event| event.day <= day) {
        match event.kind {
            CorrectionKind::Repaired | CorrectionKind::Revoked | CorrectionKind::Delisted => {
                return Standing::Gone;
            }
            CorrectionKind::Suspended => suspended = true,
            CorrectionKind::Resumed => suspended = false,
            CorrectionKind::ObjectionOpened => objection = true,
            CorrectionKind::ObjectionClosed => objection = false,
        }
    }
    if suspended { Standing::Gone } else { Standing::Stands { objection } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn record_ids_read_back_and_sort_alike() {
        let mut ids = Vec::new();
        for n in 0..200u128 {
            let id = RecordId((n * 0x0123_4567_89ab_cdef_0011_2233_4455_6677).to_be_bytes());
            assert_eq!(RecordId::parse(&id.to_string()), Some(id));
            ids.push(id);
        }
        ids.sort();
        let texts: Vec<String> = ids.iter().map(RecordId::to_string).collect();
        assert!(texts.is_sorted());
        for wrong in ["", "r-", "state", "r-0000000000000000000000000u", "x-00000000000000000000000000"] {
            assert_eq!(RecordId::parse(wrong), None, "{wrong}");
        }
        assert_eq!(RecordId::parse("r-80000000000000000000000000"), None, "more than 128 bits");
    }

    #[test]
    fn fines_are_decimals_of_ten_thousand() {
        assert_eq!(Fine::parse("10"), Some(Fine(10_000_000)));
        assert_eq!(Fine::parse("0.5"), Some(Fine(500_000)));
        assert_eq!(Fine::parse("1,234.000001"), Some(Fine(1_234_000_001)));
        assert_eq!(Fine::parse("２．５０００００００"), Some(Fine(2_500_000)));
        for wrong in ["", "-1", "1.", ".5", "十", "1.0000001", "1e3", "9999999999999"] {
            assert_eq!(Fine::parse(wrong), None, "{wrong}");
        }
        assert_eq!(Fine(1_234_500_000).to_string(), "1234.5");
        assert_eq!(Fine(0).to_string(), "0");
    }

    #[test]
    fn corrections_act_from_their_day() {
        let day = Day::from_number;
        let event = |number, kind| Event { day: day(number), kind };
        let stay = [event(10, CorrectionKind::Suspended), event(20, CorrectionKind::Resumed)];
        assert_eq!(standing_on(stay, day(9), false), Standing::Stands { objection: false });
        assert_eq!(standing_on(stay, day(10), false), Standing::Gone);
        assert_eq!(standing_on(stay, day(20), true), Standing::Stands { objection: true });
        let closed = [event(5, CorrectionKind::ObjectionClosed), event(7, CorrectionKind::Repaired)];
        assert_eq!(standing_on(closed, day(4), true), Standing::Stands { objection: true });
        assert_eq!(standing_on(closed, day(5), true), Standing::Stands { objection: false });
        assert_eq!(standing_on(closed, day(7), true), Standing::Gone);
    }
}
