//! What the server does unasked: removing what expired, and keeping what only memory knows.

use std::sync::Arc;
use std::time::Duration;

use guise_domain::{Job, Store};
use guise_http::{Guise, SweepError, Swept};
use tokio::time::{MissedTickBehavior, interval};

const EXPIRED_SECONDS: u64 = 60;
const ORPHANS_SECONDS: u64 = 24 * 60 * 60;

/// Sweeps for ever, in turn with the other nodes of the store.
pub(super) async fn run(guise: Guise, store: Arc<dyn Store>) {
    let mut expired = every(EXPIRED_SECONDS);
    let mut orphans = every(ORPHANS_SECONDS);
    loop {
        tokio::select! {
            _ = expired.tick() => {
                in_turn(&*store, Job::Expired, EXPIRED_SECONDS, guise.sweep()).await;
                if let Err(error) = guise.keep_last_uses().await {
                    tracing::warn!(%error, "the last uses of apps and tokens are kept later");
                }
            }
            _ = orphans.tick() => {
                in_turn(&*store, Job::Orphans, ORPHANS_SECONDS, guise.sweep_orphans()).await;
            }
        }
    }
}

/// Does what is to be done every so often, unless another node does or did so in the half of that time.
async fn in_turn(
    store: &dyn Store,
    job: Job,
    seconds: u64,
    sweep: impl Future<Output = Result<Swept, SweepError>>,
) {
    match store.begin_job(job, seconds.cast_signed() / 2).await {
        Ok(false) => return,
        Ok(true) => tell(sweep.await),
        Err(error) => return tracing::warn!(%error, "nothing is swept now"),
    }
    if let Err(error) = store.end_job(job).await {
        tracing::warn!(%error, "that something was swept was not kept");
    }
}

fn every(seconds: u64) -> tokio::time::Interval {
    let mut interval = interval(Duration::from_secs(seconds));
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

fn tell(swept: Result<Swept, SweepError>) {
    match swept {
        Ok(swept) if swept == Swept::default() => {}
        Ok(swept) => {
            let Swept { uploads, replays, answers, sessions, request_tokens, .. } = swept;
            let Swept { attempts, read_windows, blobs, folders, .. } = swept;
            tracing::debug!(
                uploads,
                replays,
                answers,
                sessions,
                request_tokens,
                attempts,
                read_windows,
                blobs,
                folders,
                "swept"
            );
        }
        Err(error) => tracing::warn!(%error, "the next sweep goes on"),
    }
}
