//! What a profile's picture is recognised by.

use std::sync::Arc;

use guise_domain::rate::Endpoint;
use guise_domain::{
    Admitted, Content, Digest, EditedProfile, MediaId, Outcome, ProfileChange, ProfileId, Store,
    Upload,
};

use super::{NOW, OWNER, admission, cases, create, first, image, people, profile, upload};

/// An upload of a file with this digest.
fn of_file(media: i64, digest: Option<Digest>) -> Upload {
    let mut upload = image(OWNER, media);
    if let Content::Image { digest: kept, .. } = &mut upload.content {
        *kept = digest;
    }
    upload
}

/// Gives profile 100 the picture `media`; what came of it, its picture and its digest.
async fn give(store: &dyn Store, media: i64, request: u64) -> (Outcome, MediaId, Option<Digest>) {
    let admission = admission(OWNER, Endpoint::ProfilesEdit, request);
    let change = ProfileChange { avatar: Some(MediaId::new(media)), ..ProfileChange::default() };
    let edited = store.edit_profile(&admission, ProfileId::new(100), None, change).await.unwrap();
    let Admitted::Done(_, Ok(edited)) = edited else { panic!("{edited:?}") };
    let EditedProfile { profile: edited, outcome, .. } = edited;
    (outcome, edited.profile.current.avatar.unwrap().key.media, edited.digest)
}
cases! {
    an_upload_of_the_same_file_changes_nothing_and_is_swept,
}

async fn an_upload_of_the_same_file_changes_nothing_and_is_swept(store: Arc<dyn Store>) {
    people(&*store).await;
    let (one, other) = (Some(Digest::of(b"one")), Some(Digest::of(b"other")));
    for (media, digest) in [(5, one), (6, one), (7, other), (8, None), (9, None)] {
        upload(&*store, of_file(media, digest), media.unsigned_abs()).await;
    }
    let made = first(store.create_profile(&create(20), profile(100, 5), None).await.unwrap());
    let Admitted::Done(_, Ok((made, _))) = made else { panic!("{made:?}") };
    assert_eq!(made.digest, one);
    let media = MediaId::new;
    assert_eq!(give(&*store, 6, 21).await, (Outcome::Unchanged, media(5), one));
    assert_eq!(give(&*store, 7, 22).await, (Outcome::Updated, media(7), other));
    // What is not known is not the same.
    assert_eq!(give(&*store, 8, 23).await, (Outcome::Updated, media(8), None));
    assert_eq!(give(&*store, 9, 24).await, (Outcome::Updated, media(9), None));
    let swept = store.sweep_uploads(NOW.plus_seconds(86_400), 10).await.unwrap();
    let swept: Vec<_> = swept.iter().map(|upload| upload.key.media).collect();
    assert_eq!(swept, [media(6)], "nothing shows it");
}
