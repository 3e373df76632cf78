//! What ingest hands to compile: rows that were read, judged and found good.

use std::sync::Arc;
use xinhe::domain::date::Day;
use xinhe::domain::identifier::Identifier;
use xinhe::domain::record::{CorrectionKind, Fine, Fulfilment, RecordId};
use xinhe::domain::subject::SubjectKind;

/// Where a row stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// Place of the source in `dataset.toml`.
    pub source: u16,
    /// Path of the file below the dataset folder.
    pub file: Arc<str>,
    /// Line on which the row begins, from 1.
    pub line: u32,
}

/// What decides between two versions of one thing, beside the priority of the source.
#[derive(Clone, PartialEq, Eq)]
pub struct Version {
    /// SJC as `YYYYMMDDhhmmss`; none if blank.
    pub changed: Option<u64>,
    /// The row's cells in the order of the contract's columns, so that equal rows of any format are equal bytes.
    pub row: Box<[u8]>,
}

/// The row may hold a person's number, so that it is never printed.
impl std::fmt::Debug for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Version({:?}, {} bytes)", self.changed, self.row.len())
    }
}

/// How a row names its subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Codes of an organisation, in the order in which they win: unified code, organisation code,
    /// registration, tax, certificates.
    pub codes: Vec<Identifier>,
    /// A person's document. Without a country where the table gives none.
    pub document: Option<Identifier>,
    /// The name as written.
    pub name: Option<String>,
}

/// A legal representative (法定代表人).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Representative {
    /// The name as written.
    pub name: Option<String>,
    /// The document, if it is given, whole and valid.
    pub document: Option<Identifier>,
}

/// A row that was kept.
#[derive(Debug, Clone)]
pub enum Fact {
    /// Of the register.
    Subject(Box<SubjectFact>),
    /// A record about a subject.
    Record(Box<RecordFact>),
    /// A correction of a record.
    Correction(CorrectionFact),
}

/// A row of the register (`kind = "subject"`).
#[derive(Debug, Clone)]
pub struct SubjectFact {
    /// Where it stands.
    pub origin: Origin,
    /// Which version it is.
    pub version: Version,
    /// Current codes, document and name.
    pub named: Named,
    /// ZT_LB; none if blank or unknown.
    pub kind: Option<SubjectKind>,
    /// CYM
    pub former_names: Vec<String>,
    /// YSHXYM, oldest first.
    pub former_codes: Vec<Identifier>,
    /// HJ
    pub successor: Option<Identifier>,
    /// DJZT as written.
    pub state: Option<String>,
    /// XZQH
    pub division: Option<String>,
    /// ZY
    pub occupation: Option<String>,
    /// FRDB with FR_ZJHM.
    pub representative: Option<Representative>,
}

/// A record about a subject.
#[derive(Debug, Clone)]
pub struct RecordFact {
    /// Where it stands.
    pub origin: Origin,
    /// Which version it is.
    pub version: Version,
    /// Whom it is about.
    pub subject: Named,
    /// The record's own date: decided, listed, made, given.
    pub date: Day,
    /// The authority as written.
    pub authority: String,
    /// The document number as written; of a licence without one, the licence number.
    pub document: Option<String>,
    /// XK_ZT, CF_ZT = 1: revoked by its authority, never visible.
    pub revoked: bool,
    /// XK_ZT, CF_ZT = 2.
    pub objection: bool,
    /// What only its kind has.
    pub detail: Detail,
    /// Free texts, numbers and names of persons masked.
    pub texts: Vec<(Field, String)>,
}

/// What only a kind of record has.
#[derive(Debug, Clone, PartialEq)]
pub enum Detail {
    /// 行政许可
    Licence {
        /// XK_XKLB
        class: Option<String>,
        /// XK_XKBH
        number: Option<String>,
        /// XK_YXQZ
        valid_from: Option<Day>,
        /// XK_YXQZI; none: long term or blank.
        valid_to: Option<Day>,
    },
    /// 行政处罚
    Penalty {
        /// CF_CFLB, parted, in the order of the row, each once.
        kinds: Vec<String>,
        /// CF_CXLX
        procedure: Option<String>,
        /// CF_NR_FK
        fine: Option<Fine>,
        /// CF_GSJZQ; none: long term or blank.
        published_until: Option<Day>,
    },
    /// Any other administrative act.
    Administrative {
        /// XZ_LX
        act: Option<String>,
    },
    /// 名单
    List {
        /// Index of the list in the catalogue.
        list: u16,
        /// MD_JZRQ; none: long term or blank.
        until: Option<Day>,
        /// MD_SY_DM
        ground: Option<String>,
    },
    /// 信用承诺
    Commitment {
        /// CN_LX
        kind: String,
        /// CN_SX
        matter: Option<String>,
        /// CN_JZRQ; none: long term or blank.
        due: Option<Day>,
        /// CN_LYZT
        fulfilment: Fulfilment,
    },
    /// 信用评价
    Evaluation {
        /// PJ_LX
        kind: Option<String>,
        /// PJ_DJ
        grade: Option<String>,
        /// PJ_ND
        year: Option<String>,
    },
    /// 司法判决
    Judgment,
    /// 荣誉
    Honour {
        /// RY_MC
        title: Option<String>,
        /// RY_YXQ; none: long term or blank.
        until: Option<Day>,
    },
}

/// The free texts that dossiers keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// Title of the document or certificate.
    Title,
    /// Content of the act.
    Content,
    /// Offence (CF_WFXW) or reason (MD_SY).
    Offence,
    /// Facts (CF_SY).
    Facts,
    /// Legal basis.
    Basis,
    /// Confiscated amount (CF_NR_WFFF, 万元).
    Confiscated,
    /// Licence hit (CF_NR_ZKDX).
    LicenceHit,
    /// Remark (BZ).
    Remark,
}

impl Field {
    /// All fields, in the order of their stable numbers.
    pub const ALL: [Field; 8] = [
        Field::Title,
        Field::Content,
        Field::Offence,
        Field::Facts,
        Field::Basis,
        Field::Confiscated,
        Field::LicenceHit,
        Field::Remark,
    ];
}

/// A row of `kind = "correction"`.
#[derive(Debug, Clone)]
pub struct CorrectionFact {
    /// Where it stands.
    pub origin: Origin,
    /// GZ_LX
    pub kind: CorrectionKind,
    /// GZ_JL
    pub record: RecordId,
    /// GZ_RQ
    pub effective: Day,
    /// GZ_WSH
    pub document: String,
    /// GZ_JG
    pub authority: String,
}

/// A row that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// Where it stands.
    pub origin: Origin,
    /// The header as written in the file; empty if the row as a whole is at fault.
    pub column: String,
    /// Stable code, such as `masked_identifier`.
    pub reason: &'static str,
    /// The value found; a person's number or name masked.
    pub value: String,
}

/// Something odd about a row that was kept, or about a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Where it stands; line 1 for headers.
    pub origin: Origin,
    /// Stable code, such as `unknown_column`.
    pub reason: &'static str,
    /// Words, without persons' numbers or names.
    pub detail: String,
}

/// Takes what ingest reads, in the order of sources, files and lines.
pub trait Sink {
    /// A row was kept.
    fn fact(&mut self, fact: Fact);
    /// A row was refused.
    fn reject(&mut self, reject: Reject);
    /// Something is odd.
    fn warn(&mut self, warning: Warning);
}
