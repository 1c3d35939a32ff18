//! One measured part: as many loops as connections, each sending its next request when the last one was answered.

use std::time::{Duration, Instant};

use reqwest::Client;
use tokio::task::JoinSet;

/// What was measured.
pub(crate) struct Figures {
    length: Duration,
    /// Sorted.
    latencies: Vec<Duration>,
}

impl Figures {
    /// Answers per second.
    #[expect(clippy::cast_precision_loss, reason = "a figure to read")]
    pub(crate) fn rate(&self) -> f64 {
        self.latencies.len() as f64 / self.length.as_secs_f64()
    }

    /// A line of the table.
    pub(crate) fn row(&self, name: &str) -> String {
        let at = |percent: usize| {
            let index = (self.latencies.len() * percent / 100).min(self.latencies.len().max(1) - 1);
            self.latencies.get(index).map_or(0.0, |latency| latency.as_secs_f64() * 1000.0)
        };
        let (answers, rate) = (self.latencies.len(), self.rate());
        format!(
            "{name:<22}{answers:>10}{rate:>12.0}{:>10.2}{:>10.2}{:>10.2}\n",
            at(50),
            at(99),
            at(100)
        )
    }
}

/// Runs `request` over `connections` for `length`.
///
/// # Errors
/// The first request that fails: a figure with errors in it means nothing.
pub(crate) async fn measure<F, A>(
    connections: u16,
    length: Duration,
    request: F,
) -> anyhow::Result<Figures>
where
    F: Fn(&Client) -> A + Clone + Send + 'static,
    A: Future<Output = anyhow::Result<usize>> + Send,
{
    let mut loops = JoinSet::new();
    let began = Instant::now();
    for _ in 0..connections {
        let request = request.clone();
        let client = crate::signer::client()?;
        loops.spawn(async move {
            let mut latencies = Vec::new();
            while began.elapsed() < length {
                let sent = Instant::now();
                request(&client).await?;
                latencies.push(sent.elapsed());
            }
            anyhow::Ok(latencies)
        });
    }
    let mut latencies = Vec::new();
    while let Some(done) = loops.join_next().await {
        latencies.extend(done??);
    }
    let length = began.elapsed();
    latencies.sort_unstable();
    Ok(Figures { length, latencies })
}
