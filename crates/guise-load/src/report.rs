//! What was measured, as a table for people and as JSON for programs.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use crate::figures::Figures;
use crate::load::Plan;
use crate::machine;
use crate::request::Wrong;

/// The most milliseconds that starts may be late before it is told.
const LATE_MS_MAX: f64 = 1.0;

/// The table, and below it what has to be known about its figures.
pub(crate) fn table(rows: &[Figures]) -> String {
    let width = rows.iter().map(|row| row.name.chars().count()).max().unwrap_or_default();
    let mut table = " ".repeat(width);
    for (title, width) in [
        ("answers", 11),
        ("wrong", 7),
        ("per second", 12),
        ("ratio", 7),
        ("p50 ms", 9),
        ("p90", 9),
        ("p99", 9),
        ("p99.9", 9),
        ("max", 9),
        ("server µs", 11),
        ("MiB", 7),
        ("own µs", 8),
    ] {
        let _ = write!(table, "{title:>width$}");
    }
    table.push('\n');
    let first = rows.first().map_or(1.0, |row| row.tally.per_second());
    for row in rows {
        let tally = &row.tally;
        let (name, rate) = (&row.name, tally.per_second());
        let _ = write!(table, "{name:<width$}{:>11}{:>7}", tally.answered(), tally.wrong());
        let ratio = (first > 0.0).then(|| rate / first);
        let _ = write!(table, "{rate:>12.0}{:>7}", shown(ratio, 3));
        for share in [0.5, 0.9, 0.99, 0.999, 1.0] {
            let _ = write!(table, "{:>9}", shown(tally.latency_ms(share), 2));
        }
        let usage = &row.usage;
        for (figure, width) in
            [(usage.server_micros(), 11), (usage.resident_mib_max, 7), (usage.own_micros(), 8)]
        {
            let _ = write!(table, "{:>width$}", shown(figure, 1));
        }
        table.push('\n');
    }
    for row in rows {
        for remark in remarks(row) {
            let _ = writeln!(table, "{}: {remark}", row.name);
        }
    }
    table
}

fn shown(figure: Option<f64>, digits: usize) -> String {
    figure.map_or_else(|| "-".to_owned(), |figure| format!("{figure:.digits$}"))
}

fn remarks(row: &Figures) -> Vec<String> {
    let tally = &row.tally;
    let error = |(wrong, count): (&Wrong, &u64)| {
        let example = tally.examples.get(wrong).filter(|example| !example.is_empty());
        let example = example.map_or_else(String::new, |example| format!(", first: {example}"));
        format!("{count} times {wrong}{example}")
    };
    let mut remarks: Vec<_> = tally.errors.iter().map(error).collect();
    if tally.overdue > 0 {
        remarks.push(format!(
            "{} requests were due and not begun at the end; they count with how long they had waited by then",
            tally.overdue
        ));
    }
    if tally.late_ms() > LATE_MS_MAX {
        remarks.push(format!(
            "the generator itself did not keep up: a hundredth of the requests began {:.1} ms late or more, although a connection was free",
            tally.late_ms()
        ));
    }
    remarks
}

/// All of it.
pub(crate) fn json(label: Option<&str>, plan: &Plan, rows: &[Figures]) -> Value {
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

fn scenario(row: &Figures) -> Value {
    let Figures { name, tally, usage } = row;
    let error = |(wrong, count): (&Wrong, &u64)| (wrong.to_string(), json!(count));
    let errors: Map<_, _> = tally.errors.iter().map(error).collect();
    json!({
        "name": name,
        "sent": tally.sent,
        "answered": tally.answered(),
        "errors": errors,
        "overdue": tally.overdue,
        "per_second": tally.per_second(),
        "p50_ms": tally.latency_ms(0.5),
        "p90_ms": tally.latency_ms(0.9),
        "p99_ms": tally.latency_ms(0.99),
        "p999_ms": tally.latency_ms(0.999),
        "max_ms": tally.latency_ms(1.0),
        "late_p99_ms": tally.late_ms(),
        "server_cpu_us": usage.server_micros(),
        "server_rss_mib": usage.resident_mib,
        "server_rss_max_mib": usage.resident_mib_max,
        "generator_cpu_us": usage.own_micros(),
        "throughput_ms": tally.window.slice().as_millis(),
        "throughput": tally.throughput,
    })
}
