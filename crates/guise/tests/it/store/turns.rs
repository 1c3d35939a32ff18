//! What one account does at once comes one after another: each step finds what the one before it left.

use std::sync::Arc;

use guise_domain::limits::CALLBACKS_MAX;
use guise_domain::rate::{Endpoint, Rule};
use guise_domain::{
    Admission, Admitted, Answer, AppId, EditProfileError, EditedProfile, EntryId, Keep, NewApp,
    Once, Outcome, PageRequest, ProfileChange, ProfileId, ProfileName, Retry, Sealed, Store,
};
use tokio::task::JoinSet;

use super::{NOW, OWNER, admission, by, cases, create, first, image, people, profile, upload};

const ALL: PageRequest = PageRequest { count: 50, before: None };
const JON: ProfileId = ProfileId::new(100);

/// How many come at once: the first begins alone, and the others meet.
const AT_ONCE: u64 = 20;

/// An owner's profile.
async fn jon(store: &dyn Store) {
    people(store).await;
    upload(store, image(OWNER, 5), 1).await;
    store.create_profile(&create(2), profile(JON.get(), 5), None).await.unwrap();
}

/// What each of many becomes that are done at once.
async fn at_once<T, R>(store: &Arc<dyn Store>, each: impl Fn(Arc<dyn Store>, u64) -> R) -> Vec<T>
where
    T: Send + 'static,
    R: Future<Output = T> + Send + 'static,
{
    let tasks: JoinSet<_> = (0..AT_ONCE).map(|number| each(Arc::clone(store), number)).collect();
    tasks.join_all().await
}

/// An edit in a window of its own, so that it meets others in nothing but the profile.
async fn edit(
    store: &dyn Store,
    number: u64,
    expected: Option<u32>,
    change: ProfileChange,
) -> Result<EditedProfile, EditProfileError> {
    let endpoint = Endpoint::ALL[usize::try_from(number).unwrap()];
    let admission = admission(OWNER, endpoint, 1000 + number);
    match store.edit_profile(&admission, JON, expected, change).await.unwrap() {
        Admitted::Done(_, edited) => edited,
        other => panic!("{other:?}"),
    }
}
cases! {
    of_many_who_ask_for_the_last_place_one_has_it,
    of_edits_of_one_revision_one_is_kept,
    tags_that_are_set_at_once_do_not_mix,
    of_requests_under_one_key_at_once_one_is_done_and_all_are_answered_the_same,
    no_app_has_more_places_than_it_may_however_they_come,
}

async fn of_many_who_ask_for_the_last_place_one_has_it(store: Arc<dyn Store>) {
    jon(&*store).await;
    let rule = Rule { limit: 2, window_seconds: 900 };
    let answers = at_once(&store, move |store, number| async move {
        let admission = Admission { rule, ..create(1000 + number) };
        let id = 1000 + i64::try_from(number).unwrap();
        first(store.create_profile(&admission, profile(id, 5), None).await.unwrap())
    });
    let answers = answers.await;
    let made = answers.iter().filter(|made| matches!(made, Admitted::Done(_, Ok(_)))).count();
    let limited = answers.iter().filter(|made| matches!(made, Admitted::Limited(_))).count();
    assert_eq!((made, limited), (1, answers.len() - 1));
    assert_eq!(store.profiles(OWNER, ALL).await.unwrap().items.len(), 2);
}

async fn of_edits_of_one_revision_one_is_kept(store: Arc<dyn Store>) {
    jon(&*store).await;
    let answers = at_once(&store, |store, number| async move {
        let name = Some(ProfileName::parse(&format!("Jon {number}")).unwrap());
        let change = ProfileChange { name, ..ProfileChange::default() };
        edit(&*store, number, Some(1), change).await
    });
    let (kept, refused): (Vec<_>, Vec<_>) = answers.await.into_iter().partition(Result::is_ok);
    let [Ok(kept)] = &*kept else { panic!("{kept:?}") };
    assert_eq!(kept.outcome, Outcome::Updated);
    assert!(refused.iter().all(|edit| *edit == Err(EditProfileError::Stale { current: 2 })));
    let past = store.revisions(OWNER, JON, ALL).await.unwrap().unwrap().items;
    let names: Vec<_> = past.iter().map(|revision| revision.name.as_str()).collect();
    assert_eq!(names, [kept.profile.profile.current.name.as_str(), "Jon"]);
}

async fn tags_that_are_set_at_once_do_not_mix(store: Arc<dyn Store>) {
    jon(&*store).await;
    let tags = |number| ["a", "b"].map(|tag| format!("{tag}{number}").parse().unwrap()).to_vec();
    let answers = at_once(&store, move |store, number| async move {
        let external_id = Some(format!("jon-{number}").parse().unwrap());
        let change =
            ProfileChange { tags: Some(tags(number)), external_id, ..ProfileChange::default() };
        (edit(&*store, number, None, change).await.unwrap().profile.tags, tags(number))
    });
    for (kept, asked) in answers.await {
        assert_eq!(kept, asked);
    }
    let jon = store.profile_with_tags(OWNER, JON).await.unwrap().unwrap();
    let external_id = jon.profile.external_id.unwrap();
    let number: u64 = external_id.as_str().strip_prefix("jon-").unwrap().parse().unwrap();
    assert_eq!(jon.tags, tags(number));
}

async fn of_requests_under_one_key_at_once_one_is_done_and_all_are_answered_the_same(
    store: Arc<dyn Store>,
) {
    jon(&*store).await;
    let answers = at_once(&store, |store, number| async move {
        let id = 1000 + i64::try_from(number).unwrap();
        let told =
            |id: i64| Answer { status: 201, headers: Vec::new(), body: id.to_string().into() };
        let retry = Retry { key: "a".parse().unwrap(), content: [1; 32] };
        let write = Box::new(move |_: &_| told(id));
        let keep = Keep { retry, until: NOW.plus_seconds(100), subject: id, write };
        match store.create_profile(&create(1000 + number), profile(id, 5), Some(keep)).await {
            Ok(Once::First(Admitted::Done(_, Ok(_)))) => (true, told(id)),
            Ok(Once::Again(_, Some(answer))) => (false, answer),
            other => panic!("{other:?}"),
        }
    });
    let answers = answers.await;
    assert_eq!(answers.iter().filter(|(done, _)| *done).count(), 1);
    assert!(answers.iter().all(|(_, told)| *told == answers[0].1), "{answers:?}");
    assert_eq!(store.profiles(OWNER, ALL).await.unwrap().items.len(), 2);
}

async fn no_app_has_more_places_than_it_may_however_they_come(store: Arc<dyn Store>) {
    people(&*store).await;
    let id = AppId::new(70);
    let (name, url, consumer_key) = ("Desk".to_owned(), String::new(), "key".to_owned());
    let new = NewApp { id, name, url, consumer_key, consumer_secret: Sealed::from_bytes(vec![1]) };
    store.create_app(OWNER, new, by(100)).await.unwrap().unwrap();
    let answers = at_once(&store, move |store, number| async move {
        let place = format!("https://app.example/{number}").parse().unwrap();
        let entry = EntryId::new(1000 + i64::try_from(number).unwrap());
        store.add_callback(OWNER, id, &place, guise_domain::By { entry, ..by(0) }).await.unwrap()
    });
    assert_eq!(answers.await.iter().filter(|added| added.is_ok()).count(), CALLBACKS_MAX);
    assert_eq!(store.callbacks(id).await.unwrap().len(), CALLBACKS_MAX);
}
