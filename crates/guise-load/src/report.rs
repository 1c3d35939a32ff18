//! What was measured, as a table for people and as JSON for programs.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use crate::load::{Measured, Plan};
use crate::machine;

/// A scenario's name and what was measured.
pub(crate) type Row = (String, Measured);

/// Right answers per second, by when they arrived.
pub(crate) fn per_second(measured: &Measured) -> f64 {
    measured.tally.arrived as f64 / measured.tally.window.length().as_secs_f64()
}

/// The latency in milliseconds that this share of the answers stayed below.
pub(crate) fn milliseconds(measured: &Measured, quantile: f64) -> f64 {
    measured.tally.latencies.value_at_quantile(quantile) as f64 / 1000.0
}

/// Microseconds of CPU time for each answer.
fn cpu(measured: &Measured, time: Option<std::time::Duration>) -> Option<f64> {
    let answers = measured.usage.answers;
    time.filter(|_| answers > 0).map(|time| time.as_secs_f64() * 1e6 / answers as f64)
}

/// The table, and below it what went wrong.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut table = format!(
        "{:<16}{:>10}{:>8}{:>11}{:>7}{:>9}{:>9}{:>9}{:>9}{:>9}{:>8}{:>8}{:>8}\n",
        "",
        "answers",
        "wrong",
        "per second",
        "ratio",
        "p50 ms",
        "p90",
        "p99",
        "p99.9",
        "max",
        "server",
        "RSS",
        "own"
    );
    let first = rows.first().map_or(1.0, |(_, measured)| per_second(measured));
    for (name, measured) in rows {
        let tally = &measured.tally;
        let rate = per_second(measured);
        let _ = write!(table, "{name:<16}{:>10}{:>8}{rate:>11.0}", tally.answered(), tally.wrong());
        let _ = write!(table, "{:>7.3}", rate / first);
        for quantile in [0.5, 0.9, 0.99, 0.999, 1.0] {
            let _ = write!(table, "{:>9.2}", milliseconds(measured, quantile));
        }
        let usage = &measured.usage;
        for (figure, unit) in [
            (cpu(measured, usage.server_cpu), "µs"),
            (usage.resident_mib_max, "M"),
            (cpu(measured, usage.own_cpu), "µs"),
        ] {
            let shown = figure.map_or_else(String::new, |figure| format!("{figure:.1}{unit}"));
            let _ = write!(table, "{shown:>8}");
        }
        table.push('\n');
    }
    for (name, measured) in rows {
        for line in remarks(measured) {
            let _ = writeln!(table, "{name}: {line}");
        }
    }
    table
}

/// What has to be known about the figures.
fn remarks(measured: &Measured) -> Vec<String> {
    let tally = &measured.tally;
    let mut remarks: Vec<_> =
        tally.errors.iter().map(|(wrong, count)| format!("{wrong}: {count}")).collect();
    if tally.overdue > 0 {
        remarks.push(format!(
            "{} requests were still waiting for a connection at the end; they count with how long they had waited",
            tally.overdue
        ));
    }
    let late = tally.late.value_at_quantile(0.99) as f64 / 1000.0;
    if late > 1.0 {
        remarks.push(format!(
            "the generator itself did not keep up: one start in a hundred was {late:.1} ms late although a connection was free"
        ));
    }
    remarks
}

/// All of it.
pub(crate) fn json(label: Option<&str>, plan: &Plan, rows: &[Row]) -> Value {
    json!({
        "label": label,
        "connections": plan.connections,
        "rate": plan.rate,
        "warmup_s": plan.warmup.as_secs(),
        "seconds": plan.length.as_secs(),
        "scenarios": rows.iter().map(scenario).collect::<Vec<_>>(),
        "machine": machine::describe(),
    })
}

fn scenario((name, measured): &Row) -> Value {
    let (tally, usage) = (&measured.tally, &measured.usage);
    let errors: Map<_, _> =
        tally.errors.iter().map(|(wrong, n)| (wrong.to_string(), json!(n))).collect();
    json!({
        "name": name,
        "sent": tally.sent,
        "answered": tally.answered(),
        "errors": errors,
        "overdue": tally.overdue,
        "per_second": per_second(measured),
        "p50_ms": milliseconds(measured, 0.5),
        "p90_ms": milliseconds(measured, 0.9),
        "p99_ms": milliseconds(measured, 0.99),
        "p999_ms": milliseconds(measured, 0.999),
        "max_ms": milliseconds(measured, 1.0),
        "late_p99_ms": tally.late.value_at_quantile(0.99) as f64 / 1000.0,
        "server_cpu_us": cpu(measured, usage.server_cpu),
        "server_rss_mib": usage.resident_mib,
        "server_rss_max_mib": usage.resident_mib_max,
        "generator_cpu_us": cpu(measured, usage.own_cpu),
        "throughput_ms": tally.window.slice().as_millis(),
        "throughput": tally.throughput,
    })
}
