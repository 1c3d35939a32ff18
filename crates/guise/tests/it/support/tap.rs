//! A way to a database that notes what a store says to it.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

use super::Database;
use super::postgres::host;

/// What was said: statements that were prepared, and texts that were run without.
#[derive(Clone, Default)]
pub(crate) struct Said {
    pub(crate) prepared: BTreeSet<String>,
    pub(crate) run: BTreeSet<String>,
}

/// Between a store and its database, for as long as somebody is connected.
pub(crate) struct Tap {
    pub(crate) address: String,
    said: Arc<Mutex<Said>>,
}

impl Tap {
    pub(crate) async fn on(database: &Database) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (real, place) = (host(), listener.local_addr().unwrap().to_string());
        let address = database.address("?sslmode=disable").replace(&real, &place);
        let said = Arc::<Mutex<Said>>::default();
        let noted = Arc::clone(&said);
        tokio::spawn(async move {
            while let Ok((store, _)) = listener.accept().await {
                let server = TcpStream::connect(&real).await.unwrap();
                // What waits for more to send with it waits for long.
                store.set_nodelay(true).unwrap();
                server.set_nodelay(true).unwrap();
                let (asks, mut hears) = store.into_split();
                let (mut answers, asked) = server.into_split();
                tokio::spawn(pass(asks, asked, Arc::clone(&noted)));
                tokio::spawn(async move { tokio::io::copy(&mut answers, &mut hears).await });
            }
        });
        Self { address, said }
    }

    pub(crate) fn said(&self) -> Said {
        self.said.lock().unwrap().clone()
    }
}

/// Passes on what a store says. Its first message alone has no letter before its length.
async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    said: Arc<Mutex<Said>>,
) -> io::Result<()> {
    let mut letter = None;
    loop {
        let length = from.read_u32().await?;
        let mut body = vec![0; usize::try_from(length).unwrap() - 4];
        from.read_exact(&mut body).await?;
        let mut texts = body.split(|byte| *byte == 0).map(String::from_utf8_lossy);
        match letter {
            // A name, and the statement.
            Some(b'P') => said.lock().unwrap().prepared.extend(texts.nth(1).map(Into::into)),
            Some(b'Q') => said.lock().unwrap().run.extend(texts.next().map(Into::into)),
            _ => {}
        }
        let message = [letter.as_slice(), &length.to_be_bytes(), &body].concat();
        to.write_all(&message).await?;
        letter = Some(from.read_u8().await?);
    }
}
