//! The command line: every word becomes a typed value at once.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::pace::Arrival;
use crate::verify::VerifyArgs;
use crate::wire::{Target, TlsFiles};

/// More connections than one address pair can hold ports for are a mistake.
pub(crate) const CONNECTIONS_MAX: i64 = 20_000;
/// A schedule finer than this cannot be kept by one thread.
const RATE_MAX_PER_SECOND: f64 = 10_000_000.0;
/// No server takes more requests at a time on a connection.
const STREAMS_MAX: i64 = 1000;
/// A longer value is no reply to a check.
const VALUE_BYTES_MAX: i64 = 16 << 20;
/// Longer runs belong in a loop around this program.
const SPAN_MAX: Duration = Duration::from_secs(24 * 3600);

const EXAMPLES: &str = "\
Examples:
  xinhe-load run --target http://127.0.0.1:8080/v1/release --duration 5s --connections 4
  xinhe-load run --target http://127.0.0.1:8080 --ids bodies.ndjson --token - \\
                 --rate 5000 --duration 20s --connections 64 --json < token.txt
  xinhe-load run --scenario loadtest/scenarios/smoke.toml --out report
  xinhe-load run --target https://hall:8443 --ca ca.pem --http2 --streams 32 --ids ids.txt --rate 5000
  xinhe-load fill --target redis://127.0.0.1:6379 --ids ids.txt
  xinhe-load compare http://127.0.0.1:8080 redis://127.0.0.1:6379 --ids ids.txt --rate 5000

Exit codes: 0 done (also when interrupted), 1 nothing answered or the work failed, 2 wrong usage.";
const FILL_EXAMPLES: &str = "\
Examples:
  xinhe-load fill --target redis://127.0.0.1:6379/1 --ids ids.txt
  xinhe-load fill --target postgres://bench@127.0.0.1/city --scenario loadtest/scenarios/smoke.toml \\
                  --bytes 512 --token - < password.txt

The key is the unified code of an organisation; for anything else, which may be a person's, the SHA-256 of number and
name. Whoever has the numbers can guess it: fill only with invented people. What stood under a key is written over.";

/// Load generator of xinhe, for any server of HTTP/1.1 or HTTP/2, Redis and PostgreSQL.
#[derive(Debug, Parser)]
#[command(name = "xinhe-load", version, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Send requests for a while and report rates and latencies
    #[command(after_help = EXAMPLES)]
    Run(Box<RunArgs>),
    /// Find the highest rate at which a stated p99.9 holds
    Sweep(Box<SweepArgs>),
    /// Compare two servers by turns, as ratios with confidence intervals
    Compare(Box<CompareArgs>),
    /// Put values under the keys of subjects into Redis or PostgreSQL, to be asked for beside checks
    #[command(after_help = FILL_EXAMPLES)]
    Fill(Box<FillArgs>),
}

/// The options of one run.
#[derive(Args, Clone)]
pub(crate) struct RunArgs {
    /// Where to send, such as `http://127.0.0.1:8080/v1/release`. A store is asked for the values that `fill` puts there:
    /// `redis://host[:port][/database]`, `postgres://user@host[:port]/database`, `http://host/path/{key}`
    #[arg(long, value_name = "URL", value_parser = parse_target)]
    pub(crate) target: Option<Target>,
    /// A TOML file that says what is sent, when, and what goes on beside it; other options win over it
    #[arg(long, value_name = "FILE")]
    pub(crate) scenario: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) about: AboutArgs,
    /// Requests a second in all, whatever the server does; without it, as fast as the connections allow
    #[arg(long, value_name = "N", value_parser = parse_rate)]
    pub(crate) rate: Option<f64>,
    /// How starts lie around the rate
    #[arg(long, value_name = "KIND")]
    pub(crate) arrival: Option<Arrival>,
    /// When requests started once, a time a line (seconds, or 09:00:12.25): they start so again
    #[arg(long, value_name = "FILE", conflicts_with_all = ["rate", "arrival", "duration"])]
    pub(crate) recorded: Option<PathBuf>,
    /// How many times faster than recorded
    #[arg(long, value_name = "N", requires = "recorded", default_value = "1", value_parser = parse_rate)]
    pub(crate) speed: f64,
    /// How long requests are sent: 500ms, 20s (also when absent), 2m, 1h
    #[arg(long, value_name = "TIME", value_parser = parse_span)]
    pub(crate) duration: Option<Duration>,
    /// Requests of this first while are sent and not counted; it is part of the duration
    #[arg(long, value_name = "TIME", value_parser = parse_span)]
    pub(crate) warmup: Option<Duration>,
    /// Connections, each with one request at a time, or with `--streams` at a time over HTTP/2; absent: 16
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=CONNECTIONS_MAX))]
    pub(crate) connections: Option<u32>,
    /// Over HTTP/2: under TLS by ALPN, in clear by prior knowledge
    #[arg(long)]
    pub(crate) http2: bool,
    /// Requests at a time on each connection of HTTP/2; absent: 16
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=STREAMS_MAX))]
    pub(crate) streams: Option<u32>,
    /// Bearer token of the caller, or password for a store; `-` reads it from standard input, out of the process list
    #[arg(long, value_name = "T")]
    pub(crate) token: Option<String>,
    /// What to POST in turn, a line each: an identifier, or a JSON body; `-` is standard input. Without it: GET
    #[arg(long, value_name = "FILE")]
    pub(crate) ids: Option<String>,
    /// How long one request may take; absent: 5s
    #[arg(long, value_name = "TIME", value_parser = parse_span)]
    pub(crate) timeout: Option<Duration>,
    /// Where chance is used, it comes again from the same seed; absent: 1
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Keep the thread that sends on this processor
    #[arg(long, value_name = "CPU")]
    pub(crate) pin: Option<usize>,
    #[command(flatten)]
    pub(crate) verify: VerifyArgs,
    #[command(flatten)]
    pub(crate) tls: TlsFiles,
    /// A folder to write the report to: report.html, report.json, latency.hlog, latency.hgrm
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// The result as JSON on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// Whom a scenario asks about.
#[derive(Args, Clone, Debug)]
pub(crate) struct AboutArgs {
    /// The folder of the demo that the scenario asks about; absent: the newest that runs on this machine
    #[arg(long, value_name = "DIR", requires = "scenario")]
    pub(crate) demo: Option<PathBuf>,
    /// The dataset whose register the scenario asks about, instead of a demo's
    #[arg(long, value_name = "DIR", requires = "scenario")]
    pub(crate) dataset: Option<PathBuf>,
}

/// The options of a search for the highest rate.
#[derive(Args, Debug)]
pub(crate) struct SweepArgs {
    #[command(flatten)]
    pub(crate) run: RunArgs,
    /// The p99.9 of the response time that has to hold
    #[arg(long, value_name = "TIME", default_value = "1ms", value_parser = parse_fine_span)]
    pub(crate) p999: Duration,
    /// The first rate; then it doubles until one fails
    #[arg(long, value_name = "N", default_value = "1000", value_parser = parse_rate)]
    pub(crate) from: f64,
    /// No higher rate is tried
    #[arg(long, value_name = "N", default_value = "1000000", value_parser = parse_rate)]
    pub(crate) to: f64,
    /// Runs of each rate, of which most must hold
    #[arg(long, value_name = "N", default_value = "3", value_parser = clap::value_parser!(u32).range(1..=99))]
    pub(crate) repeats: u32,
    /// The search ends when the answer is known to so many percent
    #[arg(long, value_name = "PERCENT", default_value = "5", value_parser = parse_rate)]
    pub(crate) precision: f64,
}

/// The options of filling a store.
#[derive(Args)]
pub(crate) struct FillArgs {
    /// The store: `redis://host[:port][/database]` or `postgres://user@host[:port]/database` (table `xinhe_load`)
    #[arg(long, value_name = "URL", value_parser = parse_target)]
    pub(crate) target: Target,
    /// The subjects, a line each: an identifier, or a JSON body of a check; `-` is standard input
    #[arg(long, value_name = "FILE", required_unless_present = "scenario", conflicts_with = "scenario")]
    pub(crate) ids: Option<String>,
    /// A scenario: all subjects that it may ask about
    #[arg(long, value_name = "FILE")]
    pub(crate) scenario: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) about: AboutArgs,
    /// Length of a value; the default is the mean of a generated city's replies to checks
    #[arg(long, value_name = "N", default_value = "1024", value_parser = clap::value_parser!(u32).range(1..=VALUE_BYTES_MAX))]
    pub(crate) bytes: u32,
    /// Password, where the store asks for one; `-` reads it from standard input, out of the process list
    #[arg(long, value_name = "T")]
    pub(crate) token: Option<String>,
    /// How long connecting and each step may take
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = parse_span)]
    pub(crate) timeout: Duration,
    /// The result as JSON on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// Leaves the token out.
impl std::fmt::Debug for FillArgs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FillArgs").field("target", &self.target).finish_non_exhaustive()
    }
}

/// The options of a comparison.
#[derive(Args, Debug)]
pub(crate) struct CompareArgs {
    /// A server's URL, or a command that starts one and prints its ready line, such as
    /// `target/a/xinhe-server --config a.toml`
    pub(crate) a: String,
    /// The other one
    pub(crate) b: String,
    /// Turns of both
    #[arg(long, value_name = "N", default_value = "5", value_parser = clap::value_parser!(u32).range(2..=1000))]
    pub(crate) rounds: u32,
    #[command(flatten)]
    pub(crate) run: RunArgs,
}

/// Leaves the token out.
impl std::fmt::Debug for RunArgs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunArgs").field("target", &self.target).finish_non_exhaustive()
    }
}

fn parse_target(text: &str) -> Result<Target, String> {
    Target::parse(text)
}

fn parse_rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate > 0.0 && rate <= RATE_MAX_PER_SECOND => Ok(rate),
        _ => Err(format!("expected requests a second, more than 0 and at most {RATE_MAX_PER_SECOND}")),
    }
}

/// A span of time that may be microseconds.
fn parse_fine_span(text: &str) -> Result<Duration, String> {
    let us = text.strip_suffix("us").or(text.strip_suffix("µs"));
    match us.map(str::parse::<u64>) {
        Some(Ok(us)) if us > 0 => Ok(Duration::from_micros(us)),
        Some(_) => Err("expected a whole number of microseconds, such as 800us".to_owned()),
        None => parse_span(text),
    }
}

/// A span of time: a whole number and `ms`, `s`, `m` (minutes) or `h`.
pub(crate) fn parse_span(text: &str) -> Result<Duration, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit_ms: u64 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err("expected a whole number and a unit: 500ms, 20s, 2m or 1h".to_owned()),
    };
    let span = number.parse::<u64>().ok().and_then(|n| n.checked_mul(unit_ms)).map(Duration::from_millis);
    match span {
        Some(span) if !span.is_zero() && span <= SPAN_MAX => Ok(span),
        _ => Err("expected a time above 0 and at most 24h".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn a_span_is_a_whole_number_and_a_unit() {
        assert_eq!(parse_span("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse_span("20s"), Ok(Duration::from_secs(20)));
        assert_eq!(parse_span("2m"), Ok(Duration::from_secs(120)));
        assert_eq!(parse_span("1h"), Ok(Duration::from_secs(3600)));
    }

    #[test]
    fn a_span_of_nothing_or_of_days_or_without_unit_is_refused() {
        for text in [
            "",
            "s",
            "20",
            "0s",
            "-1s",
            "1.5s",
            "2d",
            "25h",
            "99999999999999999999s",
            "9999999999999999h",
            "２s",
        ] {
            assert!(parse_span(text).is_err(), "{text:?} passed");
        }
    }

    #[test]
    fn a_rate_is_above_nothing_and_finite() {
        assert_eq!(parse_rate("0.5"), Ok(0.5));
        for text in ["0", "-1", "NaN", "inf", "1e9", "many"] {
            assert!(parse_rate(text).is_err(), "{text:?} passed");
        }
    }

    #[test]
    fn debug_output_leaves_the_token_out() {
        let cli =
            Cli::try_parse_from(["xinhe-load", "run", "--target", "http://h", "--token", "secret"]).unwrap();
        assert!(!format!("{cli:?}").contains("secret"));
    }
}
