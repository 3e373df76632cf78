//! The columns of the contract, table by table (`data.md` §2).

use crate::dataset::SourceKind;
use xinhe::domain::record::RecordKind;

/// What a column means, in whichever table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Slot {
    Name,
    Class,
    Uscc,
    Registration,
    OrganisationCode,
    Tax,
    InstitutionCertificate,
    SocialCertificate,
    Representative,
    RepresentativeType,
    RepresentativeNumber,
    PersonType,
    PersonNumber,
    Country,
    FormerNames,
    FormerCodes,
    Successor,
    RegisterState,
    Division,
    Occupation,
    Title,
    Document,
    ActClass,
    /// Old second and first column of one class: they count together.
    ActClass1,
    ActClass2,
    Certificate,
    LicenceNumber,
    Content,
    Offence,
    Facts,
    Basis,
    Fine,
    Confiscated,
    LicenceHit,
    Date,
    ValidFrom,
    ValidTo,
    /// The day that ends the record.
    Until,
    Authority,
    AuthorityCode,
    Provider,
    ProviderCode,
    State,
    Procedure,
    List,
    Ground,
    Kind,
    Matter,
    Fulfilment,
    Grade,
    Year,
    RecordId,
    Remark,
    Changed,
}

impl Slot {
    /// How many there are.
    pub(super) const COUNT: usize = Slot::Changed as usize + 1;
}

/// A column of a table.
pub(super) struct Column {
    pub(super) slot: Slot,
    pub(super) code: &'static str,
    /// Older codes, the newest first.
    pub(super) old: &'static [&'static str],
    /// The Chinese header; empty where the contract gives none.
    pub(super) title: &'static str,
}

/// The columns of a kind of table, in the contract's order.
pub(super) fn table(kind: SourceKind) -> &'static [Column] {
    match kind {
        SourceKind::Subject => SUBJECT,
        SourceKind::Correction => CORRECTION,
        SourceKind::Record(RecordKind::Licence) => LICENCE,
        SourceKind::Record(RecordKind::Penalty) => PENALTY,
        SourceKind::Record(RecordKind::Administrative) => ADMINISTRATIVE,
        SourceKind::Record(RecordKind::List) => LIST,
        SourceKind::Record(RecordKind::Commitment) => COMMITMENT,
        SourceKind::Record(RecordKind::Evaluation) => EVALUATION,
        SourceKind::Record(RecordKind::Judgment) => JUDGMENT,
        SourceKind::Record(RecordKind::Honour) => HONOUR,
    }
}

const fn column(slot: Slot, code: &'static str, old: &'static [&'static str], title: &'static str) -> Column {
    Column { slot, code, old, title }
}

const NAME: &str = "行政相对人名称";
const CLASS: &str = "行政相对人类别";
const USCC: &str = "行政相对人代码_1(统一社会信用代码)";
const REGISTRATION: &str = "行政相对人代码_2(工商注册号)";
const ORGANISATION: &str = "行政相对人代码_3(组织机构代码)";
const TAX: &str = "行政相对人代码_4(税务登记号)";
const INSTITUTION: &str = "行政相对人代码_5(事业单位证书号)";
const SOCIAL: &str = "行政相对人代码_6(社会组织登记证号)";

/// The subject's columns of the national tables.
macro_rules! national {
    ($prefix:literal, $($rest:expr),* $(,)?) => {
        &[
            column(Slot::Name, concat!($prefix, "_XDR_MC"), &[], NAME),
            column(Slot::Class, concat!($prefix, "_XDR_LB"), &[], CLASS),
            column(Slot::Uscc, concat!($prefix, "_XDR_SHXYM"), &[], USCC),
            column(Slot::Registration, concat!($prefix, "_XDR_GSZC"), &[concat!($prefix, "_XDR_GSDJ"), "GSDJ"], REGISTRATION),
            column(Slot::OrganisationCode, concat!($prefix, "_XDR_ZZJG"), &[concat!($prefix, "_XDR_ZDM"), "ZDM"], ORGANISATION),
            column(Slot::Tax, concat!($prefix, "_XDR_SWDJ"), &[], TAX),
            column(Slot::InstitutionCertificate, concat!($prefix, "_XDR_SYDW"), &[], INSTITUTION),
            column(Slot::SocialCertificate, concat!($prefix, "_XDR_SHZZ"), &[], SOCIAL),
            column(Slot::Representative, concat!($prefix, "_FRDB"), &[concat!($prefix, "_FR")], "法定代表人"),
            column(Slot::RepresentativeType, concat!($prefix, "_FR_ZJLX"), &[], "法定代表人证件类型"),
            column(Slot::RepresentativeNumber, concat!($prefix, "_FR_ZJHM"), &[concat!($prefix, "_FR_SFZH")], "法定代表人证件号码"),
            column(Slot::PersonType, concat!($prefix, "_XDR_ZJLX"), &[], "证件类型"),
            column(Slot::PersonNumber, concat!($prefix, "_XDR_ZJHM"), &[concat!($prefix, "_XDR_SFZ")], "证件号码"),
            $($rest),*
        ]
    };
}

/// The subject's columns of the project's own tables, then theirs, then remark and time of change.
macro_rules! own {
    ($prefix:literal, $($rest:expr),* $(,)?) => {
        &[
            column(Slot::Name, concat!($prefix, "_XDR_MC"), &[], NAME),
            column(Slot::Uscc, concat!($prefix, "_XDR_SHXYM"), &[], USCC),
            column(Slot::PersonType, concat!($prefix, "_XDR_ZJLX"), &[], "证件类型"),
            column(Slot::PersonNumber, concat!($prefix, "_XDR_ZJHM"), &[concat!($prefix, "_XDR_SFZ")], "证件号码"),
            column(Slot::Registration, concat!($prefix, "_XDR_GSZC"), &["GSZC", concat!($prefix, "_XDR_GSDJ"), "GSDJ"], REGISTRATION),
            column(Slot::OrganisationCode, concat!($prefix, "_XDR_ZZJG"), &["ZZJG", concat!($prefix, "_XDR_ZDM"), "ZDM"], ORGANISATION),
            column(Slot::Tax, concat!($prefix, "_XDR_SWDJ"), &["SWDJ"], TAX),
            $($rest,)*
            column(Slot::Remark, "BZ", &[], "备注"),
            column(Slot::Changed, "SJC", &[], "时间戳"),
        ]
    };
}

static LICENCE: &[Column] = national!(
    "XK",
    column(Slot::Title, "XK_XKWS", &["XK_XMMC"], "行政许可决定文书名称"),
    column(Slot::Document, "XK_WSH", &[], "行政许可决定文书号"),
    column(Slot::ActClass, "XK_XKLB", &["XK_SPLB"], "许可类别"),
    column(Slot::Certificate, "XK_XKZS", &[], "许可证书名称"),
    column(Slot::LicenceNumber, "XK_XKBH", &[], "许可编号"),
    column(Slot::Content, "XK_NR", &[], "许可内容"),
    column(Slot::Date, "XK_JDRQ", &[], "许可决定日期"),
    column(Slot::ValidFrom, "XK_YXQZ", &[], "有效期自"),
    column(Slot::ValidTo, "XK_YXQZI", &["XK_JZQ"], "有效期至"),
    column(Slot::Authority, "XK_XKJG", &["XK_XZJG"], "许可机关"),
    column(Slot::AuthorityCode, "XK_XKJGDM", &[], "许可机关统一社会信用代码"),
    column(Slot::Provider, "XK_LYDW", &[], "数据来源单位"),
    column(Slot::ProviderCode, "XK_LYDWDM", &[], "数据来源单位统一社会信用代码"),
    column(Slot::State, "XK_ZT", &[], "当前状态"),
    column(Slot::Remark, "BZ", &[], "备注"),
    column(Slot::Changed, "SJC", &[], "时间戳"),
);

static PENALTY: &[Column] = national!(
    "CF",
    column(Slot::Title, "CF_CFMC", &[], ""),
    column(Slot::Document, "CF_WSH", &[], "行政处罚决定书文号"),
    column(Slot::ActClass, "CF_CFLB", &[], "处罚类别"),
    column(Slot::ActClass1, "CF_CFLB1", &[], ""),
    column(Slot::ActClass2, "CF_CFLB2", &[], ""),
    column(Slot::Content, "CF_NR", &["CF_JG"], "处罚内容"),
    column(Slot::Offence, "CF_WFXW", &[], "违法行为类型"),
    column(Slot::Facts, "CF_SY", &[], "违法事实"),
    column(Slot::Basis, "CF_YJ", &[], "处罚依据"),
    column(Slot::Fine, "CF_NR_FK", &[], "罚款金额(万元)"),
    column(Slot::Confiscated, "CF_NR_WFFF", &[], "没收违法所得、没收非法财物的金额(万元)"),
    column(Slot::LicenceHit, "CF_NR_ZKDX", &[], "暂扣或吊销证照名称及编号"),
    column(Slot::Date, "CF_JDRQ", &[], "处罚决定日期"),
    column(Slot::ValidTo, "CF_YXQ", &[], "处罚有效期"),
    column(Slot::Until, "CF_GSJZQ", &[], "公示截止期"),
    column(Slot::Authority, "CF_CFJG", &["CF_XZJG"], "处罚机关"),
    column(Slot::AuthorityCode, "CF_CFJGDM", &[], "处罚机关统一社会信用代码"),
    column(Slot::Provider, "CF_SJLY", &[], "数据来源单位"),
    column(Slot::ProviderCode, "CF_SJLYDM", &[], "数据来源单位统一社会信用代码"),
    column(Slot::State, "CF_ZT", &[], "当前状态"),
    column(Slot::Procedure, "CF_CXLX", &[], "处罚程序"),
    column(Slot::Remark, "BZ", &[], "备注"),
    column(Slot::Changed, "SJC", &[], "时间戳"),
);

static SUBJECT: &[Column] = &[
    column(Slot::Class, "ZT_LB", &[], ""),
    column(Slot::Uscc, "SHXYM", &[], "统一社会信用代码"),
    column(Slot::PersonType, "ZJLX", &[], "证件类型"),
    column(Slot::PersonNumber, "ZJHM", &[], "证件号码"),
    column(Slot::Country, "GJ", &[], ""),
    column(Slot::Name, "MC", &[], ""),
    column(Slot::FormerNames, "CYM", &[], ""),
    column(Slot::FormerCodes, "YSHXYM", &[], ""),
    column(Slot::Successor, "HJ", &[], ""),
    column(Slot::OrganisationCode, "ZZJG", &["ZDM"], "组织机构代码"),
    column(Slot::Registration, "GSZC", &["GSDJ"], "工商注册号"),
    column(Slot::Tax, "SWDJ", &[], "税务登记号"),
    column(Slot::InstitutionCertificate, "SYDW", &[], "事业单位证书号"),
    column(Slot::SocialCertificate, "SHZZ", &[], "社会组织登记证号"),
    column(Slot::Representative, "FRDB", &[], "法定代表人"),
    column(Slot::RepresentativeType, "FR_ZJLX", &[], "法定代表人证件类型"),
    column(Slot::RepresentativeNumber, "FR_ZJHM", &[], "法定代表人证件号码"),
    column(Slot::RegisterState, "DJZT", &[], ""),
    column(Slot::Division, "XZQH", &[], ""),
    column(Slot::Occupation, "ZY", &[], ""),
    column(Slot::Remark, "BZ", &[], "备注"),
    column(Slot::Changed, "SJC", &[], "时间戳"),
];

static ADMINISTRATIVE: &[Column] = own!(
    "XZ",
    column(Slot::Kind, "XZ_LX", &[], ""),
    column(Slot::Document, "XZ_WSH", &[], ""),
    column(Slot::Content, "XZ_NR", &[], ""),
    column(Slot::Date, "XZ_JDRQ", &[], ""),
    column(Slot::Authority, "XZ_JG", &[], ""),
    column(Slot::AuthorityCode, "XZ_JGDM", &[], ""),
);

static LIST: &[Column] = own!(
    "MD",
    column(Slot::List, "MD_DM", &[], ""),
    column(Slot::Document, "MD_WSH", &[], ""),
    column(Slot::Date, "MD_LRRQ", &[], ""),
    column(Slot::Until, "MD_JZRQ", &[], ""),
    column(Slot::Ground, "MD_SY_DM", &[], ""),
    column(Slot::Offence, "MD_SY", &[], ""),
    column(Slot::Basis, "MD_YJ", &[], ""),
    column(Slot::Authority, "MD_RDJG", &[], ""),
    column(Slot::AuthorityCode, "MD_RDJGDM", &[], ""),
);

static COMMITMENT: &[Column] = own!(
    "CN",
    column(Slot::Kind, "CN_LX", &[], ""),
    column(Slot::Matter, "CN_SX", &[], ""),
    column(Slot::Date, "CN_RQ", &[], ""),
    column(Slot::Until, "CN_JZRQ", &[], ""),
    column(Slot::Fulfilment, "CN_LYZT", &[], ""),
    column(Slot::Authority, "CN_SLDW", &[], ""),
);

static EVALUATION: &[Column] = own!(
    "PJ",
    column(Slot::Kind, "PJ_LX", &[], ""),
    column(Slot::Grade, "PJ_DJ", &[], ""),
    column(Slot::Year, "PJ_ND", &[], ""),
    column(Slot::Date, "PJ_RQ", &[], ""),
    column(Slot::Authority, "PJ_JG", &[], ""),
);

static JUDGMENT: &[Column] = own!(
    "PJS",
    column(Slot::Document, "PJS_AH", &[], ""),
    column(Slot::Date, "PJS_RQ", &[], ""),
    column(Slot::Content, "PJS_NR", &[], ""),
    column(Slot::Authority, "PJS_FY", &[], ""),
);

static HONOUR: &[Column] = own!(
    "RY",
    column(Slot::Title, "RY_MC", &[], ""),
    column(Slot::Date, "RY_RQ", &[], ""),
    column(Slot::Until, "RY_YXQ", &[], ""),
    column(Slot::Authority, "RY_JG", &[], ""),
);

static CORRECTION: &[Column] = &[
    column(Slot::Kind, "GZ_LX", &[], ""),
    column(Slot::RecordId, "GZ_JL", &[], ""),
    column(Slot::Date, "GZ_RQ", &[], ""),
    column(Slot::Document, "GZ_WSH", &[], ""),
    column(Slot::Authority, "GZ_JG", &[], ""),
    column(Slot::Remark, "BZ", &[], "备注"),
    column(Slot::Changed, "SJC", &[], "时间戳"),
];
