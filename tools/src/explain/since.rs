//! What corrections since the release add to an explanation.

use super::{CorrectionExplained, Origin, RecordExplained, Teller, gone_by};
use xinhe::domain::record::{RecordKind, Standing};
use xinhe::snapshot::overlay::{Act, Listing};

impl<B: AsRef<[u8]>> Teller<'_, '_, B> {
    /// A correction that came after the release was built.
    pub(super) fn since(&self, act: &Act) -> CorrectionExplained {
        CorrectionExplained {
            kind: act.event.kind.word(),
            effective: act.event.day.to_string(),
            in_effect: act.event.day <= self.day,
            document: act.document.to_string(),
            authority: act.authority.to_string(),
            number: Some(act.number),
            origin: Origin::default(),
        }
    }

    /// An urgent entry of the store. `counts`: whether a check counted it, if there was one.
    pub(super) fn urgent(&self, listing: &Listing, counts: Option<bool>) -> RecordExplained {
        let corrections: Vec<_> = listing.acts.iter().map(|act| self.since(act)).collect();
        let seen = listing.visible(self.day);
        let why_not = match (seen, listing.standing(self.day)) {
            (Some(_), _) => None,
            (None, Standing::Gone) => Some(gone_by(&corrections)),
            (None, _) if self.day < listing.since => {
                Some(format!("not yet: it is seen from {}", listing.since))
            }
            (None, _) => Some(format!("expired, by {}", listing.ending.word())),
        };
        let list = self.snapshot.catalogue().list_at(listing.list);
        RecordExplained {
            record: listing.record.to_string(),
            kind: RecordKind::List.word(),
            relation: None,
            title: list.map(|list| list.title.clone()),
            authority: listing.authority.to_string(),
            origin: Origin::default(),
            date: listing.since.to_string(),
            from: listing.since.to_string(),
            until: listing.until.map(|day| day.to_string()),
            ends_by: Some(listing.ending.word()),
            rule: Some(format!(
                "entered by correction {} of the store, {}",
                listing.number, listing.document
            )),
            visible: seen.is_some(),
            counts,
            objection: seen == Some(true),
            why_not,
            corrections,
        }
    }
}
