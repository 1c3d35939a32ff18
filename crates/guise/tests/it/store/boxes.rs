//! Two accounts in random conversation, beside a model so small that it must be right.

use std::collections::BTreeMap;
use std::sync::Arc;

use guise_domain::rate::{Endpoint, Rule};
use guise_domain::{
    AccountId, Admission, Admitted, EditProfileError, MediaId, MessageId, NewMessage, NewProfile,
    PageRequest, ProfileChange, ProfileId, ProfileName, SendError, Store, Timestamp,
};
use proptest::prelude::*;

use super::messages::text;
use super::{OTHER, OWNER, admission, each_backend, first, image, people, upload};

const PEOPLE: [AccountId; 2] = [OWNER, OTHER];

/// What one of the two does.
#[derive(Clone, Debug)]
enum Act {
    /// Makes a profile with a number for a name.
    MakeProfile { who: usize },
    /// Renames a profile of anybody's, if it is one's own and lives.
    Rename { who: usize, nth: usize },
    /// Destroys a profile of anybody's, if it is one's own.
    DestroyProfile { who: usize, nth: usize },
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
        1 => who().prop_map(|who| Act::MakeProfile { who }),
        1 => (who(), 0..9_usize).prop_map(|(who, nth)| Act::DestroyProfile { who, nth }),
        2 => (who(), 0..9_usize).prop_map(|(who, nth)| Act::Rename { who, nth }),
        4 => (who(), who(), proptest::option::of(0..9_usize))
            .prop_map(|(who, to, profile)| Act::Write { who, to, profile }),
        2 => (who(), 0..9_usize).prop_map(|(who, nth)| Act::Destroy { who, nth }),
        1 => (who(), any::<bool>()).prop_map(|(who, blocked)| Act::Block { who, blocked }),
    ]
}

/// A message as the model knows it: who wrote it to whom, and the name it was written under.
type Said = (AccountId, AccountId, Option<String>);

#[derive(Default)]
struct Model {
    boxes: [BTreeMap<i64, Said>; 2],
    /// Owner, name, and whether it lives.
    profiles: BTreeMap<i64, (usize, String, bool)>,
    blocked: [bool; 2],
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
        self.model.profiles.keys().copied().nth(nth)
    }

    async fn act(&mut self, act: Act) {
        match act {
            Act::MakeProfile { who } => self.make_profile(who).await,
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

    async fn make_profile(&mut self, who: usize) {
        let (id, admission) = (self.id(), self.admission(who, Endpoint::CustomProfilesNew));
        let name = format!("Profile {id}");
        let avatar = MediaId::new(5 + i64::try_from(who).unwrap());
        let parsed = ProfileName::parse(&name).unwrap();
        let new = NewProfile::plain(ProfileId::new(id), parsed, avatar);
        let made = self.store.create_profile(&admission, new, None).await.unwrap();
        assert!(matches!(first(made), Admitted::Done(_, Ok(_))));
        self.model.profiles.insert(id, (who, name, true));
    }

    async fn destroy_profile(&mut self, who: usize, nth: usize) {
        let Some(id) = self.nth_profile(nth) else { return };
        let admission = self.admission(who, Endpoint::CustomProfilesDestroy);
        let destroyed = self.store.destroy_profile(&admission, ProfileId::new(id)).await.unwrap();
        let profile = self.model.profiles.get_mut(&id).unwrap();
        assert!(matches!(destroyed, Admitted::Done(_, own) if own == (profile.0 == who)));
        profile.2 &= profile.0 != who;
    }

    async fn rename(&mut self, who: usize, nth: usize) {
        let Some(id) = self.nth_profile(nth) else { return };
        let (number, admission) = (self.id(), self.admission(who, Endpoint::ProfilesEdit));
        let name = format!("Renamed {number}");
        let parsed = Some(ProfileName::parse(&name).unwrap());
        let change = ProfileChange { name: parsed, ..ProfileChange::default() };
        let edited = self.store.edit_profile(&admission, ProfileId::new(id), None, change).await;
        let Admitted::Done(_, edited) = edited.unwrap() else { panic!("not admitted") };
        let profile = self.model.profiles.get_mut(&id).unwrap();
        if profile.0 == who && profile.2 {
            assert!(edited.is_ok());
            profile.1 = name;
        } else {
            assert_eq!(edited, Err(EditProfileError::NotFound));
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
            Some(Some((owner, name, true))) if *owner == who => Ok(Some(name.clone())),
            Some(Some((owner, _, false))) if *owner == who => Err(SendError::ProfileDestroyed),
            Some(_) => Err(SendError::ProfileNotFound),
        };
        assert_eq!(sent.err(), expected.clone().err());
        if let Ok(name) = expected {
            for side in [who, to] {
                let said = (PEOPLE[who], PEOPLE[to], name.clone());
                self.model.boxes[side].insert(id, said);
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

    /// Holds boxes and readable profiles against the model.
    async fn compare(&self) {
        for (side, account) in PEOPLE.into_iter().enumerate() {
            let page = PageRequest { count: 1000, before: None };
            let since = Timestamp::from_millis(0);
            let kept = self.store.messages(account, page, since).await.unwrap().items;
            let kept: Vec<(i64, Said)> = kept
                .into_iter()
                .map(|message| {
                    let name = message.face.map(|face| face.name.as_str().to_owned());
                    (message.id.get(), (message.sender, message.recipient, name))
                })
                .collect();
            let expected: Vec<(i64, Said)> =
                self.model.boxes[side].clone().into_iter().rev().collect();
            assert_eq!(kept, expected);
            for (id, (owner, name, alive)) in &self.model.profiles {
                if *owner == side {
                    let shown = self.store.face(account, ProfileId::new(*id)).await.unwrap();
                    let shown = shown.map(|face| face.name.as_str().to_owned());
                    assert_eq!(shown, alive.then(|| name.clone()));
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn boxes_are_always_what_was_said_and_not_destroyed(acts in prop::collection::vec(act(), 1..60)) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(each_backend(|store| {
            let acts = acts.clone();
            async move {
                people(&*store).await;
                upload(&*store, image(OWNER, 5), 1).await;
                upload(&*store, image(OTHER, 6), 2).await;
                let mut play = Play { store, model: Model::default(), requests: 10, ids: 100 };
                for act in acts {
                    play.act(act).await;
                    play.compare().await;
                }
            }
        }));
    }
}
