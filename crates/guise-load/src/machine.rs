//! What the operating system says of processes and of the machine. Only Linux says it in a way that is read here.

use std::fs;
use std::time::Duration;

use anyhow::Context;
use serde_json::{Value, json};

/// The unit of CPU times in `/proc`, the same on every Linux.
const TICK: Duration = Duration::from_millis(10);

/// Servers, whose CPU time and memory are measured.
#[derive(Clone, Debug, Default)]
pub(crate) struct Servers(Vec<u32>);

impl Servers {
    /// # Errors
    /// No such process, or no Linux.
    pub(crate) fn new(processes: Vec<u32>) -> anyhow::Result<Self> {
        for process in &processes {
            cpu(&process.to_string()).with_context(|| {
                if cfg!(target_os = "linux") {
                    format!("--pid {process}: there is no such process")
                } else {
                    "--pid: CPU time and memory are read from /proc, which only Linux has"
                        .to_owned()
                }
            })?;
        }
        Ok(Self(processes))
    }

    /// User and system time of all their threads so far; `None` of no process, or when one ended.
    pub(crate) fn cpu(&self) -> Option<Duration> {
        let times = self.0.iter().map(|process| cpu(&process.to_string()));
        times.sum::<Option<Duration>>().filter(|_| !self.0.is_empty())
    }

    /// Their memory in MiB; `None` of no process, or when one ended.
    pub(crate) fn resident_mib(&self) -> Option<f64> {
        let sizes = self.0.iter().map(|process| resident_mib(*process));
        sizes.sum::<Option<f64>>().filter(|_| !self.0.is_empty())
    }
}

/// User and system time of this process so far.
pub(crate) fn own_cpu() -> Option<Duration> {
    cpu("self")
}

fn cpu(process: &str) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name, in parentheses, may hold anything. utime and stime are the 14th and 15th field, the 12th behind it.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace().skip(11);
    let (user, system): (u32, u32) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(TICK * user + TICK * system)
}

fn resident_mib(process: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let kib: f64 = field(&status, "VmRSS:")?.strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024.0)
}

/// The machine this ran on, as far as it can be told.
pub(crate) fn describe() -> Value {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cpus = read("/proc/cpuinfo");
    let processor =
        field(&cpus, "model name").map(|name| name.trim_start_matches([':', '\t', ' ']));
    let memory = read("/proc/meminfo");
    let memory = field(&memory, "MemTotal:").and_then(|size| size.strip_suffix("kB"));
    let memory: Option<u64> = memory.and_then(|kib| kib.trim().parse().ok());
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    json!({
        "processor": processor,
        "cores": cores,
        "memory_mib": memory.map(|kib| kib / 1024),
        "system": format!("{} {}", std::env::consts::OS, read("/proc/sys/kernel/osrelease").trim()),
    })
}

fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim)
}
