//! Two accounts in random conversation, beside a model so small that it must be right.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use guise_domain::rate::{Endpoint, Rule};
use guise_domain::{
    AccountId, Admission, Admitted, CreateProfileError, EditProfileError, Face, MediaId, MessageId,
    NewMessage, NewProfile, NewUpload, PageRequest, ProfileChange, ProfileId, ProfileName,
    SendError, Store, Timestamp,
};
use proptest::prelude::*;

use super::messages::text;
use super::{OTHER, OWNER, admission, first, image, people};

const PEOPLE: [AccountId; 2] = [OWNER, OTHER];
/// Whose pictures there are; both may use the second.
const PICTURES: [usize; 3] = [0, 0, 1];
const SHARED: usize = 1;

/// What one of the two does.
#[derive(Clone, Debug)]
enum Act {
    /// Makes a profile with a number for a name, and a picture or none.
    MakeProfile { who: usize, picture: Option<usize> },
    /// Renames a profile of anybody's, if it is one's own and lives.
    Rename { who: usize, nth: usize },
    /// Gives a profile of anybody's another picture, if it is one's own and lives.
    Repaint { who: usize, nth: usize, picture: usize },
    /// Destroys a profile of anybody's, if it is one's own.
    DestroyProfile { who: usize, nth: usize },
    /// Erases a profile of anybody's, if it is one's own.
    EraseProfile { who: usize, nth: usize },
    /// Writes, under a profile of anybody's or none.
    Write { who: usize, to: usize, profile: Option<usize> },
    /// Destroys one's copy of a message.
    Destroy { who: usize, nth: usize },
    /// Blocks the other, or no longer.
    Block { who: usize, blocked: bool },
}

fn act() -> impl Strategy<Value = Act> {
    let who = || 0..2_usize;
    prop_oneof![
        2 => (who(), proptest::option::of(0..3_usize))
            .prop_map(|(who, picture)| Act::MakeProfile { who, picture }),
        1 => (who(), 0..9_usize).prop_map(|(who, nth)| Act::EraseProfile { who, nth }),
        2 => (who(), 0..9_usize, 0..3_usize)
            .prop_map(|(who, nth, picture)| Act::Repaint { who, nth, picture }),
        1 => (who(), 0..9_usize).prop_map(|(who, nth)| Act::DestroyProfile { who, nth }),
        2 => (who(), 0..9_usize).prop_map(|(who, nth)| Act::Rename { who, nth }),
        6 => (who(), who(), proptest::option::weighted(0.8, 0..9_usize))
            .prop_map(|(who, to, profile)| Act::Write { who, to, profile }),
        2 => (who(), 0..9_usize).prop_map(|(who, nth)| Act::Destroy { who, nth }),
        1 => (who(), any::<bool>()).prop_map(|(who, blocked)| Act::Block { who, blocked }),
    ]
}

/// What a profile looks like: its id, its name, and its picture.
type Look = (i64, String, Option<usize>);

/// A message as the model knows it: who wrote it to whom, and what it was written under.
type Said = (AccountId, AccountId, Option<Look>);

struct Made {
    owner: usize,
    look: Look,
    lives: bool,
    /// The pictures that it has or had; none once it is erased.
    pictures: BTreeSet<usize>,
}

#[derive(Default)]
struct Model {
    boxes: [BTreeMap<i64, Said>; 2],
    profiles: BTreeMap<i64, Made>,
    /// What one of the two was shown last of a profile.
    seen: BTreeMap<(usize, i64), Look>,
    /// Pictures whose uploads went with a profile.
    gone: BTreeSet<usize>,
    blocked: [bool; 2],
}

impl Model {
    fn usable(&self, who: usize, picture: usize) -> bool {
        !self.gone.contains(&picture) && (PICTURES[picture] == who || picture == SHARED)
    }

    fn is_public(&self, picture: usize) -> bool {
        self.profiles.values().any(|made| made.pictures.contains(&picture))
    }

    /// Lets every message show a placeholder that was written under this profile.
    fn erase(&mut self, who: usize, id: i64) {
        let erased: Look = (id, "Erased profile".to_owned(), None);
        let Some(made) = self.profiles.get_mut(&id) else { return };
        made.lives = false;
        made.look = erased.clone();
        let pictures = std::mem::take(&mut made.pictures);
        let said = self.boxes.iter_mut().flat_map(BTreeMap::values_mut);
        let looks = said.filter_map(|said| said.2.as_mut()).chain(self.seen.values_mut());
        looks.filter(|look| look.0 == id).for_each(|look| *look = erased.clone());
        let unused = pictures.into_iter().filter(|picture| !self.is_public(*picture));
        // What another account shared stays theirs.
        let gone: Vec<_> = unused.filter(|picture| PICTURES[*picture] == who).collect();
        self.gone.extend(gone);
    }
}

fn media(picture: usize) -> i64 {
    5 + i64::try_from(picture).unwrap()
}

fn look(face: &Face) -> Look {
    let picture = face.avatar.map(|avatar| avatar.key.media.get() - media(0));
    let picture = picture.map(|picture| usize::try_from(picture).unwrap());
    (face.profile.get(), face.name.as_str().to_owned(), picture)
}

struct Play {
    store: Arc<dyn Store>,
    model: Model,
    requests: u64,
    ids: i64,
}

impl Play {
    fn admission(&mut self, who: usize, endpoint: Endpoint) -> Admission {
        self.requests += 1;
        let rule = Rule { limit: 1_000_000, window_seconds: 900 };
        Admission { rule, ..admission(PEOPLE[who], endpoint, self.requests) }
    }

    fn id(&mut self) -> i64 {
        self.ids += 1;
        self.ids
    }

    fn nth_profile(&self, nth: usize) -> Option<i64> {
        let count = self.model.profiles.len().max(1);
        self.model.profiles.keys().copied().nth(nth % count)
    }

    async fn act(&mut self, act: Act) {
        match act {
            Act::MakeProfile { who, picture } => self.make_profile(who, picture).await,
            Act::Repaint { who, nth, picture } => self.repaint(who, nth, picture).await,
            Act::EraseProfile { who, nth } => self.erase_profile(who, nth).await,
            Act::DestroyProfile { who, nth } => self.destroy_profile(who, nth).await,
            Act::Rename { who, nth } => self.rename(who, nth).await,
            Act::Write { who, to, profile } => self.write(who, to, profile).await,
            Act::Destroy { who, nth } => self.destroy(who, nth).await,
            Act::Block { who, blocked } => {
                let admission = self.admission(who, Endpoint::BlocksCreate);
                self.store.block(&admission, PEOPLE[1 - who], blocked).await.unwrap();
                self.model.blocked[who] = blocked;
            }
        }
    }

    async fn make_profile(&mut self, who: usize, picture: Option<usize>) {
        let (id, admission) = (self.id(), self.admission(who, Endpoint::CustomProfilesNew));
        let name = format!("Profile {id}");
        let parsed = ProfileName::parse(&name).unwrap();
        let plain = NewProfile::plain(ProfileId::new(id), parsed, MediaId::new(1));
        let avatar = picture.map(|picture| MediaId::new(media(picture)));
        let made =
            self.store.create_profile(&admission, NewProfile { avatar, ..plain }, None).await;
        let Admitted::Done(_, made) = first(made.unwrap()) else { panic!("not admitted") };
        if picture.is_some_and(|picture| !self.model.usable(who, picture)) {
            return assert_eq!(made, Err(CreateProfileError::MediaNotFound));
        }
        assert!(made.is_ok());
        let pictures = picture.into_iter().collect();
        let made = Made { owner: who, look: (id, name, picture), lives: true, pictures };
        self.model.profiles.insert(id, made);
    }

    async fn destroy_profile(&mut self, who: usize, nth: usize) {
        let Some(id) = self.nth_profile(nth) else { return };
        let admission = self.admission(who, Endpoint::CustomProfilesDestroy);
        let destroyed = self.store.destroy_profile(&admission, ProfileId::new(id)).await.unwrap();
        let profile = self.model.profiles.get_mut(&id).unwrap();
        assert!(matches!(destroyed, Admitted::Done(_, own) if own == (profile.owner == who)));
        profile.lives &= profile.owner != who;
    }

    async fn erase_profile(&mut self, who: usize, nth: usize) {
        let Some(id) = self.nth_profile(nth) else { return };
        let admission = self.admission(who, Endpoint::CustomProfilesDestroy);
        let erased = self.store.erase_profile(&admission, ProfileId::new(id)).await.unwrap();
        let Admitted::Done(_, erased) = erased else { panic!("{erased:?}") };
        if self.model.profiles[&id].owner != who {
            return assert_eq!(erased, None);
        }
        let gone = self.model.gone.clone();
        self.model.erase(who, id);
        let removed = erased.unwrap().removed.into_iter().map(|key| key.media.get());
        let expected = self.model.gone.difference(&gone).map(|picture| media(*picture));
        assert_eq!(removed.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    }

    async fn rename(&mut self, who: usize, nth: usize) {
        let name = format!("Renamed {}", self.id());
        let parsed = Some(ProfileName::parse(&name).unwrap());
        let change = ProfileChange { name: parsed, ..ProfileChange::default() };
        self.edit(who, nth, change, |made| made.look.1 = name, None).await;
    }

    async fn repaint(&mut self, who: usize, nth: usize, picture: usize) {
        let avatar = Some(MediaId::new(media(picture)));
        let change = ProfileChange { avatar, ..ProfileChange::default() };
        let usable = self.model.usable(who, picture);
        let refusal = (!usable).then_some(EditProfileError::MediaNotFound);
        let repaint = |made: &mut Made| {
            made.look.2 = Some(picture);
            made.pictures.insert(picture);
        };
        self.edit(who, nth, change, repaint, refusal).await;
    }

    /// Changes a profile, and the model too unless it must be refused.
    async fn edit(
        &mut self,
        who: usize,
        nth: usize,
        change: ProfileChange,
        model: impl FnOnce(&mut Made),
        refusal: Option<EditProfileError>,
    ) {
        let Some(id) = self.nth_profile(nth) else { return };
        let admission = self.admission(who, Endpoint::ProfilesEdit);
        let edited = self.store.edit_profile(&admission, ProfileId::new(id), None, change).await;
        let Admitted::Done(_, edited) = edited.unwrap() else { panic!("not admitted") };
        let made = self.model.profiles.get_mut(&id).unwrap();
        let own = made.owner == who && made.lives;
        let refusal = if own { refusal } else { Some(EditProfileError::NotFound) };
        assert_eq!(edited.err(), refusal);
        if refusal.is_none() {
            model(made);
        }
    }

    async fn write(&mut self, who: usize, to: usize, profile: Option<usize>) {
        let profile = profile.map(|nth| self.nth_profile(nth).unwrap_or(1));
        let (id, admission) = (self.id(), self.admission(who, Endpoint::DirectMessagesNew));
        let new = NewMessage {
            id: MessageId::new(id),
            recipient: PEOPLE[to],
            profile: profile.map(ProfileId::new),
            media: None,
            content: text("Hello"),
        };
        let sent = self.store.send_message(&admission, new, None).await.unwrap();
        let Admitted::Done(_, sent) = first(sent) else { panic!("it was refused") };
        let known = profile.map(|id| self.model.profiles.get(&id));
        let expected = match known {
            _ if who != to && self.model.blocked[to] => Err(SendError::RecipientClosed),
            None => Ok(None),
            Some(Some(made)) if made.owner == who && made.lives => Ok(Some(made.look.clone())),
            Some(Some(made)) if made.owner == who => Err(SendError::ProfileDestroyed),
            Some(_) => Err(SendError::ProfileNotFound),
        };
        assert_eq!(sent.err(), expected.clone().err());
        if let Ok(look) = expected {
            for side in [who, to] {
                let said = (PEOPLE[who], PEOPLE[to], look.clone());
                self.model.boxes[side].insert(id, said);
                self.model.seen.extend(look.clone().map(|look| ((side, look.0), look)));
            }
        }
    }

    async fn destroy(&mut self, who: usize, nth: usize) {
        let known = self.model.boxes[who].keys().copied().nth(nth);
        let admission = self.admission(who, Endpoint::DirectMessagesDestroy);
        let id = MessageId::new(known.unwrap_or(i64::MAX));
        let destroyed = self.store.destroy_message(&admission, id).await.unwrap();
        assert!(matches!(destroyed, Admitted::Done(_, found) if found == known.is_some()));
        known.map(|id| self.model.boxes[who].remove(&id));
    }

    /// Holds boxes, readable profiles and pictures against the model.
    async fn compare(&self) {
        for (side, account) in PEOPLE.into_iter().enumerate() {
            let page = PageRequest { count: 1000, before: None };
            let since = Timestamp::from_millis(0);
            let kept = self.store.messages(account, page, since).await.unwrap().items;
            let kept: Vec<(i64, Said)> = kept
                .into_iter()
                .map(|message| {
                    let look = message.face.as_ref().map(look);
                    (message.id.get(), (message.sender, message.recipient, look))
                })
                .collect();
            let expected: Vec<(i64, Said)> =
                self.model.boxes[side].clone().into_iter().rev().collect();
            assert_eq!(kept, expected);
            for (id, made) in &self.model.profiles {
                let shown = self.store.face(account, ProfileId::new(*id)).await.unwrap();
                let own = made.lives.then(|| made.look.clone());
                let seen = self.model.seen.get(&(side, *id)).cloned();
                assert_eq!(shown.as_ref().map(look), if made.owner == side { own } else { seen });
            }
        }
        for (picture, owner) in PICTURES.into_iter().enumerate() {
            let key = image(PEOPLE[owner], media(picture)).key;
            let public = self.store.public_picture(key).await.unwrap().is_some();
            assert_eq!(public, self.model.is_public(picture), "{picture}");
            let exists = self.store.upload_exists(key).await.unwrap();
            assert_eq!(exists, !self.model.gone.contains(&picture), "{picture}");
        }
    }
}

/// Plays on a store that is new, comparing after each act.
async fn play(store: Arc<dyn Store>, acts: Vec<Act>) {
    people(&*store).await;
    for (request, (picture, owner)) in (1..).zip(PICTURES.into_iter().enumerate()) {
        let upload = image(PEOPLE[owner], media(picture));
        let admission = admission(PEOPLE[owner], Endpoint::MediaUpload, request);
        let shared = if picture == SHARED { vec![OTHER] } else { Vec::new() };
        let new = NewUpload { upload, additional_owners: shared };
        store.create_upload(&admission, new, None).await.unwrap();
    }
    let mut play = Play { store, model: Model::default(), requests: 10, ids: 100 };
    for act in acts {
        play.act(act).await;
        play.compare().await;
    }
}

mod what_a_message_shows_is_what_it_was_sent_under_or_the_placeholder {
    use proptest::prelude::*;
    use tokio::runtime::Runtime;

    use super::super::{on_postgres, on_sqlite};
    use super::{act, play};

    proptest! {
        #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

        #[test]
        fn sqlite(acts in prop::collection::vec(act(), 1..60)) {
            Runtime::new().unwrap().block_on(on_sqlite(|store| play(store, acts)));
        }

        #[test]
        fn postgres(acts in prop::collection::vec(act(), 1..60)) {
            Runtime::new().unwrap().block_on(on_postgres(|store| play(store, acts)));
        }
    }
}
