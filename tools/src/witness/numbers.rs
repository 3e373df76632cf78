//! Identifiers and their check digits, from the standards.

use super::dates::Day;
use super::text::plain_number;

/// An identifier that meets the rule of its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Id {
    /// A value of `id_type`, or `institution` and `society` for the two certificates of the tables.
    pub(crate) kind: &'static str,
    pub(crate) number: String,
    /// Passports and permits; empty otherwise, and empty if not known.
    pub(crate) country: String,
    pub(crate) birth: Option<Day>,
}

impl Id {
    pub(crate) fn is_person(&self) -> bool {
        matches!(self.kind, "citizen" | "foreign-resident" | "passport" | "permit")
    }

    /// The key under which a subject is found.
    pub(crate) fn token(&self) -> String {
        format!("{}:{}:{}", self.kind, self.country, self.number)
    }

    fn new(kind: &'static str, number: &str) -> Id {
        Id { kind, number: number.to_owned(), country: String::new(), birth: None }
    }
}

pub(crate) const KINDS: [&str; 8] =
    ["uscc", "registration", "organisation-code", "tax", "citizen", "foreign-resident", "passport", "permit"];

/// Reads a number as one kind; `today` bounds birth dates.
pub(crate) fn read(kind: &str, raw: &str, country: Option<&str>, today: Day) -> Option<Id> {
    let number = plain_number(raw);
    let alphanumeric = number.chars().all(|c| c.is_ascii_alphanumeric());
    match kind {
        "uscc" => is_uscc(&number).then(|| Id::new("uscc", &number)),
        "registration" => is_registration(&number).then(|| Id::new("registration", &number)),
        "organisation-code" => is_organisation_code(&number).then(|| Id::new("organisation-code", &number)),
        "tax" => (alphanumeric && (15..=20).contains(&number.len())).then(|| Id::new("tax", &number)),
        "institution" => (!number.is_empty()).then(|| Id::new("institution", &number)),
        "society" => (!number.is_empty()).then(|| Id::new("society", &number)),
        "citizen" => citizen(&number, today),
        "foreign-resident" => foreign_resident(&number, today),
        "passport" | "permit" => travel_document(kind, &number, country),
        _ => None,
    }
}

/// What a number without a stated kind turns out to be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Guess {
    One(Id),
    Several,
    Nothing,
}

pub(crate) fn guess(raw: &str, today: Day) -> Guess {
    let kinds = ["uscc", "registration", "organisation-code", "citizen", "foreign-resident"];
    let mut found: Vec<Id> = kinds.iter().filter_map(|kind| read(kind, raw, None, today)).collect();
    let is_citizen = found.iter().any(|id| id.kind == "citizen");
    if is_citizen {
        found.retain(|id| id.kind != "uscc" || division_is_real(&id.number[2..4]));
    }
    match found.len() {
        0 => Guess::Nothing,
        1 => Guess::One(found.remove(0)),
        _ => Guess::Several,
    }
}

fn division_is_real(two_digits: &str) -> bool {
    two_digits == "10" || is_province(two_digits)
}

fn is_province(two_digits: &str) -> bool {
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82"
        .split(' ')
        .any(|province| province == two_digits)
}

fn all_digits(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_digit())
}

/// GB 32100-2015.
pub(crate) fn is_uscc(number: &str) -> bool {
    const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    const WEIGHTS: [usize; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
    let values: Vec<usize> = number.chars().filter_map(|c| ALPHABET.find(c)).collect();
    if number.chars().count() != 18 || values.len() != 18 || !all_digits(&number[2..8]) {
        return false;
    }
    let classes = match &number[0..1] {
        "1" => "1239",
        "2" | "4" | "8" | "A" => "19",
        "3" => "123459",
        "5" => "1239",
        "6" | "7" => "129",
        "9" => "123",
        "N" => "1239",
        "Y" => "1",
        _ => return false,
    };
    let sum: usize = (0..17).map(|at| values[at] * WEIGHTS[at]).sum();
    classes.contains(&number[1..2]) && values[17] == (31 - sum % 31) % 31
}

/// GB 11714.
pub(crate) fn is_organisation_code(number: &str) -> bool {
    const WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
    let chars: Vec<char> = number.chars().collect();
    if chars.len() != 9 || !chars[..8].iter().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase()) {
        return false;
    }
    let sum: u32 = (0..8).map(|at| chars[at].to_digit(36).unwrap_or(0) * WEIGHTS[at]).sum();
    let check = match 11 - sum % 11 {
        10 => 'X',
        11 => '0',
        digit => char::from_digit(digit, 10).unwrap_or('?'),
    };
    chars[8] == check
}

/// ISO 7064 MOD 11,10.
pub(crate) fn is_registration(number: &str) -> bool {
    if number.len() != 15 || !all_digits(number) {
        return false;
    }
    let digits: Vec<u32> = number.chars().filter_map(|c| c.to_digit(10)).collect();
    let mut r = 10;
    for digit in &digits[..14] {
        r = (r + digit) % 10;
        r = if r == 0 { 10 } else { r };
        r = 2 * r % 11;
    }
    digits[14] == (11 - r) % 10
}

/// ISO 7064 MOD 11-2 over seventeen digits.
pub(crate) fn check_of_17(digits: &str) -> char {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = digits.chars().zip(WEIGHTS).map(|(c, w)| c.to_digit(10).unwrap_or(0) * w).sum();
    "10X98765432".chars().nth((sum % 11) as usize).unwrap_or('?')
}

fn passes_11_2(number: &str) -> bool {
    number.len() == 18
        && number.is_ascii()
        && all_digits(&number[..17])
        && number.ends_with(check_of_17(&number[..17]))
}

fn birth(text: &str, today: Day) -> Option<Day> {
    Day::read(text).filter(|day| day.year() >= 1850 && *day <= today)
}

/// GB 11643; an old number comes back with eighteen digits. A first digit 9 marks the foreign resident's card.
fn citizen(number: &str, today: Day) -> Option<Id> {
    let mut full = number.to_owned();
    if number.len() == 15 && all_digits(number) {
        full = format!("{}19{}", &number[..6], &number[6..]);
        full.push(check_of_17(&full));
    }
    if !passes_11_2(&full) || full.starts_with('9') {
        return None;
    }
    let birth = birth(&full[6..14], today)?;
    Some(Id { birth: Some(birth), ..Id::new("citizen", &full) })
}

fn foreign_resident(number: &str, today: Day) -> Option<Id> {
    if passes_11_2(number) && number.starts_with('9') && is_province(&number[1..3]) {
        let birth = birth(&number[6..14], today)?;
        return Some(Id { birth: Some(birth), ..Id::new("foreign-resident", number) });
    }
    let old_form = number.len() == 15
        && number.is_ascii()
        && number[..3].chars().all(|c| c.is_ascii_uppercase())
        && all_digits(&number[3..]);
    old_form.then(|| Id::new("foreign-resident", number))
}

fn travel_document(kind: &str, number: &str, country: Option<&str>) -> Option<Id> {
    if !number.chars().all(|c| c.is_ascii_alphanumeric()) || !(5..=20).contains(&number.len()) {
        return None;
    }
    let mut country = country.map(plain_number).unwrap_or_default();
    let three_letters = country.len() == 3 && country.chars().all(|c| c.is_ascii_uppercase());
    if !country.is_empty() && !three_letters {
        return None;
    }
    if kind == "passport" {
        return Some(Id { country, ..Id::new("passport", number) });
    }
    if country.is_empty() {
        country = match &number[..1] {
            "H" => "HKG",
            "M" => "MAC",
            _ if number.len() == 8 && all_digits(number) => "TWN",
            _ => "",
        }
        .to_owned();
    }
    Some(Id { country, ..Id::new("permit", number) })
}
