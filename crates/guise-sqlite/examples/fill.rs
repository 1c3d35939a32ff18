//! Fills a database with profiles, through the store's own steps: for measuring what a full one costs.
//!
//! `cargo run --release -p guise-sqlite --example fill -- guise-data/guise.db 10000000`
//!
//! All accounts there are get equally many. No server may run on the database meanwhile.
#![allow(clippy::unwrap_used, reason = "a tool for measuring: what goes wrong may stop it")]

use std::sync::Arc;

use guise_domain::rate::{Endpoint, Rule};
use guise_domain::{
    AccountId, Accounts, Admission, Admitted, AppId, Content, EntryId, ImageType, Media, MediaId,
    MediaKey, NewProfile, NewUpload, Once, PageRequest, PictureFormat, ProfileId, ProfileName,
    Profiles, Rates, ReplayKey, Timestamp, Upload,
};
use guise_sqlite::{Options, SqliteStore};
use indicatif::{ProgressBar, ProgressStyle};
use tokio::task::JoinSet;

const WRITERS: i64 = 512;
/// After so many, the requests that made them are forgotten, as a server does in time.
const FORGOTTEN_AFTER: i64 = 500_000;
const DAY_SECONDS: i64 = 86_400;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let (path, count) = (arguments.next().unwrap(), arguments.next().unwrap());
    let count: i64 = count.parse().unwrap();
    let store = Arc::new(SqliteStore::open(path.as_ref(), Options::default()).unwrap());
    let page = PageRequest { count: 1_000, before: None };
    let accounts: Vec<_> =
        store.accounts(page).await.unwrap().items.into_iter().map(|account| account.id).collect();
    // One a millisecond, the last of them a day before there was the newest account: no id of a server's is below.
    let newest = accounts.iter().max().unwrap().created_at();
    let first = Timestamp::from_millis(newest.plus_seconds(-DAY_SECONDS).millis() - count);
    let mut owners = Vec::new();
    for account in accounts {
        owners.push((account, upload(&store, account, first).await));
    }
    let filling = Filling { store: Arc::clone(&store), owners: owners.into(), first };
    let bar = ProgressBar::new(count.unsigned_abs());
    let style = "{bar:40} {human_pos} of {human_len} profiles, {per_sec}, {eta} left";
    bar.set_style(ProgressStyle::with_template(style).unwrap());
    for begin in (0..count).step_by(usize::try_from(FORGOTTEN_AFTER).unwrap()) {
        filling.fill(begin, count.min(begin + FORGOTTEN_AFTER), &bar).await;
        store.sweep_replays(newest).await.unwrap();
    }
    bar.finish();
}

#[derive(Clone)]
struct Filling {
    store: Arc<SqliteStore>,
    owners: Arc<[(AccountId, MediaId)]>,
    first: Timestamp,
}

impl Filling {
    /// Makes the profiles with these numbers, many writers at once.
    async fn fill(&self, begin: i64, end: i64, bar: &ProgressBar) {
        let mut writers = JoinSet::new();
        for writer in begin..end.min(begin + WRITERS) {
            let (filling, bar) = (self.clone(), bar.clone());
            writers.spawn(async move {
                for number in (writer..end).step_by(usize::try_from(WRITERS).unwrap()) {
                    filling.create(number).await;
                    bar.inc(1);
                }
            });
        }
        writers.join_all().await;
    }

    async fn create(&self, number: i64) {
        let now = Timestamp::from_millis(self.first.millis() + number);
        let owner = usize::try_from(number).unwrap() % self.owners.len();
        let (account, avatar) = *self.owners.get(owner).unwrap();
        let name = ProfileName::parse(&format!("Jon C, Partner Engineer {number}")).unwrap();
        let new = NewProfile::plain(ProfileId::first_at(now), name, avatar);
        let admission = admission(account, Endpoint::CustomProfilesNew, number, now);
        let made = self.store.create_profile(&admission, new, None).await.unwrap();
        assert!(matches!(made, Once::First(Admitted::Done(_, Ok(_)))));
    }
}

/// A picture for all profiles of an account.
async fn upload(store: &SqliteStore, owner: AccountId, now: Timestamp) -> MediaId {
    let media = MediaId::new(MediaId::first_at(now).get() - owner.get() % 4_096);
    let content = Content::Image {
        size: 16_203,
        image_type: ImageType::Jpeg,
        format: PictureFormat::Jpeg,
        width: 400,
        height: 400,
        digest: None,
    };
    let upload = Upload {
        key: MediaKey { owner, media, random: [0; 8] },
        category: None,
        shared: false,
        expires_at: now.plus_seconds(365 * DAY_SECONDS),
        content,
    };
    let admission = admission(owner, Endpoint::MediaUpload, -owner.get(), now);
    let new = NewUpload { upload, additional_owners: Vec::new() };
    store.create_upload(&admission, new, None).await.unwrap();
    media
}

fn admission(account: AccountId, endpoint: Endpoint, number: i64, now: Timestamp) -> Admission {
    Admission {
        account,
        replay: ReplayKey(i128::from(number).to_be_bytes()),
        replay_until: now,
        endpoint,
        rule: Rule { limit: u32::MAX, window_seconds: 86_400 },
        app: AppId::new(1),
        operator: None,
        entry: EntryId::new(EntryId::first_at(now).get() + 1),
        by_app: None,
        now,
    }
}
