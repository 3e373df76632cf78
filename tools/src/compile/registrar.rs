//! The register: its rows are spilled until all of them are known, corrections are kept.

use super::pack;
use super::rejects::Desk;
use super::spill::{Buffers, Spill};
use super::tally::Tally;
use super::work::Work;
use crate::facts::{CorrectionFact, RecordFact, Reject, Sink, SubjectFact, Warning};
use std::io;

/// Takes the rows of the register, and corrections, which are few.
pub(crate) struct Registrar<'a> {
    register: Buffers<'a>,
    corrections: Vec<CorrectionFact>,
    desk: Desk<'a>,
}

impl<'a> Registrar<'a> {
    pub(crate) fn new(register: &'a Spill, rejects: &'a Spill, work: &Work<'_>) -> Registrar<'a> {
        let register = Buffers::new(register, work.buffer_bytes());
        Registrar { register, corrections: Vec::new(), desk: Desk::new(rejects, work) }
    }

    /// Writes what is pending, adds its counts, and hands over the corrections.
    pub(crate) fn finish(self, tally: &mut Tally) -> io::Result<Vec<CorrectionFact>> {
        tally.add(&self.desk.tally);
        self.register.finish()?;
        self.desk.rejects.finish()?;
        Ok(self.corrections)
    }
}

impl Sink for Registrar<'_> {
    fn subject(&mut self, fact: &SubjectFact<'_>) -> io::Result<()> {
        self.desk.tally.content(fact.origin.source, fact.version.row);
        self.register.push(0, |out| pack::put_subject(out, fact))
    }

    fn record(&mut self, _: &RecordFact<'_>) -> io::Result<()> {
        Err(super::work::damaged())
    }

    fn correction(&mut self, fact: CorrectionFact) -> io::Result<()> {
        self.corrections.push(fact);
        Ok(())
    }

    fn reject(&mut self, reject: Reject) -> io::Result<()> {
        self.desk.reject(&reject)
    }

    /// Ingest counts them.
    fn warn(&mut self, _: Warning) -> io::Result<()> {
        Ok(())
    }
}
