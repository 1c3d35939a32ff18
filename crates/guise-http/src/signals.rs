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
        let full = |what: &str| Refusal::OverCapacity(format!("too many streams are open {what}"));
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| full("in all"))?;
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        let open = streams.entry(account).or_default();
        if *open >= STREAMS_OF_ACCOUNT_MAX {
            return Err(full("for this account"));
        }
        *open += 1;
        Ok(Listener {
            signals: self.sender.subscribe(),
            ended: self.ended.subscribe(),
            account,
            streams: Arc::clone(&self.streams),
            _place: place,
        })
    }

    /// Ends all listening: the server stops.
    pub(crate) fn end(&self) {
        self.ended.send_replace(true);
    }
}

/// One who listens.
#[derive(Debug)]
pub(crate) struct Listener {
    signals: broadcast::Receiver<Signal>,
    ended: watch::Receiver<bool>,
    account: AccountId,
    streams: Arc<Mutex<HashMap<AccountId, usize>>>,
    _place: OwnedSemaphorePermit,
}

impl Drop for Listener {
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
        let ended = self.ended.wait_for(|ended| *ended);
        tokio::select! {
            biased;
            _ = ended => Heard::End,
            signal = self.signals.recv() => match signal {
                Ok(signal) => Heard::Signal(signal),
                Err(broadcast::error::RecvError::Lagged(_)) => Heard::Missed,
                Err(broadcast::error::RecvError::Closed) => Heard::End,
            },
        }
    }
}
