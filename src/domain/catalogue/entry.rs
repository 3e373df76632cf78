//! The entries of a catalogue, as its files hold them.

use crate::domain::date::{Day, Term};
use crate::domain::record::{Fine, Fulfilment};
use crate::domain::subject::{StateClass, SubjectKind};

/// Declares an enum whose variants have the contract's words and stable numbers in order.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant),+ }

        impl $name {
            /// All values, in the order of their stable numbers.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The contract's word.
            pub const fn word(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }

            /// The value by the contract's word.
            pub fn from_word(word: &str) -> Option<$name> {
                $name::ALL.iter().copied().find(|value| value.word() == word)
            }

            /// A stable number for files.
            pub const fn code(self) -> u8 {
                self as u8
            }

            /// The value with this stable number.
            pub fn from_code(code: u8) -> Option<$name> {
                $name::ALL.get(usize::from(code)).copied()
            }
        }
    };
}

words! {
    /// What an entry says of its subject. The order is that of hits.
    Effect {
        /// Serious dishonesty.
        Punish = "punish",
        /// To be looked at.
        Attention = "attention",
        /// A red list.
        Favour = "favour",
    }
}
words! {
    /// How grave a list is.
    Severity {
        /// 轻微
        Minor = "minor",
        /// 一般
        Ordinary = "ordinary",
        /// 严重
        Serious = "serious",
    }
}
words! {
    /// What a measure (措施) does.
    MeasureEffect {
        /// Limits or refuses.
        Punish = "punish",
        /// Eases.
        Favour = "favour",
        /// Advises at inspections; changes no verdict.
        Supervise = "supervise",
    }
}
words! {
    /// How a measure binds a department.
    Binding {
        /// The law directs this very measure; the clause is quoted.
        Mandatory = "mandatory",
        /// The department weighs.
        Discretionary = "discretionary",
    }
}
words! {
    /// The stages of a case at which departments check.
    Stage {
        /// 受理; also when a question names none.
        Acceptance = "acceptance",
        /// 审批
        Review = "review",
        /// 办结
        Completion = "completion",
        /// Before and after inspections.
        Inspection = "inspection",
        /// Awards and appointments.
        Award = "award",
    }
}
words! {
    /// Facilitations that an entry can bar.
    Barred {
        /// 告知承诺制
        Commitment = "commitment",
        /// 容缺受理
        Tolerance = "tolerance",
    }
}
words! {
    /// Facilitations that a favouring measure can grant.
    Grant {
        /// 绿色通道
        GreenChannel = "green-channel",
        /// 容缺受理
        Tolerance = "tolerance",
    }
}
words! {
    /// On what footing persons may be checked for a matter, or by a caller.
    Footing {
        /// Not at all.
        None = "none",
        /// For a statutory duty (PIPL art. 13; Shandong regulation art. 20).
        Statutory = "statutory",
        /// By the person's authorisation.
        Authorised = "authorised",
    }
}
words! {
    /// To whom a list's entries are shown beside their own subject (Shandong regulation art. 31).
    Extension {
        /// A person's entry, on checks of what the person legally represents.
        Represented = "represented",
        /// An organisation's entry, on checks of its legal representative.
        Representative = "representative",
    }
}
words! {
    /// What an entry under objection can do.
    ObjectionMode {
        /// It counts like any other.
        Counts = "counts",
        /// Alone it restricts nothing.
        Attention = "attention",
    }
}

/// How long an entry of a list stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListTerm {
    /// Until the authority removes it.
    UntilRemoved,
    /// So long from the day of listing.
    For(Term),
}

/// A list (名单).
#[derive(Debug, Clone, PartialEq)]
pub struct ListEntry {
    /// Code, such as `dishonest-judgment-debtor`.
    pub code: String,
    /// Title as shown.
    pub title: String,
    /// What an entry means.
    pub effect: Effect,
    /// How grave; none for favouring lists.
    pub severity: Option<Severity>,
    /// How long an entry stands.
    pub term: ListTerm,
    /// Other terms by the code of the ground (`MD_SY_DM`).
    pub ground_terms: Vec<(String, ListTerm)>,
    /// To whom else entries are shown.
    pub extends_to: Vec<Extension>,
    /// What an entry bars.
    pub bars: Vec<Barred>,
    /// The authority in charge.
    pub authority: String,
    /// Legal bases; never empty.
    pub basis: Vec<String>,
    /// Whether the basis was checked against the text.
    pub verified: bool,
}

/// A measure (措施).
#[derive(Debug, Clone, PartialEq)]
pub struct MeasureEntry {
    /// Code, such as `GP-77`.
    pub code: String,
    /// Title as shown.
    pub title: String,
    /// What it does.
    pub effect: MeasureEffect,
    /// How it binds.
    pub binding: Binding,
    /// The words that direct it; present when mandatory.
    pub clause: Option<String>,
    /// Codes of lists that trigger it.
    pub lists: Vec<String>,
    /// Kinds of penalty that trigger it.
    pub penalties: Vec<String>,
    /// `kind:grade` of evaluations that trigger it.
    pub grades: Vec<String>,
    /// Fulfilments of broken commitments that trigger it.
    pub commitments: Vec<Fulfilment>,
    /// Codes of matters that it binds.
    pub matters: Vec<String>,
    /// Tags of matters that it binds.
    pub tags: Vec<String>,
    /// Stages; empty: all.
    pub stages: Vec<Stage>,
    /// Kinds of subject; empty: all.
    pub kinds: Vec<SubjectKind>,
    /// What a favouring measure grants.
    pub grants: Vec<Grant>,
    /// First day in force.
    pub from: Option<Day>,
    /// Last day in force.
    pub to: Option<Day>,
    /// The authority in charge.
    pub authority: String,
    /// Legal bases; never empty.
    pub basis: Vec<String>,
}

/// A matter (事项).
#[derive(Debug, Clone, PartialEq)]
pub struct MatterEntry {
    /// Code, such as `370402-000131`.
    pub code: String,
    /// Implementation codes that departments send for it.
    pub aliases: Vec<String>,
    /// Title.
    pub title: String,
    /// Department.
    pub department: String,
    /// Tags by which measures find it.
    pub tags: Vec<String>,
    /// 告知承诺制 is offered.
    pub commitment: bool,
    /// 容缺受理 is offered.
    pub tolerance: bool,
    /// On what footing persons may be checked for it.
    pub persons: Footing,
}

/// A class of publication, one row of law.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassEntry {
    /// Name, such as `ordinary`.
    pub name: String,
    /// False: kept, shown to nobody, counts for nothing.
    pub published: bool,
    /// The shortest term, before which nothing is repaired.
    pub shortest: Option<Term>,
    /// The longest term.
    pub longest: Term,
    /// What a penalty of this class bars.
    pub bars: Vec<Barred>,
    /// For records decided from this day on.
    pub from: Option<Day>,
}

/// A rule that gives a penalty its class; the first that matches counts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RuleEntry {
    /// The penalty has one of these kinds.
    pub penalties: Vec<String>,
    /// It was given by this procedure.
    pub procedure: Option<String>,
    /// The fine is at least this.
    pub fine_from: Option<Fine>,
    /// The fine is less than this.
    pub fine_below: Option<Fine>,
    /// The class that it gives.
    pub class: String,
    /// Matches what no other rule does.
    pub default: bool,
}

/// The longest that anything adverse is shown where no law says otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct CapEntry {
    /// The term.
    pub longest: Term,
    /// Legal bases; never empty.
    pub basis: Vec<String>,
}

/// What a state of registration means.
#[derive(Debug, Clone, PartialEq)]
pub struct StateEntry {
    /// As the register writes it.
    pub name: String,
    /// What it means.
    pub class: StateClass,
}

/// A whole catalogue, layers joined, references checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Entries {
    /// Names of the layers, base first.
    pub layers: Vec<String>,
    /// What an entry under objection can do.
    pub objection: ObjectionMode,
    /// Lists.
    pub lists: Vec<ListEntry>,
    /// Measures.
    pub measures: Vec<MeasureEntry>,
    /// Matters.
    pub matters: Vec<MatterEntry>,
    /// Classes of publication.
    pub classes: Vec<ClassEntry>,
    /// Rules of publication, in the order in which they are tried, defaults last.
    pub rules: Vec<RuleEntry>,
    /// The cap, if the catalogue has one.
    pub cap: Option<CapEntry>,
    /// States of registration.
    pub states: Vec<StateEntry>,
}
