//! `xinhe-load compare A B`: two servers, or two builds of one, by turns, so that what the machine does besides hits both.

use std::collections::BTreeMap;

use serde::Serialize;

use super::prepared::Prepared;
use super::server::OwnServer;
use super::tell;
use crate::cli::CompareArgs;
use crate::error::LoadError;
use crate::measure::{MISSING, Ratio};
use crate::report::Report;
use crate::session::Stop;
use crate::view::say;
use crate::wire::Target;

/// What is compared: a name, and where it stands in a report.
type Figure = (&'static str, fn(&Report) -> f64);

const FIGURES: [Figure; 7] = [
    ("achieved_rate", |report| report.achieved_rate),
    ("response_p50_us", |report| report.response_time_us.p50),
    ("response_p99_us", |report| report.response_time_us.p99),
    ("response_p999_us", |report| report.response_time_us.p999),
    ("service_p50_us", |report| report.service_time_us.p50),
    ("service_p99_us", |report| report.service_time_us.p99),
    ("server_cpu_us_per_request", |report| {
        let requests = (report.answered + report.counts.warm).max(1) as f64;
        report.server.as_ref().map_or(0.0, |server| server.cpu_s * 1e6 / requests)
    }),
];

/// One figure of both.
#[derive(Debug, Serialize)]
struct Compared {
    a: Vec<f64>,
    b: Vec<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    b_to_a: Option<Ratio>,
}

#[derive(Debug, Serialize)]
struct Comparison {
    a: String,
    b: String,
    /// What each is: HTTP, Redis or PostgreSQL.
    kinds: [&'static str; 2],
    rounds: usize,
    interrupted: bool,
    errors: [u64; 2],
    /// Answers that say something wrong: keys without a value too.
    wrong: [u64; 2],
    generator_at_its_limit: bool,
    figures: BTreeMap<&'static str, Compared>,
}

/// The stages: start what has to be started, take turns, tell.
pub(super) fn run(args: &CompareArgs) -> Result<(), LoadError> {
    let servers = [&args.a, &args.b].map(|word| OwnServer::start(word));
    let [a, b] = servers;
    let (a, b) = (a?, b?);
    let targets = [a.target().clone(), b.target().clone()];
    let mut options = args.run.clone();
    options.target = Some(targets[0].clone());
    let prepared = Prepared::read(&options)?;
    let stop = Stop::listen()?;
    let mut reports: [Vec<Report>; 2] = [Vec::new(), Vec::new()];
    'rounds: for round in 0..args.rounds {
        // Who is first changes, so that a machine that gets slower is unfair to neither.
        let order = if round % 2 == 0 { [0, 1] } else { [1, 0] };
        for which in order {
            let report = prepared.alone(None, Some(&targets[which]), &stop)?;
            say(&format!(
                "round {} of {}, {}: {:.0}/s, p99 {:.0} µs",
                round + 1,
                args.rounds,
                ["A", "B"][which],
                report.achieved_rate,
                report.response_time_us.p99
            ));
            reports[which].push(report);
            if stop.is_wanted() {
                break 'rounds;
            }
        }
    }
    let whole = reports[0].len().min(reports[1].len());
    let sides = [(&args.a, &targets[0]), (&args.b, &targets[1])];
    let comparison = compare(&reports, whole, sides, stop.is_wanted());
    tell(&comparison, args.run.json, words)?;
    for ((_, target), wrong) in sides.into_iter().zip(comparison.wrong).filter(|(_, wrong)| *wrong > 0) {
        if target.is_keyed() {
            return Err(LoadError::Side {
                side: target.to_string(),
                reason: format!("{wrong} answers are wrong: {MISSING}"),
            });
        }
    }
    if reports.iter().flatten().all(|report| report.answered == 0) {
        return Err(LoadError::NothingCompared);
    }
    Ok(())
}

fn compare(
    reports: &[Vec<Report>; 2],
    rounds: usize,
    sides: [(&String, &Target); 2],
    interrupted: bool,
) -> Comparison {
    let [a, b] = reports;
    let figure = |(name, value): &Figure| {
        let values = |reports: &[Report]| reports.iter().take(rounds).map(value).collect::<Vec<f64>>();
        let (a, b) = (values(a), values(b));
        let pairs: Vec<(f64, f64)> = a.iter().copied().zip(b.iter().copied()).collect();
        (*name, Compared { b_to_a: Ratio::of(&pairs), a, b })
    };
    let errors = |reports: &[Report]| reports.iter().map(|report| report.errors + report.timeouts).sum();
    let wrong = |reports: &[Report]| reports.iter().map(|report| report.wrong).sum();
    Comparison {
        a: sides[0].0.clone(),
        b: sides[1].0.clone(),
        kinds: sides.map(|(_, target)| target.kind()),
        rounds,
        interrupted,
        errors: [errors(a), errors(b)],
        wrong: [wrong(a), wrong(b)],
        generator_at_its_limit: a.iter().chain(b).any(|report| report.generator.at_its_limit),
        figures: FIGURES
            .iter()
            .map(figure)
            .filter(|(_, compared)| compared.a.iter().any(|v| *v > 0.0))
            .collect(),
    }
}

fn words(comparison: &Comparison) -> String {
    let [kind_a, kind_b] = comparison.kinds;
    let mut text = format!(
        "A {} ({kind_a})\nB {} ({kind_b})\n{} rounds of both, by turns\n",
        comparison.a, comparison.b, comparison.rounds
    );
    text += &format!("{:<28}{:>12}{:>12}{:>9}   95 % of it\n", "medians", "A", "B", "B / A");
    for (name, compared) in &comparison.figures {
        let (a, b) = (median(&compared.a), median(&compared.b));
        text += &format!("{name:<28}{a:>12.1}{b:>12.1}");
        text += &match compared.b_to_a {
            Some(ratio) => {
                format!("{:>9.3}   {:.3} to {:.3}   {}\n", ratio.ratio, ratio.low, ratio.high, ratio.words())
            }
            None => "        –   too few rounds\n".to_owned(),
        };
    }
    let [a, b] = comparison.errors;
    text += &format!("errors and timeouts: A {a}, B {b}");
    let [a, b] = comparison.wrong;
    if a + b > 0 {
        text += &format!("\nwrong answers: A {a}, B {b}");
    }
    if comparison.generator_at_its_limit {
        text += "\nThe generator was at its limit in some round: differences may be larger than shown.";
    }
    text
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => 0.0,
        count if count % 2 == 1 => sorted[middle],
        _ => (sorted[middle - 1] + sorted[middle]) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!([median(&[]), median(&[3.0, 1.0, 2.0]), median(&[4.0, 1.0])], [0.0, 2.0, 2.5]);
    }
}
