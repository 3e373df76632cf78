//! Defects met in practice, each a function with a name. A function that does not fit the row says so and
//! leaves the row as it is.

use super::city::{City, DIVISIONS};
use super::codes::{SEQUENCES, citizen_number};
use super::layout::{Layout, Role, place};
use super::lists::Supply;
use super::random::Rng;
use super::subject::write_persons_name;
use xinhe::domain::date::Day;

/// A row on its way to a defect.
pub(super) struct Draft<'a> {
    pub(super) cells: Vec<String>,
    pub(super) layout: Layout,
    pub(super) supply: Option<&'static Supply>,
    pub(super) city: &'a City,
    pub(super) rng: Rng,
}

/// What a defect works on.
#[derive(Clone, Copy)]
enum How {
    /// The row itself.
    Change(fn(&mut Draft) -> bool),
    /// A clean row earlier in the same file, which this row then repeats.
    Repeat(fn(&mut Draft) -> bool),
}

use How::{Change, Repeat};

/// The catalogue of defects in rows.
const ROW_DEFECTS: [(&str, How); 31] = [
    ("wrong-check-digit", Change(wrong_check_digit)),
    ("masked-number", Change(masked_number)),
    ("masked-representative", Change(masked_representative)),
    ("name-only", Change(name_only)),
    ("missing-date", Change(missing_date)),
    ("missing-document", Change(missing_document)),
    ("missing-authority", Change(missing_authority)),
    ("impossible-date", Change(impossible_date)),
    ("unknown-list-code", Change(unknown_list_code)),
    ("bad-fine", Change(bad_fine)),
    ("bad-state-code", Change(bad_state_code)),
    ("unknown-fulfilment", Change(unknown_fulfilment)),
    ("full-width-code", Change(full_width_code)),
    ("lower-case-code", Change(lower_case_code)),
    ("blanks-in-code", Change(blanks_in_code)),
    ("duplicate-row", Repeat(duplicate_row)),
    ("other-brackets", Repeat(other_brackets)),
    ("newer-version", Repeat(newer_version)),
    ("adverse-minor", Change(adverse_minor)),
    ("fifteen-digits", Change(fifteen_digits)),
    ("blank-words", Change(blank_words)),
    ("class-disagrees", Change(class_disagrees)),
    ("unknown-registered-state", Change(unknown_registered_state)),
    ("unknown-penalty-class", Change(unknown_penalty_class)),
    ("bad-authority-code", Change(bad_authority_code)),
    ("quoted-text", Change(quoted_text)),
    ("short-date", Change(short_date)),
    ("compact-date", Change(compact_date)),
    ("long-term", Change(long_term)),
    ("stray-blanks", Change(stray_blanks)),
    ("full-width-name", Change(full_width_name)),
];

/// A form that a whole file may have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Variant {
    Plain,
    OldColumns,
    ChineseHeaders,
    ExtraColumn,
    ByteOrderMark,
}

impl Variant {
    /// Its name as a defect and in the file's name.
    pub(super) fn word(self) -> &'static str {
        match self {
            Variant::Plain => "plain",
            Variant::OldColumns => "old-columns",
            Variant::ChineseHeaders => "chinese-headers",
            Variant::ExtraColumn => "extra-column",
            Variant::ByteOrderMark => "byte-order-mark",
        }
    }

    /// The forms that files with these columns may have.
    pub(super) fn of(layout: Layout) -> &'static [Variant] {
        use Variant::*;
        match layout[0].chinese {
            "" => &[ExtraColumn, ByteOrderMark],
            _ => &[OldColumns, ChineseHeaders, ExtraColumn, ByteOrderMark],
        }
    }
}

/// The names of all defects, of rows and of files.
#[cfg(test)]
pub(super) fn names() -> Vec<&'static str> {
    use Variant::*;
    let files = [OldColumns, ChineseHeaders, ExtraColumn, ByteOrderMark].map(Variant::word);
    ROW_DEFECTS.iter().map(|(name, _)| *name).chain(files).collect()
}

/// Gives the row a defect that fits it and says which. `earlier`: a clean row before it in the same file.
pub(super) fn spoil(draft: &mut Draft, earlier: impl Fn() -> Option<Vec<String>>) -> &'static str {
    for _ in 0..64 {
        let (name, how) = draft.rng.pick(&ROW_DEFECTS);
        match how {
            Change(apply) if apply(draft) => return name,
            Change(_) => {}
            Repeat(apply) => {
                if let Some(cells) = earlier() {
                    let own = std::mem::replace(&mut draft.cells, cells);
                    if apply(draft) {
                        return name;
                    }
                    draft.cells = own;
                }
            }
        }
    }
    name_only(draft);
    "name-only"
}

impl Draft<'_> {
    /// The first cell with this role, if it is not blank.
    fn filled(&mut self, role: Role) -> Option<&mut String> {
        let at = place(self.layout, role)?;
        self.cells.get_mut(at).filter(|cell| !cell.is_empty())
    }

    /// Writes into the first cell with this role, if the table has one.
    fn set(&mut self, role: Role, text: &str) -> bool {
        let cell = place(self.layout, role).and_then(|at| self.cells.get_mut(at));
        cell.map(|cell| text.clone_into(cell)).is_some()
    }

    /// Blanks every cell with this role; false if none held anything.
    fn blank(&mut self, role: Role) -> bool {
        let cells = self.cells.iter_mut().zip(self.layout).filter(|(_, column)| column.role == role);
        cells.fold(false, |any, (cell, _)| {
            let held = !cell.is_empty();
            cell.clear();
            any || held
        })
    }

    /// The cell that names the subject by an 18-character number.
    fn identifier(&mut self) -> Option<&mut String> {
        let by_code = self.filled(Role::Code).is_some();
        let role = if by_code { Role::Code } else { Role::DocumentNumber };
        self.filled(role).filter(|cell| cell.len() == 18)
    }
}

fn wrong_check_digit(draft: &mut Draft) -> bool {
    draft.identifier().is_some_and(|cell| {
        let last = cell.pop();
        cell.push(match last {
            Some(digit @ '0'..='8') => char::from(digit as u8 + 1),
            _ => '0',
        });
        true
    })
}

fn mask(cell: &mut String) -> bool {
    let long = cell.len() >= 15 && cell.is_ascii();
    if long {
        let stars = "*".repeat(cell.len() - 8);
        cell.replace_range(4..cell.len() - 4, &stars);
    }
    long
}

fn masked_number(draft: &mut Draft) -> bool {
    draft.filled(Role::DocumentNumber).is_some_and(mask)
}

fn masked_representative(draft: &mut Draft) -> bool {
    draft.filled(Role::RepresentativeNumber).is_some_and(mask)
}

fn name_only(draft: &mut Draft) -> bool {
    for role in [Role::Code, Role::OlderCode, Role::DocumentType, Role::DocumentNumber] {
        draft.blank(role);
    }
    true
}

fn missing_date(draft: &mut Draft) -> bool {
    draft.blank(Role::Date)
}

/// A list entry needs no document.
fn missing_document(draft: &mut Draft) -> bool {
    place(draft.layout, Role::ListCode).is_none() && draft.blank(Role::Number)
}

fn missing_authority(draft: &mut Draft) -> bool {
    draft.blank(Role::Authority)
}

fn impossible_date(draft: &mut Draft) -> bool {
    draft.set(Role::Date, "2025/02/30")
}

fn unknown_list_code(draft: &mut Draft) -> bool {
    draft.set(Role::ListCode, "bad-neighbours")
}

fn bad_fine(draft: &mut Draft) -> bool {
    draft.set(Role::Fine, "若干元")
}

fn bad_state_code(draft: &mut Draft) -> bool {
    draft.set(Role::State, "已失效")
}

fn unknown_fulfilment(draft: &mut Draft) -> bool {
    draft.set(Role::Outcome, "进行中")
}

fn full_width(text: &str) -> String {
    let wide =
        |c: char| if c.is_ascii_graphic() { char::from_u32(c as u32 + 0xFEE0).unwrap_or(c) } else { c };
    text.chars().map(wide).collect()
}

fn full_width_code(draft: &mut Draft) -> bool {
    draft.identifier().map(|cell| *cell = full_width(cell)).is_some()
}

fn lower_case_code(draft: &mut Draft) -> bool {
    let lettered = draft.identifier().filter(|cell| cell.contains(|c: char| c.is_ascii_uppercase()));
    lettered.map(|cell| cell.make_ascii_lowercase()).is_some()
}

fn blanks_in_code(draft: &mut Draft) -> bool {
    draft
        .identifier()
        .map(|cell| {
            cell.insert(14, ' ');
            cell.insert(6, '-');
        })
        .is_some()
}

fn duplicate_row(_: &mut Draft) -> bool {
    true
}

/// 〔〕 as [] or half-width: the same document number, so the rows merge.
fn other_brackets(draft: &mut Draft) -> bool {
    let (open, close) = draft.rng.pick(&[("[", "]"), ("（", "）"), ("(", ")")]);
    draft.filled(Role::Number).is_some_and(|cell| {
        let other = cell.replace('〔', open).replace('〕', close);
        let changed = other != *cell;
        *cell = other;
        changed
    })
}

fn newer_version(draft: &mut Draft) -> bool {
    let now = format!("{} 23:59:59", draft.city.as_of).replace('-', "/");
    let newer = draft.set(Role::Changed, &now);
    if newer && let Some(text) = draft.filled(Role::Text) {
        text.push_str("（更正）");
    }
    newer
}

/// A child of 6 to 16 years on the day of a penalty, an adverse list entry or a broken promise.
fn adverse_minor(draft: &mut Draft) -> bool {
    let day = draft.filled(Role::Date).and_then(|cell| Day::parse_iso(&cell.replace('/', "-")));
    let code = draft.supply.map(|supply| supply.lists.iter().find(|list| list.adverse).map(|list| list.code));
    let adverse = match code {
        Some(code) => code.is_some(),
        None => [Role::PenaltyClass, Role::Outcome].iter().any(|role| place(draft.layout, *role).is_some()),
    };
    let (Some(day), true) = (day, adverse) else { return false };
    let birth = day.minus_years(6 + draft.rng.below(11) as u32);
    let division = draft.rng.below(DIVISIONS.len() as u64) as usize;
    let sequence = 1 + draft.rng.below(SEQUENCES);
    let number = citizen_number(DIVISIONS[division].births, birth, sequence);
    let mut name = Vec::new();
    write_persons_name(draft.rng, false, &mut name);
    name_only(draft);
    draft.set(Role::Name, &String::from_utf8_lossy(&name));
    draft.set(Role::Class, "自然人");
    draft.set(Role::DocumentType, "身份证");
    draft.set(Role::DocumentNumber, &String::from_utf8_lossy(&number));
    draft.set(Role::Outcome, "违反承诺");
    if let Some(code) = code.flatten() {
        draft.set(Role::ListCode, code);
    }
    true
}

/// The form of a citizen's number before 1999.
fn fifteen_digits(draft: &mut Draft) -> bool {
    let citizen = draft.filled(Role::DocumentType).is_some_and(|cell| cell == "身份证");
    let number = draft.filled(Role::DocumentNumber);
    number.filter(|cell| citizen && cell.len() == 18 && cell.get(6..8) == Some("19")).is_some_and(|cell| {
        cell.pop();
        cell.replace_range(6..8, "");
        true
    })
}

fn blank_words(draft: &mut Draft) -> bool {
    let mut rng = draft.rng;
    let blanks = draft.cells.iter_mut().filter(|cell| cell.is_empty());
    let filled =
        blanks.map(|cell| *cell = rng.pick(&["无", "/", "-", "null", "NULL", "\u{3000}"]).to_owned());
    filled.count() > 0
}

fn class_disagrees(draft: &mut Draft) -> bool {
    draft.filled(Role::Class).is_some_and(|cell| {
        *cell = if cell == "自然人" { "个体工商户" } else { "自然人" }.to_owned();
        true
    })
}

fn unknown_registered_state(draft: &mut Draft) -> bool {
    draft.set(Role::Registered, "筹建中")
}

fn unknown_penalty_class(draft: &mut Draft) -> bool {
    draft.set(Role::PenaltyClass, "训诫")
}

/// Seen in real exports.
fn bad_authority_code(draft: &mut Draft) -> bool {
    let at = draft.layout.iter().position(|column| column.code.ends_with("JGDM"));
    at.map(|at| draft.cells[at] = "00000000000000000X".to_owned()).is_some()
}

fn quoted_text(draft: &mut Draft) -> bool {
    draft.filled(Role::Text).map(|cell| cell.push_str(",\"详见附件\"\n第二页, 另附")).is_some()
}

/// `2026/1/5`.
fn short_date(draft: &mut Draft) -> bool {
    draft.filled(Role::Date).is_some_and(|cell| {
        let short = cell.replace('-', "/").replace("/0", "/");
        let shorter = short.len() < cell.len();
        *cell = if shorter { short } else { std::mem::take(cell) };
        shorter
    })
}

/// `20260105`.
fn compact_date(draft: &mut Draft) -> bool {
    draft.filled(Role::Date).map(|cell| cell.retain(|c| c.is_ascii_digit())).is_some()
}

fn long_term(draft: &mut Draft) -> bool {
    let word = draft.rng.pick(&["2099/12/31", "2099-01-31"]);
    draft.set(Role::Until, word)
}

fn stray_blanks(draft: &mut Draft) -> bool {
    draft.filled(Role::Name).map(|cell| *cell = format!(" {cell}\u{3000}")).is_some()
}

/// Brackets and letters of a name in the other width: the same name.
fn full_width_name(draft: &mut Draft) -> bool {
    draft.filled(Role::Name).is_some_and(|cell| {
        let other = cell.replace('（', "(").replace('）', ")");
        let changed = other != *cell;
        *cell = other;
        changed
    })
}
