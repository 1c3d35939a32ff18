//! What happens to accounts, told at once to whoever listens in this process.
//!
//! A signal says that there is something new, never what: the store is the one truth, and who missed a signal reads it
//! there. Only what nobody keeps (somebody is typing) is in the signal itself.

use guise_domain::limits::{SIGNALS_WAITING_MAX, STREAMS_MAX};
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
    places: std::sync::Arc<Semaphore>,
}

impl Default for Signals {
    fn default() -> Self {
        Self {
            sender: broadcast::Sender::new(SIGNALS_WAITING_MAX),
            ended: watch::Sender::new(false),
            places: std::sync::Arc::new(Semaphore::new(STREAMS_MAX)),
        }
    }
}

impl Signals {
    /// Tells everybody who listens.
    pub(crate) fn send(&self, signal: Signal) {
        // Nobody has to listen.
        let _ = self.sender.send(signal);
    }

    /// Listens from now on.
    ///
    /// # Errors
    /// When too many listen already.
    pub(crate) fn listen(&self) -> Result<Listener, Refusal> {
        let place = std::sync::Arc::clone(&self.places).try_acquire_owned();
        let place =
            place.map_err(|_| Refusal::OverCapacity("too many streams are open".to_owned()))?;
        Ok(Listener {
            signals: self.sender.subscribe(),
            ended: self.ended.subscribe(),
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
    _place: OwnedSemaphorePermit,
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
