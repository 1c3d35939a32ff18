//! What happens to accounts, told at once to whoever listens: in this process, and through the store on other nodes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use guise_domain::limits::{
    SIGNALS_AGAIN_SECONDS, SIGNALS_WAITING_MAX, STREAMS_MAX, STREAMS_OF_ACCOUNT_MAX,
};
use guise_domain::{AccountId, Signal, Store};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast, watch};
use tokio::time::sleep;

use crate::error::Refusal;

/// A signal, or word that some may have been missed; and whether it was sent on this node.
#[derive(Clone, Copy, Debug)]
struct Word {
    signal: Option<Signal>,
    own: bool,
}

/// Where signals are sent and listened for.
#[derive(Debug)]
pub(crate) struct Signals {
    sender: broadcast::Sender<Word>,
    ended: watch::Sender<bool>,
    places: Arc<Semaphore>,
    /// How many streams each account has.
    streams: Arc<Mutex<HashMap<AccountId, usize>>>,
}

impl Default for Signals {
    fn default() -> Self {
        Self {
            sender: broadcast::Sender::new(SIGNALS_WAITING_MAX),
            ended: watch::Sender::new(false),
            places: Arc::new(Semaphore::new(STREAMS_MAX)),
            streams: Arc::default(),
        }
    }
}

impl Signals {
    /// Tells everybody who listens.
    pub(crate) fn send(&self, signal: Signal) {
        self.say(Some(signal), true);
    }

    fn say(&self, signal: Option<Signal>, own: bool) {
        // Nobody has to listen.
        let _ = self.sender.send(Word { signal, own });
    }

    /// Passes signals on to other nodes, and theirs to whoever listens here, for ever. Who missed some looks by
    /// themselves after a while, so a store that does not answer only makes signals late.
    pub(crate) async fn relay(&self, store: &dyn Store) {
        tokio::join!(self.tell_others(store), self.hear_others(store));
    }

    async fn tell_others(&self, store: &dyn Store) {
        let mut words = self.sender.subscribe();
        loop {
            let mut own = Vec::new();
            match words.recv().await {
                Ok(word) => own.extend(word.signal.filter(|_| word.own)),
                Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => return,
            }
            // What came meanwhile goes along.
            while own.len() < SIGNALS_WAITING_MAX
                && let Ok(word) = words.try_recv()
            {
                own.extend(word.signal.filter(|_| word.own));
            }
            if !own.is_empty()
                && let Err(error) = store.tell(own).await
            {
                tracing::warn!(%error, "other nodes were not told of what is new");
            }
        }
    }

    async fn hear_others(&self, store: &dyn Store) {
        loop {
            match store.hear().await {
                Ok(signal) => self.say(signal, false),
                Err(error) => {
                    tracing::warn!(%error, "other nodes are not heard");
                    sleep(Duration::from_secs(SIGNALS_AGAIN_SECONDS)).await;
                }
            }
        }
    }

    /// Listens from now on, for an account.
    ///
    /// # Errors
    /// When too many listen already, for this account or in all.
    pub(crate) fn listen(&self, account: AccountId) -> Result<Listener, Refusal> {
        Ok(Listener { place: self.place(account)?, signals: self.sender.subscribe() })
    }

    /// A place among the streams, for an account.
    ///
    /// # Errors
    /// When all are taken, for this account or in all.
    pub(crate) fn place(&self, account: AccountId) -> Result<Place, Refusal> {
        let full = |what: &str| Refusal::OverCapacity(format!("too many streams are open {what}"));
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| full("in all"))?;
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        let open = streams.entry(account).or_default();
        if *open >= STREAMS_OF_ACCOUNT_MAX {
            return Err(full("for this account"));
        }
        *open += 1;
        Ok(Place {
            ended: self.ended.subscribe(),
            account,
            streams: Arc::clone(&self.streams),
            _permit: place,
        })
    }

    /// Ends all listening: the server stops.
    pub(crate) fn end(&self) {
        self.ended.send_replace(true);
    }
}

/// A place among the streams that are open; free again when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    ended: watch::Receiver<bool>,
    account: AccountId,
    streams: Arc<Mutex<HashMap<AccountId, usize>>>,
    _permit: OwnedSemaphorePermit,
}

impl Place {
    /// Returns once the stream is to end: the server stops.
    pub(crate) async fn ended(&mut self) {
        // The sender outlives every stream; were it gone, ending would be right too.
        let _ = self.ended.wait_for(|ended| *ended).await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = streams.get_mut(&self.account) {
            *open -= 1;
            if *open == 0 {
                streams.remove(&self.account);
            }
        }
    }
}

/// One who listens.
#[derive(Debug)]
pub(crate) struct Listener {
    signals: broadcast::Receiver<Word>,
    place: Place,
}

/// What a listener hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// A signal.
    Signal(Signal),
    /// Some signals may be lost: more came than could wait, or another node was not heard for a while.
    Missed,
    /// Nothing will come any more.
    End,
}

impl Listener {
    /// The next signal, whomever it is for.
    pub(crate) async fn next(&mut self) -> Heard {
        tokio::select! {
            biased;
            () = self.place.ended() => Heard::End,
            signal = self.signals.recv() => match signal {
                Ok(Word { signal: Some(signal), .. }) => Heard::Signal(signal),
                Ok(Word { signal: None, .. }) | Err(broadcast::error::RecvError::Lagged(_)) => {
                    Heard::Missed
                }
                Err(broadcast::error::RecvError::Closed) => Heard::End,
            },
        }
    }
}
