//! The last requests of each account's apps, within two bounds: how many for one account, how many bytes for all.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use guise_domain::limits::{DIAGNOSES_MAX, INSPECTED_BYTES_MAX, INSPECTED_REQUESTS_MAX};
use guise_domain::{AccountId, Page, PageRequest};
use tokio::sync::{Semaphore, watch};

use super::entry::Entry;
use super::filter::Filter;

/// What is remembered.
#[derive(Debug)]
pub(crate) struct Inspector {
    memory: Mutex<Memory>,
    /// Places for those who explain a signature.
    pub(super) diagnoses: Semaphore,
}

impl Default for Inspector {
    fn default() -> Self {
        Self { memory: Mutex::default(), diagnoses: Semaphore::new(DIAGNOSES_MAX) }
    }
}

#[derive(Debug, Default)]
struct Memory {
    last: i64,
    bytes: usize,
    /// By number, so the oldest come first.
    entries: BTreeMap<i64, Arc<Entry>>,
    accounts: HashMap<AccountId, Own>,
}

/// What one account has.
#[derive(Debug)]
struct Own {
    numbers: VecDeque<i64>,
    /// The number of the last one that had to go.
    lost: i64,
    /// The number of the newest one.
    newest: watch::Sender<i64>,
}

impl Default for Own {
    fn default() -> Self {
        Self { numbers: VecDeque::new(), lost: 0, newest: watch::Sender::new(0) }
    }
}

/// What came after a number.
pub(super) struct News {
    pub(super) entries: Vec<Arc<Entry>>,
    /// The number up to which some of them are gone already.
    pub(super) lost: Option<i64>,
}

impl Inspector {
    /// Remembers an entry, which gets its number here. Numbers go on growing when the program is started again: they are
    /// milliseconds, or one more than the last.
    pub(super) fn push(&self, mut entry: Entry) {
        // Let go only once others may go on: an entry is made of many pieces.
        let mut forgotten = Vec::new();
        let mut memory = self.lock();
        let number = entry.at.millis().max(memory.last + 1);
        entry.number = number;
        memory.last = number;
        memory.bytes += entry.bytes();
        let own = memory.accounts.entry(entry.named.owner).or_default();
        own.numbers.push_back(number);
        own.newest.send_replace(number);
        let too_many = own.numbers.len() > INSPECTED_REQUESTS_MAX;
        let oldest = own.numbers.front().copied().filter(|_| too_many);
        memory.entries.insert(number, Arc::new(entry));
        forgotten.extend(oldest.and_then(|oldest| memory.forget(oldest)));
        while memory.bytes > INSPECTED_BYTES_MAX
            && let Some((&oldest, _)) = memory.entries.first_key_value()
        {
            forgotten.extend(memory.forget(oldest));
        }
        drop(memory);
    }

    /// A page of what fits.
    pub(super) fn entries(
        &self,
        owner: AccountId,
        filter: &Filter,
        page: PageRequest,
    ) -> Page<Arc<Entry>> {
        let memory = self.lock();
        let own = memory.own(owner).rev();
        let fitting = own.filter(|entry| {
            page.before.is_none_or(|before| entry.number < before) && filter.fits(entry)
        });
        let count = usize::try_from(page.count).unwrap_or(usize::MAX);
        let found = fitting.take(count.saturating_add(1)).cloned().collect();
        page.page(found, |entry| entry.number)
    }

    /// The request with this id.
    pub(super) fn entry(&self, owner: AccountId, id: &str) -> Option<Arc<Entry>> {
        self.lock().own(owner).find(|entry| entry.id == id).cloned()
    }

    /// What came after the one with this number, oldest first.
    pub(super) fn after(&self, owner: AccountId, number: i64) -> News {
        let memory = self.lock();
        let entries = memory.own(owner).filter(|entry| entry.number > number).cloned().collect();
        let lost = memory.accounts.get(&owner).map(|own| own.lost).filter(|lost| *lost > number);
        News { entries, lost }
    }

    /// The number of the last request of anybody.
    pub(super) fn last(&self) -> i64 {
        self.lock().last
    }

    /// The number of the last request of anybody, and a way to hear of new ones of this account.
    pub(super) fn listen(&self, owner: AccountId) -> (i64, watch::Receiver<i64>) {
        let mut memory = self.lock();
        let newest = memory.accounts.entry(owner).or_default().newest.subscribe();
        (memory.last, newest)
    }

    fn lock(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    fn own(&self, owner: AccountId) -> impl DoubleEndedIterator<Item = &Arc<Entry>> {
        let numbers = self.accounts.get(&owner).map(|own| own.numbers.iter());
        numbers.into_iter().flatten().filter_map(|number| self.entries.get(number))
    }

    /// Forgets the oldest of an account.
    fn forget(&mut self, number: i64) -> Option<Arc<Entry>> {
        let entry = self.entries.remove(&number)?;
        self.bytes -= entry.bytes();
        let owner = entry.named.owner;
        let own = self.accounts.get_mut(&owner)?;
        own.numbers.pop_front();
        own.lost = number;
        if own.numbers.is_empty() && own.newest.receiver_count() == 0 {
            self.accounts.remove(&owner);
        }
        Some(entry)
    }
}

#[cfg(test)]
mod tests {
    use guise_domain::{AppId, Timestamp};

    use super::super::entry::{Kept, Oauth, Pairs, Text};
    use super::*;
    use crate::auth::Named;

    fn push(inspector: &Inspector, owner: i64, bytes: usize) {
        let named = Named { app: AppId::new(7), owner: AccountId::new(owner), account: None };
        inspector.push(Entry {
            number: 0,
            id: "id".into(),
            at: Timestamp::from_millis(5),
            method: "GET".into(),
            path: "/x".into(),
            route: None,
            status: 200,
            refused: None,
            millis: 1,
            named,
            oauth: Oauth::Header(String::new()),
            headers: Pairs::default(),
            body: Some(Text { text: "x".repeat(bytes), bytes }),
            answer: None,
            kept: Kept::Nothing,
        });
    }

    fn numbers(inspector: &Inspector, owner: i64) -> Vec<i64> {
        let news = inspector.after(AccountId::new(owner), 0);
        news.entries.iter().map(|entry| entry.number).collect()
    }

    #[test]
    fn an_account_has_its_last_requests_and_leaves_others_theirs() {
        let inspector = Inspector::default();
        push(&inspector, 1, 0);
        for _ in 0..INSPECTED_REQUESTS_MAX + 5 {
            push(&inspector, 2, 0);
        }
        assert_eq!(numbers(&inspector, 1), [5]);
        let own = numbers(&inspector, 2);
        assert_eq!((own.len(), own[0]), (INSPECTED_REQUESTS_MAX, 11));
        assert_eq!(inspector.after(AccountId::new(2), 9).lost, Some(10));
        assert_eq!(inspector.after(AccountId::new(2), 10).lost, None);
        let page = PageRequest { count: 2, before: None };
        let Page { items: first, next } =
            inspector.entries(AccountId::new(2), &Filter::default(), page);
        assert_eq!((first.len(), next), (2, Some(first[1].number)));
        let page = PageRequest { count: 1, before: next };
        let second = inspector.entries(AccountId::new(2), &Filter::default(), page).items;
        assert_eq!(second[0].number, first[1].number - 1);
    }

    #[test]
    fn memory_is_bounded_for_all_together_and_the_oldest_make_room() {
        let inspector = Inspector::default();
        let one = INSPECTED_BYTES_MAX / 10;
        push(&inspector, 1, 0);
        for owner in 2..30 {
            push(&inspector, owner, one);
        }
        let memory = inspector.lock();
        assert!(memory.bytes <= INSPECTED_BYTES_MAX);
        let bytes: usize = memory.entries.values().map(|entry| entry.bytes()).sum();
        assert_eq!((memory.bytes, memory.entries.len()), (bytes, 9));
        assert_eq!(memory.accounts.len(), 9, "nothing is left of those who have nothing");
    }
}
