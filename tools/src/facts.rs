//! What ingest hands to compile: rows that were read, judged and found good.
//!
//! Facts borrow from the row that is being read, so that a row costs no allocation; a sink packs what it keeps.

use arrayvec::ArrayVec;
use std::borrow::Cow;
use std::io;
use xinhe::domain::date::Day;
use xinhe::domain::identifier::Identifier;
use xinhe::domain::record::{CorrectionKind, Fine, Fulfilment, RecordId};
use xinhe::domain::subject::SubjectKind;

/// Kinds of code that an organisation can have.
pub const CODES_MAX: usize = 6;

/// Where a row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// Place of the source in `dataset.toml`.
    pub source: u16,
    /// Place of the file among all files of the dataset ([`crate::ingest::Files`]): by source, then path.
    pub file: u32,
    /// Line on which the row begins, from 1; of a table without lines the number of the row + 1.
    pub line: u32,
}

/// What decides between two versions of one thing, beside the priority of the source.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Version<'a> {
    /// SJC as `YYYYMMDDhhmmss`; none if blank.
    pub changed: Option<u64>,
    /// The row's cells in the order of the contract's columns, trimmed, blank ones empty, divided by 0x1F, so that
    /// equal rows of any format are equal bytes. Fields that are given verbatim borrow from it.
    pub row: &'a [u8],
}

/// The row may hold a person's number, so that it is never printed.
impl std::fmt::Debug for Version<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Version({:?}, {} bytes)", self.changed, self.row.len())
    }
}

/// How a row names its subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named<'a> {
    /// Codes of an organisation, in the order in which they win: unified code, organisation code,
    /// registration, tax, certificates.
    pub codes: ArrayVec<Identifier, CODES_MAX>,
    /// A person's document. Without a country where the table gives none.
    pub document: Option<Identifier>,
    /// The name as written.
    pub name: Option<Cow<'a, str>>,
}

/// A legal representative (法定代表人).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Representative<'a> {
    /// The name as written.
    pub name: Option<Cow<'a, str>>,
    /// The document, if it is given, whole and valid.
    pub document: Option<Identifier>,
}

/// A row of the register (`kind = "subject"`).
#[derive(Debug, Clone, PartialEq)]
pub struct SubjectFact<'a> {
    /// Where it stands.
    pub origin: Origin,
    /// Which version it is.
    pub version: Version<'a>,
    /// Current codes, document and name.
    pub named: Named<'a>,
    /// ZT_LB; none if blank or unknown.
    pub kind: Option<SubjectKind>,
    /// CYM
    pub former_names: Vec<Cow<'a, str>>,
    /// YSHXYM, oldest first.
    pub former_codes: Vec<Identifier>,
    /// HJ
    pub successor: Option<Identifier>,
    /// DJZT as written.
    pub state: Option<Cow<'a, str>>,
    /// XZQH
    pub division: Option<Cow<'a, str>>,
    /// ZY
    pub occupation: Option<Cow<'a, str>>,
    /// FRDB with FR_ZJHM.
    pub representative: Option<Representative<'a>>,
}

/// Free texts, at most one of each field.
pub type Texts<'a> = ArrayVec<(Field, Cow<'a, str>), { Field::ALL.len() }>;

/// A record about a subject.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordFact<'a> {
    /// Where it stands.
    pub origin: Origin,
    /// Which version it is.
    pub version: Version<'a>,
    /// Whom it is about.
    pub subject: Named<'a>,
    /// The record's own date: decided, listed, made, given.
    pub date: Day,
    /// The authority as written.
    pub authority: Cow<'a, str>,
    /// The document number as written; of a licence without one, the licence number.
    pub document: Option<Cow<'a, str>>,
    /// XK_ZT, CF_ZT = 1: revoked by its authority, never visible.
    pub revoked: bool,
    /// XK_ZT, CF_ZT = 2.
    pub objection: bool,
    /// What only its kind has.
    pub detail: Detail<'a>,
    /// Free texts, numbers and names of persons masked.
    pub texts: Texts<'a>,
}

/// What only a kind of record has.
#[derive(Debug, Clone, PartialEq)]
pub enum Detail<'a> {
    /// 行政许可
    Licence {
        /// XK_XKLB
        class: Option<Cow<'a, str>>,
        /// XK_XKBH
        number: Option<Cow<'a, str>>,
        /// XK_YXQZ
        valid_from: Option<Day>,
        /// XK_YXQZI; none: long term or blank.
        valid_to: Option<Day>,
    },
    /// 行政处罚
    Penalty {
        /// CF_CFLB, each kind once, in the order of the row, joined by `;` (borrowed when the cell is already so).
        kinds: Cow<'a, str>,
        /// CF_CXLX
        procedure: Option<Cow<'a, str>>,
        /// CF_NR_FK
        fine: Option<Fine>,
        /// CF_GSJZQ; none: long term or blank.
        published_until: Option<Day>,
    },
    /// Any other administrative act.
    Administrative {
        /// XZ_LX
        act: Option<Cow<'a, str>>,
    },
    /// 名单
    List {
        /// Index of the list in the catalogue.
        list: u16,
        /// MD_JZRQ; none: long term or blank.
        until: Option<Day>,
        /// MD_SY_DM
        ground: Option<Cow<'a, str>>,
    },
    /// 信用承诺
    Commitment {
        /// CN_LX
        kind: Cow<'a, str>,
        /// CN_SX
        matter: Option<Cow<'a, str>>,
        /// CN_JZRQ; none: long term or blank.
        due: Option<Day>,
        /// CN_LYZT
        fulfilment: Fulfilment,
    },
    /// 信用评价
    Evaluation {
        /// PJ_LX
        kind: Option<Cow<'a, str>>,
        /// PJ_DJ
        grade: Option<Cow<'a, str>>,
        /// PJ_ND
        year: Option<Cow<'a, str>>,
    },
    /// 司法判决
    Judgment,
    /// 荣誉
    Honour {
        /// RY_MC
        title: Option<Cow<'a, str>>,
        /// RY_YXQ; none: long term or blank.
        until: Option<Day>,
    },
}

impl Detail<'_> {
    /// The single kinds of a penalty from its `kinds`.
    pub fn kinds(joined: &str) -> impl Iterator<Item = &str> + Clone {
        joined.split(';')
    }
}

fn own(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}

impl Version<'_> {
    fn without_row(self) -> Version<'static> {
        Version { changed: self.changed, row: &[] }
    }
}

impl Named<'_> {
    /// A copy that outlives the row.
    pub fn into_owned(self) -> Named<'static> {
        Named { codes: self.codes, document: self.document, name: self.name.map(own) }
    }
}

impl SubjectFact<'_> {
    /// A copy that outlives the row; its version has no row.
    pub fn into_owned(self) -> SubjectFact<'static> {
        SubjectFact {
            origin: self.origin,
            version: self.version.without_row(),
            named: self.named.into_owned(),
            kind: self.kind,
            former_names: self.former_names.into_iter().map(own).collect(),
            former_codes: self.former_codes,
            successor: self.successor,
            state: self.state.map(own),
            division: self.division.map(own),
            occupation: self.occupation.map(own),
            representative: self
                .representative
                .map(|one| Representative { name: one.name.map(own), document: one.document }),
        }
    }
}

impl RecordFact<'_> {
    /// A copy that outlives the row; its version has no row.
    pub fn into_owned(self) -> RecordFact<'static> {
        RecordFact {
            origin: self.origin,
            version: self.version.without_row(),
            subject: self.subject.into_owned(),
            date: self.date,
            authority: own(self.authority),
            document: self.document.map(own),
            revoked: self.revoked,
            objection: self.objection,
            detail: self.detail.into_owned(),
            texts: self.texts.into_iter().map(|(field, text)| (field, own(text))).collect(),
        }
    }
}

impl Detail<'_> {
    /// A copy that outlives the row.
    pub fn into_owned(self) -> Detail<'static> {
        match self {
            Detail::Licence { class, number, valid_from, valid_to } => {
                Detail::Licence { class: class.map(own), number: number.map(own), valid_from, valid_to }
            }
            Detail::Penalty { kinds, procedure, fine, published_until } => {
                Detail::Penalty { kinds: own(kinds), procedure: procedure.map(own), fine, published_until }
            }
            Detail::Administrative { act } => Detail::Administrative { act: act.map(own) },
            Detail::List { list, until, ground } => Detail::List { list, until, ground: ground.map(own) },
            Detail::Commitment { kind, matter, due, fulfilment } => {
                Detail::Commitment { kind: own(kind), matter: matter.map(own), due, fulfilment }
            }
            Detail::Evaluation { kind, grade, year } => {
                Detail::Evaluation { kind: kind.map(own), grade: grade.map(own), year: year.map(own) }
            }
            Detail::Judgment => Detail::Judgment,
            Detail::Honour { title, until } => Detail::Honour { title: title.map(own), until },
        }
    }
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
#[derive(Debug, Clone, PartialEq, Eq)]
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

/// Takes what ingest reads. One sink a thread; rows come in any order. An error stops the reading.
pub trait Sink: Send {
    /// A row of the register was kept.
    fn subject(&mut self, fact: &SubjectFact<'_>) -> io::Result<()>;
    /// A record was kept.
    fn record(&mut self, fact: &RecordFact<'_>) -> io::Result<()>;
    /// A correction was kept.
    fn correction(&mut self, fact: CorrectionFact) -> io::Result<()>;
    /// A row was refused.
    fn reject(&mut self, reject: Reject) -> io::Result<()>;
    /// Something is odd.
    fn warn(&mut self, warning: Warning) -> io::Result<()>;
}
