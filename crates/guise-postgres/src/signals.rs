//! [`Signals`] by LISTEN and NOTIFY.
//!
//! A node listens on a connection of its own. What comes on it is a hint that may be lost: whenever the connection had
//! to be made anew, and whenever more came than could wait, listeners are told that they may have missed something.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use futures::{StreamExt, stream};
use guise_domain::limits::SIGNALS_WAITING_MAX;
use guise_domain::{AccountId, MessageId, Signal, Signals, StoreError};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{AsyncMessage, Client, Config, Connection, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::PostgresStore;
use crate::error::Queried;
use crate::query::execute;

const LISTEN: &str = "LISTEN guise_signals";
const TELL: &str = "SELECT pg_notify('guise_signals', $1)";
const NAME: &str = "SELECT gen_random_uuid()::text";

/// Signals in one notification, which has room for 8,000 bytes: the longest takes 62.
const TOLD_AT_ONCE: usize = 100;

/// Where this node listens, once somebody does.
pub(crate) struct Ear {
    config: Config,
    tls: MakeRustlsConnect,
    listening: Mutex<Option<Listening>>,
    /// What this node calls itself when it tells something, so that it does not hear itself.
    name: Arc<OnceLock<String>>,
}

/// A connection that is listened on for as long as this is kept.
struct Listening {
    signals: mpsc::Receiver<Signal>,
    connection: JoinHandle<()>,
    /// Without it the connection ends.
    client: Client,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

impl Ear {
    pub(crate) fn new(config: Config, tls: MakeRustlsConnect) -> Self {
        Self { config, tls, listening: Mutex::new(None), name: Arc::default() }
    }

    async fn listen(&self) -> Queried<Listening> {
        let (client, connection) = self.config.connect(self.tls.clone()).await?;
        let (sender, signals) = mpsc::channel(SIGNALS_WAITING_MAX);
        let connection = tokio::spawn(attend(connection, sender, Arc::clone(&self.name)));
        let listening = Listening { signals, connection, client };
        if self.name.get().is_none() {
            let name = listening.client.query_one(NAME, &[]).await?.try_get(0)?;
            // Whoever was first has named it.
            let _ = self.name.set(name);
        }
        listening.client.batch_execute(LISTEN).await?;
        Ok(listening)
    }
}

/// Keeps the connection going and passes on what other nodes tell on it, until it breaks or more comes than can wait.
async fn attend(
    mut connection: Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>,
    signals: mpsc::Sender<Signal>,
    name: Arc<OnceLock<String>>,
) {
    let mut messages = stream::poll_fn(move |context| connection.poll_message(context));
    while let Some(Ok(message)) = messages.next().await {
        let AsyncMessage::Notification(told) = message else { continue };
        let (teller, words) = told.payload().split_once(' ').unwrap_or_default();
        let others = name.get().is_none_or(|name| name != teller);
        let mut heard = words.split(' ').filter_map(read).filter(|_| others);
        if heard.any(|signal| signals.try_send(signal).is_err()) {
            return;
        }
    }
}

#[async_trait]
impl Signals for PostgresStore {
    async fn tell(&self, signals: Vec<Signal>) -> Result<(), StoreError> {
        let name = self.ear.name.get().map(String::as_str).unwrap_or_default();
        let db = self.db().await?;
        for some in signals.chunks(TOLD_AT_ONCE) {
            let words: Vec<String> = some.iter().map(written).collect();
            execute(&db, TELL, (format!("{name} {}", words.join(" ")),)).await?;
        }
        Ok(())
    }

    async fn hear(&self) -> Result<Option<Signal>, StoreError> {
        let mut listening = self.ear.listening.lock().await;
        if let Some(open) = &mut *listening
            && let Some(signal) = open.signals.recv().await
        {
            return Ok(Some(signal));
        }
        *listening = None;
        *listening = Some(self.ear.listen().await?);
        Ok(None)
    }
}

/// A signal as a word between nodes.
fn written(signal: &Signal) -> String {
    match signal {
        Signal::Message(account) => format!("message:{account}"),
        Signal::Typing { from, to } => format!("typing:{from}:{to}"),
        Signal::Read { reader, writer, up_to } => format!("read:{reader}:{writer}:{up_to}"),
    }
}

/// The signal of a word; none of a word that only a newer node knows.
fn read(word: &str) -> Option<Signal> {
    let mut parts = word.split(':');
    let kind = parts.next()?;
    let ids: Vec<i64> = parts.map(|part| part.parse().ok()).collect::<Option<_>>()?;
    match (kind, ids.as_slice()) {
        ("message", &[account]) => Some(Signal::Message(AccountId::new(account))),
        ("typing", &[from, to]) => {
            Some(Signal::Typing { from: AccountId::new(from), to: AccountId::new(to) })
        }
        ("read", &[reader, writer, up_to]) => Some(Signal::Read {
            reader: AccountId::new(reader),
            writer: AccountId::new(writer),
            up_to: MessageId::new(up_to),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_go_as_words() {
        let (one, other) = (AccountId::new(i64::MAX), AccountId::new(22));
        for signal in [
            Signal::Message(one),
            Signal::Typing { from: one, to: other },
            Signal::Read { reader: one, writer: other, up_to: MessageId::new(i64::MAX) },
        ] {
            let word = written(&signal);
            assert_eq!(read(&word), Some(signal));
            assert!((word.len() + 1) * TOLD_AT_ONCE + 40 < 8000, "{word}");
        }
        for word in ["", "message", "message:x", "message:1:2", "typing:1", "seen:1:2:3"] {
            assert_eq!(read(word), None, "{word}");
        }
    }
}
