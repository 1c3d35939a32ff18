//! [`Names`] in SQL: what accounts demand of names, and whom a name looks like.

use std::sync::Arc;

use async_trait::async_trait;
use futures::future::try_join_all;
use guise_domain::limits::{LOOKALIKES_MAX, RESERVED_WORDS_MAX};
use guise_domain::{
    AccountId, Action, By, Draft, Lookalike, Names, Naming, NamingChange, ProfileId,
    ReserveWordsError, ReservedWord, ScreenName, StoreError, Verdict, skeleton, skeleton_rules,
};
use tokio_postgres::Row;

use crate::PostgresStore;
use crate::accounts::by_id;
use crate::edits::living;
use crate::error::{Queried, impossible};
use crate::group::Locks;
use crate::log::note_by;
use crate::query::{Columns, Db, all, asked, execute, one};
use crate::step::Step;

const NAMING: &str = "SELECT kind_required, own_name_reserved, word, skeleton, n
    FROM asked JOIN accounts ON id = p1 LEFT JOIN reserved_names ON account = id ORDER BY skeleton";
const SET: &str = "UPDATE accounts SET kind_required = coalesce($2, kind_required),
        own_name_reserved = coalesce($3, own_name_reserved)
    WHERE id = $1 AND (kind_required <> $2 OR own_name_reserved <> $3)";
const RESERVE: &str = "INSERT INTO reserved_names (account, skeleton, word) VALUES ($1, $2, $3)
    ON CONFLICT (account, skeleton) DO UPDATE SET word = $3";
const RELEASE: &str =
    "DELETE FROM reserved_names WHERE account = $1 AND skeleton = $2 RETURNING word";
const ALIKE: &str = "SELECT profile, account, n FROM asked CROSS JOIN LATERAL
        (SELECT profile, account FROM names
        WHERE skeleton = p1 AND NOT (account = p3 AND profile IN (0, p4))
        ORDER BY profile LIMIT p2) AS alike
    ORDER BY profile";
const ADD: &str = "INSERT INTO names (skeleton, profile, account) SELECT p1, p2, p3 FROM asked
    ON CONFLICT DO NOTHING";
const FORGET: &str = "DELETE FROM names WHERE skeleton = $1 AND profile = $2 AND account = $3";
// A thousand living profiles and open accounts after these, in the order of accounts.
const NAMED: &str = "SELECT name, id, account FROM
    (SELECT name, id, account FROM profiles WHERE destroyed_at IS NULL
        UNION ALL SELECT name, 0, id FROM accounts WHERE NOT closed) AS named (name, id, account)
    WHERE (account, id) > ($1, $2) ORDER BY account, id LIMIT 1000";

/// Stands for an account itself among its profiles.
const ITSELF: ProfileId = ProfileId::new(0);

#[async_trait]
impl Names for PostgresStore {
    async fn naming(&self, id: AccountId) -> Result<Option<Naming>, StoreError> {
        Ok(naming(&self.db().await?, id).await?)
    }

    async fn set_naming(
        &self,
        id: AccountId,
        change: NamingChange,
        by: By,
    ) -> Result<bool, StoreError> {
        let (NamingChange { kind_required, own_name_reserved }, by) = (change, &by);
        self.write(Locks::of(id), |step| async move {
            if step.execute(SET, (id.get(), kind_required, own_name_reserved)).await? == 0 {
                return Ok(by_id(&step.db, id).await?.is_some());
            }
            note_by(&step, by, id, Action::NamingChanged, id.get()).map(|()| true)
        })
        .await
    }

    async fn reserve_words(
        &self,
        id: AccountId,
        words: Vec<ReservedWord>,
        by: By,
    ) -> Result<Result<(), ReserveWordsError>, StoreError> {
        let (words, by) = (&words, &by);
        self.write(Locks::of(id), |step| async move {
            let Some(Naming { reserved: before, .. }) = naming(&step.db, id).await? else {
                return Ok(Err(ReserveWordsError::NoAccount));
            };
            let mut looks: Vec<_> =
                before.iter().chain(words).map(ReservedWord::skeleton).collect();
            looks.sort_unstable();
            looks.dedup();
            if looks.len() > RESERVED_WORDS_MAX {
                return Ok(Err(ReserveWordsError::TooMany));
            }
            let fresh: Vec<_> = words.iter().filter(|word| !before.contains(word)).collect();
            for word in &fresh {
                step.execute(RESERVE, (id.get(), word.skeleton(), word.as_str())).await?;
            }
            if !fresh.is_empty() {
                note_by(&step, by, id, Action::WordsReserved, id.get())?;
            }
            Ok(Ok(()))
        })
        .await
    }

    async fn release_words(
        &self,
        id: AccountId,
        words: Vec<ReservedWord>,
        by: By,
    ) -> Result<Vec<String>, StoreError> {
        let (words, by) = (&words, &by);
        self.write(Locks::of(id), |step| async move {
            let mut released = Vec::new();
            for word in words {
                let row = (id.get(), word.skeleton());
                released.extend(one(&step.db, RELEASE, row, |row| row.at(0)).await?);
            }
            if !released.is_empty() {
                note_by(&step, by, id, Action::WordsReleased, id.get())?;
            }
            Ok(released)
        })
        .await
    }

    async fn lookalikes(&self, id: AccountId) -> Result<Vec<Lookalike>, StoreError> {
        let db = &self.db().await?;
        let Some(account) = by_id(db, id).await? else { return Ok(Vec::new()) };
        Ok(alike(db, id, ITSELF, &skeleton(account.name.as_str())).await?)
    }

    async fn check_profiles(
        &self,
        owner: AccountId,
        drafts: Vec<Draft>,
        server_words: Arc<[ReservedWord]>,
    ) -> Result<Vec<Verdict>, StoreError> {
        let db = &self.db().await?;
        let demands = demands(db, owner).await?;
        let verdicts =
            drafts.iter().map(|draft| verdict(db, owner, &demands, draft, &server_words));
        Ok(try_join_all(verdicts).await?)
    }
}

async fn verdict(
    db: &Db,
    owner: AccountId,
    demands: &Naming,
    draft: &Draft,
    server_words: &[ReservedWord],
) -> Queried<Verdict> {
    let Draft { name, kind, external_id } = draft;
    let there = match external_id {
        Some(external_id) => living(db, owner, external_id).await?,
        None => None,
    };
    let unnamed = if there.is_none() { demands.misses_kind(*kind) } else { None };
    if there.as_ref().is_some_and(|profile| profile.current.name == *name) {
        return Ok(Verdict::default());
    }
    let broken = demands.forbids(name, server_words).into_iter().chain(unnamed).collect();
    let itself = there.map_or(ITSELF, |profile| profile.id);
    Ok(Verdict { broken, alike: alike(db, owner, itself, &skeleton(name.as_str())).await? })
}

/// What an account demands, with its own name among the words where it wants that.
pub(crate) async fn demands(db: &Db, account: AccountId) -> Queried<Naming> {
    let naming = naming(db, account).await?.unwrap_or_default();
    let own = if naming.own_name_reserved { by_id(db, account).await? } else { None };
    Ok(match own {
        Some(own) => naming.reserving(&own.name),
        None => naming,
    })
}

async fn naming(db: &Db, account: AccountId) -> Queried<Option<Naming>> {
    let read = |row: &Row| Ok((row.at(0)?, row.at(1)?, row.at(2)?, row.at(3)?));
    let mut found = None;
    for (kind_required, own_name_reserved, word, skeleton) in
        asked(db, NAMING, (account.get(),), read).await?
    {
        let word: Option<String> = word;
        let naming = found.get_or_insert_with(|| Naming {
            kind_required,
            own_name_reserved,
            reserved: Vec::new(),
        });
        let word = word.zip(skeleton);
        naming.reserved.extend(word.map(|(word, look)| ReservedWord::from_stored(word, look)));
    }
    Ok(found)
}

/// Whom a name looks like, apart from the profile it is for and that one's account: accounts first, then the oldest
/// profiles. Of all profiles of other accounts no more is told than that there are some.
pub(crate) async fn alike(
    db: &Db,
    account: AccountId,
    profile: ProfileId,
    skeleton: &str,
) -> Queried<Vec<Lookalike>> {
    let mut alike = Vec::new();
    if skeleton.is_empty() {
        return Ok(alike);
    }
    let params = (skeleton, i64::from(LOOKALIKES_MAX), account.get(), profile.get());
    for row in asked(db, ALIKE, params, |row| Ok((row.at(0)?, row.at(1)?))).await? {
        let (id, owner): (i64, i64) = row;
        let (id, owner) = (ProfileId::new(id), AccountId::new(owner));
        let one = match (id == ITSELF, owner == account) {
            (false, true) => Lookalike::Profile(id),
            (false, false) => Lookalike::OthersProfile,
            (true, _) => match by_id(db, owner).await? {
                Some(owner) => Lookalike::Account(owner.name),
                None => continue,
            },
        };
        if one != Lookalike::OthersProfile || !alike.contains(&one) {
            alike.push(one);
        }
    }
    Ok(alike)
}

/// Keeps what a profile's name looks like.
pub(crate) fn add(
    step: &Step,
    account: AccountId,
    profile: ProfileId,
    skeleton: &str,
) -> Queried<()> {
    if skeleton.is_empty() {
        return Ok(());
    }
    step.put(ADD, (skeleton, profile.get(), account.get()))
}

/// Forgets what a profile's name looks like.
pub(crate) async fn forget(
    step: &Step,
    account: AccountId,
    profile: ProfileId,
    name: &str,
) -> Queried<()> {
    step.execute(FORGET, (skeleton(name), profile.get(), account.get())).await.map(drop)
}

/// Keeps what the name of an account itself looks like.
pub(crate) fn add_account(step: &Step, account: AccountId, name: &ScreenName) -> Queried<()> {
    add(step, account, ITSELF, &skeleton(name.as_str()))
}

/// Forgets what the name of an account itself looks like.
pub(crate) async fn forget_account(
    step: &Step,
    account: AccountId,
    name: &ScreenName,
) -> Queried<()> {
    forget(step, account, ITSELF, name.as_str()).await
}

/// Makes all looks anew when they were made by other rules, or never. Within a transaction.
pub(crate) async fn refresh(db: &Db) -> Queried<()> {
    if are_current(db).await? {
        return Ok(());
    }
    fill(db).await?;
    let sql = "UPDATE installation SET skeleton_rules = $1";
    execute(db, sql, (skeleton_rules(),)).await.map(drop)
}

/// Whether all looks are made by the rules of this program.
pub(crate) async fn are_current(db: &Db) -> Queried<bool> {
    const MADE_BY: &str = "SELECT 1 FROM installation WHERE skeleton_rules = $1";
    Ok(one(db, MADE_BY, (skeleton_rules(),), |_| Ok(())).await?.is_some())
}

async fn fill(db: &Db) -> Queried<()> {
    // Whoever names something meanwhile waits, and its look is made by whatever rules its own program has.
    db.lent()?.run("LOCK TABLE names, reserved_names IN SHARE ROW EXCLUSIVE MODE").await?;
    execute(db, "DELETE FROM names", ()).await?;
    let (mut account, mut profile) = (i64::MIN, i64::MIN);
    loop {
        let read = |row: &Row| Ok((row.at(0)?, row.at(1)?, row.at(2)?));
        let named: Vec<(String, i64, i64)> = all(db, NAMED, (account, profile), read).await?;
        let Some((_, last_profile, last_account)) = named.last() else { break };
        (account, profile) = (*last_account, *last_profile);
        for (name, profile, account) in &named {
            let look = skeleton(name);
            if !look.is_empty() {
                asked(db, ADD, (look, profile, account), |_| Ok(())).await?;
            }
        }
    }
    let words = "SELECT account, word FROM reserved_names";
    let read = |row: &Row| Ok((row.at(0)?, row.at(1)?));
    let words: Vec<(i64, String)> = all(db, words, (), read).await?;
    execute(db, "DELETE FROM reserved_names", ()).await?;
    for (account, word) in words {
        let word = ReservedWord::parse(&word).map_err(impossible)?;
        execute(db, RESERVE, (account, word.skeleton(), word.as_str())).await?;
    }
    Ok(())
}
