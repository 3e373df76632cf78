//! What the records of a source tell of the source: how late they come, how odd their dates are, how columns look.

use super::profile::{Profile, is_sampled};
use super::{ColumnShape, Late};
use crate::facts::{Detail, RecordFact};
use std::collections::BTreeMap;
use xinhe::domain::date::Day;

/// What is counted of a source.
#[derive(Debug, Clone, Default)]
pub(super) struct SourceTally {
    pub(super) rejects: BTreeMap<Box<str>, BTreeMap<Box<str>, u64>>,
    pub(super) warnings: BTreeMap<&'static str, u64>,
    pub(super) late: Late,
    pub(super) from_after_to: u64,
    pub(super) in_future: u64,
    name: Profile,
    document: Profile,
    authority: Profile,
}

impl SourceTally {
    /// Looks at a record. `today`: day of the data; `as_of`: that of the source.
    pub(super) fn look(&mut self, fact: &RecordFact<'_>, today: Day, as_of: Day, late_days: u32) {
        let late = |arrived: Day| u64::from(working_days(fact.date, arrived) > i64::from(late_days));
        match fact.version.changed.and_then(day_of) {
            Some(changed) => {
                self.late.timed += 1;
                self.late.late += late(changed);
            }
            None => {
                self.late.untimed += 1;
                self.late.older += late(as_of);
            }
        }
        self.in_future += u64::from(fact.date > today);
        self.from_after_to += u64::from(ends_before_it_begins(fact));
        if is_sampled(fact.origin.line) {
            self.name.look(fact.subject.name.as_deref().unwrap_or_default());
            self.document.look(fact.document.as_deref().unwrap_or_default());
            self.authority.look(&fact.authority);
        }
    }

    /// Counts refused rows. Only the first of a reason and column costs an allocation.
    pub(super) fn reject(&mut self, reason: &str, column: &str, rows: u64) {
        if !self.rejects.contains_key(reason) {
            self.rejects.insert(reason.into(), BTreeMap::new());
        }
        let Some(columns) = self.rejects.get_mut(reason) else { return };
        match columns.get_mut(column) {
            Some(count) => *count += rows,
            None => {
                columns.insert(column.into(), rows);
            }
        }
    }

    /// Takes in what another thread counted.
    pub(super) fn add(&mut self, other: &SourceTally) {
        for (reason, columns) in &other.rejects {
            columns.iter().for_each(|(column, count)| self.reject(reason, column, *count));
        }
        for (reason, count) in &other.warnings {
            *self.warnings.entry(reason).or_default() += count;
        }
        self.late.timed += other.late.timed;
        self.late.late += other.late.late;
        self.late.untimed += other.late.untimed;
        self.late.older += other.late.older;
        self.from_after_to += other.from_after_to;
        self.in_future += other.in_future;
        self.name.add(&other.name);
        self.document.add(&other.document);
        self.authority.add(&other.authority);
    }

    /// What is known of its columns: name, document, authority.
    pub(super) fn profiles(&self) -> [&Profile; 3] {
        [&self.name, &self.document, &self.authority]
    }

    /// Sets what is known of its columns.
    pub(super) fn set_profiles(&mut self, [name, document, authority]: [Profile; 3]) {
        (self.name, self.document, self.authority) = (name, document, authority);
    }

    /// The shapes of the columns, if any row was looked at.
    pub(super) fn shapes(&self) -> Vec<ColumnShape> {
        let shapes =
            [self.name.shape("name"), self.document.shape("document"), self.authority.shape("authority")];
        shapes.into_iter().filter(|shape| shape.looked_at > 0).collect()
    }
}

fn ends_before_it_begins(fact: &RecordFact<'_>) -> bool {
    let (from, to) = match &fact.detail {
        Detail::Licence { valid_from, valid_to, .. } => (valid_from.unwrap_or(fact.date), *valid_to),
        Detail::Penalty { published_until, .. } => (fact.date, *published_until),
        Detail::List { until, .. } | Detail::Honour { until, .. } => (fact.date, *until),
        Detail::Commitment { due, .. } => (fact.date, *due),
        Detail::Administrative { .. } | Detail::Evaluation { .. } | Detail::Judgment => return false,
    };
    to.is_some_and(|to| to < from)
}

/// The day of an SJC, `YYYYMMDDhhmmss`.
fn day_of(changed: u64) -> Option<Day> {
    let date = changed / 1_000_000;
    let part = |number: u64| u32::try_from(number).ok();
    Day::from_ymd(i32::try_from(date / 10_000).ok()?, part(date / 100 % 100)?, part(date % 100)?)
}

/// Days from Monday to Friday after `from`, up to `to`. Public holidays are not known here: they count.
fn working_days(from: Day, to: Day) -> i64 {
    // 1970-01-01 was a Thursday.
    let until = |day: Day| {
        let since_monday = i64::from(day.number()) + 3;
        since_monday.div_euclid(7) * 5 + (since_monday.rem_euclid(7) + 1).min(5)
    };
    until(to) - until(from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn working_days_leave_out_saturday_and_sunday() {
        let days = |from: &str, to: &str| working_days(from.parse().unwrap(), to.parse().unwrap());
        // 2026-11-20 is a Friday.
        assert_eq!(days("2026-11-20", "2026-11-20"), 0);
        assert_eq!(days("2026-11-20", "2026-11-22"), 0);
        assert_eq!(days("2026-11-20", "2026-11-23"), 1);
        assert_eq!(days("2026-11-20", "2026-12-01"), 7);
        assert_eq!(days("1969-12-29", "1970-01-05"), 5);
    }

    #[test]
    fn a_time_stamp_tells_its_day() {
        assert_eq!(day_of(20261120235959), "2026-11-20".parse().ok());
        assert_eq!(day_of(20261320000000), None);
        assert_eq!(day_of(u64::MAX), None);
    }
}
