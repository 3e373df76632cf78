//! A scenario: a TOML file that says what is sent, when, and what goes on beside it.

mod mistake;
mod plan;
mod value;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

pub(crate) use mistake::ScenarioError;
use mistake::Text;
use value::{Count, Exponent, Part, Rate, Span, Speed, Url, Weight};

use crate::pace::Arrival;
use crate::wire::Target;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    /// A word for reports.
    pub(crate) name: String,
    /// What it is for, in a sentence.
    #[serde(default)]
    pub(crate) about: String,
    /// The server, unless the command line names one.
    #[serde(default = "local")]
    target: Url,
    /// Where chance is used, it comes again from the same seed.
    #[serde(default = "one")]
    pub(crate) seed: u64,
    /// When and over how many connections.
    pub(crate) load: Spanned<Load>,
    /// About whom.
    #[serde(default)]
    pub(crate) subjects: Subjects,
    /// What, by weight.
    pub(crate) mix: Spanned<Mix>,
    /// Codes of matters that are asked for; none: checks name no matter.
    #[serde(default)]
    pub(crate) matters: Vec<String>,
    /// Clients that take their time.
    pub(crate) slow: Option<Slow>,
    /// Commands that run meanwhile.
    #[serde(default)]
    pub(crate) background: Vec<Background>,
}

/// When, and over how many connections.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Load {
    connections: Count<20_000>,
    #[serde(default)]
    http2: bool,
    streams: Option<Count<1000>>,
    arrival: Option<Arrival>,
    #[serde(default)]
    timeout: Option<Span>,
    patience: Option<Span>,
    requests_per_connection: Option<Count<1_000_000_000>>,
    #[serde(default)]
    warmup: Option<Span>,
    /// One of these says when.
    steps: Option<Vec<Spanned<Step>>>,
    day: Option<Day>,
    recorded: Option<Recording>,
    closed: Option<Span>,
}

/// A stretch of the run.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    #[serde(rename = "for")]
    lasts: Span,
    rate: Option<Rate>,
    from: Option<Rate>,
    to: Option<Rate>,
}

/// A service hall's day with its peaks at 09:00 and 14:00, run faster.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Day {
    peak: Rate,
    lasts: Span,
}

/// A day that was.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Recording {
    file: PathBuf,
    #[serde(default)]
    speed: Option<Speed>,
}

/// About whom is asked.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Subjects {
    /// A dataset's folder, unless the command line names one.
    pub(crate) dataset: Option<PathBuf>,
    zipf: Option<Exponent>,
    persons: Option<Part>,
    misses: Option<Part>,
    invalid: Option<Part>,
}

/// What is asked, by weight.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mix {
    check: Option<Weight>,
    batch: Option<Weight>,
    search: Option<Weight>,
    feedback: Option<Weight>,
    malformed: Option<Weight>,
    batch_lines: Option<Count<100_000>>,
}

/// Connections that send a byte now and then.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Slow {
    connections: Count<1000>,
    every: Span,
}

/// Commands that run on a period, one after the other.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Background {
    /// As reports mark it.
    pub(crate) name: String,
    every: Span,
    #[serde(default)]
    after: Option<Span>,
    /// Each a program and its words; `{…}` stand for what the demo has.
    pub(crate) run: Vec<Vec<String>>,
}

/// What is asked, with its defaults.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Portions {
    /// The exponent of Zipf's law.
    pub(crate) zipf: f64,
    /// Of subjects, persons.
    pub(crate) persons: f64,
    /// Of checks, those about nobody known.
    pub(crate) misses: f64,
    /// Of checks, those with a number that is none.
    pub(crate) invalid: f64,
    /// Weights in the order check, batch, search, feedback, malformed.
    pub(crate) weights: [f64; 5],
    /// Checks in a batch.
    pub(crate) batch_lines: u32,
    /// The stages of the day change over the run.
    pub(crate) is_day: bool,
}

fn local() -> Url {
    Url(Target {
        host: "127.0.0.1".to_owned(),
        port: 8080,
        authority: "127.0.0.1:8080".to_owned(),
        path: "/".to_owned(),
        tls: false,
        store: None,
    })
}

fn one() -> u64 {
    1
}

impl Scenario {
    /// Reads a file.
    pub(crate) fn read(path: &Path) -> Result<Self, ScenarioError> {
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|source| ScenarioError::Read { file: file.clone(), source })?;
        Self::parse(&Text { file, text })
    }

    fn parse(text: &Text) -> Result<Self, ScenarioError> {
        let scenario: Self = toml::from_str(&text.text).map_err(|error| text.mistake(&error))?;
        scenario.plan_checked(text)?;
        let weights = scenario.portions().weights;
        if weights.iter().sum::<f64>() <= 0.0 {
            let words =
                "no weight is above 0; expected at least one of check, batch, search, feedback, malformed";
            return Err(text.at(scenario.mix.span().start, words));
        }
        let load = scenario.load.get_ref();
        if load.streams.is_some() && !load.http2 {
            let words = "`streams` are of HTTP/2; expected `http2 = true` beside it";
            return Err(text.at(scenario.load.span().start, words));
        }
        if weights[3] > 0.0 && weights[0] <= 0.0 {
            let words = "feedback is given about checks; expected `check` with a weight above 0 too";
            return Err(text.at(scenario.mix.span().start, words));
        }
        Ok(scenario)
    }

    /// The server.
    pub(crate) fn target(&self) -> &Target {
        &self.target.0
    }

    /// Connections, each with one request at a time.
    pub(crate) fn connections(&self) -> usize {
        self.load.get_ref().connections.0 as usize
    }

    /// Over HTTP/2, and how many requests at a time on each connection if that is said.
    pub(crate) fn http2(&self) -> (bool, Option<usize>) {
        let load = self.load.get_ref();
        (load.http2, load.streams.map(|count| count.0 as usize))
    }

    /// A connection is opened again after so many answers.
    pub(crate) fn requests_per_connection(&self) -> Option<u32> {
        self.load.get_ref().requests_per_connection.map(|count| count.0)
    }

    /// How long a request may take.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.load.get_ref().timeout.map(|span| span.0)
    }

    /// How long a start may wait for a connection.
    pub(crate) fn patience(&self) -> Option<Duration> {
        self.load.get_ref().patience.map(|span| span.0)
    }

    /// What is not counted.
    pub(crate) fn warmup(&self) -> Duration {
        self.load.get_ref().warmup.map_or(Duration::ZERO, |span| span.0)
    }

    /// What is asked.
    pub(crate) fn portions(&self) -> Portions {
        let (subjects, mix) = (&self.subjects, self.mix.get_ref());
        let weight = |weight: Option<Weight>| weight.map_or(0.0, |weight| weight.0);
        Portions {
            zipf: subjects.zipf.map_or(1.0, |zipf| zipf.0),
            persons: subjects.persons.map_or(0.2, |part| part.0),
            misses: subjects.misses.map_or(0.05, |part| part.0),
            invalid: subjects.invalid.map_or(0.0, |part| part.0),
            weights: [mix.check, mix.batch, mix.search, mix.feedback, mix.malformed].map(weight),
            batch_lines: mix.batch_lines.map_or(1000, |count| count.0),
            is_day: self.load.get_ref().day.is_some(),
        }
    }
}

impl Slow {
    /// How many.
    pub(crate) fn connections(&self) -> u32 {
        self.connections.0
    }

    /// A byte so often.
    pub(crate) fn every(&self) -> Duration {
        self.every.0
    }
}

impl Background {
    /// How often, from one begin to the next.
    pub(crate) fn every(&self) -> Duration {
        self.every.0
    }

    /// The first time.
    pub(crate) fn after(&self) -> Duration {
        self.after.map_or(self.every.0, |span| span.0)
    }
}

#[cfg(test)]
mod tests;
