//! How people come in: passwords, sessions, one-time links.

use async_trait::async_trait;

use super::StoreError;
use crate::{
    Account, AccountId, Attempt, By, NewLink, NewSession, PasswordHash, Session, TicketHash,
    Timestamp,
};

/// Passwords and attempts at them, sessions and one-time links. A new password and the closing of an account end the account's sessions and
/// links.
#[async_trait]
pub trait Sessions {
    /// What an account's password is checked against; `None` when it has none, is closed, or there is no such account.
    async fn password(&self, account: AccountId) -> Result<Option<PasswordHash>, StoreError>;
    /// Sets an account's password. `false` when there is no such account or it is closed.
    async fn set_password(
        &self,
        account: AccountId,
        hash: PasswordHash,
        by: By,
    ) -> Result<bool, StoreError>;
    /// Sets another password in the place of `proven`. `false` when that was not there any more, or the account is closed.
    async fn change_password(
        &self,
        account: AccountId,
        proven: PasswordHash,
        hash: PasswordHash,
        by: By,
    ) -> Result<bool, StoreError>;
    /// Keeps another hash of the same password in the place of `old`; whether that was still there.
    async fn rehash_password(
        &self,
        account: AccountId,
        old: PasswordHash,
        new: PasswordHash,
    ) -> Result<bool, StoreError>;
    /// Counts an attempt to give a password. When others that were wrong have it wait, for how many seconds, and nothing
    /// is counted.
    async fn begin_attempt(
        &self,
        attempt: Attempt,
        now: Timestamp,
    ) -> Result<Result<(), i64>, StoreError>;
    /// Takes back an attempt that was right ([`Tries::less`](crate::Tries::less)).
    async fn end_attempt(&self, attempt: Attempt) -> Result<(), StoreError>;
    /// Forgets attempts that count no more at `now`; how many.
    async fn sweep_attempts(&self, now: Timestamp) -> Result<u64, StoreError>;
    /// Begins a session of an account whose password is still `proven`, and makes its console app on first use. `None`
    /// when the password was changed meanwhile, or the account closed.
    async fn begin_session(
        &self,
        account: AccountId,
        proven: PasswordHash,
        new: NewSession,
    ) -> Result<Option<Session>, StoreError>;
    /// The session with this ticket, if it goes on at `now`.
    async fn session(
        &self,
        ticket: TicketHash,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError>;
    /// Notes that a session is in use, which puts off its end ([`Session::end`]). `false` when it does not go on.
    async fn see_session(&self, ticket: TicketHash, now: Timestamp) -> Result<bool, StoreError>;
    /// Ends a session. `false` when the account has no such session.
    async fn end_session(&self, account: AccountId, ticket: TicketHash)
    -> Result<bool, StoreError>;
    /// Ends every session and link of an account; how many sessions there were.
    async fn end_sessions(&self, account: AccountId, by: By) -> Result<u64, StoreError>;
    /// Makes a one-time link. `false` when there is no such account or it is closed.
    async fn create_link(
        &self,
        account: AccountId,
        new: NewLink,
        by: By,
    ) -> Result<bool, StoreError>;
    /// Whose link this is, if it can be used at `now`.
    async fn link(&self, ticket: TicketHash, now: Timestamp)
    -> Result<Option<Account>, StoreError>;
    /// Sets the password of the account whose link this is; `None` when the link cannot be used at `now`.
    async fn use_link(
        &self,
        ticket: TicketHash,
        hash: PasswordHash,
        by: By,
        now: Timestamp,
    ) -> Result<Option<AccountId>, StoreError>;
    /// Forgets sessions and links that ended before `now`; how many.
    async fn sweep_sessions(&self, now: Timestamp) -> Result<u64, StoreError>;
}
