//! The columns of each table (`data.md` §2), and what a column is to the defects.

/// What a cell holds, as far as a defect needs to know.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Role {
    Name,
    Class,
    /// Unified code.
    Code,
    /// Another code of the subject.
    OlderCode,
    DocumentType,
    DocumentNumber,
    RepresentativeNumber,
    Date,
    /// End of validity or of display.
    Until,
    /// Number of the decision, and the licence number that may stand in for it.
    Number,
    Authority,
    Text,
    Fine,
    /// XK_ZT, CF_ZT.
    State,
    /// DJZT.
    Registered,
    Changed,
    ListCode,
    PenaltyClass,
    Outcome,
    /// Required, of another kind.
    Needed,
    Plain,
}

/// A column: its code, the code of old, and the Chinese header; empty where there is none.
pub(super) struct Column {
    pub(super) code: &'static str,
    pub(super) old: &'static str,
    pub(super) chinese: &'static str,
    pub(super) role: Role,
}

const fn nat(code: &'static str, old: &'static str, chinese: &'static str, role: Role) -> Column {
    Column { code, old, chinese, role }
}

const fn own(code: &'static str, role: Role) -> Column {
    Column { code, old: "", chinese: "", role }
}

/// The columns of a table.
pub(super) type Layout = &'static [Column];

/// The first column with this role.
pub(super) fn place(layout: Layout, role: Role) -> Option<usize> {
    layout.iter().position(|column| column.role == role)
}

use Role::*;

pub(super) const ORGANISATIONS: Layout = &[
    own("ZT_LB", Class),
    own("SHXYM", Code),
    own("MC", Name),
    own("CYM", Plain),
    own("YSHXYM", Plain),
    own("HJ", Plain),
    own("ZZJG", OlderCode),
    own("GSZC", OlderCode),
    own("SWDJ", OlderCode),
    own("SYDW", OlderCode),
    own("SHZZ", OlderCode),
    own("FRDB", Plain),
    own("FR_ZJLX", Plain),
    own("FR_ZJHM", RepresentativeNumber),
    own("DJZT", Registered),
    own("XZQH", Plain),
];

pub(super) const PERSONS: Layout = &[
    own("ZT_LB", Class),
    own("ZJLX", DocumentType),
    own("ZJHM", DocumentNumber),
    own("GJ", Needed),
    own("MC", Name),
    own("CYM", Plain),
    own("DJZT", Registered),
    own("XZQH", Plain),
    own("ZY", Plain),
];

pub(super) const LICENCE: Layout = &[
    nat("XK_XDR_MC", "", "行政相对人名称", Name),
    nat("XK_XDR_LB", "", "行政相对人类别", Class),
    nat("XK_XDR_SHXYM", "", "行政相对人代码_1(统一社会信用代码)", Code),
    nat("XK_XDR_GSZC", "XK_XDR_GSDJ", "行政相对人代码_2(工商注册号)", OlderCode),
    nat("XK_XDR_ZZJG", "XK_XDR_ZDM", "行政相对人代码_3(组织机构代码)", OlderCode),
    nat("XK_XDR_SWDJ", "", "行政相对人代码_4(税务登记号)", OlderCode),
    nat("XK_XDR_SYDW", "", "行政相对人代码_5(事业单位证书号)", OlderCode),
    nat("XK_XDR_SHZZ", "", "行政相对人代码_6(社会组织登记证号)", OlderCode),
    nat("XK_FRDB", "XK_FR", "法定代表人", Plain),
    nat("XK_FR_ZJLX", "", "法定代表人证件类型", Plain),
    nat("XK_FR_ZJHM", "XK_FR_SFZH", "法定代表人证件号码", RepresentativeNumber),
    nat("XK_XDR_ZJLX", "", "证件类型", DocumentType),
    nat("XK_XDR_ZJHM", "XK_XDR_SFZ", "证件号码", DocumentNumber),
    nat("XK_XKWS", "XK_XMMC", "行政许可决定文书名称", Plain),
    nat("XK_WSH", "", "行政许可决定文书号", Number),
    nat("XK_XKLB", "XK_SPLB", "许可类别", Plain),
    nat("XK_XKZS", "", "许可证书名称", Plain),
    nat("XK_XKBH", "", "许可编号", Number),
    nat("XK_NR", "", "许可内容", Text),
    nat("XK_JDRQ", "", "许可决定日期", Date),
    nat("XK_YXQZ", "", "有效期自", Plain),
    nat("XK_YXQZI", "XK_JZQ", "有效期至", Until),
    nat("XK_XKJG", "XK_XZJG", "许可机关", Authority),
    nat("XK_XKJGDM", "", "许可机关统一社会信用代码", Plain),
    nat("XK_ZT", "", "当前状态", State),
    nat("XK_LYDW", "", "数据来源单位", Plain),
    nat("XK_LYDWDM", "", "数据来源单位统一社会信用代码", Plain),
    nat("BZ", "", "备注", Plain),
    nat("SJC", "", "时间戳", Changed),
];

pub(super) const PENALTY: Layout = &[
    nat("CF_XDR_MC", "", "行政相对人名称", Name),
    nat("CF_XDR_LB", "", "行政相对人类别", Class),
    nat("CF_XDR_SHXYM", "", "行政相对人代码_1(统一社会信用代码)", Code),
    nat("CF_XDR_GSZC", "CF_XDR_GSDJ", "行政相对人代码_2(工商注册号)", OlderCode),
    nat("CF_XDR_ZZJG", "CF_XDR_ZDM", "行政相对人代码_3(组织机构代码)", OlderCode),
    nat("CF_XDR_SWDJ", "", "行政相对人代码_4(税务登记号)", OlderCode),
    nat("CF_XDR_SYDW", "", "行政相对人代码_5(事业单位证书号)", OlderCode),
    nat("CF_XDR_SHZZ", "", "行政相对人代码_6(社会组织登记证号)", OlderCode),
    nat("CF_FRDB", "CF_FR", "法定代表人", Plain),
    nat("CF_FR_ZJLX", "", "法定代表人证件类型", Plain),
    nat("CF_FR_ZJHM", "CF_FR_SFZH", "法定代表人证件号码", RepresentativeNumber),
    nat("CF_XDR_ZJLX", "", "证件类型", DocumentType),
    nat("CF_XDR_ZJHM", "CF_XDR_SFZ", "证件号码", DocumentNumber),
    nat("CF_WSH", "", "行政处罚决定书文号", Number),
    nat("CF_WFXW", "", "违法行为类型", Plain),
    nat("CF_SY", "", "违法事实", Text),
    nat("CF_YJ", "", "处罚依据", Plain),
    nat("CF_CFLB", "CF_CFLB1", "处罚类别", PenaltyClass),
    nat("CF_NR", "CF_JG", "处罚内容", Plain),
    nat("CF_NR_FK", "", "罚款金额(万元)", Fine),
    nat("CF_NR_WFFF", "", "没收违法所得、没收非法财物的金额(万元)", Plain),
    nat("CF_NR_ZKDX", "", "暂扣或吊销证照名称及编号", Plain),
    nat("CF_JDRQ", "", "处罚决定日期", Date),
    nat("CF_YXQ", "", "处罚有效期", Plain),
    nat("CF_GSJZQ", "", "公示截止期", Until),
    nat("CF_CFJG", "CF_XZJG", "处罚机关", Authority),
    nat("CF_CFJGDM", "", "处罚机关统一社会信用代码", Plain),
    nat("CF_ZT", "", "当前状态", State),
    nat("CF_SJLY", "", "数据来源单位", Plain),
    nat("CF_SJLYDM", "", "数据来源单位统一社会信用代码", Plain),
    nat("CF_CXLX", "", "处罚程序", Plain),
    nat("BZ", "", "备注", Plain),
    nat("SJC", "", "时间戳", Changed),
];

pub(super) const ADMINISTRATIVE: Layout = &[
    own("XZ_XDR_MC", Name),
    own("XZ_XDR_SHXYM", Code),
    own("XZ_XDR_ZJLX", DocumentType),
    own("XZ_XDR_ZJHM", DocumentNumber),
    own("XZ_LX", Needed),
    own("XZ_WSH", Number),
    own("XZ_NR", Text),
    own("XZ_JDRQ", Date),
    own("XZ_JG", Authority),
    own("XZ_JGDM", Plain),
];

pub(super) const LIST: Layout = &[
    own("MD_DM", ListCode),
    own("MD_XDR_MC", Name),
    own("MD_XDR_SHXYM", Code),
    own("MD_XDR_ZJLX", DocumentType),
    own("MD_XDR_ZJHM", DocumentNumber),
    own("MD_WSH", Number),
    own("MD_LRRQ", Date),
    own("MD_JZRQ", Until),
    own("MD_SY_DM", Plain),
    own("MD_SY", Text),
    own("MD_YJ", Plain),
    own("MD_RDJG", Authority),
    own("MD_RDJGDM", Plain),
];

pub(super) const COMMITMENT: Layout = &[
    own("CN_XDR_MC", Name),
    own("CN_XDR_SHXYM", Code),
    own("CN_XDR_ZJLX", DocumentType),
    own("CN_XDR_ZJHM", DocumentNumber),
    own("CN_LX", Needed),
    own("CN_SX", Needed),
    own("CN_RQ", Date),
    own("CN_JZRQ", Plain),
    own("CN_LYZT", Outcome),
    own("CN_SLDW", Authority),
];

pub(super) const EVALUATION: Layout = &[
    own("PJ_XDR_MC", Name),
    own("PJ_XDR_SHXYM", Code),
    own("PJ_XDR_ZJLX", DocumentType),
    own("PJ_XDR_ZJHM", DocumentNumber),
    own("PJ_LX", Needed),
    own("PJ_DJ", Needed),
    own("PJ_ND", Needed),
    own("PJ_RQ", Date),
    own("PJ_JG", Authority),
];

pub(super) const JUDGMENT: Layout = &[
    own("PJS_XDR_MC", Name),
    own("PJS_XDR_SHXYM", Code),
    own("PJS_XDR_ZJLX", DocumentType),
    own("PJS_XDR_ZJHM", DocumentNumber),
    own("PJS_AH", Number),
    own("PJS_RQ", Date),
    own("PJS_NR", Text),
    own("PJS_FY", Authority),
];

pub(super) const HONOUR: Layout = &[
    own("RY_XDR_MC", Name),
    own("RY_XDR_SHXYM", Code),
    own("RY_XDR_ZJLX", DocumentType),
    own("RY_XDR_ZJHM", DocumentNumber),
    own("RY_MC", Needed),
    own("RY_RQ", Date),
    own("RY_YXQ", Until),
    own("RY_JG", Authority),
];
