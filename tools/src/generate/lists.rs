//! Rows of the lists (名单), each from the bureau that is its authority.

use super::authority::Bureau;
use super::city::{City, stream};
use super::deal::Turn;
use super::publicity::document_number;
use super::random::Rng;
use super::records::subject;
use super::sheet::Sheet;
use super::subject::Subject;
use xinhe::domain::date::Term;

/// A list of the sample catalogue. `years`: how long an entry runs; 0: until removed.
pub(super) struct List {
    pub(super) code: &'static str,
    reason: &'static str,
    basis: &'static str,
    years: u32,
    weight: u64,
    /// Its entries are adverse: no minor may be on it.
    pub(super) adverse: bool,
    of: Of,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    Organisations,
    Persons,
    Both,
}

/// What one bureau supplies.
pub(super) struct Supply {
    /// Beginning of the paths of its files; none begins with another.
    pub(super) stem: &'static str,
    pub(super) bureau: Bureau,
    pub(super) lists: &'static [List],
    pub(super) persons_percent: u64,
    pub(super) max_age: &'static str,
    /// Share of all list entries.
    pub(super) weight: u64,
}

const fn list(
    code: &'static str,
    (reason, basis): (&'static str, &'static str),
    years: u32,
    weight: u64,
    adverse: bool,
    of: Of,
) -> List {
    List { code, reason, basis, years, weight, adverse, of }
}

use Of::{Both, Organisations, Persons};

pub(super) const SUPPLIES: [Supply; 10] = [
    Supply {
        stem: "lists/court",
        bureau: Bureau::Court,
        lists: &[list(
            "dishonest-judgment-debtor",
            ("有履行能力而拒不履行生效法律文书确定义务", "法释〔2017〕7号"),
            0,
            1,
            true,
            Both,
        )],
        persons_percent: 70,
        max_age: "7d",
        weight: 40,
    },
    Supply {
        stem: "lists/labour",
        bureau: Bureau::HumanResources,
        lists: &[list(
            "wage-arrears",
            ("克扣、无故拖欠农民工工资达到认定标准", "人社部令第45号"),
            3,
            1,
            true,
            Both,
        )],
        persons_percent: 15,
        max_age: "31d",
        weight: 5,
    },
    Supply {
        stem: "lists/emergency",
        bureau: Bureau::Emergency,
        lists: &[list("work-safety", ("发生生产安全责任事故", "应急管理部令第11号"), 3, 1, true, Both)],
        persons_percent: 10,
        max_age: "31d",
        weight: 3,
    },
    Supply {
        stem: "lists/market",
        bureau: Bureau::Market,
        lists: &[
            list(
                "abnormal-operations",
                ("未在规定期限公示年度报告", "企业信息公示暂行条例"),
                0,
                70,
                true,
                Organisations,
            ),
            list(
                "market-supervision-serious",
                ("受到较重行政处罚", "市场监管总局令第44号"),
                3,
                18,
                true,
                Organisations,
            ),
            list("contract-honouring", ("守合同重信用", "市监信用函"), 0, 12, false, Organisations),
        ],
        persons_percent: 0,
        max_age: "7d",
        weight: 26,
    },
    Supply {
        stem: "lists/tax",
        bureau: Bureau::Tax,
        lists: &[
            list("tax-a", ("纳税信用评价为A级", "国家税务总局公告2014年第40号"), 1, 75, false, Organisations),
            list("tax-serious", ("重大税收违法失信主体", "国家税务总局令第54号"), 3, 25, true, Organisations),
        ],
        persons_percent: 0,
        max_age: "31d",
        weight: 12,
    },
    Supply {
        stem: "lists/finance",
        bureau: Bureau::Finance,
        lists: &[list(
            "government-procurement",
            ("提供虚假材料谋取中标", "中华人民共和国政府采购法 第七十七条"),
            2,
            1,
            true,
            Organisations,
        )],
        persons_percent: 0,
        max_age: "31d",
        weight: 2,
    },
    Supply {
        stem: "lists/customs",
        bureau: Bureau::Customs,
        lists: &[
            list("customs-advanced", ("高级认证企业", "海关总署令第282号"), 5, 60, false, Organisations),
            list("customs-dishonest", ("认定为失信企业", "海关总署令第282号"), 2, 40, true, Organisations),
        ],
        persons_percent: 0,
        max_age: "31d",
        weight: 2,
    },
    Supply {
        stem: "lists/statistics",
        bureau: Bureau::Statistics,
        lists: &[list(
            "statistics-serious",
            ("提供不真实统计资料情节严重", "统计严重失信企业信用管理办法"),
            1,
            1,
            true,
            Organisations,
        )],
        persons_percent: 0,
        max_age: "31d",
        weight: 1,
    },
    Supply {
        stem: "lists/medical",
        bureau: Bureau::Medical,
        lists: &[list(
            "medical-insurance",
            ("骗取医疗保障基金", "医疗保障基金使用监督管理条例"),
            3,
            1,
            true,
            Both,
        )],
        persons_percent: 40,
        max_age: "31d",
        weight: 2,
    },
    Supply {
        stem: "lists/civilisation",
        bureau: Bureau::Civilisation,
        lists: &[
            list("excellent-volunteer", ("优秀志愿者", "山东省社会信用条例"), 3, 70, false, Persons),
            list("integrity-model-person", ("诚信道德模范", "山东省社会信用条例"), 3, 30, false, Persons),
            list(
                "integrity-model-enterprise",
                ("诚信示范企业", "山东省社会信用条例"),
                3,
                1,
                false,
                Organisations,
            ),
        ],
        persons_percent: 75,
        max_age: "1y",
        weight: 7,
    },
];

/// An entry of one of the bureau's lists that fits the subject.
pub(super) fn write(city: &City, supply: &Supply, turn: &mut Turn, sheet: &mut Sheet) {
    let person = matches!(turn.subject, Subject::Person(_));
    let fits = |list: &&List| list.of == Both || (list.of == Persons) == person;
    let total: u64 = supply.lists.iter().filter(fits).map(|list| list.weight).sum();
    // An organisation leans one way: who is praised by a bureau is not blamed by it.
    let mut lean = match &turn.subject {
        Subject::Organisation(organisation) => Rng::of(city.seed, stream::LEANING, organisation.number),
        Subject::Person(_) => turn.rng,
    };
    let mut left = lean.below(total);
    let list = supply.lists.iter().filter(fits).find(|list| {
        let found = left < list.weight;
        left = left.saturating_sub(list.weight);
        found
    });
    let list = list.unwrap_or(&supply.lists[0]);
    let day = turn.day(city);
    let authority = city.authorities.of(supply.bureau, turn.division);
    sheet.cell(list.code);
    subject(turn, sheet);
    document_number(authority, "名", day, turn.row, sheet);
    sheet.iso(day).end();
    if list.years > 0 && turn.rng.percent(60) {
        sheet.iso(day.plus(Term::Years(list.years)));
    }
    sheet.end();
    if list.code == "dishonest-judgment-debtor" {
        sheet.cell(turn.rng.weighted(&[("1", 75), ("2", 10), ("3", 8), ("4", 4), ("5", 2), ("6", 1)]));
    } else {
        sheet.blanks(1);
    }
    sheet.cell(list.reason);
    sheet.cell(list.basis);
    sheet.cell(&authority.name);
    sheet.cell(&authority.code);
    sheet.close();
}
