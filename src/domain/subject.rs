//! Subjects (信用主体) of the three databases: enterprises, organisations that are none, persons.

use super::identifier::{IdKind, Identifier};

/// What a subject is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SubjectKind {
    /// An enterprise (企业法人), farmers' cooperatives included.
    Enterprise,
    /// Any other organisation (非企业法人): state body, institution, association, village collective.
    Organisation,
    /// An individual business (个体工商户).
    IndividualBusiness,
    /// A natural person (自然人).
    Person,
}

impl SubjectKind {
    /// All kinds, in the order of their stable numbers.
    pub const ALL: [SubjectKind; 4] = [
        SubjectKind::Enterprise,
        SubjectKind::Organisation,
        SubjectKind::IndividualBusiness,
        SubjectKind::Person,
    ];

    /// The contract's word.
    pub const fn word(self) -> &'static str {
        match self {
            SubjectKind::Enterprise => "enterprise",
            SubjectKind::Organisation => "organisation",
            SubjectKind::IndividualBusiness => "individual-business",
            SubjectKind::Person => "person",
        }
    }

    /// The kind by the contract's word.
    pub fn from_word(word: &str) -> Option<SubjectKind> {
        SubjectKind::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// The kind by the register's word (`ZT_LB`).
    pub fn from_register(class: &str) -> Option<SubjectKind> {
        match class {
            "企业法人" => Some(SubjectKind::Enterprise),
            "非企业法人" => Some(SubjectKind::Organisation),
            "个体工商户" => Some(SubjectKind::IndividualBusiness),
            "自然人" => Some(SubjectKind::Person),
            _ => None,
        }
    }

    /// The kind that an identifier alone tells (`data.md` §2, stubs).
    pub fn of_identifier(identifier: &Identifier) -> SubjectKind {
        match (identifier.kind(), identifier.as_bytes()) {
            (kind, _) if kind.is_person() => SubjectKind::Person,
            (IdKind::Uscc, [b'9', b'1' | b'3', ..]) => SubjectKind::Enterprise,
            (IdKind::Uscc, [b'9', b'2', ..]) => SubjectKind::IndividualBusiness,
            _ => SubjectKind::Organisation,
        }
    }

    /// A stable number for files, 0 to 3.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The kind with this stable number.
    pub fn from_code(code: u8) -> Option<SubjectKind> {
        SubjectKind::ALL.get(usize::from(code)).copied()
    }
}

/// What a state of registration means for a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StateClass {
    /// In being and in business.
    Active,
    /// Lawful, without meaning for the verdict (歇业, 迁出), and any state that nobody has classed.
    Neutral,
    /// The subject has ended (注销, 死亡).
    Terminal,
    /// Taken away by an authority (吊销, 责令关闭, 撤销登记).
    Adverse,
}

impl StateClass {
    /// All classes, in the order of their stable numbers.
    pub const ALL: [StateClass; 4] =
        [StateClass::Active, StateClass::Neutral, StateClass::Terminal, StateClass::Adverse];

    /// The contract's word.
    pub const fn word(self) -> &'static str {
        match self {
            StateClass::Active => "active",
            StateClass::Neutral => "neutral",
            StateClass::Terminal => "terminal",
            StateClass::Adverse => "adverse",
        }
    }

    /// The class by the contract's word.
    pub fn from_word(word: &str) -> Option<StateClass> {
        StateClass::ALL.into_iter().find(|class| class.word() == word)
    }

    /// A stable number for files, 0 to 3.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The class with this stable number.
    pub fn from_code(code: u8) -> Option<StateClass> {
        StateClass::ALL.get(usize::from(code)).copied()
    }

    /// Whether the state is a hit of its own.
    pub const fn is_hit(self) -> bool {
        matches!(self, StateClass::Adverse | StateClass::Terminal)
    }
}

/// How the name in a question compares with the subject's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameMatch {
    /// The current name.
    Current,
    /// A former name.
    Former,
    /// Neither.
    None,
    /// The question gave no name.
    NotGiven,
}

impl NameMatch {
    /// The contract's word.
    pub const fn word(self) -> &'static str {
        match self {
            NameMatch::Current => "current",
            NameMatch::Former => "former",
            NameMatch::None => "none",
            NameMatch::NotGiven => "not_given",
        }
    }
}
