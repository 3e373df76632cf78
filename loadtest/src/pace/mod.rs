//! When a request is meant to start.
//!
//! With a rate the schedule is fixed before the first request, whatever the server does. A start that falls
//! due while every connection waits stays in the schedule and is taken as soon as one is free: late, and
//! never left out. What is still waiting at the end is dropped, and counted. The queue takes no memory: it
//! is the stretch of the schedule between the next start and now.

mod recorded;
mod shape;

use std::sync::Arc;

pub(crate) use recorded::{Recorded, RecordedError};
pub(crate) use shape::{Piece, Shape};

use crate::workload::Random;

/// A second, in the unit of the schedule.
pub(crate) const SECOND_NS: f64 = 1e9;

/// How starts lie around their average rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, serde::Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Arrival {
    /// Evenly spaced.
    Uniform,
    /// By chance, as callers that know nothing of each other: waits are exponential.
    Poisson,
}

/// When requests start, as chosen.
#[derive(Debug, Clone)]
pub(crate) enum Plan {
    /// As soon as a connection is free, for so many nanoseconds.
    Closed(u64),
    /// At a rate over time.
    Shaped(Shape, Arrival),
    /// When they once started.
    Recorded(Arc<Recorded>),
}

impl Plan {
    /// How long requests start.
    pub(crate) fn duration_ns(&self) -> u64 {
        match self {
            Self::Closed(duration_ns) => *duration_ns,
            Self::Shaped(shape, _) => (shape.seconds() * SECOND_NS) as u64,
            Self::Recorded(recorded) => recorded.duration_ns(),
        }
    }

    /// Requests that fall due in the first `ns` of the run: of a shape the average, of a recording exactly.
    pub(crate) fn reach(&self, ns: u64) -> f64 {
        match self {
            Self::Closed(_) => 0.0,
            Self::Shaped(shape, _) => shape.reach(ns as f64 / SECOND_NS),
            Self::Recorded(recorded) => recorded.before(ns) as f64,
        }
    }

    /// The same course in another time; a recording ends when it ends.
    pub(crate) fn lasting(self, seconds: f64) -> Self {
        match self {
            Self::Closed(_) => Self::Closed((seconds * SECOND_NS) as u64),
            Self::Shaped(shape, arrival) => Self::Shaped(shape.lasting(seconds), arrival),
            Self::Recorded(recorded) => Self::Recorded(recorded),
        }
    }

    /// Whether there is a schedule at all.
    pub(crate) fn is_open(&self) -> bool {
        !matches!(self, Self::Closed(_))
    }

    /// The kind of schedule, in a word.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Closed(_) => "closed loop",
            Self::Shaped(_, Arrival::Uniform) => "uniform",
            Self::Shaped(_, Arrival::Poisson) => "poisson",
            Self::Recorded(_) => "recorded",
        }
    }
}

/// Hands out the starts of a run in order.
#[derive(Debug)]
pub(crate) struct Pacer {
    plan: Plan,
    random: Random,
    /// How far along the schedule the next start is: in requests.
    reached: f64,
    taken: u64,
    next_ns: Option<u64>,
    ends_ns: u64,
}

impl Pacer {
    /// The first start is at once, but by chance where starts are.
    pub(crate) fn new(plan: Plan, seed: u64) -> Self {
        let ends_ns = plan.duration_ns();
        let mut pacer =
            Self { plan, random: Random::new(seed), reached: 0.0, taken: 0, next_ns: None, ends_ns };
        if matches!(pacer.plan, Plan::Shaped(_, Arrival::Poisson)) {
            pacer.reached = pacer.random.exponential();
        }
        pacer.next_ns = pacer.at();
        pacer
    }

    fn at(&self) -> Option<u64> {
        let at = match &self.plan {
            Plan::Closed(_) => Some(0),
            Plan::Shaped(shape, _) => shape.when(self.reached).map(|s| (s * SECOND_NS) as u64),
            Plan::Recorded(recorded) => recorded.at(self.taken),
        };
        at.filter(|at| *at < self.ends_ns)
    }

    /// The next start, in nanoseconds from the begin; `None` when all are taken. Of a closed loop: now.
    pub(crate) fn next_ns(&self) -> Option<u64> {
        self.next_ns
    }

    /// The next start is used.
    pub(crate) fn take(&mut self) {
        self.taken += 1;
        match self.plan {
            Plan::Closed(_) => {}
            Plan::Shaped(_, Arrival::Uniform) => self.reached = self.taken as f64,
            Plan::Shaped(_, Arrival::Poisson) => self.reached += self.random.exponential(),
            Plan::Recorded(_) => {}
        }
        self.next_ns = self.at();
    }

    /// Gives up all starts before `ns` that nobody took, and says how many they were, from `measured_ns` on.
    pub(crate) fn drop_before(&mut self, ns: u64, measured_ns: u64) -> u64 {
        let mut dropped = 0;
        if self.plan.is_open() {
            while let Some(due_ns) = self.next_ns.filter(|due| *due < ns) {
                dropped += u64::from(due_ns >= measured_ns);
                self.take();
            }
        }
        dropped
    }

    /// When the last start may be.
    pub(crate) fn ends_ns(&self) -> u64 {
        self.ends_ns
    }

    /// What it follows.
    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts(plan: Plan, seed: u64) -> Vec<u64> {
        let mut pacer = Pacer::new(plan, seed);
        let mut starts = Vec::new();
        while let Some(at) = pacer.next_ns() {
            starts.push(at);
            pacer.take();
        }
        starts
    }

    #[test]
    fn even_starts_end_before_the_duration() {
        let plan = Plan::Shaped(Shape::even(4.0, 1.0), Arrival::Uniform);
        assert_eq!(starts(plan, 1), [0, 250_000_000, 500_000_000, 750_000_000]);
    }

    #[test]
    fn a_rate_below_one_a_run_still_sends_once() {
        let plan = Plan::Shaped(Shape::even(0.1, 0.5), Arrival::Uniform);
        assert_eq!(starts(plan, 1), [0]);
    }

    /// Of a Poisson process the variance of the count in a stretch is its mean, and waits below the mean are 63 %.
    #[test]
    fn starts_by_chance_are_a_poisson_process_and_come_again_by_seed() {
        let plan = || Plan::Shaped(Shape::even(1000.0, 100.0), Arrival::Poisson);
        let drawn = starts(plan(), 42);
        assert_eq!(drawn, starts(plan(), 42));
        assert_ne!(drawn, starts(plan(), 43));
        assert!((99_000..101_000).contains(&drawn.len()), "{}", drawn.len());
        let mut counts = vec![0_f64; 1000];
        for at in &drawn {
            counts[(at / 100_000_000) as usize] += 1.0;
        }
        let mean = counts.iter().sum::<f64>() / 1000.0;
        let variance = counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / 1000.0;
        assert!((variance / mean - 1.0).abs() < 0.2, "{variance} of {mean}");
        let short = drawn.windows(2).filter(|pair| pair[1] - pair[0] < 1_000_000).count();
        assert!((short as f64 / drawn.len() as f64 - 0.632).abs() < 0.01, "{short}");
    }

    #[test]
    fn starts_that_nobody_took_are_dropped_and_counted() {
        let mut pacer = Pacer::new(Plan::Shaped(Shape::even(100.0, 1.0), Arrival::Uniform), 1);
        pacer.take();
        assert_eq!(pacer.drop_before(500_000_000, 0), 49);
        assert_eq!(pacer.drop_before(u64::MAX, 0), 50);
        assert_eq!(pacer.next_ns(), None);
    }

    #[test]
    fn a_closed_loop_may_always_start_and_drops_nothing() {
        let mut pacer = Pacer::new(Plan::Closed(1000), 1);
        pacer.take();
        assert_eq!((pacer.next_ns(), pacer.drop_before(u64::MAX, 0)), (Some(0), 0));
    }
}
