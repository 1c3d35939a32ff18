//! A step's seat in a group: what it runs, it has the group run, together with what the others run just then.

use tokio::sync::{mpsc, oneshot};
use tokio_postgres::Row;

use crate::error::{Error, Queried};
use crate::query::{Found, Statement};

/// A place in a transaction that a group of steps shares. Who leaves it without being done takes the whole group back.
pub(crate) struct Seat {
    number: usize,
    group: mpsc::UnboundedSender<(usize, Said)>,
}

/// What a step says to its group. There is no more of it at once than a step runs at once.
pub(crate) enum Said {
    /// It runs a statement of its own.
    Finds(Statement, Answer<Found>),
    /// It runs a statement over `asked`, for its rows.
    Asks(Statement, Answer<Vec<Row>>),
    /// It runs a statement over `asked` that returns nothing, before whatever it says next.
    Puts(Statement),
    /// It is done, and waits for the commit, which keeps these ids.
    Done(Vec<i64>, Answer<()>),
    /// It is gone. Whoever was done is not missed.
    Left,
}

pub(crate) type Answer<T> = oneshot::Sender<Queried<T>>;

impl Seat {
    pub(crate) fn new(number: usize, group: mpsc::UnboundedSender<(usize, Said)>) -> Self {
        Self { number, group }
    }

    pub(crate) async fn find(&self, statement: Statement) -> Queried<Found> {
        self.wait(|answer| Said::Finds(statement, answer)).await
    }

    pub(crate) async fn ask(&self, statement: Statement) -> Queried<Vec<Row>> {
        self.wait(|answer| Said::Asks(statement, answer)).await
    }

    pub(crate) fn put(&self, statement: Statement) -> Queried<()> {
        self.say(Said::Puts(statement))
    }

    /// Waits for the group's commit.
    pub(crate) async fn done(&self, kept: Vec<i64>) -> Queried<()> {
        self.wait(|answer| Said::Done(kept, answer)).await
    }

    async fn wait<T>(&self, said: impl FnOnce(Answer<T>) -> Said) -> Queried<T> {
        let (answer, answered) = oneshot::channel();
        self.say(said(answer))?;
        answered.await.map_err(|_| Error::Disturbed)?
    }

    fn say(&self, said: Said) -> Queried<()> {
        self.group.send((self.number, said)).map_err(|_| Error::Disturbed)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let _ = self.say(Said::Left);
    }
}
