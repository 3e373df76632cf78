//! `report.html`: a run as one page, without network and without scripts.

mod plot;
mod plots;

use std::fmt::Write as _;

use super::Report;
use crate::measure::QuantilesUs;
use crate::session::Outcome;

const STYLE: &str = include_str!("style.css");

/// The page.
pub(super) fn page(report: &Report, outcome: &Outcome) -> String {
    let mut out = String::with_capacity(128 << 10);
    let name = report.meant.scenario.as_deref().unwrap_or("run");
    let title = escape(&format!("xinhe-load: {name} against {}", report.meant.target));
    // Writing to a string cannot fail.
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width,initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\">\
         <title>{title}</title>\n<style>{STYLE}</style></head>\n<body><main>\n<h1>{title}</h1>\n"
    )
    .unwrap_or_default();
    head(report, &mut out);
    latencies(report, &mut out);
    plots::all(report, outcome, &mut out);
    requests(report, &mut out);
    conditions(report, &mut out);
    out.push_str("</main></body></html>\n");
    out
}

fn head(report: &Report, out: &mut String) {
    if let Some(about) = &report.meant.about {
        writeln!(out, "<p class=\"soft\">{}</p>", escape(about)).unwrap_or_default();
    }
    out.push_str("<div class=\"cards\">");
    let wrong = report.errors + report.timeouts + report.wrong;
    let cards = [
        ("achieved", format!("{}/s", rounded(report.achieved_rate)), false),
        ("offered", format!("{}/s", rounded(report.offered_rate)), false),
        ("response p50", latency(report.response_time_us.p50), false),
        ("response p99", latency(report.response_time_us.p99), false),
        ("response p99.9", latency(report.response_time_us.p999), false),
        ("failed or wrong", rounded(wrong as f64), wrong > 0),
        ("dropped", rounded(report.dropped as f64), report.dropped > 0),
    ];
    for (label, value, bad) in cards {
        let class = if bad { "card bad" } else { "card" };
        write!(out, "<div class=\"{class}\">{label}<b>{value}</b></div>").unwrap_or_default();
    }
    out.push_str("</div>\n");
    if !report.notes.is_empty() {
        out.push_str("<div class=\"notes\">");
        for note in &report.notes {
            write!(out, "<p>{}</p>", escape(note)).unwrap_or_default();
        }
        out.push_str("</div>\n");
    }
}

fn latencies(report: &Report, out: &mut String) {
    out.push_str("<h2>Latency</h2><div class=\"scroll\"><table><tr><th></th>");
    for head in ["mean", "p50", "p90", "p99", "p99.9", "p99.99", "slowest", "answers"] {
        write!(out, "<th>{head}</th>").unwrap_or_default();
    }
    out.push_str("</tr>\n");
    let mut row = |name: &str, quantiles: &QuantilesUs| {
        let q = quantiles;
        write!(out, "<tr><td>{name}</td>").unwrap_or_default();
        for us in [q.mean, q.p50, q.p90, q.p99, q.p999, q.p9999, q.max] {
            write!(out, "<td>{}</td>", latency(us)).unwrap_or_default();
        }
        writeln!(out, "<td>{}</td></tr>", rounded(q.count as f64)).unwrap_or_default();
    };
    row("response time, from the intended start", &report.response_time_us);
    row("service time, from the send", &report.service_time_us);
    if report.meant.schedule != "closed loop" {
        row("the generator's own lateness", &report.generator.own_lateness_us);
    }
    let above = &report.response_time_us.above;
    write!(
        out,
        "</table></div>\n<p class=\"soft\">Answers above p99: {}, above p99.9: {}, above p99.99: {}. One run.</p>\n",
        rounded(above.p99 as f64),
        rounded(above.p999 as f64),
        rounded(above.p9999 as f64)
    )
    .unwrap_or_default();
}

/// Requests by kind, and what went wrong.
fn requests(report: &Report, out: &mut String) {
    out.push_str(
        "<h2>Requests</h2><div class=\"scroll\"><table><tr><th>kind</th><th>answered</th><th>unexpected</th>\
         <th>mean</th><th>slowest</th></tr>\n",
    );
    for (kind, counts) in &report.by_kind {
        writeln!(
            out,
            "<tr><td>{kind}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            rounded(counts.answered as f64),
            rounded(counts.unexpected as f64),
            latency(counts.mean_us),
            latency(counts.max_us)
        )
        .unwrap_or_default();
    }
    out.push_str("</table></div>\n<div class=\"scroll\"><table>");
    let counts = &report.counts;
    let mut line = |name: &str, value: String| {
        writeln!(out, "<tr><td>{name}</td><td>{value}</td></tr>").unwrap_or_default();
    };
    let number = |count: u64| rounded(count as f64);
    line("sent", number(counts.sent));
    line("sent more than 1 ms late", number(counts.late));
    line("… although a connection was free (the generator's own doing)", number(counts.own_late));
    line("dropped: due and never sent", number(report.dropped));
    line("timeouts", number(report.timeouts));
    line("refused (429, 503)", number(counts.refused));
    if report.streams.is_some() {
        line("streams refused (REFUSED_STREAM)", number(counts.streams_refused));
    }
    line("other unexpected statuses", number(counts.statuses));
    line("answers that break the protocol", number(counts.malformed));
    line("broken connections", number(counts.broken));
    line("wrong answers", number(report.wrong));
    if let Some(verified) = &report.verified {
        line("answers compared with the offline decision", number(verified.compared));
        line("… not compared, as they came too fast", number(verified.skipped));
    }
    line(
        "connections opened during the run, failed to open",
        format!("{}, {}", counts.connects, counts.connects_failed),
    );
    if let Some(slow) = report.slow_clients {
        line(
            "slow clients opened, cut off by the server, refused",
            format!("{}, {}, {}", slow.opened, slow.cut, slow.refused),
        );
    }
    for (status, count) in &report.by_status {
        line(&format!("status {status}"), number(*count));
    }
    for (reason, count) in &report.reasons {
        line(&escape(reason), number(*count));
    }
    out.push_str("</table></div>\n");
}

/// What somebody needs to run it again and to believe it.
fn conditions(report: &Report, out: &mut String) {
    out.push_str("<h2>Conditions</h2><div class=\"scroll\"><table>");
    let mut line = |name: &str, value: String| {
        writeln!(out, "<tr><td>{name}</td><td>{}</td></tr>", escape(&value)).unwrap_or_default();
    };
    let (meant, machine, generator) = (&report.meant, &report.machine, &report.generator);
    line(
        "schedule",
        format!("{}, {:.1} s, of which {:.1} s warm-up", meant.schedule, meant.duration_s, meant.warmup_s),
    );
    line("target", format!("{} ({})", meant.target, meant.target_kind));
    line("workload", meant.workload.clone());
    line("seed", meant.seed.to_string());
    line("connections", format!("{} ({} open at the start)", meant.connections, report.connections_opened));
    if let (Some(had), Some(wanted)) = (report.streams, meant.streams) {
        line("HTTP/2", format!("{had} streams on a connection, of {wanted} asked for"));
    }
    line("timeout", format!("{} s", meant.timeout_s));
    line("generator", format!("xinhe-load {}", report.version));
    line(
        "generator busy",
        format!(
            "{:.0} %, {:.2} µs of processor time a request",
            generator.busy * 100.0,
            generator.cpu_us_per_request
        ),
    );
    line(
        "generator stood still",
        format!(
            "{} times for more than 1 ms, {} at most",
            generator.stalls,
            latency(generator.longest_stall_us)
        ),
    );
    line(
        "machine",
        format!(
            "{}, {} processors, {:.1} GiB, Linux {}",
            machine.processor, machine.processors, machine.memory_gib, machine.kernel
        ),
    );
    let pinned = if meant.pinned_to.is_some() { "pinned to" } else { "not pinned, may use" };
    line("generator's processors", format!("{pinned} {:?}", machine.generator_on));
    line("load average at the end", machine.load_average.clone());
    if let Some(server) = &report.server {
        let each = server.cpu_s * 1e6 / (report.answered + report.counts.warm).max(1) as f64;
        line(
            "server",
            format!(
                "{} on this machine, {} threads, may use {:?}",
                server.program, server.threads, server.on
            ),
        );
        line("server's processor time", format!("{:.1} s, {each:.1} µs a request", server.cpu_s));
        line("server's memory after the run", format!("{:.0} MiB", server.rss_mib));
    }
    out.push_str("</table></div>\n");
}

/// Three digits of a latency, with its unit.
pub(super) fn latency(us: f64) -> String {
    match us {
        us if us >= 1e6 => format!("{} s", digits(us / 1e6)),
        us if us >= 1e3 => format!("{} ms", digits(us / 1e3)),
        us => format!("{} µs", digits(us)),
    }
}

fn digits(value: f64) -> String {
    let places = if value >= 100.0 || value.fract() == 0.0 {
        0
    } else if value >= 10.0 {
        1
    } else {
        2
    };
    format!("{value:.places$}")
}

/// A whole number with thousands apart; small ones with a digit behind the point.
pub(super) fn rounded(value: f64) -> String {
    if value.fract() != 0.0 && value.abs() < 100.0 {
        return format!("{value:.1}");
    }
    let digits = format!("{value:.0}");
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 && !out.ends_with('-') {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Text as it stands in a page.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_digits_and_a_unit() {
        assert_eq!(
            [latency(0.0), latency(12.34), latency(1234.0), latency(2.5e6)].join(" "),
            "0 µs 12.3 µs 1.23 ms 2.50 s"
        );
        assert_eq!([rounded(0.5), rounded(1234567.0), rounded(100.4)].join(" "), "0.5 1,234,567 100");
        assert_eq!(escape("<a & \"b\">"), "&lt;a &amp; &quot;b&quot;&gt;");
    }
}
