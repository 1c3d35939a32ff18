//! What happens to accounts, told at once to whoever listens in this process.
//!
//! A signal says that there is something new, never what: the store is the one truth, and who missed a signal reads it
//! there. Only what nobody keeps (somebody is typing) is in the signal itself.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use guise_domain::limits::{SIGNALS_WAITING_MAX, STREAMS_MAX, STREAMS_OF_ACCOUNT_MAX};
use guise_domain::{AccountId, MessageId};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast, watch};

use crate::error::Refusal;

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// There is a message in this account's box.
    Message(AccountId),
    /// Somebody writes to somebody.
    Typing {
        /// Who writes.
        from: AccountId,
        /// To whom.
        to: AccountId,
    },
    /// Somebody read what somebody else wrote.
    Read {
        /// Who read.
        reader: AccountId,
        /// Who wrote it.
        writer: AccountId,
        /// The last message that was read.
        up_to: MessageId,
    },
}

/// Where signals are sent and listened for.
#[derive(Debug)]
pub(crate) struct Signals {
    sender: broadcast::Sender<Signal>,
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
        // Nobody has to listen.
        let _ = self.sender.send(signal);
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
    signals: broadcast::Receiver<Signal>,
    place: Place,
}

/// What a listener hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// A signal.
    Signal(Signal),
    /// More than could wait: some signals are lost.
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
                Ok(signal) => Heard::Signal(signal),
                Err(broadcast::error::RecvError::Lagged(_)) => Heard::Missed,
                Err(broadcast::error::RecvError::Closed) => Heard::End,
            },
        }
    }
}
