//! When apps and tokens were last used: noted in memory by each verified request, and kept by the store now and then, so
//! that no request waits for it.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use guise_domain::limits::LAST_USES_MAX;
use guise_domain::{AccountId, App, LastUse, StoreError, Timestamp, Token, Used};

use crate::state::Guise;

/// Uses kept in one step of the store: many must not keep other writes waiting.
const KEPT_AT_ONCE: usize = 1000;

/// The last uses that the store does not know yet.
#[derive(Debug, Default)]
pub(crate) struct LastUses(Mutex<HashMap<(AccountId, Used), Timestamp>>);

impl LastUses {
    /// Notes that `account`'s app or token is used. What there is no room for is noted when it is used again.
    pub(crate) fn note(&self, account: AccountId, used: Used, now: Timestamp) {
        let mut known = self.lock();
        let (count, key) = (known.len(), (account, used));
        match known.get_mut(&key) {
            Some(at) => *at = now.max(*at),
            None if count < LAST_USES_MAX => drop(known.insert(key, now)),
            None => {}
        }
    }

    /// The later of what is noted and what was `kept`.
    fn of(&self, account: AccountId, used: Used, kept: Option<Timestamp>) -> Option<Timestamp> {
        self.lock().get(&(account, used)).copied().max(kept)
    }

    fn all(&self) -> Vec<LastUse> {
        let known = self.lock();
        let each = known.iter().map(|((account, used), at)| LastUse {
            account: *account,
            used: used.clone(),
            at: *at,
        });
        each.collect()
    }

    /// Forgets what the store knows now, unless it was used again meanwhile.
    fn forget(&self, kept: Vec<LastUse>) {
        let mut known = self.lock();
        for LastUse { account, used, at } in kept {
            let key = (account, used);
            if known.get(&key) == Some(&at) {
                known.remove(&key);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(AccountId, Used), Timestamp>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Guise {
    /// Has the store keep when apps and tokens were last used.
    ///
    /// # Errors
    /// When the store does not answer. Nothing is lost: the next time goes on.
    pub async fn keep_last_uses(&self) -> Result<(), StoreError> {
        for uses in self.last_uses().all().chunks(KEPT_AT_ONCE) {
            self.store().keep_last_uses(uses.to_vec()).await?;
            self.last_uses().forget(uses.to_vec());
        }
        Ok(())
    }

    /// When an app was last used, by whatever account's token or for itself.
    pub(crate) fn last_use_of_app(&self, app: &App) -> Option<Timestamp> {
        self.last_uses().of(app.owner, Used::App(app.id), app.last_used_at)
    }

    /// When a token was last used.
    pub(crate) fn last_use_of_token(&self, token: &Token) -> Option<Timestamp> {
        self.last_uses().of(
            token.account,
            Used::Token(token.token.as_str().into()),
            token.last_used_at,
        )
    }
}

#[cfg(test)]
mod tests {
    use guise_domain::AppId;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
    const OWNER: AccountId = AccountId::new(1);

    fn app(id: i64) -> Used {
        Used::App(AppId::new(id))
    }

    #[test]
    fn a_use_is_told_until_it_is_kept_and_a_later_one_is_not_forgotten_with_it() {
        let uses = LastUses::default();
        uses.note(OWNER, app(1), NOW);
        uses.note(OWNER, app(2), NOW);
        let kept = uses.all();
        uses.note(OWNER, app(1), NOW.plus_seconds(1));
        uses.note(OWNER, app(1), NOW);
        uses.forget(kept);
        let later = LastUse { account: OWNER, used: app(1), at: NOW.plus_seconds(1) };
        assert_eq!(uses.all(), [later]);
        assert_eq!(uses.of(OWNER, app(1), Some(NOW)), Some(NOW.plus_seconds(1)));
        assert_eq!(uses.of(OWNER, app(2), Some(NOW)), Some(NOW));
        assert_eq!(uses.of(AccountId::new(2), app(1), None), None);
    }

    #[test]
    fn memory_is_bounded() {
        let uses = LastUses::default();
        for id in 0..=i64::try_from(LAST_USES_MAX).unwrap() {
            uses.note(OWNER, app(id), NOW);
        }
        assert_eq!(uses.all().len(), LAST_USES_MAX);
        uses.note(OWNER, app(0), NOW.plus_seconds(1));
        assert_eq!(
            uses.of(OWNER, app(0), None),
            Some(NOW.plus_seconds(1)),
            "what is there goes on"
        );
    }
}
