//! `xinhe-load fill`: values for a store that is asked beside checks.

use super::prepared::{asked_about, token};
use super::tell;
use crate::cli::FillArgs;
use crate::error::LoadError;
use crate::fill::{self, Filled};
use crate::scenario::Scenario;
use crate::view::say;
use crate::workload::{Key, KeysOfLines};

/// The stages: find the keys, put values there, tell.
pub(super) fn run(args: &FillArgs) -> Result<(), LoadError> {
    let token = token(args.ids.as_deref(), args.token.as_deref())?;
    let store = || fill::open(&args.target, token.as_ref(), args.bytes as usize, args.timeout);
    let filled = match (&args.ids, &args.scenario) {
        (Some(file), _) => {
            let keys = KeysOfLines::open(file)?;
            fill::put_all(&args.target, store()?, keys, say)?
        }
        (None, Some(file)) => {
            let scenario = Scenario::read(file)?;
            let (_, subjects) = asked_about(&scenario, &args.about, scenario.seed)?;
            let organisations = (0..subjects.organisations()).map(|place| subjects.organisation(place));
            let persons = (0..subjects.persons()).map(|place| subjects.person(place));
            let keys = organisations.chain(persons).map(|(id, name)| Ok(Key::of(id, name)));
            fill::put_all(&args.target, store()?, keys, say)?
        }
        (None, None) => return Err(LoadError::Usage("give --ids FILE or --scenario FILE")),
    };
    let bytes = args.bytes;
    tell(&filled, args.json, |filled: &Filled| {
        format!(
            "{} keys have a value of {bytes} bytes in {} ({}), after {:.1} s",
            filled.keys, filled.target, filled.target_kind, filled.seconds
        )
    })
}
