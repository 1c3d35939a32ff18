//! Windows of reads: counted per access token, in memory first.
//!
//! A node that is alone counts in memory only, and keeps its windows over a clean restart. Several count together: each
//! lets a few reads of a window through by itself ([`Rule::unreported_max`]) and adds them to what the store knows of all
//! nodes with the next one, which waits for that. So the first read of a window waits, and with a low limit every one.
//!
//! [`Rule::unreported_max`]: guise_domain::rate::Rule::unreported_max

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use guise_domain::limits::{READ_WAIT_SECONDS_MAX, READ_WINDOWS_MAX};
use guise_domain::rate::{Endpoint, Quota, Reads, Rules, Window};
use guise_domain::{Store, StoreError, Timestamp};
use tokio::time::timeout;

use crate::error::Refusal;

/// Reads of different tokens that ask the store at once.
const TURNS: usize = 64;

type Key = (Arc<str>, Endpoint);
type Windows = HashMap<Key, Known>;

/// What this node knows of a window.
#[derive(Clone, Copy, Debug)]
struct Known {
    /// With all reads that it knows of.
    window: Window,
    /// Those of them that only this node knows of.
    unreported: u32,
}

/// All open windows of reads.
#[derive(Debug)]
pub(crate) struct ReadWindows {
    rules: Rules,
    /// Whether other nodes count too.
    shared: bool,
    windows: Mutex<Windows>,
    /// Of the reads in one window, one at a time asks the store.
    turns: Vec<tokio::sync::Mutex<()>>,
    turn: RandomState,
}

impl ReadWindows {
    /// Goes on with the windows that an earlier life kept, or counts with other nodes where there are none to be `kept`.
    pub(crate) fn new(rules: Rules, kept: Option<Vec<(String, Endpoint, Window)>>) -> Self {
        let shared = kept.is_none();
        let windows = kept.into_iter().flatten().map(|(token, endpoint, window)| {
            ((token.into(), endpoint), Known { window, unreported: 0 })
        });
        Self {
            rules,
            shared,
            windows: Mutex::new(windows.collect()),
            turns: std::iter::repeat_with(Default::default).take(TURNS).collect(),
            turn: RandomState::new(),
        }
    }

    /// Counts one call.
    ///
    /// # Errors
    /// [`Refusal::Limited`] when it does not fit; [`Refusal::OverCapacity`] when too many windows are open, or the store
    /// does not answer: what cannot be counted is not let through.
    pub(crate) async fn count(
        &self,
        store: &dyn Store,
        token: &Arc<str>,
        endpoint: Endpoint,
        now: Timestamp,
    ) -> Result<Quota, Refusal> {
        let key = (Arc::clone(token), endpoint);
        if let Some(quota) = self.count_here(&key, now)? {
            return Ok(quota);
        }
        let turn = usize::try_from(self.turn.hash_one(&key)).unwrap_or_default() % TURNS;
        let wait = Duration::from_secs(READ_WAIT_SECONDS_MAX);
        let busy = || Refusal::OverCapacity("too many reads wait for being counted".into());
        let _turn = match self.turns.get(turn) {
            Some(turn) => timeout(wait, turn.lock()).await.map_err(|_| busy())?,
            None => return Err(busy()),
        };
        // Whoever was before may have learnt enough for this one too.
        if let Some(quota) = self.count_here(&key, now)? {
            return Ok(quota);
        }
        let reads = self.with_unreported(&key, now);
        let reported = reads.window.used - 1;
        let window = store.count_reads(reads, now).await?;
        self.learn(key, window, reported)
    }

    /// Counts one call if this node may do so by itself.
    fn count_here(&self, key: &Key, now: Timestamp) -> Result<Option<Quota>, Refusal> {
        let rule = self.rules.rule(key.1);
        let mut windows = self.lock();
        self.make_room(&mut windows, key, now)?;
        let known = windows.get(key).filter(|known| !known.window.is_over(rule, now));
        let (window, counted) = Window::count(known.map(|known| known.window), rule, now);
        let quota = counted.map_err(Refusal::Limited)?;
        let before = known.map(|known| known.unreported);
        if self.shared && before.is_none_or(|before| before >= rule.unreported_max()) {
            return Ok(None);
        }
        let unreported = before.unwrap_or_default() + 1;
        windows.insert((Arc::clone(&key.0), key.1), Known { window, unreported });
        Ok(Some(quota))
    }

    /// One more read, and those of its window that the store does not know yet.
    fn with_unreported(&self, (token, endpoint): &Key, now: Timestamp) -> Reads {
        let (rule, key) = (self.rules.rule(*endpoint), (Arc::clone(token), *endpoint));
        let mut windows = self.lock();
        if windows.get(&key).is_some_and(|known| known.window.is_over(rule, now)) {
            windows.remove(&key);
        }
        let window = match windows.get(&key) {
            Some(Known { window, unreported }) => Window { used: unreported + 1, ..*window },
            None => Window { started_at: now, used: 1 },
        };
        Reads { token: key.0, endpoint: *endpoint, rule, window }
    }

    /// Learns what the store made of a read and of the `reported` ones before it.
    fn learn(&self, key: Key, of_all: Window, reported: u32) -> Result<Quota, Refusal> {
        let rule = self.rules.rule(key.1);
        let mut windows = self.lock();
        // Others may have been let through meanwhile.
        let unreported =
            windows.get(&key).map_or(0, |known| known.unreported.saturating_sub(reported));
        let window = Window { used: of_all.used.saturating_add(unreported), ..of_all };
        windows.insert(key, Known { window, unreported });
        let quota = window.quota(rule);
        if of_all.used > rule.limit { Err(Refusal::Limited(quota)) } else { Ok(quota) }
    }

    fn make_room(&self, windows: &mut Windows, key: &Key, now: Timestamp) -> Result<(), Refusal> {
        if windows.len() < READ_WINDOWS_MAX || windows.contains_key(key) {
            return Ok(());
        }
        windows.retain(|(_, endpoint), known| {
            // What the store knows can be asked for again.
            let only_here = !self.shared || known.unreported > 0;
            only_here && !known.window.is_over(self.rules.rule(*endpoint), now)
        });
        if windows.len() < READ_WINDOWS_MAX {
            return Ok(());
        }
        Err(Refusal::OverCapacity("too many windows of reads are open".into()))
    }

    /// Every endpoint that `token` has read in a window that is open at `now`, with what is left. Of other nodes' reads
    /// those are not known that they keep to themselves.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(crate) async fn of_token(
        &self,
        store: &dyn Store,
        token: &str,
        now: Timestamp,
    ) -> Result<Vec<(Endpoint, Quota)>, StoreError> {
        let of_all = if self.shared { store.reads_of(token).await? } else { Vec::new() };
        let token: Arc<str> = token.into();
        let windows = self.lock();
        let left = |endpoint: Endpoint| {
            let rule = self.rules.rule(endpoint);
            let here = windows.get(&(Arc::clone(&token), endpoint));
            let here = here.filter(|known| !known.window.is_over(rule, now));
            let of_all = of_all.iter().find(|(one, _)| *one == endpoint).map(|(_, window)| *window);
            let window = match (of_all.filter(|window| !window.is_over(rule, now)), here) {
                (Some(of_all), Some(Known { window, unreported })) => {
                    Window::joined(Some(of_all), Window { used: *unreported, ..*window }, rule, now)
                }
                (Some(of_all), None) => of_all,
                (None, here) => here?.window,
            };
            Some((endpoint, window.quota(rule)))
        };
        Ok(Endpoint::ALL.iter().copied().filter_map(left).collect())
    }

    /// What is left of one of them.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(crate) async fn left(
        &self,
        store: &dyn Store,
        token: &str,
        endpoint: Endpoint,
        now: Timestamp,
    ) -> Result<Quota, StoreError> {
        let read = self.of_token(store, token, now).await?;
        Ok(self.of(&read, endpoint, now))
    }

    /// What is left of one of a token's windows; all of it when it was not read.
    pub(crate) fn of(
        &self,
        read: &[(Endpoint, Quota)],
        endpoint: Endpoint,
        now: Timestamp,
    ) -> Quota {
        let quota = read.iter().find(|(one, _)| *one == endpoint).map(|(_, quota)| *quota);
        quota.unwrap_or_else(|| Window::peek(None, self.rules.rule(endpoint), now))
    }

    /// What only this node knows of windows that are open at `now`, to be kept.
    pub(crate) fn unreported(&self, now: Timestamp) -> Vec<Reads> {
        let windows = self.lock();
        let each = windows.iter().filter_map(|((token, endpoint), known)| {
            let rule = self.rules.rule(*endpoint);
            let window = Window { used: known.unreported, ..known.window };
            let wanted = known.unreported > 0 && !known.window.is_over(rule, now);
            wanted.then(|| Reads { token: Arc::clone(token), endpoint: *endpoint, rule, window })
        });
        each.collect()
    }

    fn lock(&self) -> MutexGuard<'_, Windows> {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
