//! What accounts demand of names, and whom a name looks like.

use std::cell::Cell;
use std::sync::Arc;

use guise_domain::rate::{Endpoint, Rule};
use guise_domain::{
    AccountId, Action, Admission, Admitted, BrokenRule, By, CreateProfileError, Draft,
    EditProfileError, EditedProfile, EntryId, Kind, LogFilter, Lookalike, NamingChange, NewAccount,
    NewProfile, Outcome, PageRequest, ProfileChange, ProfileId, ProfileName, ReserveWordsError,
    ReservedWord, Store, Verdict,
};

use super::{OTHER, OWNER, admission, by, cases, first, image, people, profile, upload};

/// A store with two people who have a picture each, and how many requests came since.
struct Desk {
    store: Arc<dyn Store>,
    requests: Cell<u64>,
}

type Made = Result<Vec<Lookalike>, CreateProfileError>;

impl Desk {
    async fn new(store: Arc<dyn Store>) -> Self {
        people(&*store).await;
        upload(&*store, image(OWNER, 5), 1).await;
        upload(&*store, image(OTHER, 6), 2).await;
        Self { store, requests: Cell::new(2) }
    }

    fn next(&self) -> u64 {
        self.requests.update(|requests| requests + 1);
        self.requests.get()
    }

    fn admission(&self, account: AccountId, endpoint: Endpoint) -> Admission {
        let rule = Rule { limit: 1000, window_seconds: 900 };
        Admission { rule, ..admission(account, endpoint, self.next()) }
    }

    fn by(&self) -> By {
        by(2_000_000 + i64::try_from(self.next()).unwrap())
    }

    async fn add(&self, account: AccountId, new: NewProfile) -> Made {
        let admission = self.admission(account, Endpoint::CustomProfilesNew);
        match first(self.store.create_profile(&admission, new, None).await.unwrap()) {
            Admitted::Done(_, made) => made.map(|(_, alike)| alike),
            other => panic!("{other:?}"),
        }
    }

    async fn make(&self, account: AccountId, id: i64, name: &str) -> Made {
        let media = if account == OWNER { 5 } else { 6 };
        self.add(account, NewProfile { name: called(name), ..profile(id, media) }).await
    }

    async fn edit(
        &self,
        id: i64,
        change: ProfileChange,
    ) -> Result<EditedProfile, EditProfileError> {
        let admission = self.admission(OWNER, Endpoint::ProfilesEdit);
        let id = ProfileId::new(id);
        match self.store.edit_profile(&admission, id, None, change).await.unwrap() {
            Admitted::Done(_, edited) => edited,
            other => panic!("{other:?}"),
        }
    }

    async fn put(&self, id: i64, change: ProfileChange) -> Result<EditedProfile, EditProfileError> {
        let admission = self.admission(OWNER, Endpoint::ProfilesEdit);
        let (id, key) = (ProfileId::new(id), "crm:1".parse().unwrap());
        match self.store.put_profile(&admission, id, key, None, change).await.unwrap() {
            Admitted::Done(_, put) => put,
            other => panic!("{other:?}"),
        }
    }

    async fn rename(&self, id: i64, name: &str) -> Result<Vec<Lookalike>, EditProfileError> {
        self.edit(id, to(name)).await.map(|edited| edited.alike)
    }

    async fn destroy(&self, id: i64) {
        let admission = self.admission(OWNER, Endpoint::CustomProfilesDestroy);
        self.store.destroy_profile(&admission, ProfileId::new(id)).await.unwrap();
    }

    async fn check(&self, account: AccountId, drafts: Vec<Draft>) -> Vec<Verdict> {
        self.store.check_profiles(account, drafts, Arc::default()).await.unwrap()
    }
}

fn called(name: &str) -> ProfileName {
    ProfileName::parse(name).unwrap()
}

fn to(name: &str) -> ProfileChange {
    ProfileChange { name: Some(called(name)), ..ProfileChange::default() }
}

fn words(words: &[&str]) -> Vec<ReservedWord> {
    words.iter().map(|word| ReservedWord::parse(word).unwrap()).collect()
}

fn draft(name: &str) -> Draft {
    Draft { name: called(name), kind: None, external_id: None }
}

fn profiles(ids: &[i64]) -> Vec<Lookalike> {
    ids.iter().map(|id| Lookalike::Profile(ProfileId::new(*id))).collect()
}

fn reserved(word: &str) -> BrokenRule {
    BrokenRule::ReservedWord(word.to_owned())
}
cases! {
    a_reserved_word_is_in_no_new_name_of_its_account_and_stays_where_it_was,
    an_accounts_own_name_is_reserved_when_it_says_so,
    words_are_bounded_and_known_by_their_looks,
    whom_a_name_looks_like_follows_each_change,
    no_more_than_five_are_told_and_accounts_before_profiles,
    a_new_profile_says_who_speaks_where_that_is_required,
    what_is_said_of_a_draft_is_what_making_it_is_answered,
}

async fn a_reserved_word_is_in_no_new_name_of_its_account_and_stays_where_it_was(
    store: Arc<dyn Store>,
) {
    let desk = Desk::new(store).await;
    desk.make(OWNER, 100, "The CEO").await.unwrap();
    desk.store.reserve_words(OWNER, words(&["CEO", "Acme"]), desk.by()).await.unwrap().unwrap();
    let media = image(OWNER, 7);
    upload(&*desk.store, media.clone(), 900).await;
    let refused = NewProfile { name: called("АCME Support"), ..profile(101, 7) };
    let broken = Err(CreateProfileError::Broken(reserved("Acme")));
    assert_eq!(desk.add(OWNER, refused).await, broken);
    assert!(desk.store.public_picture(media.key).await.unwrap().is_none(), "nothing was done");
    desk.make(OWNER, 101, "Acmeology").await.unwrap();
    desk.make(OTHER, 201, "Acme CEO").await.unwrap();

    let broken = EditProfileError::Broken(reserved("CEO"));
    assert_eq!(desk.rename(101, "C.E.O.").await, Err(broken));
    let kept = desk.store.profile(OWNER, ProfileId::new(101)).await.unwrap().unwrap();
    assert_eq!((kept.current.revision, kept.current.name.as_str()), (1, "Acmeology"));
    let same = ProfileChange { kind: Some(Kind::Human), ..to("The CEO") };
    assert_eq!(desk.edit(100, same).await.unwrap().outcome, Outcome::Updated);
    let broken = EditProfileError::Broken(reserved("CEO"));
    assert_eq!(desk.rename(100, "the CEO").await, Err(broken));
    let server_words: Arc<[_]> = words(&["Official"]).into();
    let change = ProfileChange { server_words, ..to("Official Jon") };
    let broken = EditProfileError::Broken(reserved("Official"));
    assert_eq!(desk.edit(100, change.clone()).await, Err(broken));
    let server_words = change.server_words;
    let new = NewProfile { server_words, name: called("0fficial"), ..profile(102, 5) };
    let broken = CreateProfileError::Broken(reserved("Official"));
    assert_eq!(desk.add(OWNER, new).await, Err(broken));
}

async fn an_accounts_own_name_is_reserved_when_it_says_so(store: Arc<dyn Store>) {
    let desk = Desk::new(store).await;
    assert_eq!(desk.make(OWNER, 100, "Owner").await, Ok(Vec::new()), "not taken for oneself");
    let reserve = |on| NamingChange { own_name_reserved: Some(on), ..NamingChange::default() };
    assert!(desk.store.set_naming(OWNER, reserve(true), desk.by()).await.unwrap());
    let broken = Err(CreateProfileError::Broken(reserved("owner")));
    assert_eq!(desk.make(OWNER, 101, "The 0wner").await, broken);
    desk.make(OWNER, 102, "Other").await.unwrap();
    assert!(desk.store.set_naming(OWNER, reserve(false), desk.by()).await.unwrap());
    desk.make(OWNER, 101, "The 0wner").await.unwrap();
    assert!(!desk.store.set_naming(AccountId::new(1), reserve(true), desk.by()).await.unwrap());
}

async fn words_are_bounded_and_known_by_their_looks(store: Arc<dyn Store>) {
    people(&*store).await;
    let (id, nobody) = (OWNER, AccountId::new(1));
    let many: Vec<String> = (0..100).map(|number| format!("{number} words")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    store.reserve_words(id, words(&many), by(101)).await.unwrap().unwrap();
    let again = store.reserve_words(id, words(&["7 WORDS"]), by(102)).await.unwrap();
    assert_eq!(again, Ok(()), "in the place of another");
    let same = store.reserve_words(id, words(&["7 WORDS"]), by(103)).await.unwrap();
    assert_eq!(same, Ok(()));
    let more = store.reserve_words(id, words(&["8 words", "one more"]), by(104)).await.unwrap();
    assert_eq!(more, Err(ReserveWordsError::TooMany));
    let released = store.release_words(id, words(&["7 words", "nothing"]), by(105)).await.unwrap();
    assert_eq!(released, ["7 WORDS"]);
    assert!(store.release_words(id, words(&["A"]), by(106)).await.unwrap().is_empty());
    for (entry, on) in [(107, true), (108, true), (109, false)] {
        let change = NamingChange { kind_required: Some(on), own_name_reserved: None };
        assert!(store.set_naming(id, change, by(entry)).await.unwrap());
    }
    let page = PageRequest { count: 50, before: Some(EntryId::new(1000).get()) };
    let log = store.log(id, LogFilter::default(), page).await.unwrap().items;
    let lines = [
        (109, Action::NamingChanged),
        (107, Action::NamingChanged),
        (105, Action::WordsReleased),
        (102, Action::WordsReserved),
        (101, Action::WordsReserved),
        (OWNER.get(), Action::AccountCreated),
    ];
    let told: Vec<_> = log.iter().map(|entry| (entry.id.get(), entry.action)).collect();
    assert_eq!(told, lines, "one for each change, and none for what changes nothing");
    let naming = store.naming(OWNER).await.unwrap().unwrap();
    assert_eq!(naming.reserved.len(), 99);
    assert!(store.naming(OTHER).await.unwrap().unwrap().reserved.is_empty());
    assert!(store.naming(AccountId::new(1)).await.unwrap().is_none());
    let refused = store.reserve_words(nobody, words(&["A"]), by(110)).await.unwrap();
    assert_eq!(refused, Err(ReserveWordsError::NoAccount));
}

async fn whom_a_name_looks_like_follows_each_change(store: Arc<dyn Store>) {
    let desk = Desk::new(store).await;
    assert_eq!(desk.make(OWNER, 100, "Zoë").await, Ok(Vec::new()));
    assert_eq!(desk.make(OWNER, 101, "ZOE").await, Ok(profiles(&[100])));
    assert_eq!(desk.make(OTHER, 201, "Zоe").await, Ok(vec![Lookalike::OthersProfile]));
    let owner = Lookalike::Account("owner".parse().unwrap());
    assert_eq!(desk.make(OTHER, 202, "Öwner").await, Ok(vec![owner.clone()]));
    assert_eq!(desk.store.lookalikes(OWNER).await.unwrap(), [Lookalike::OthersProfile]);

    let mixed = [profiles(&[101]), vec![Lookalike::OthersProfile]].concat();
    assert_eq!(desk.rename(100, "zoe").await, Ok(mixed), "all but itself");
    assert_eq!(desk.rename(100, "zoe").await, Ok(Vec::new()), "nothing new");
    assert_eq!(desk.rename(100, "Jon").await, Ok(Vec::new()));
    assert_eq!(desk.make(OWNER, 102, "J0n").await, Ok(profiles(&[100])));
    desk.destroy(100).await;
    assert_eq!(desk.make(OWNER, 103, "jon").await, Ok(profiles(&[102])));
    desk.destroy(101).await;
    assert_eq!(desk.make(OWNER, 104, "Zoé").await, Ok(vec![Lookalike::OthersProfile]));
    let erase = desk.admission(OWNER, Endpoint::CustomProfilesDestroy);
    desk.store.erase_profile(&erase, ProfileId::new(102)).await.unwrap();
    assert_eq!(desk.make(OWNER, 105, "Jon").await, Ok(profiles(&[103])), "nor what is erased");
    desk.store.close_account(OWNER, desk.by()).await.unwrap();
    assert_eq!(desk.make(OTHER, 203, "owner").await, Ok(profiles(&[202])));
}

async fn no_more_than_five_are_told_and_accounts_before_profiles(store: Arc<dyn Store>) {
    let desk = Desk::new(store).await;
    for id in 100..108 {
        desk.make(OWNER, id, "Acme").await.unwrap();
    }
    desk.make(OTHER, 201, "Acme").await.unwrap();
    let id = AccountId::new(33);
    let new = NewAccount { id, name: "acme".parse().unwrap(), custom_profiles: true };
    desk.store.create_account(new, desk.by()).await.unwrap().unwrap();
    let acme = vec![Lookalike::Account("acme".parse().unwrap())];
    let expected = [acme, profiles(&[100, 101, 102, 103])].concat();
    assert_eq!(desk.make(OWNER, 109, "ACME").await, Ok(expected));
    assert_eq!(desk.make(OWNER, 110, "\u{B4}").await, Ok(Vec::new()), "looks like nothing");
    assert_eq!(desk.make(OWNER, 111, "\u{B4}").await, Ok(Vec::new()));
}

async fn a_new_profile_says_who_speaks_where_that_is_required(store: Arc<dyn Store>) {
    let desk = Desk::new(store).await;
    desk.make(OWNER, 100, "Before").await.unwrap();
    let require = NamingChange { kind_required: Some(true), ..NamingChange::default() };
    desk.store.set_naming(OWNER, require, desk.by()).await.unwrap();
    let broken = Err(CreateProfileError::Broken(BrokenRule::KindRequired));
    assert_eq!(desk.make(OWNER, 101, "Jon").await, broken);
    desk.make(OTHER, 201, "Jon").await.unwrap();
    desk.rename(100, "Still without").await.unwrap();
    let change = ProfileChange { avatar: Some(image(OWNER, 5).key.media), ..to("Put") };
    let broken = Err(EditProfileError::Broken(BrokenRule::KindRequired));
    assert_eq!(desk.put(102, change.clone()).await, broken);
    let change = ProfileChange { kind: Some(Kind::Ai), ..change };
    assert_eq!(desk.put(102, change.clone()).await.unwrap().outcome, Outcome::Created);
    let again = ProfileChange { kind: None, ..change };
    let kept = desk.put(103, again).await.unwrap();
    assert_eq!(kept.outcome, Outcome::Unchanged);
    assert_eq!(kept.profile.profile.current.kind, Some(Kind::Ai), "no edit takes it away");
}

async fn what_is_said_of_a_draft_is_what_making_it_is_answered(store: Arc<dyn Store>) {
    let desk = Desk::new(store).await;
    desk.make(OWNER, 100, "Zoë").await.unwrap();
    desk.make(OTHER, 201, "Bob").await.unwrap();
    let key = "crm:1".parse().unwrap();
    let ceo = NewProfile { name: called("The CEO"), ..profile(102, 5) };
    desk.add(OWNER, NewProfile { external_id: Some(key), ..ceo }).await.unwrap();
    desk.store.reserve_words(OWNER, words(&["CEO"]), desk.by()).await.unwrap().unwrap();
    let names = ["Zoe", "Вob", "other", "CEO Zoe", "Nobody"];
    let verdicts = desk.check(OWNER, names.map(draft).to_vec()).await;
    assert_eq!(verdicts.len(), names.len());
    for (id, (name, verdict)) in (300..).zip(names.iter().zip(verdicts)) {
        match desk.make(OWNER, id, name).await {
            Ok(alike) => assert_eq!(verdict, Verdict { broken: Vec::new(), alike }),
            Err(CreateProfileError::Broken(rule)) => assert_eq!(verdict.broken, [rule]),
            Err(other) => panic!("{other}"),
        }
    }
    let require = NamingChange { kind_required: Some(true), ..NamingChange::default() };
    desk.store.set_naming(OWNER, require, desk.by()).await.unwrap();
    let external_id = Some("crm:1".parse().unwrap());
    let drafts = vec![
        Draft { external_id: external_id.clone(), ..draft("The CEO") },
        Draft { external_id, ..draft("the CEO") },
        draft("The CEO"),
    ];
    let broken: Vec<_> =
        desk.check(OWNER, drafts).await.into_iter().map(|verdict| verdict.broken).collect();
    let both = vec![reserved("CEO"), BrokenRule::KindRequired];
    assert_eq!(broken, [Vec::new(), vec![reserved("CEO")], both]);
}
