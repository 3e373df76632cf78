//! The bureaus that grant, punish and list; their codes are invented.

use super::city::{CITY_CODE, DIVISIONS};
use super::codes::unified_code;

/// A department of the city and of its divisions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Bureau {
    Market,
    Approval,
    Tax,
    HumanResources,
    Emergency,
    Finance,
    Customs,
    Statistics,
    Medical,
    Police,
    Court,
    Civilisation,
    Credit,
    Transport,
    Housing,
    Ecology,
}

use Bureau::*;

/// Name after the place's, and the short form in document numbers; in the order of [`Bureau`].
const BUREAUS: [(Bureau, &str, &str); 16] = [
    (Market, "市场监督管理局", "市监"),
    (Approval, "行政审批服务局", "审"),
    (Tax, "税务局", "税"),
    (HumanResources, "人力资源和社会保障局", "人社"),
    (Emergency, "应急管理局", "应急"),
    (Finance, "财政局", "财"),
    (Customs, "海关", "关"),
    (Statistics, "统计局", "统"),
    (Medical, "医疗保障局", "医保"),
    (Police, "公安局", "公"),
    (Court, "人民法院", "法"),
    (Civilisation, "精神文明建设委员会办公室", "文明"),
    (Credit, "发展和改革局", "发改"),
    (Transport, "交通运输局", "交"),
    (Housing, "住房和城乡建设局", "建"),
    (Ecology, "生态环境局", "环"),
];

/// One bureau of one place.
pub(super) struct Authority {
    pub(super) name: String,
    pub(super) code: String,
    /// `鲁枣(示)市监`, the beginning of its document numbers; 示 says that they are made up.
    pub(super) prefix: String,
}

/// Every bureau of every division and of the city.
pub(super) struct Authorities(Vec<Authority>);

/// Organisation codes that begin with XG are never issued.
const BLOCK: &[u8; 2] = b"XG";
const PLACES: usize = DIVISIONS.len() + 1;

impl Authorities {
    pub(super) fn new() -> Authorities {
        let mut all = Vec::with_capacity(BUREAUS.len() * PLACES);
        for (bureau, title, short) in BUREAUS {
            for place in 0..PLACES {
                let (digits, of) = match DIVISIONS.get(place) {
                    Some(division) => (division.code, division.full),
                    None => (CITY_CODE, "枣庄市"),
                };
                let name = match bureau {
                    Tax => format!("国家税务总局{of}{title}"),
                    Customs => format!("枣庄{title}"),
                    _ => format!("{of}{title}"),
                };
                let code =
                    unified_code(b"11", digits.as_bytes(), BLOCK, (bureau as usize * PLACES + place) as u64);
                let code = code.iter().map(|b| char::from(*b)).collect();
                all.push(Authority { name, code, prefix: format!("鲁枣(示){short}") });
            }
        }
        Authorities(all)
    }

    /// The bureau of a division; places beyond the divisions mean the city's.
    pub(super) fn of(&self, bureau: Bureau, division: usize) -> &Authority {
        &self.0[bureau as usize * PLACES + division.min(PLACES - 1)]
    }

    /// The city's bureau.
    pub(super) fn city(&self, bureau: Bureau) -> &Authority {
        self.of(bureau, PLACES - 1)
    }
}
