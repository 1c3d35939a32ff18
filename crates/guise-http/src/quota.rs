//! Windows of reads: counted per access token, in memory, kept over a clean restart.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use guise_domain::Timestamp;
use guise_domain::limits::READ_WINDOWS_MAX;
use guise_domain::rate::{Endpoint, Quota, Rules, Window};

use crate::error::Refusal;

type Windows = HashMap<(Arc<str>, Endpoint), Window>;

/// All open windows of reads.
#[derive(Debug)]
pub(crate) struct ReadWindows {
    rules: Rules,
    windows: Mutex<Windows>,
}

impl ReadWindows {
    /// Goes on with the windows that an earlier life kept.
    pub(crate) fn new(rules: Rules, kept: Vec<(String, Endpoint, Window)>) -> Self {
        let windows =
            kept.into_iter().map(|(token, endpoint, window)| ((token.into(), endpoint), window));
        Self { rules, windows: Mutex::new(windows.collect()) }
    }

    /// Counts one call.
    ///
    /// # Errors
    /// [`Refusal::Limited`] when it does not fit, [`Refusal::OverCapacity`] when too many windows are open.
    pub(crate) fn count(
        &self,
        token: &Arc<str>,
        endpoint: Endpoint,
        now: Timestamp,
    ) -> Result<Quota, Refusal> {
        let rule = self.rules.rule(endpoint);
        let mut windows = self.lock();
        let key = (Arc::clone(token), endpoint);
        let open = windows.get(&key).copied();
        if open.is_none() && windows.len() >= READ_WINDOWS_MAX {
            windows
                .retain(|(_, endpoint), window| !window.is_over(self.rules.rule(*endpoint), now));
            if windows.len() >= READ_WINDOWS_MAX {
                return Err(Refusal::OverCapacity("too many windows of reads are open".into()));
            }
        }
        let (window, counted) = Window::count(open, rule, now);
        windows.insert(key, window);
        counted.map_err(Refusal::Limited)
    }

    /// What is left, without counting.
    pub(crate) fn peek(&self, token: &Arc<str>, endpoint: Endpoint, now: Timestamp) -> Quota {
        let open = self.lock().get(&(Arc::clone(token), endpoint)).copied();
        Window::peek(open, self.rules.rule(endpoint), now)
    }

    /// Every endpoint that `token` has read in a window that is open at `now`, with what is left.
    pub(crate) fn of_token(&self, token: &str, now: Timestamp) -> Vec<(Endpoint, Quota)> {
        let token: Arc<str> = token.into();
        let windows = self.lock();
        let open = Endpoint::ALL.iter().filter_map(|endpoint| {
            let (window, rule) =
                (windows.get(&(Arc::clone(&token), *endpoint))?, self.rules.rule(*endpoint));
            let open = !window.is_over(rule, now);
            open.then(|| (*endpoint, Window::peek(Some(*window), rule, now)))
        });
        open.collect()
    }

    /// All windows that are open at `now`, to be kept.
    pub(crate) fn open(&self, now: Timestamp) -> Vec<(String, Endpoint, Window)> {
        self.lock()
            .iter()
            .filter(|((_, endpoint), window)| !window.is_over(self.rules.rule(*endpoint), now))
            .map(|((token, endpoint), window)| (token.to_string(), *endpoint, *window))
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, Windows> {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
