//! The contract of the store, above every backend.

mod accounts;
mod attempts;
mod boxes;
mod conversations;
mod grants;
mod last_uses;
mod log;
mod messages;
mod names;
mod nodes;
mod pictures;
mod plans;
mod postgres;
mod reads;
mod retries;
mod sessions;
mod traps;
mod turns;

use std::future::Future;
use std::sync::Arc;

use guise_domain::rate::{Endpoint, Quota, Rule, Window};
use guise_domain::{
    AccountId, Admission, Admitted, AppId, By, Content, CreateProfileError, EntryId, ImageType,
    Installation, MediaId, MediaKey, NewAccount, NewProfile, NewUpload, Once, PageRequest,
    PictureFormat, ProfileId, ProfileName, ReplayKey, Sealed, Segment, Store, Timestamp, Upload,
};
use guise_postgres::PostgresStore;
use guise_sqlite::{Options, SqliteStore};
use tempfile::tempdir;
use tokio::task::JoinSet;

use crate::support::{Database, Tap};

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const OWNER: AccountId = AccountId::new(11);
const OTHER: AccountId = AccountId::new(22);

/// A test for each case on each backend: `case::sqlite` and `case::postgres`. The store is new and empty. A further
/// backend is named here and nowhere else.
macro_rules! cases {
    ($($case:ident,)*) => {
        $(mod $case {
            #[tokio::test]
            async fn sqlite() {
                crate::store::on_sqlite(super::$case).await;
            }

            #[tokio::test]
            async fn postgres() {
                crate::store::on_postgres(super::$case).await;
            }
        })*
    };
}
use cases;

async fn on_sqlite<R: Future<Output = ()>>(case: impl FnOnce(Arc<dyn Store>) -> R) {
    let folder = tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("guise.db"), Options::default()).unwrap();
    case(Arc::new(store)).await;
}

async fn on_postgres<R: Future<Output = ()>>(case: impl FnOnce(Arc<dyn Store>) -> R) {
    let database = Database::new().await;
    let tap = Tap::on(&database).await;
    let store = PostgresStore::open(&tap.address, guise_postgres::Options::default()).await;
    let store = Arc::new(store.unwrap());
    case(Arc::<PostgresStore>::clone(&store)).await;
    store.close().await.unwrap();
    assert_eq!(database.read_as_a_whole().await, [""; 0], "it went by no index");
    plans::look_at(&tap.said()).await;
}

fn admission(account: AccountId, endpoint: Endpoint, request: u64) -> Admission {
    let mut replay = [0; 16];
    replay[..8].copy_from_slice(&request.to_be_bytes());
    Admission {
        account,
        replay: ReplayKey(replay),
        replay_until: NOW.plus_seconds(901),
        endpoint,
        rule: Rule { limit: 10, window_seconds: 900 },
        app: AppId::new(7),
        operator: None,
        entry: EntryId::new(1_000_000 + i64::try_from(request).unwrap()),
        by_app: None,
        now: NOW,
    }
}

fn image(owner: AccountId, media: i64) -> Upload {
    Upload {
        key: MediaKey { owner, media: MediaId::new(media), random: [1; 8] },
        category: None,
        shared: false,
        expires_at: NOW.plus_seconds(86_400),
        content: Content::Image {
            size: 100,
            image_type: ImageType::Jpeg,
            format: PictureFormat::Jpeg,
            width: 400,
            height: 400,
            digest: None,
        },
    }
}

fn receiving(owner: AccountId, media: i64) -> Upload {
    let content = Content::Receiving { total_bytes: 100, media_type: "image/jpeg".to_owned() };
    Upload { content, ..image(owner, media) }
}

async fn people(store: &dyn Store) {
    for (id, name) in [(OWNER, "owner"), (OTHER, "other")] {
        let new = NewAccount { id, name: name.parse().unwrap(), custom_profiles: true };
        store.create_account(new, by(id.get())).await.unwrap().unwrap();
    }
}

/// Somebody at the command line, for the line of the log with this id.
fn by(entry: i64) -> By {
    By { entry: EntryId::new(entry), app: None, operator: Some("root".parse().unwrap()) }
}

async fn upload(store: &dyn Store, upload: Upload, request: u64) {
    let admission = admission(upload.key.owner, Endpoint::MediaUpload, request);
    let new = NewUpload { upload, additional_owners: Vec::new() };
    let made = store.create_upload(&admission, new, None).await.unwrap();
    assert!(matches!(first(made), Admitted::Done(..)));
}

fn profile(id: i64, avatar: i64) -> NewProfile {
    let name = ProfileName::parse("Jon").unwrap();
    NewProfile::plain(ProfileId::new(id), name, MediaId::new(avatar))
}

/// What became of a write that named no key.
fn first<T>(once: Once<T>) -> Admitted<T> {
    match once {
        Once::First(admitted) => admitted,
        Once::Again(..) | Once::KeyTaken(_) => panic!("it named no key"),
    }
}

fn create(request: u64) -> Admission {
    admission(OWNER, Endpoint::CustomProfilesNew, request)
}
cases! {
    a_write_is_counted_once_and_a_repetition_not_at_all,
    of_writes_at_once_exactly_as_many_pass_as_the_window_holds,
    what_belongs_to_somebody_else_is_not_there,
    segments_replace_one_another_and_leave_with_their_upload,
    unused_uploads_are_swept_when_they_expire_and_pictures_of_profiles_stay,
    names_are_unique_whatever_their_case_and_the_first_proof_of_the_key_stays,
}

async fn a_write_is_counted_once_and_a_repetition_not_at_all(store: Arc<dyn Store>) {
    people(&*store).await;
    upload(&*store, image(OWNER, 5), 1).await;
    let left = |remaining| Quota { limit: 10, remaining, resets_at: NOW.plus_seconds(900) };
    let made = store.create_profile(&create(2), profile(100, 5), None).await.unwrap();
    assert!(matches!(first(made), Admitted::Done(quota, Ok(_)) if quota == left(9)));
    let again = store.create_profile(&create(2), profile(101, 5), None).await.unwrap();
    assert_eq!(first(again), Admitted::Replayed);
    let refused = store.create_profile(&create(3), profile(102, 6), None).await.unwrap();
    assert_eq!(first(refused), Admitted::Done(left(8), Err(CreateProfileError::MediaNotFound)));
    let window = store.write_window(OWNER, Endpoint::CustomProfilesNew).await.unwrap();
    assert_eq!(window, Some(Window { started_at: NOW, used: 2 }));
    let page = PageRequest { count: 50, before: None };
    assert_eq!(store.profiles(OWNER, page).await.unwrap().items.len(), 1);
}

async fn of_writes_at_once_exactly_as_many_pass_as_the_window_holds(store: Arc<dyn Store>) {
    people(&*store).await;
    upload(&*store, image(OWNER, 5), 1).await;
    let mut tasks = JoinSet::new();
    for number in 0..100 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let request = create(1000 + number);
            let id = 1000 + i64::try_from(number).unwrap();
            first(store.create_profile(&request, profile(id, 5), None).await.unwrap())
        });
    }
    let answers = tasks.join_all().await;
    let done = |admitted: &&Admitted<_>| matches!(admitted, Admitted::Done(_, Ok(_)));
    assert_eq!(answers.iter().filter(done).count(), 10);
    let limited = |admitted: &&Admitted<_>| matches!(admitted, Admitted::Limited(_));
    assert_eq!(answers.iter().filter(limited).count(), 90);
}

async fn what_belongs_to_somebody_else_is_not_there(store: Arc<dyn Store>) {
    people(&*store).await;
    upload(&*store, image(OWNER, 5), 1).await;
    store.create_profile(&create(2), profile(100, 5), None).await.unwrap();
    let id = ProfileId::new(100);
    assert!(store.profile(OWNER, id).await.unwrap().is_some());
    assert!(store.profile(OTHER, id).await.unwrap().is_none());
    assert!(store.upload(OTHER, MediaId::new(5), NOW).await.unwrap().is_none());
    let destroy = |account, request| admission(account, Endpoint::CustomProfilesDestroy, request);
    let answer = store.destroy_profile(&destroy(OTHER, 3), id).await.unwrap();
    assert!(matches!(answer, Admitted::Done(_, false)));
    for request in 4..6 {
        let answer = store.destroy_profile(&destroy(OWNER, request), id).await.unwrap();
        assert!(matches!(answer, Admitted::Done(_, true)), "also the second time");
    }
    assert!(store.profile(OWNER, id).await.unwrap().is_none());
}

async fn segments_replace_one_another_and_leave_with_their_upload(store: Arc<dyn Store>) {
    people(&*store).await;
    upload(&*store, receiving(OWNER, 5), 1).await;
    let id = MediaId::new(5);
    let append = |request, blob: &str| {
        let segment = Segment { index: 0, bytes: 60, blob: blob.to_owned() };
        let admission = admission(OWNER, Endpoint::MediaUpload, request);
        let store = Arc::clone(&store);
        async move { store.add_segment(&admission, id, segment).await.unwrap() }
    };
    assert!(matches!(append(2, "a").await, Admitted::Done(_, Ok(None))));
    let replaced = append(3, "b").await;
    assert!(matches!(replaced, Admitted::Done(_, Ok(Some(blob))) if blob == "a"));
    let content = image(OWNER, 5).content;
    let key = |random| MediaKey { random: [random; 8], ..image(OWNER, 5).key };
    let finish = |request, random| {
        let admission = admission(OWNER, Endpoint::MediaUpload, request);
        let (store, key, content) = (Arc::clone(&store), key(random), content.clone());
        async move { store.finish_upload(&admission, key, content).await.unwrap() }
    };
    // The first one's key counts from then on: its files may be public.
    for (request, random, left) in [(4, 8, vec!["b".to_owned()]), (6, 9, Vec::new())] {
        let finished = finish(request, random).await;
        let Admitted::Done(_, Ok((finished, blobs))) = finished else { panic!("{finished:?}") };
        assert_eq!((finished.key, finished.content), (key(8), content.clone()));
        assert_eq!(blobs, left);
    }
    assert!(store.upload_exists(key(8)).await.unwrap());
    assert!(!store.upload_exists(key(9)).await.unwrap());
    assert!(matches!(append(5, "c").await, Admitted::Done(_, Err(_))));
    assert!(store.segments(OWNER, id).await.unwrap().is_empty());
}

async fn unused_uploads_are_swept_when_they_expire_and_pictures_of_profiles_stay(
    store: Arc<dyn Store>,
) {
    people(&*store).await;
    upload(&*store, image(OWNER, 5), 1).await;
    upload(&*store, image(OWNER, 6), 2).await;
    store.create_profile(&create(3), profile(100, 5), None).await.unwrap();
    let end = NOW.plus_seconds(86_400);
    assert!(store.sweep_uploads(end.plus_seconds(-1), 10).await.unwrap().is_empty());
    let swept = store.sweep_uploads(end, 10).await.unwrap();
    assert_eq!(swept.iter().map(|upload| upload.key.media.get()).collect::<Vec<_>>(), [6]);
    assert!(store.upload_exists(image(OWNER, 5).key).await.unwrap());
    assert!(store.public_picture(image(OWNER, 5).key).await.unwrap().is_some());
    assert!(store.upload(OWNER, MediaId::new(5), end).await.unwrap().is_none(), "expired");
}

async fn names_are_unique_whatever_their_case_and_the_first_proof_of_the_key_stays(
    store: Arc<dyn Store>,
) {
    people(&*store).await;
    let name = "OWNER".parse().unwrap();
    let new = NewAccount { id: AccountId::new(33), name, custom_profiles: true };
    assert!(store.create_account(new, by(33)).await.unwrap().is_err());
    for proof in [vec![1], vec![2]] {
        let kept = store.key_proof(Sealed::from_bytes(proof)).await.unwrap();
        assert_eq!(kept.as_bytes(), [1]);
    }
}

/// A full disk makes `SQLite` roll back everything since the last commit, and what is done next commits on its own: a
/// job could be answered that was lost, or lost that was answered.
#[tokio::test]
async fn on_a_full_disk_what_was_answered_is_kept_and_nothing_else() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("guise.db");
    let small = Options { pages_max: Some(60), ..Options::default() };
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&path, small).unwrap());
    people(&*store).await;
    let mut tasks = JoinSet::new();
    for number in 0..3000_u16 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let media = 1000 + i64::from(number);
            let rule = Rule { limit: 1_000_000, window_seconds: 900 };
            let admission = admission(OWNER, Endpoint::MediaUpload, u64::from(number));
            let new = NewUpload { upload: image(OWNER, media), additional_owners: Vec::new() };
            let admission = Admission { rule, ..admission };
            let kept = store.create_upload(&admission, new, None).await.is_ok();
            (image(OWNER, media).key, kept)
        });
    }
    let answers = tasks.join_all().await;
    let kept = answers.iter().filter(|(_, kept)| *kept).count();
    assert!(kept > 0 && kept < answers.len(), "{kept} were kept");
    store.close().await.unwrap();
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&path, Options::default()).unwrap());
    for (key, kept) in answers {
        assert_eq!(store.upload_exists(key).await.unwrap(), kept, "{key}");
    }
    let window = store.write_window(OWNER, Endpoint::MediaUpload).await.unwrap().unwrap();
    assert_eq!(usize::try_from(window.used).unwrap(), kept, "counts go with what they count");
}
