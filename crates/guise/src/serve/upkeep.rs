//! What the server does unasked: removing what expired, and keeping what only memory knows.

use std::time::Duration;

use guise_http::{Guise, SweepError, Swept};
use tokio::time::{MissedTickBehavior, interval};

const EXPIRED_SECONDS: u64 = 60;
const ORPHANS_SECONDS: u64 = 24 * 60 * 60;

/// Sweeps for ever.
pub(super) async fn run(guise: Guise) {
    let mut expired = every(EXPIRED_SECONDS);
    let mut orphans = every(ORPHANS_SECONDS);
    loop {
        tokio::select! {
            _ = expired.tick() => {
                tell(guise.sweep().await);
                if let Err(error) = guise.keep_last_uses().await {
                    tracing::warn!(%error, "the last uses of apps and tokens are kept later");
                }
            }
            _ = orphans.tick() => tell(guise.sweep_orphans().await),
        }
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
