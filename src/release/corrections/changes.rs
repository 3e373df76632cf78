//! From corrections to what a snapshot needs of them.

use super::{Correction, Key, LISTED, Named, What};
use crate::domain::record::Event;
use crate::snapshot::overlay::{Change, Name, Recorded, Urgent, What as Does};
use crate::snapshot::{KeyId, Overlay, Snapshot, SnapshotError};

/// The same release under the corrections behind number `after`, which it has folded in. Earlier ones may be among them.
pub fn lay_over<B: AsRef<[u8]>>(
    snapshot: &Snapshot<B>,
    after: u64,
    corrections: &[Correction],
) -> Result<Snapshot<B>, SnapshotError> {
    let later = corrections.iter().filter(|one| u64::from(one.number) > after);
    let changes = changes(later, snapshot.key().id());
    let last = changes.last().map_or(0, |change| change.number);
    Ok(snapshot.overlaid(Overlay::new(snapshot, last, &changes)?))
}

/// What corrections do, for a release whose persons are kept under this secret.
pub fn changes<'c>(corrections: impl Iterator<Item = &'c Correction>, secret: KeyId) -> Vec<Change> {
    let change = |correction: &Correction| {
        let draft = &correction.draft;
        Change {
            number: correction.number,
            document: draft.document.clone(),
            authority: draft.authority.clone(),
            what: match &draft.what {
                What::Record(kind, named) => Does::Act {
                    record: recorded(named, secret),
                    event: Event { day: draft.effective, kind: *kind },
                },
                What::Listed(listed) => {
                    let key = listed.subject.iter().find_map(|key| key.under(secret));
                    let digest = listed.name_digests.iter().find(|(known, _)| *known == secret);
                    Does::Listed(Urgent {
                        key,
                        kind: listed.kind,
                        name: Name { shown: listed.name.clone(), digest: digest.map(|(_, digest)| *digest) },
                        list: listed.list.clone(),
                        since: listed.since,
                        until: listed.until,
                    })
                }
                What::Withdrawn { number, kind, record } => Does::Withdrawn {
                    number: *number,
                    listed: (kind == LISTED).then(|| recorded(record, secret)),
                },
            },
        }
    };
    corrections.map(change).collect()
}

fn recorded(named: &Named, secret: KeyId) -> Recorded {
    Recorded {
        ids: named.ids.clone(),
        keys: named.subject.iter().filter_map(|key: &Key| key.under(secret)).collect(),
        same: named.same.clone(),
    }
}
