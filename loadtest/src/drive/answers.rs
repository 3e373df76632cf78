//! Reads what comes, and counts what is whole.

use super::Drive;
use super::link::{State, Underway};
use crate::measure::{Failure, Interval, Times};
use crate::wire::{Moved, Progress};
use crate::workload::Workload;

impl Drive {
    /// Reads until nothing is left. Where the other side has ended, that means until its end.
    pub(super) fn read(&mut self, place: usize, opening: u32, ended: bool) {
        let mut buffer = std::mem::take(&mut self.buffer);
        while let Some(link) = self.links.get_mut(place).filter(|link| link.opening == opening)
            && let Some(stream) = link.stream.as_mut()
        {
            let (count, last) = match stream.read(&mut buffer) {
                Ok(Moved::Some(count)) => (count, false),
                Ok(Moved::Last(count)) => (count, !ended || count == 0),
                Ok(Moved::End) => {
                    self.ended(place);
                    break;
                }
                Err(error) => {
                    self.broke(place, &error);
                    break;
                }
            };
            if count > 0 {
                self.take_in(place, buffer.get(..count).unwrap_or_default(), ended);
            }
            if last {
                break;
            }
        }
        self.buffer = buffer;
    }

    fn take_in(&mut self, place: usize, bytes: &[u8], ended: bool) {
        let Some(link) = self.links.get_mut(place) else { return };
        if !matches!(link.state, State::Busy(_)) {
            self.unasked(place);
            return;
        }
        match link.reader.feed(bytes) {
            Ok(Progress::More) => {}
            Ok(Progress::Whole(used)) if used == bytes.len() => self.answered(place, ended),
            Ok(Progress::Whole(_)) => {
                self.fail(place, Failure::Malformed("bytes follow the end of an answer".to_owned()));
            }
            Err(malformed) => self.fail(place, Failure::Malformed(malformed.to_string())),
        }
    }

    /// The answer is whole.
    pub(super) fn answered(&mut self, place: usize, ended: bool) {
        let now = self.now();
        let Some(link) = self.links.get_mut(place) else { return };
        let State::Busy(underway) = link.state else { return };
        let status = link.reader.status();
        if underway.measured {
            self.interval.counts.bytes_in += link.reader.bytes();
            if let Some(complaint) = link.reader.complaint() {
                self.interval.reason(complaint, 1);
            }
        }
        let warmup_ns = self.settings.warmup_ns;
        let body = link.reader.body();
        record(&mut self.interval, self.workload.as_mut(), &underway, (now, warmup_ns), status, body);
        link.answers += 1;
        self.busy -= 1;
        let worn = self.settings.requests_per_connection.is_some_and(|most| link.answers >= most);
        if ended || worn || link.reader.closes() || !link.unsent.is_empty() {
            self.reopen(place, now);
        } else {
            link.state = State::Free(now);
            self.free.push_back(place);
        }
        self.send_due(now);
    }
}

/// Counts a whole answer, and shows it to whoever asked to see it.
pub(super) fn record(
    interval: &mut Interval,
    workload: &mut dyn Workload,
    underway: &Underway,
    (done_ns, warmup_ns): (u64, u64),
    status: u16,
    body: Option<&mut Vec<u8>>,
) {
    let Underway { op, due_ns, sent_ns, measured } = underway;
    if *measured {
        let times = Times { due_ns: *due_ns, sent_ns: *sent_ns, done_ns };
        interval.record_answer(op, times, status);
    } else {
        interval.counts.warm += 1;
        interval.counts.warm_behind += u64::from(done_ns >= warmup_ns);
    }
    if op.keep
        && let Some(body) = body
        && let Err(reason) = workload.answered(op, status, body)
    {
        interval.record_wrong(reason);
    }
}
