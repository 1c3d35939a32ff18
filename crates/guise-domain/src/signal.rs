//! What happens to accounts, for those who wait for it.

use crate::{AccountId, MessageId};

/// Something that happened. It says that there is something new, never what: the store is the one truth, and who missed
/// a signal reads it there. Only what nobody keeps (somebody is typing) is in the signal itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
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
