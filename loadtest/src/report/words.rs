//! The result as a table.

use super::Report;

impl Report {
    /// For a terminal.
    pub(crate) fn words(&self) -> String {
        let meant = &self.meant;
        let mut words = format!(
            "{} ({}): {}\n{} answered in {:.2} s over {} connections{}: {:.1}/s of {:.1}/s offered{}\n",
            meant.target,
            meant.target_kind,
            meant.workload,
            self.answered,
            self.elapsed_s,
            self.connections,
            self.streams.map(|streams| format!(" of {streams} streams (HTTP/2)")).unwrap_or_default(),
            self.achieved_rate,
            self.offered_rate,
            if self.interrupted { " (interrupted)" } else { "" },
        );
        words += &format!(
            "late {}, dropped {}, timeouts {}, errors {} (refused {}, streams refused {}, statuses {}, malformed {}, broken {}), wrong {}\n",
            self.late,
            self.dropped,
            self.timeouts,
            self.errors,
            self.refused,
            self.counts.streams_refused,
            self.counts.statuses,
            self.counts.malformed,
            self.counts.broken,
            self.wrong
        );
        let statuses: Vec<_> =
            self.by_status.iter().map(|(status, count)| format!("{status}: {count}")).collect();
        words +=
            &format!("status {}\n", if statuses.is_empty() { "–".to_owned() } else { statuses.join(", ") });
        for (reason, count) in &self.reasons {
            words += &format!("  {count} × {reason}\n");
        }
        if let Some(verified) = &self.verified {
            words += &format!(
                "verified: {} compared with the offline decision, {} wrong, {} refusals, {} not compared, {} states\n",
                verified.compared, verified.wrong, verified.refusals, verified.skipped, verified.states
            );
        }
        let heads = ["p50", "p90", "p99", "p99.9", "p99.99", "max"].map(|head| format!("{head:>10}"));
        words += &format!("{:<14}{}", "microseconds", heads.concat());
        let mut rows =
            vec![("response time", &self.response_time_us), ("service time", &self.service_time_us)];
        if self.meant.schedule != "closed loop" {
            rows.push(("own lateness", &self.generator.own_lateness_us));
        }
        for (name, latency) in rows {
            let values = [latency.p50, latency.p90, latency.p99, latency.p999, latency.p9999, latency.max]
                .map(|us| format!("{us:>10.1}"));
            words += &format!("\n{name:<14}{}", values.concat());
        }
        let failed = self.marks.iter().filter_map(|mark| Some((mark, mark.failure.as_ref()?)));
        for (mark, failure) in failed.take(3) {
            words += &format!("\n{} at {:.1} s failed: {failure}", mark.name, mark.from_s);
        }
        for note in &self.notes {
            words += &format!("\n{note}");
        }
        words
    }

    /// What a reader has to know before believing the figures.
    pub(super) fn notes_now(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let generator = &self.generator;
        if generator.at_its_limit {
            let why = if generator.busy > super::BUSY_MAX {
                "had no time left"
            } else {
                "did not get a processor in time"
            };
            notes.push(format!(
                "The generator {why} (busy {:.0} %, {} of {} starts late by its own doing): these figures are bounded \
                 by the generator, not by the server.",
                generator.busy * 100.0,
                generator.own_late,
                self.counts.sent
            ));
        }
        if generator.stalls > 0 {
            notes.push(format!(
                "The generator itself stood still {} times, for {:.1} ms at most.",
                generator.stalls,
                generator.longest_stall_us / 1000.0
            ));
        }
        if let (Some(had), Some(wanted)) = (self.streams, self.meant.streams)
            && had < wanted
        {
            notes.push(format!(
                "The server allows {had} streams on a connection, not {wanted}: fewer requests were under way at a time."
            ));
        }
        if self.meant.target_kind != "HTTP" {
            notes.push(
                "A store has no statuses: 200 is a value, 404 no value, 500 an error of the store."
                    .to_owned(),
            );
        }
        notes.extend(self.shared());
        let above = &self.response_time_us.above;
        if self.answered > 0 && above.p9999 < 10 {
            notes.push(format!(
                "Few answers stand behind the high percentiles: {} above p99, {} above p99.9, {} above p99.99.",
                above.p99, above.p999, above.p9999
            ));
        }
        notes
    }

    /// Whether generator and server took processors from each other.
    fn shared(&self) -> Option<String> {
        let server = self.server.as_ref()?;
        let own = &self.machine.generator_on;
        let both: Vec<String> =
            own.iter().filter(|cpu| server.on.contains(cpu)).map(ToString::to_string).collect();
        Some(if both.is_empty() {
            format!("Generator and server ({}) ran on one machine, on different processors.", server.program)
        } else {
            format!(
                "Generator and server ({}) shared processors {} of one machine, and took time from each other: latencies are \
                 worse than with a generator elsewhere.",
                server.program,
                both.join(", ")
            )
        })
    }
}
