//! The schedule of a scenario.

use std::sync::Arc;

use super::mistake::{ScenarioError, Text};
use super::{Day, Load, Scenario, Step};
use crate::pace::{Arrival, Piece, Plan, Recorded, Shape};

/// A service hall's day from 08:30 to 17:30: hour, and how busy it is beside the busiest.
const HALL_DAY: [(f64, f64); 12] = [
    (8.5, 0.30),
    (9.0, 1.00),
    (9.75, 0.85),
    (10.5, 0.60),
    (11.5, 0.35),
    (12.0, 0.08),
    (13.25, 0.06),
    (13.75, 0.45),
    (14.0, 0.90),
    (15.0, 0.65),
    (16.5, 0.35),
    (17.5, 0.05),
];

impl Scenario {
    /// When requests start. The file was checked when it was read.
    pub(crate) fn plan(&self) -> Result<Plan, ScenarioError> {
        self.plan_checked(&Text { file: self.name.clone(), text: String::new() })
    }

    pub(super) fn plan_checked(&self, text: &Text) -> Result<Plan, ScenarioError> {
        let load = self.load.get_ref();
        let begin = self.load.span().start;
        let ways = [load.steps.is_some(), load.day.is_some(), load.recorded.is_some(), load.closed.is_some()];
        if ways.iter().filter(|given| **given).count() != 1 {
            let found = if ways.contains(&true) { "more than one" } else { "none" };
            let words = format!(
                "found {found} of `steps`, `day`, `recorded` and `closed`; expected one of them, to say when requests start"
            );
            return Err(text.at(begin, words));
        }
        let plan = load.plan(text)?;
        if plan.duration_ns() <= self.warmup().as_nanos() as u64 {
            return Err(text.at(
                begin,
                "the warm-up is as long as the run; expected a longer run or a shorter `warmup`",
            ));
        }
        Ok(plan)
    }
}

impl Load {
    fn plan(&self, text: &Text) -> Result<Plan, ScenarioError> {
        let arrival = self.arrival.unwrap_or(Arrival::Poisson);
        if let Some(closed) = self.closed {
            return Ok(Plan::Closed(u64::try_from(closed.0.as_nanos()).unwrap_or(u64::MAX)));
        }
        if let Some(recording) = &self.recorded {
            let speed = recording.speed.map_or(1.0, |speed| speed.0);
            let read = Recorded::read(&recording.file, speed);
            let read = read.map_err(|error| text.at(0, format!("{}: {error}", recording.file.display())))?;
            return Ok(Plan::Recorded(Arc::new(read)));
        }
        if let Some(day) = &self.day {
            return Ok(Plan::Shaped(day.shape(), arrival));
        }
        let steps = self.steps.as_deref().unwrap_or_default();
        let mut pieces = Vec::new();
        for step in steps {
            let piece = step.get_ref().piece();
            pieces.push(piece.ok_or_else(|| {
                let words = "expected `rate`, or `from` and `to`, beside `for`";
                text.at(step.span().start, words)
            })?);
        }
        let shape = Shape::new(pieces);
        if shape.peak() <= 0.0 {
            return Err(text.at(0, "no step has a rate above 0; expected one, or nothing is sent"));
        }
        Ok(Plan::Shaped(shape, arrival))
    }
}

impl Step {
    fn piece(&self) -> Option<Piece> {
        let (from, to) = match (self.rate, self.from, self.to) {
            (Some(rate), None, None) => (rate, rate),
            (None, Some(from), Some(to)) => (from, to),
            _ => return None,
        };
        Some(Piece { seconds: self.lasts.0.as_secs_f64(), from: from.0, to: to.0 })
    }
}

impl Day {
    fn shape(&self) -> Shape {
        let hours = HALL_DAY[HALL_DAY.len() - 1].0 - HALL_DAY[0].0;
        let second = self.lasts.0.as_secs_f64() / hours;
        Shape::new(HALL_DAY.windows(2).map(|pair| Piece {
            seconds: (pair[1].0 - pair[0].0) * second,
            from: pair[0].1 * self.peak.0,
            to: pair[1].1 * self.peak.0,
        }))
    }
}
