//! How people come in: sessions, one-time links, and the random tickets that open both.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::limits::{SESSION_IDLE_SECONDS, SESSION_SECONDS};
use crate::{Account, AppId, EntryId, NewApp, Operator, Randomness, Timestamp};

/// A random secret that lets its holder in: 32 bytes, written in base64url. A store keeps only its hash.
#[derive(Clone, PartialEq, Eq)]
pub struct Ticket([u8; 32]);

/// Why a text is no ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no ticket")]
pub struct TicketError;

impl Ticket {
    /// A fresh one.
    #[must_use]
    pub fn new(randomness: &dyn Randomness) -> Self {
        let mut bytes = [0; 32];
        randomness.fill(&mut bytes);
        Self(bytes)
    }

    /// What a store knows it by.
    #[must_use]
    pub fn hash(&self) -> TicketHash {
        TicketHash(Sha256::digest(self.0).into())
    }

    /// Another secret that only the ticket's holder can make, for `purpose`. Tells nothing about the ticket.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> String {
        let hash = Sha256::new().chain_update(self.0).chain_update(purpose).finalize();
        URL_SAFE_NO_PAD.encode(hash)
    }
}

impl FromStr for Ticket {
    type Err = TicketError;

    fn from_str(text: &str) -> Result<Self, TicketError> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| TicketError)?;
        bytes.try_into().map(Self).map_err(|_| TicketError)
    }
}

impl fmt::Display for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ticket(..)")
    }
}

/// A ticket's SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TicketHash(pub [u8; 32]);

/// A session as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// What its ticket is known by.
    pub ticket: TicketHash,
    /// Who signed in.
    pub account: Account,
    /// The account's own console app: what it does on a page, it does by this app.
    pub console: AppId,
    /// Who is at work, if they said so.
    pub operator: Option<Operator>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_seen_at: Timestamp,
}

impl Session {
    /// When a session ends that began at `created_at` and was last used at `seen_at`.
    #[must_use]
    pub fn end(created_at: Timestamp, seen_at: Timestamp) -> Timestamp {
        let idle = seen_at.plus_seconds(SESSION_IDLE_SECONDS);
        idle.min(created_at.plus_seconds(SESSION_SECONDS))
    }
}

/// A session to be begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSession {
    /// The hash of a fresh ticket.
    pub ticket: TicketHash,
    /// Who is at work, if they said so.
    pub operator: Option<Operator>,
    /// The account's console app, if it has none yet.
    pub console: NewApp,
    /// A fresh id for what the log says of it.
    pub entry: EntryId,
    /// Now.
    pub now: Timestamp,
}

/// A one-time link to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewLink {
    /// The hash of a fresh ticket.
    pub ticket: TicketHash,
    /// Until when it opens something.
    pub until: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Sevens;

    #[test]
    fn a_ticket_reads_back_and_shows_itself_to_nobody() {
        let ticket = Ticket::new(&Sevens);
        let text = ticket.to_string();
        assert_eq!(text.len(), 43);
        assert_eq!(text.parse(), Ok(ticket.clone()));
        assert_eq!(format!("{ticket:?}"), "Ticket(..)");
        assert_ne!(ticket.derive("a"), ticket.derive("b"));
        for bad in ["", "x", &text[1..], &format!("{text}A"), &format!("{text}="), &"é".repeat(43)]
        {
            assert_eq!(bad.parse::<Ticket>(), Err(TicketError), "{bad:?}");
        }
    }

    #[test]
    fn a_session_ends_when_it_rests_or_is_old() {
        let began = Timestamp::from_seconds(1_000_000);
        assert_eq!(Session::end(began, began), began.plus_seconds(SESSION_IDLE_SECONDS));
        let late = began.plus_seconds(SESSION_SECONDS - 1);
        assert_eq!(Session::end(began, late), began.plus_seconds(SESSION_SECONDS));
    }
}
