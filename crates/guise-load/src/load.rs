//! Puts load on a server: connections that send, and what they share.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::task::JoinSet;
use tokio::time::{sleep, sleep_until, timeout};

use crate::client::{Connection, Server};
use crate::figures::{Figures, Tally, Usage, Window};
use crate::machine::{self, Servers};
use crate::progress::Progress;
use crate::request::{Mark, Pen, Request, Traffic, Wrong};
use crate::schedule::Schedule;

/// How long answers are waited for after the last request was sent.
const GRACE: Duration = Duration::from_secs(30);
/// Between two attempts at a server that takes no connection.
const RETRY: Duration = Duration::from_millis(20);
/// Between two looks at memory and progress.
const LOOK: Duration = Duration::from_millis(100);

/// How a scenario is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) connections: u16,
    pub(crate) warmup: Duration,
    pub(crate) length: Duration,
    /// Requests a second, whatever the server makes of them; else each connection sends when it was answered.
    pub(crate) rate: Option<u32>,
}

/// What the connections share.
struct Load {
    traffic: Vec<Traffic>,
    schedule: Option<Schedule>,
    window: Window,
    tally: Mutex<Tally>,
    marks: AtomicU32,
    /// Begins every nonce of this run, and of no other.
    run: String,
    /// The same moment on both clocks; the second in seconds since the epoch.
    epoch: (Instant, u64),
}

/// Sends `traffic`, dealt to the connections in turn, and measures.
///
/// # Errors
/// The server takes no connection.
pub(crate) async fn run(
    name: &str,
    plan: &Plan,
    server: &Server,
    traffic: Vec<Traffic>,
    servers: &Servers,
    progress: &Progress,
) -> anyhow::Result<Figures> {
    let mut connections = Vec::new();
    for _ in 0..plan.connections {
        let mut connection = Connection::new(server.clone());
        connection
            .connect()
            .await
            .with_context(|| format!("{} takes no connection", server.host))?;
        connections.push(connection);
    }
    let began = Instant::now();
    let from = began + plan.warmup;
    let window = Window { from, to: from + plan.length };
    let schedule = plan.rate.map(|rate| Schedule::start(began, window.to, rate));
    let load = Arc::new(Load {
        traffic,
        schedule,
        window,
        tally: Mutex::new(Tally::new(window)?),
        marks: AtomicU32::new(u32::try_from(random() >> 32)?),
        run: format!("{:016x}", random()),
        epoch: (began, seconds_since_epoch()),
    });
    let mut loops = JoinSet::new();
    for (number, connection) in connections.into_iter().enumerate() {
        loops.spawn(Arc::clone(&load).keep_sending(number, connection));
    }
    let usage = load.watch(servers, progress).await;
    let all = async { while loops.join_next().await.is_some() {} };
    let _ = timeout(GRACE, all).await;
    loops.shutdown().await;
    let load = Arc::into_inner(load).context("a connection goes on")?;
    let mut tally = load.tally.into_inner().unwrap_or_else(PoisonError::into_inner);
    for due in load.schedule.iter().flat_map(Schedule::missed) {
        tally.miss(due);
    }
    tally.close();
    Ok(Figures { name: name.to_owned(), tally, usage })
}

impl Load {
    async fn keep_sending(self: Arc<Self>, number: usize, mut connection: Connection) {
        let Some(traffic) = self.traffic.get(number % self.traffic.len().max(1)) else { return };
        let (mut pen, mut random) = (Pen::default(), random());
        let mut now = Instant::now();
        while let Some(due) = self.due(now).await {
            random = next_random(random);
            let Some(request) = traffic.choose(mixed(random)) else { return };
            self.tally().send(due);
            let checked = self.send(request, &mut connection, &mut pen).await;
            now = Instant::now();
            self.tally().answer(due, now, checked);
            if checked == Err(Wrong::Connection) && connection.connect().await.is_err() {
                sleep(RETRY).await;
                now = Instant::now();
            }
        }
    }

    /// When the next request is due, for a connection that is free at `now`; `None` when it is over.
    async fn due(&self, now: Instant) -> Option<Instant> {
        let Some(schedule) = &self.schedule else {
            return (now < self.window.to).then_some(now);
        };
        let (due, waited) = schedule.next().await?;
        if waited {
            self.tally().begin_late(due, Instant::now());
        }
        Some(due)
    }

    async fn send(
        &self,
        request: &Request,
        connection: &mut Connection,
        pen: &mut Pen,
    ) -> Result<(), Wrong> {
        let mark = Mark::new(self.marks.fetch_add(1, Ordering::Relaxed));
        let (began, epoch) = self.epoch;
        let body = request.write(pen, &self.run, mark, epoch + began.elapsed().as_secs());
        let answer = connection.exchange(&pen.written, body, request.method == "HEAD").await;
        let answer = answer.map_err(|error| self.wrong(Wrong::Connection, || error.to_string()))?;
        let checked = request.expected.check(&answer, mark);
        checked.map_err(|wrong| self.wrong(wrong, || answer.beginning()))
    }

    fn wrong(&self, wrong: Wrong, example: impl FnOnce() -> String) -> Wrong {
        self.tally().keep(wrong, example);
        wrong
    }

    /// Waits until the window is over.
    async fn watch(&self, servers: &Servers, progress: &Progress) -> Usage {
        let look = || (self.tally().arrived, servers.cpu(), machine::own_cpu());
        let mut most: Option<f64> = None;
        let mut now = Instant::now();
        let mut first = look();
        let mut is_warm = false;
        while now < self.window.to {
            let next = if is_warm { self.window.to } else { self.window.from };
            sleep_until((now + LOOK).min(next).into()).await;
            now = Instant::now();
            if !is_warm && now >= self.window.from {
                (is_warm, first) = (true, look());
            }
            most = servers.resident_mib().into_iter().chain(most).reduce(f64::max);
            progress.show(&self.tally());
        }
        let last = look();
        let between = |first: Option<Duration>, last: Option<Duration>| last?.checked_sub(first?);
        Usage {
            answers: last.0 - first.0,
            server_cpu: between(first.1, last.1),
            own_cpu: between(first.2, last.2),
            resident_mib: servers.resident_mib(),
            resident_mib_max: most,
        }
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A number that nobody can guess.
pub(crate) fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// The state after `state` of the generator `SplitMix64`.
const fn next_random(state: u64) -> u64 {
    state.wrapping_add(0x9E37_79B9_7F4A_7C15)
}

/// The number that a state of it stands for.
const fn mixed(state: u64) -> u64 {
    let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

#[expect(clippy::disallowed_methods, reason = "the server's clock is the machine's too")]
pub(crate) fn seconds_since_epoch() -> u64 {
    let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    elapsed.unwrap_or_default().as_secs()
}
