//! A round: what a group's steps run at once, in the order in which each of them said it.

use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::task::Poll;

use futures::future::maybe_done;
use tokio_postgres::Row;

use crate::error::{Queried, impossible};
use crate::query::{Columns, Found, Lent, Many, Statement};
use crate::seat::Answer;
use crate::value::Param;

/// What is run together.
#[derive(Default)]
pub(crate) struct Round {
    pub(crate) turns: Vec<Turn>,
    /// The last turn of each seat: what it says next comes after that.
    last: HashMap<usize, usize>,
}

/// One statement.
pub(crate) enum Turn {
    /// Without parameters.
    Plain(&'static str),
    /// One step's.
    One(Statement, Option<Answer<Found>>),
    /// Whoever asks, in the order of their numbers.
    Many(Many, Vec<Option<Answer<Vec<Row>>>>),
}

impl Round {
    /// Adds a statement of one step's own.
    pub(crate) fn add(&mut self, seat: usize, turn: Turn) {
        self.last.insert(seat, self.turns.len());
        self.turns.push(turn);
    }

    /// Adds what a step asks, to the same asked by others if that comes late enough.
    pub(crate) fn ask(
        &mut self,
        seat: usize,
        statement: Statement,
        answer: Option<Answer<Vec<Row>>>,
    ) -> Queried<()> {
        let first = self.last.get(&seat).map_or(0, |last| last + 1);
        let same = |turn: &Turn| matches!(turn, Turn::Many(many, _) if many.sql == statement.sql);
        let found = self.turns.iter().skip(first).position(same).map(|position| first + position);
        match found.and_then(|at| self.turns.get_mut(at).map(|turn| (at, turn))) {
            Some((at, Turn::Many(many, answers))) => {
                many.join(statement.values)?;
                answers.push(answer);
                self.last.insert(seat, at);
            }
            _ => self.add(seat, Turn::Many(Many::of(statement)?, vec![answer])),
        }
        Ok(())
    }
}

impl Turn {
    /// Gives those who wait what they asked for.
    pub(crate) fn answer(self, found: Found) {
        match self {
            Self::Plain(_) | Self::One(_, None) => {}
            Self::One(_, Some(answer)) => drop(answer.send(Ok(found))),
            Self::Many(_, answers) => {
                let mut theirs: Vec<Queried<Vec<Row>>> =
                    answers.iter().map(|_| Ok(Vec::new())).collect();
                for row in found.rows {
                    match number(&row) {
                        Ok(number) => {
                            if let Some(Ok(rows)) = theirs.get_mut(number) {
                                rows.push(row);
                            }
                        }
                        Err(error) => {
                            if let Some(rows) = theirs.first_mut() {
                                *rows = Err(error);
                            }
                        }
                    }
                }
                for (answer, rows) in answers.into_iter().zip(theirs) {
                    answer.map(|answer| answer.send(rows));
                }
            }
        }
    }
}

/// Whose row it is: its last column counts from 1.
fn number(row: &Row) -> Queried<usize> {
    let number: i64 = row.at(row.len().saturating_sub(1))?;
    usize::try_from(number - 1).map_err(impossible)
}

/// Runs them all without waiting in between.
pub(crate) async fn results(lent: &Lent, turns: &mut [Turn]) -> Queried<Vec<Queried<Found>>> {
    // What must be prepared is so before: what is sent after that comes to the database in this order.
    let mut runs = Vec::with_capacity(turns.len());
    for turn in turns.iter_mut() {
        runs.push(match turn {
            Turn::Plain(sql) => Run::Plain(sql),
            Turn::One(statement, _) => {
                Run::Prepared(lent.prepare(&statement.sql).await?, statement.take())
            }
            Turn::Many(many, _) => Run::Prepared(lent.prepare(&many.text()).await?, many.take()),
        });
    }
    let mut running: Vec<_> = runs.iter().map(|run| Box::pin(maybe_done(run.on(lent)))).collect();
    poll_fn(|context| {
        let mut all = Poll::Ready(());
        for one in &mut running {
            if one.as_mut().poll(context).is_pending() {
                all = Poll::Pending;
            }
        }
        all
    })
    .await;
    Ok(running.iter_mut().filter_map(|one| one.as_mut().take_output()).collect())
}

enum Run {
    Plain(&'static str),
    Prepared(tokio_postgres::Statement, Vec<Param>),
}

impl Run {
    async fn on(&self, lent: &Lent) -> Queried<Found> {
        match self {
            Self::Plain(sql) => lent.run(sql).await.map(|()| Found::default()),
            Self::Prepared(prepared, params) => lent.found(prepared, params).await,
        }
    }
}
