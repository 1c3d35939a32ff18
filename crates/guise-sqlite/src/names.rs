//! [`Names`] in SQL: what accounts demand of names, and whom a name looks like.

use std::sync::Arc;

use async_trait::async_trait;
use guise_domain::limits::{LOOKALIKES_MAX, RESERVED_WORDS_MAX};
use guise_domain::{
    AccountId, Action, By, Draft, Lookalike, Names, Naming, NamingChange, ProfileId,
    ReserveWordsError, ReservedWord, ScreenName, StoreError, Verdict, skeleton, skeleton_rules,
};
use rusqlite::{Connection, TransactionBehavior};

use crate::SqliteStore;
use crate::accounts::by_id;
use crate::edits::living;
use crate::error::impossible;
use crate::log::note_by;
use crate::query::{all, execute, one};
use crate::writer::Step;

const NAMING: &str = "SELECT kind_required, own_name_reserved, word, skeleton
    FROM accounts LEFT JOIN reserved_names ON account = id WHERE id = ?1 ORDER BY skeleton";
const SET: &str = "UPDATE accounts SET kind_required = coalesce(?2, kind_required),
        own_name_reserved = coalesce(?3, own_name_reserved)
    WHERE id = ?1 AND (kind_required <> ?2 OR own_name_reserved <> ?3)";
const RESERVE: &str =
    "INSERT OR REPLACE INTO reserved_names (account, skeleton, word) VALUES (?1, ?2, ?3)";
const RELEASE: &str =
    "DELETE FROM reserved_names WHERE account = ?1 AND skeleton = ?2 RETURNING word";
const ALIKE: &str = "SELECT profile, account FROM names
    WHERE skeleton = ?1 AND NOT (account = ?3 AND profile IN (0, ?4)) ORDER BY profile LIMIT ?2";
const ADD: &str = "INSERT OR IGNORE INTO names (skeleton, profile, account) VALUES (?1, ?2, ?3)";
const FORGET: &str = "DELETE FROM names WHERE skeleton = ?1 AND profile = ?2 AND account = ?3";

/// Stands for an account itself among its profiles.
const ITSELF: ProfileId = ProfileId::new(0);

#[async_trait]
impl Names for SqliteStore {
    async fn naming(&self, id: AccountId) -> Result<Option<Naming>, StoreError> {
        self.read(move |db| naming(db, id)).await
    }

    async fn set_naming(
        &self,
        id: AccountId,
        change: NamingChange,
        by: By,
    ) -> Result<bool, StoreError> {
        let NamingChange { kind_required, own_name_reserved } = change;
        self.write(move |step| {
            if step.execute(SET, (id.get(), kind_required, own_name_reserved))? == 0 {
                return Ok(by_id(step.db, id)?.is_some());
            }
            note_by(step, by, id, Action::NamingChanged, id.get()).map(|()| true)
        })
        .await
    }

    async fn reserve_words(
        &self,
        id: AccountId,
        words: Vec<ReservedWord>,
        by: By,
    ) -> Result<Result<(), ReserveWordsError>, StoreError> {
        self.write(move |step| {
            if by_id(step.db, id)?.is_none() {
                return Ok(Err(ReserveWordsError::NoAccount));
            }
            let before = naming(step.db, id)?.unwrap_or_default().reserved;
            let mut looks: Vec<_> =
                before.iter().chain(&words).map(ReservedWord::skeleton).collect();
            looks.sort_unstable();
            looks.dedup();
            if looks.len() > RESERVED_WORDS_MAX {
                return Ok(Err(ReserveWordsError::TooMany));
            }
            let fresh: Vec<_> = words.iter().filter(|word| !before.contains(word)).collect();
            for word in &fresh {
                step.execute(RESERVE, (id.get(), word.skeleton(), word.as_str()))?;
            }
            if !fresh.is_empty() {
                note_by(step, by, id, Action::WordsReserved, id.get())?;
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
        self.write(move |step| {
            let release = |word: &ReservedWord| {
                one(step.db, RELEASE, (id.get(), word.skeleton()), |row| row.get(0)).transpose()
            };
            let released: Vec<_> =
                words.iter().filter_map(release).collect::<rusqlite::Result<_>>()?;
            if !released.is_empty() {
                note_by(step, by, id, Action::WordsReleased, id.get())?;
            }
            Ok(released)
        })
        .await
    }

    async fn lookalikes(&self, id: AccountId) -> Result<Vec<Lookalike>, StoreError> {
        self.read(move |db| {
            let Some(account) = by_id(db, id)? else { return Ok(Vec::new()) };
            alike(db, id, ITSELF, &skeleton(account.name.as_str()))
        })
        .await
    }

    async fn check_profiles(
        &self,
        owner: AccountId,
        drafts: Vec<Draft>,
        server_words: Arc<[ReservedWord]>,
    ) -> Result<Vec<Verdict>, StoreError> {
        self.read(move |db| {
            let demands = demands(db, owner)?;
            drafts.iter().map(|draft| verdict(db, owner, &demands, draft, &server_words)).collect()
        })
        .await
    }
}

fn verdict(
    db: &Connection,
    owner: AccountId,
    demands: &Naming,
    draft: &Draft,
    server_words: &[ReservedWord],
) -> rusqlite::Result<Verdict> {
    let Draft { name, kind, external_id } = draft;
    let there = match external_id {
        Some(external_id) => living(db, owner, external_id)?,
        None => None,
    };
    let unnamed = if there.is_none() { demands.misses_kind(*kind) } else { None };
    if there.as_ref().is_some_and(|profile| profile.current.name == *name) {
        return Ok(Verdict::default());
    }
    let broken = demands.forbids(name, server_words).into_iter().chain(unnamed).collect();
    let itself = there.map_or(ITSELF, |profile| profile.id);
    Ok(Verdict { broken, alike: alike(db, owner, itself, &skeleton(name.as_str()))? })
}

/// What an account demands, with its own name among the words where it wants that.
pub(crate) fn demands(db: &Connection, account: AccountId) -> rusqlite::Result<Naming> {
    let naming = naming(db, account)?.unwrap_or_default();
    let own = if naming.own_name_reserved { by_id(db, account)? } else { None };
    Ok(match own {
        Some(own) => naming.reserving(&own.name),
        None => naming,
    })
}

fn naming(db: &Connection, account: AccountId) -> rusqlite::Result<Option<Naming>> {
    let mut found = None;
    for (kind_required, own_name_reserved, word, skeleton) in
        all(db, NAMING, [account.get()], |row| row.try_into())?
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
pub(crate) fn alike(
    db: &Connection,
    account: AccountId,
    profile: ProfileId,
    skeleton: &str,
) -> rusqlite::Result<Vec<Lookalike>> {
    let mut alike = Vec::new();
    if skeleton.is_empty() {
        return Ok(alike);
    }
    let params = (skeleton, LOOKALIKES_MAX, account.get(), profile.get());
    for row in all(db, ALIKE, params, |row| row.try_into())? {
        let (id, owner): (i64, i64) = row;
        let (id, owner) = (ProfileId::new(id), AccountId::new(owner));
        let one = match (id == ITSELF, owner == account) {
            (false, true) => Lookalike::Profile(id),
            (false, false) => Lookalike::OthersProfile,
            (true, _) => match by_id(db, owner)? {
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
    step: &Step<'_>,
    account: AccountId,
    profile: ProfileId,
    skeleton: &str,
) -> rusqlite::Result<()> {
    if skeleton.is_empty() {
        return Ok(());
    }
    step.execute(ADD, (skeleton, profile.get(), account.get())).map(drop)
}

/// Forgets what a profile's name looks like.
pub(crate) fn forget(
    step: &Step<'_>,
    account: AccountId,
    profile: ProfileId,
    name: &str,
) -> rusqlite::Result<()> {
    step.execute(FORGET, (skeleton(name), profile.get(), account.get())).map(drop)
}

/// Keeps what the name of an account itself looks like.
pub(crate) fn add_account(
    step: &Step<'_>,
    account: AccountId,
    name: &ScreenName,
) -> rusqlite::Result<()> {
    add(step, account, ITSELF, &skeleton(name.as_str()))
}

/// Forgets what the name of an account itself looks like.
pub(crate) fn forget_account(
    step: &Step<'_>,
    account: AccountId,
    name: &ScreenName,
) -> rusqlite::Result<()> {
    forget(step, account, ITSELF, name.as_str())
}

/// Makes all looks anew when they were made by other rules, or never.
pub(crate) fn refresh(db: &mut Connection) -> rusqlite::Result<()> {
    if are_current(db)? {
        return Ok(());
    }
    // Another process may be doing the same: whoever comes second finds it done.
    let step = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if !are_current(&step)? {
        fill(&step)?;
        execute(&step, "UPDATE installation SET skeleton_rules = ?1", [skeleton_rules()])?;
    }
    step.commit()
}

/// Whether all looks are made by the rules of this program.
pub(crate) fn are_current(db: &Connection) -> rusqlite::Result<bool> {
    const MADE_BY: &str = "SELECT 1 FROM installation WHERE skeleton_rules = ?1";
    Ok(one(db, MADE_BY, [skeleton_rules()], |_| Ok(()))?.is_some())
}

fn fill(db: &Connection) -> rusqlite::Result<()> {
    const NAMED: &str = "SELECT name, id, account FROM profiles WHERE destroyed_at IS NULL
        UNION ALL SELECT name, 0, id FROM accounts WHERE closed = 0";
    execute(db, "DELETE FROM names", ())?;
    let mut named = db.prepare(NAMED)?;
    let mut rows = named.query(())?;
    while let Some(row) = rows.next()? {
        let (name, profile, account): (String, i64, i64) = row.try_into()?;
        let look = skeleton(&name);
        if !look.is_empty() {
            execute(db, ADD, (look, profile, account))?;
        }
    }
    let words = "SELECT account, word FROM reserved_names";
    let words: Vec<(i64, String)> = all(db, words, (), |row| row.try_into())?;
    execute(db, "DELETE FROM reserved_names", ())?;
    for (account, word) in words {
        let word = ReservedWord::parse(&word).map_err(impossible)?;
        execute(db, RESERVE, (account, word.skeleton(), word.as_str()))?;
    }
    Ok(())
}
