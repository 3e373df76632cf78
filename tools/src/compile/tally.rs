//! What came of the rows: counts that threads gather apart and that add up in any order.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use xinhe::snapshot::NO_SOURCE;

/// What came of the rows of a source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Rows that became a subject, a record or a correction.
    pub kept: u64,
    /// Rows that another version outweighed.
    pub merged: u64,
    /// Rows refused.
    pub rejected: u64,
}

/// Counts by source and reason.
pub type Reasons = BTreeMap<(u16, &'static str), u64>;

/// Accounts, rejects and warnings.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    accounts: Vec<Account>,
    /// Of what no table tells: urgent entries of the store.
    nowhere: Account,
    /// Rejects by source and reason.
    pub rejects: Reasons,
    /// Warnings by source and reason.
    pub warnings: Reasons,
    /// By source the wrapping sum of [`crate::quality::content`] over its rows.
    contents: Vec<u64>,
}

impl Tally {
    /// Of accounts alone: what a part adds to the counts of the whole.
    pub(crate) fn of_accounts(accounts: Vec<Account>) -> Tally {
        Tally { accounts, ..Tally::default() }
    }

    /// The account of a source.
    pub(crate) fn account(&mut self, source: u16) -> &mut Account {
        if source == NO_SOURCE {
            return &mut self.nowhere;
        }
        let source = usize::from(source);
        if self.accounts.len() <= source {
            self.accounts.resize(source + 1, Account::default());
        }
        &mut self.accounts[source]
    }

    /// Adds a row to the sum of its source. What no table tells has no row.
    pub(crate) fn content(&mut self, source: u16, row: &[u8]) {
        if source == NO_SOURCE {
            return;
        }
        let sum = self.content_of(source);
        *sum = sum.wrapping_add(crate::quality::content(row));
    }

    /// The sums of so many sources.
    pub(crate) fn contents(&self, sources: usize) -> Vec<u64> {
        let mut contents = self.contents.clone();
        contents.resize(sources, 0);
        contents
    }

    fn content_of(&mut self, source: u16) -> &mut u64 {
        let source = usize::from(source);
        if self.contents.len() <= source {
            self.contents.resize(source + 1, 0);
        }
        &mut self.contents[source]
    }

    /// Notes a warning.
    pub(crate) fn warn(&mut self, source: u16, reason: &'static str) {
        *self.warnings.entry((source, reason)).or_default() += 1;
    }

    /// Notes a reject.
    pub(crate) fn reject(&mut self, source: u16, reason: &'static str) {
        self.account(source).rejected += 1;
        *self.rejects.entry((source, reason)).or_default() += 1;
    }

    /// Adds what another thread has counted.
    pub(crate) fn add(&mut self, other: &Tally) {
        for (source, more) in (0..).zip(&other.accounts) {
            let sum = self.account(source);
            sum.kept += more.kept;
            sum.merged += more.merged;
            sum.rejected += more.rejected;
        }
        for (source, more) in (0..).zip(&other.contents) {
            let sum = self.content_of(source);
            *sum = sum.wrapping_add(*more);
        }
        for (reason, more) in &other.rejects {
            *self.rejects.entry(*reason).or_default() += more;
        }
        for (reason, more) in &other.warnings {
            *self.warnings.entry(*reason).or_default() += more;
        }
    }

    /// Takes the account of a source out: its rows were not read, but carried forward. How many there are.
    pub(crate) fn take_carried(&mut self, source: u16) -> u64 {
        let account = std::mem::take(self.account(source));
        account.kept + account.merged
    }

    /// The accounts of so many sources.
    pub(crate) fn accounts(&self, sources: usize) -> Vec<Account> {
        let mut accounts = self.accounts.clone();
        accounts.resize(sources, Account::default());
        accounts
    }
}
