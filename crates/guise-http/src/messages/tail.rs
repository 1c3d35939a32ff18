//! Following a box as it fills.
//!
//! An id is made before its message is kept, so one message may appear behind another that has the higher id. Each
//! look at the box therefore begins a while before the newest message told, and leaves out what was told already.

use std::collections::BTreeSet;

use guise_domain::limits::{MESSAGES_LISTED_SECONDS, PAGE_COUNT_MAX};
use guise_domain::{AccountId, Message, MessageId, Timestamp};

use crate::error::Refusal;
use crate::state::Guise;

/// How much longer than this no message is on its way from its id to its box.
const OVERLAP_SECONDS: i64 = 10;

/// How far a box was told.
#[derive(Debug)]
pub(crate) struct Tail {
    newest: MessageId,
    told: BTreeSet<MessageId>,
}

impl Tail {
    /// Goes on after the message called `last`, or begins at `now`.
    pub(crate) fn after(last: Option<MessageId>, now: Timestamp) -> Self {
        let newest = last.unwrap_or(MessageId::first_at(now));
        Self { newest, told: last.into_iter().collect() }
    }

    /// The newest message that was told, or where telling began.
    pub(crate) fn newest(&self) -> MessageId {
        self.newest
    }

    /// What came since the last look, oldest first, a page of it at the most.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(crate) async fn read(
        &mut self,
        guise: &Guise,
        account: AccountId,
    ) -> Result<Vec<Message>, Refusal> {
        let mut after = self.begin(guise.now());
        let mut fresh = Vec::new();
        while fresh.is_empty() {
            let page = guise.store().messages_after(account, after, PAGE_COUNT_MAX).await?;
            let Some(last) = page.last() else { break };
            after = last.id;
            fresh.extend(page.into_iter().filter(|message| self.told.insert(message.id)));
        }
        let newest = fresh.iter().map(|message| message.id).max();
        self.newest = newest.map_or(self.newest, |newest| newest.max(self.newest));
        self.told = self.told.split_off(&self.begin(guise.now()));
        Ok(fresh)
    }

    /// Where a look begins: a while before the newest message told, and never before what a list shows.
    fn begin(&self, now: Timestamp) -> MessageId {
        let overlap = self.newest.created_at().plus_seconds(-OVERLAP_SECONDS);
        let oldest = now.plus_seconds(-MESSAGES_LISTED_SECONDS);
        MessageId::first_at(overlap.max(oldest))
    }
}
