//! A group: steps that came at the same time, in one transaction on one connection, with one commit.
//!
//! Its steps go on side by side. Whenever all of them wait for something, all of it goes to the database at once, and
//! what is the same statement is one. What they only put goes with what they next wait for, or with the commit. Those
//! that change the same account or count in the same app's window come one after another, each finding what the one
//! before it left. Should anything fail, nothing of the group is kept, and each of its steps is run again by itself.

use std::collections::{HashMap, HashSet, VecDeque};
use std::mem;
use std::time::Duration;

use guise_domain::StoreError;
use guise_domain::limits::STATEMENT_SECONDS_MAX;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tokio_postgres::Row;

use crate::error::{Error, Queried};
use crate::nodes::Fence;
use crate::query::{Found, Lent, Statement};
use crate::round::{self, Round, Turn};
use crate::seat::{Answer, Said, Seat};

const BEGIN: &str = "BEGIN";
// Always in the same order, so that no two groups wait for each other.
const LOCK_APPS: &str = "SELECT 1 FROM apps WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE";
const LOCK_ACCOUNTS: &str =
    "SELECT 1 FROM accounts WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE";
// A commit that waits for a standby must not be taken for one that is over.
const TAKE_TIME: &str = "SET LOCAL statement_timeout = 0";
const COMMIT: &str = "COMMIT";
const ROLLBACK: &str = "ROLLBACK";

/// How long a step may leave its group waiting.
const PATIENCE: Duration = Duration::from_secs(STATEMENT_SECONDS_MAX);

/// What is locked for a step before it begins.
#[derive(Clone, Default, Debug)]
pub(crate) struct Locks {
    /// What the step changes: nobody else does meanwhile, in the group or elsewhere.
    pub(crate) own: Vec<Key>,
    /// Accounts into which it only puts things of its own.
    pub(crate) others: Vec<i64>,
}

/// What is locked.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Key {
    Account(i64),
    App(i64),
}

/// A step that waits for its seat.
pub(crate) struct Waiter {
    pub(crate) locks: Locks,
    pub(crate) seat: oneshot::Sender<Queried<Seat>>,
}

/// Runs a group's steps, and answers them once everything is durable.
pub(crate) async fn run(lent: Lent, fence: Option<Fence>, waiters: Vec<Waiter>) {
    lent.set_unfit(true);
    let (said, heard) = mpsc::unbounded_channel();
    let only = waiters.len() == 1;
    let (locks, seats): (Vec<_>, Vec<_>) =
        waiters.into_iter().map(|Waiter { locks, seat }| (locks, seat)).unzip();
    let mut group = Group {
        lent: &lent,
        fence,
        ceiling: None,
        only,
        locks,
        later: seats.into_iter().enumerate().collect(),
        busy: HashSet::new(),
        live: HashMap::new(),
        said,
        heard,
        round: Round::default(),
        done: Vec::new(),
        kept: Vec::new(),
        spoilt: false,
        broken: None,
    };
    group.begin();
    group.work().await;
    let fit = group.end().await;
    lent.set_unfit(!fit);
}

struct Group<'a> {
    lent: &'a Lent,
    /// What ids have to pass that are kept, and what it found when the transaction began.
    fence: Option<Fence>,
    ceiling: Option<oneshot::Receiver<Queried<Found>>>,
    /// Whether there is one step only, which is told why it failed.
    only: bool,
    locks: Vec<Locks>,
    later: VecDeque<(usize, oneshot::Sender<Queried<Seat>>)>,
    busy: HashSet<Key>,
    /// Steps that have begun and are not done, and for how many answers each waits.
    live: HashMap<usize, usize>,
    said: mpsc::UnboundedSender<(usize, Said)>,
    heard: mpsc::UnboundedReceiver<(usize, Said)>,
    round: Round,
    done: Vec<Answer<()>>,
    kept: Vec<i64>,
    /// Whether the connection had better not be used again.
    spoilt: bool,
    broken: Option<Error>,
}

impl Group<'_> {
    /// What the first round starts with.
    fn begin(&mut self) {
        self.round.turns.push(Turn::Plain(BEGIN));
        if let Some(fence) = &self.fence {
            let (answer, ceiling) = oneshot::channel();
            self.ceiling = Some(ceiling);
            self.round.turns.push(Turn::One(fence.lock(), None));
            self.round.turns.push(Turn::One(fence.ceiling(), Some(answer)));
        }
        let (mut apps, mut accounts) = (Vec::new(), Vec::new());
        for locks in &self.locks {
            accounts.extend(&locks.others);
            for key in &locks.own {
                match key {
                    Key::Account(id) => accounts.push(*id),
                    Key::App(id) => apps.push(*id),
                }
            }
        }
        for (sql, ids) in [(LOCK_APPS, apps), (LOCK_ACCOUNTS, accounts)] {
            if !ids.is_empty() {
                self.round.turns.push(Turn::One(Statement::new(sql, (ids,)), None));
            }
        }
    }

    /// Has every step come to its end.
    async fn work(&mut self) {
        loop {
            self.seat();
            if self.live.is_empty() {
                return;
            }
            while self.live.values().any(|waits| *waits == 0) {
                let Ok(Some((seat, said))) = timeout(PATIENCE, self.heard.recv()).await else {
                    self.broken = Some(Error::Disturbed);
                    return;
                };
                self.hear(seat, said);
            }
            while let Ok((seat, said)) = self.heard.try_recv() {
                self.hear(seat, said);
            }
            if self.live.is_empty() {
                continue;
            }
            self.send(&[]).await;
            self.live.values_mut().for_each(|waits| *waits = 0);
        }
    }

    /// Lets those begin in whose way nobody is.
    fn seat(&mut self) {
        if self.broken.is_some() {
            self.later.clear();
        }
        let mut taken = self.busy.clone();
        for (number, seat) in mem::take(&mut self.later) {
            let keys = self.locks.get(number).map_or(&[][..], |locks| &locks.own);
            let free = keys.iter().all(|key| !taken.contains(key));
            taken.extend(keys);
            if !free {
                self.later.push_back((number, seat));
            } else if seat.send(Ok(Seat::new(number, self.said.clone()))).is_ok() {
                self.busy.extend(keys);
                self.live.insert(number, 0);
            }
        }
    }

    fn hear(&mut self, seat: usize, said: Said) {
        match said {
            Said::Done(kept, answer) => {
                self.kept.extend(kept);
                self.done.push(answer);
                self.rise(seat);
            }
            Said::Left => {
                if self.rise(seat) {
                    self.broken.get_or_insert(Error::Disturbed);
                }
            }
            // Whoever waits for an answer is told by its being dropped.
            _ if self.broken.is_some() => {}
            Said::Finds(statement, answer) => {
                self.round.add(seat, Turn::One(statement, Some(answer)));
                self.waits(seat);
            }
            Said::Asks(statement, answer) => {
                self.ask(seat, statement, Some(answer));
                self.waits(seat);
            }
            Said::Puts(statement) => self.ask(seat, statement, None),
        }
    }

    fn ask(&mut self, seat: usize, statement: Statement, answer: Option<Answer<Vec<Row>>>) {
        if let Err(error) = self.round.ask(seat, statement, answer) {
            self.broken = Some(error);
        }
    }

    fn waits(&mut self, seat: usize) {
        if let Some(waits) = self.live.get_mut(&seat) {
            *waits += 1;
        }
    }

    /// Makes room for those that wait for this one; whether it was there still.
    fn rise(&mut self, seat: usize) -> bool {
        let was_there = self.live.remove(&seat).is_some();
        if was_there {
            for key in self.locks.get(seat).into_iter().flat_map(|locks| &locks.own) {
                self.busy.remove(key);
            }
        }
        was_there
    }

    /// Sends a round, and answers those who wait for it. What is said last needs no preparation.
    async fn send(&mut self, last: &[&'static str]) {
        let Round { mut turns, .. } = mem::take(&mut self.round);
        turns.extend(last.iter().map(|sql| Turn::Plain(sql)));
        if self.broken.is_some() {
            return;
        }
        match round::results(self.lent, &mut turns).await {
            Ok(results) => {
                let mut results = results.into_iter();
                for turn in turns {
                    match results.next() {
                        Some(Ok(found)) if self.broken.is_none() => turn.answer(found),
                        Some(Err(error)) if self.broken.is_none() => self.fail(turn, error),
                        _ => {}
                    }
                }
            }
            Err(error) => {
                self.spoilt |= error.spoils_connection();
                self.broken = Some(error);
            }
        }
    }

    /// What the first that failed is told tells why; the others are told that it was not they.
    fn fail(&mut self, turn: Turn, error: Error) {
        self.spoilt |= error.spoils_connection();
        match turn {
            Turn::One(_, Some(answer)) if self.only => {
                self.broken = Some(Error::Disturbed);
                let _ = answer.send(Err(error));
            }
            _ => self.broken = Some(error),
        }
    }

    /// Lets the ids that are kept pass the fence, or keeps nothing.
    async fn pass(&mut self) {
        let (Some(fence), Some(mut ceiling)) = (self.fence.take(), self.ceiling.take()) else {
            return;
        };
        if self.kept.is_empty() {
            return;
        }
        // Steps that only put something have had nothing sent so far.
        if ceiling.is_empty() {
            self.send(&[]).await;
        }
        let passed = match ceiling.try_recv() {
            Ok(found) => found.and_then(|found| fence.pass(&self.kept, &found)),
            Err(_) => Err(Error::Disturbed),
        };
        match passed {
            Ok(raise) => self.round.turns.extend(raise.map(|raise| Turn::One(raise, None))),
            Err(error) => drop(self.broken.get_or_insert(error)),
        }
    }

    /// Commits, or takes everything back; whether the connection can be used again.
    async fn end(&mut self) -> bool {
        if self.done.is_empty() {
            // Nobody is left who would want it.
            self.broken.get_or_insert(Error::Disturbed);
        }
        self.later.clear();
        let mut unknown = None;
        if self.broken.is_none() {
            self.pass().await;
            let sent = timeout(2 * PATIENCE, self.send(&[TAKE_TIME, COMMIT])).await;
            if sent.is_err() {
                unknown = Some(StoreError::Unavailable("the database took too long".to_owned()));
            }
            if let Some(error) = self.broken.take_if(|error| error.spoils_connection()) {
                unknown = Some(error.into());
            }
        }
        let mut told = self.broken.take();
        let failed = told.is_some();
        for answer in self.done.drain(..) {
            let result = match (&unknown, told.take_if(|_| self.only), failed) {
                (Some(unknown), ..) => Err(Error::Store(unknown.clone())),
                (None, Some(error), _) => Err(error),
                (None, None, true) => Err(Error::Disturbed),
                (None, None, false) => Ok(()),
            };
            let _ = answer.send(result);
        }
        match (unknown, failed) {
            (Some(_), _) => false,
            _ if self.spoilt => false,
            (None, true) => {
                timeout(PATIENCE, self.lent.run(ROLLBACK)).await.is_ok_and(|rolled| rolled.is_ok())
            }
            (None, false) => true,
        }
    }
}
