//! Every kind of change there is, and the one line of the log that it leaves.

use std::sync::OnceLock;

use guise_domain::{
    Access, AccountId, Action, AppId, CallbackUrl, NamingChange, NewAccount, NewApp, NewLink,
    NewSession, NewToken, PasswordHash, ReservedWord, Sealed, TicketHash,
};
use serde_json::{Value, json};

use crate::support::{Person, World};

/// The app of a session that is begun here.
const CONSOLE: AppId = AppId::new(77);

/// A line: its id, in whose log it is, by which app, what was done, and to what.
type Line = (i64, i64, Option<i64>, String, i64);

/// A shop with a picture, a profile, and a message to Ann.
struct Desk {
    world: World,
    shop: Person,
    ann: Person,
    media: String,
    profile: String,
    event: String,
    bearer: OnceLock<String>,
}

/// The id in a JSON text.
fn id(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

impl Desk {
    async fn open() -> Self {
        let world = World::new().await;
        let (shop, ann) = (world.person("shop").await, world.person("ann").await);
        let media = world.upload(&shop).await;
        let made = world.create(&shop, "A", &media).send().await.success();
        let profile = id(&made["custom_profile"]["id"]);
        let (event, bearer) = (String::new(), OnceLock::new());
        let mut desk = Self { world, shop, ann, media, profile, event, bearer };
        desk.event = id(&desk.write(&desk.profile).await["event"]["id"]);
        desk
    }

    /// The whole log, of everybody.
    async fn log(&self) -> Vec<Line> {
        let sql = "SELECT id, account, app, action, subject FROM log ORDER BY account, id";
        let number = |text: &Option<String>| text.as_ref().unwrap().parse().unwrap();
        let line = |row: Vec<Option<String>>| {
            let app = row[2].as_ref().map(|app| app.parse().unwrap());
            (number(&row[0]), number(&row[1]), app, row[3].clone().unwrap(), number(&row[4]))
        };
        self.world.home.run(sql).await.unwrap().into_iter().map(line).collect()
    }

    async fn write(&self, profile: &str) -> Value {
        let message = json!({"target": {"recipient_id": self.ann.account.to_string()},
            "message_data": {"text": "Hi"}, "custom_profile_id": profile});
        let body = json!({"event": {"type": "message_create", "message_create": message}});
        let call = self.world.post("/1.1/direct_messages/events/new.json").by(&self.shop);
        call.json(&body.to_string()).send().await.json()
    }

    async fn rename(&self, profile: &str, revision: &str, name: &str) -> u16 {
        let call = self.world.patch(&format!("/guise/v1/profiles/{profile}")).by(&self.shop);
        let body = json!({"name": name}).to_string();
        call.header("if-match", revision).json(&body).send().await.status.as_u16()
    }

    async fn delete(&self, path: &str, id: &str) -> u16 {
        let target = format!("/1.1/{path}/destroy.json?id={id}");
        self.world.delete(&target).by(&self.shop).send().await.status.as_u16()
    }

    async fn erase(&self, profile: &str) -> u16 {
        let call = self.world.post(&format!("/guise/v1/profiles/{profile}/erase"));
        call.by(&self.shop).send().await.status.as_u16()
    }

    async fn post(&self, path: &str, form: &str) -> u16 {
        let call = self.world.post(&format!("/1.1/{path}.json")).by(&self.shop);
        call.form(form).send().await.status.as_u16()
    }

    /// Whose messages are taken, and whose are refused; whether that may be said.
    async fn open_or_close(&self, action: Action) -> u16 {
        let ann = format!("user_id={}", self.ann.account);
        match action {
            Action::MessagesOpened => self.post("account/settings", "allow_dms_from=all").await,
            Action::MessagesClosed => {
                self.post("account/settings", "allow_dms_from=following").await
            }
            Action::AccountBlocked => self.post("blocks/create", &ann).await,
            Action::AccountUnblocked => self.post("blocks/destroy", &ann).await,
            other => panic!("{other:?}"),
        }
    }

    async fn account(&self, name: &str) -> Option<AccountId> {
        let id = AccountId::new(self.world.by().entry.get());
        let new = NewAccount { id, name: name.parse().unwrap(), custom_profiles: true };
        let made = self.world.store.create_account(new, self.world.by()).await.unwrap();
        made.ok().map(|account| account.id)
    }

    async fn app(&self, owner: AccountId) -> Option<AppId> {
        let id = AppId::new(self.world.by().entry.get());
        let consumer_key = format!("key{id}");
        let consumer_secret = Sealed::from_bytes(Vec::new());
        let (name, url) = ("Other".to_owned(), String::new());
        let new = NewApp { id, name, url, consumer_key, consumer_secret };
        let made = self.world.store.create_app(owner, new, self.world.by()).await.unwrap();
        made.map(|app| app.id)
    }

    async fn token(&self, app: AppId) -> bool {
        let new = NewToken {
            token: format!("{}-another", self.shop.account),
            app,
            secret: Sealed::from_bytes(Vec::new()),
            access: Access::Read,
            operator: None,
            created_at: self.world.by().entry.created_at(),
        };
        let made = self.world.store.create_token(self.shop.account, new, self.world.by()).await;
        made.unwrap().is_some()
    }

    /// Begins a session of the account, if this is its password.
    async fn session(&self, hash: &str) -> bool {
        let by = self.world.by();
        let console = NewApp {
            id: CONSOLE,
            name: "Console".to_owned(),
            url: String::new(),
            consumer_key: "console".to_owned(),
            consumer_secret: Sealed::from_bytes(Vec::new()),
        };
        let (entry, now) = (by.entry, by.entry.created_at());
        let new = NewSession { ticket: TicketHash([7; 32]), operator: None, console, entry, now };
        let hash = PasswordHash::from_stored(hash.to_owned());
        let begun = self.world.store.begin_session(self.shop.account, hash, new).await;
        begun.unwrap().is_some()
    }

    /// What the command line does to what an account has; whether it has it.
    async fn command(&self, action: Action, account: AccountId) -> bool {
        let (store, by) = (&self.world.store, self.world.by());
        let (app, token) = (self.shop.app, &*self.shop.token);
        let found = match action {
            Action::AccountClosed => store.close_account(account, by).await,
            Action::ProfilesAllowed => store.allow_custom_profiles(account, true, by).await,
            Action::ProfilesDenied => store.allow_custom_profiles(account, false, by).await,
            Action::PasswordSet => {
                let hash = PasswordHash::from_stored("hash".to_owned());
                store.set_password(account, hash, by).await
            }
            Action::LinkMade => {
                let until = by.entry.created_at().plus_seconds(60);
                let new = NewLink { ticket: TicketHash([8; 32]), until };
                store.create_link(account, new, by).await
            }
            Action::AppRevoked => store.revoke_app(account, app, by).await,
            Action::AppTrusted => store.trust_app(account, app, true, by).await,
            Action::AppDistrusted => store.trust_app(account, app, false, by).await,
            Action::TokenRevoked => store.revoke_token(account, token, by).await,
            Action::TokenChanged => store.change_access(account, token, Access::Read, by).await,
            Action::CallbackAdded => {
                store.add_callback(account, app, &callback(), by).await.map(|added| added.is_ok())
            }
            Action::CallbackRemoved => store.remove_callback(account, app, &callback(), by).await,
            other => panic!("{other:?}"),
        };
        found.unwrap()
    }

    /// What the command line says of how an account's profiles may be named; whether that is anything.
    async fn names(&self, action: Action, account: AccountId) -> bool {
        let (store, by) = (&self.world.store, self.world.by());
        let words = vec![ReservedWord::parse("CEO").unwrap()];
        match action {
            Action::NamingChanged => {
                let change = NamingChange { kind_required: Some(true), own_name_reserved: None };
                store.set_naming(account, change, by).await.unwrap()
            }
            Action::WordsReserved => store.reserve_words(account, words, by).await.unwrap().is_ok(),
            Action::WordsReleased => {
                !store.release_words(account, words, by).await.unwrap().is_empty()
            }
            other => panic!("{other:?}"),
        }
    }

    /// Fetches the app's bearer token, or revokes the one that was fetched.
    async fn bearer(&self, action: Action) -> u16 {
        let call = if action == Action::BearerCreated {
            self.world.post("/oauth2/token?grant_type=client_credentials")
        } else {
            let form = format!("access_token={}", self.bearer.get().unwrap());
            self.world.post("/oauth2/invalidate_token").form(&form)
        };
        let reply = call.header("authorization", &self.shop.basic()).send().await;
        if let Some(bearer) = reply.json()["access_token"].as_str() {
            self.bearer.get_or_init(|| bearer.to_owned());
        }
        reply.status.as_u16()
    }

    /// Does it: to what.
    async fn does(&self, action: Action) -> String {
        match action {
            Action::ProfileCreated => {
                let made = self.world.create(&self.shop, "B", &self.media).send().await.success();
                return id(&made["custom_profile"]["id"]);
            }
            Action::ProfileEdited => {
                assert_eq!(self.rename(&self.profile, "\"1\"", "B").await, 200);
            }
            Action::ProfileDestroyed => {
                assert_eq!(self.delete("custom_profiles", &self.profile).await, 204);
            }
            Action::ProfileErased => assert_eq!(self.erase(&self.profile).await, 200),
            Action::MessageSent => return id(&self.write(&self.profile).await["event"]["id"]),
            Action::MessageDestroyed => {
                assert_eq!(self.delete("direct_messages/events", &self.event).await, 204);
                return self.event.clone();
            }
            Action::MessagesOpened
            | Action::MessagesClosed
            | Action::AccountBlocked
            | Action::AccountUnblocked => {
                assert_eq!(self.open_or_close(action).await, 200);
                let blocks = matches!(action, Action::AccountBlocked | Action::AccountUnblocked);
                return if blocks { self.ann.account } else { self.shop.account }.to_string();
            }
            Action::AccountCreated => return self.account("new").await.unwrap().to_string(),
            Action::AppCreated => return self.app(self.shop.account).await.unwrap().to_string(),
            Action::TokenCreated => {
                assert!(self.token(self.shop.app).await);
                return self.shop.app.to_string();
            }
            Action::SignedIn => {
                assert!(self.session("hash").await);
                return self.shop.account.to_string();
            }
            Action::SignedOut => {
                let (account, by) = (self.shop.account, self.world.by());
                assert_eq!(self.world.store.end_sessions(account, by).await.unwrap(), 1);
                return account.to_string();
            }
            Action::AccountClosed
            | Action::ProfilesAllowed
            | Action::ProfilesDenied
            | Action::PasswordSet
            | Action::LinkMade => {
                assert!(self.command(action, self.shop.account).await);
                return self.shop.account.to_string();
            }
            Action::NamingChanged | Action::WordsReserved | Action::WordsReleased => {
                assert!(self.names(action, self.shop.account).await);
                return self.shop.account.to_string();
            }
            Action::AppRevoked
            | Action::AppTrusted
            | Action::AppDistrusted
            | Action::TokenRevoked
            | Action::TokenChanged
            | Action::CallbackAdded
            | Action::CallbackRemoved => {
                assert!(self.command(action, self.shop.account).await);
                return self.shop.app.to_string();
            }
            Action::BearerCreated | Action::BearerRevoked => {
                assert_eq!(self.bearer(action).await, 200);
                return self.shop.app.to_string();
            }
        }
        self.profile.clone()
    }

    /// The same once more where that changes nothing, and with what is refused or not there.
    async fn does_not(&self, action: Action) {
        let nobody = AccountId::new(1);
        match action {
            Action::ProfileCreated => {
                let reply = self.world.create(&self.shop, "", &self.media).send().await;
                assert_eq!(reply.status, 400);
                assert_eq!(self.world.create(&self.shop, "C", "1").send().await.status, 400);
            }
            Action::ProfileEdited => {
                for (profile, revision, name, status) in [
                    (&*self.profile, "*", "B", 200),
                    (&*self.profile, "\"1\"", "C", 412),
                    (&*self.profile, "*", "a\nb", 400),
                    ("1", "*", "C", 404),
                ] {
                    assert_eq!(self.rename(profile, revision, name).await, status);
                }
            }
            Action::ProfileDestroyed => {
                assert_eq!(self.delete("custom_profiles", &self.profile).await, 204);
                assert_eq!(self.delete("custom_profiles", "1").await, 404);
            }
            Action::ProfileErased => {
                assert_eq!(self.erase(&self.profile).await, 200);
                assert_eq!(self.erase("1").await, 404);
            }
            Action::MessageSent => {
                assert_eq!(self.write("1").await["errors"][0]["code"], 151);
            }
            Action::MessageDestroyed => {
                assert_eq!(self.delete("direct_messages/events", &self.event).await, 404);
            }
            Action::MessagesOpened
            | Action::MessagesClosed
            | Action::AccountBlocked
            | Action::AccountUnblocked => assert_eq!(self.open_or_close(action).await, 200),
            Action::AccountCreated => assert!(self.account("NEW").await.is_none()),
            Action::AppCreated => assert!(self.app(nobody).await.is_none()),
            Action::TokenCreated => assert!(!self.token(AppId::new(1)).await),
            Action::NamingChanged | Action::WordsReserved | Action::WordsReleased => {
                let there = action != Action::WordsReleased;
                assert_eq!(self.names(action, self.shop.account).await, there);
                assert!(!self.names(action, nobody).await);
            }
            Action::SignedIn => assert!(!self.session("another").await),
            Action::SignedOut => {
                let (account, by) = (self.shop.account, self.world.by());
                assert_eq!(self.world.store.end_sessions(account, by).await.unwrap(), 0);
            }
            Action::PasswordSet | Action::LinkMade => {
                assert!(!self.command(action, nobody).await);
            }
            Action::AccountClosed
            | Action::ProfilesAllowed
            | Action::ProfilesDenied
            | Action::AppRevoked
            | Action::AppTrusted
            | Action::AppDistrusted
            | Action::TokenRevoked
            | Action::TokenChanged
            | Action::CallbackAdded
            | Action::CallbackRemoved => {
                let there = action != Action::CallbackRemoved;
                assert_eq!(self.command(action, self.shop.account).await, there);
                assert!(!self.command(action, nobody).await);
            }
            Action::BearerCreated => assert_eq!(self.bearer(action).await, 200),
            Action::BearerRevoked => assert_eq!(self.bearer(action).await, 403),
        }
    }
}

fn callback() -> CallbackUrl {
    "https://app.example/done".parse().unwrap()
}

/// What has to be so before an action changes anything.
fn first(action: Action) -> Option<Action> {
    match action {
        Action::MessagesOpened => Some(Action::MessagesClosed),
        Action::AccountUnblocked => Some(Action::AccountBlocked),
        Action::ProfilesAllowed => Some(Action::ProfilesDenied),
        Action::SignedIn => Some(Action::PasswordSet),
        Action::SignedOut => Some(Action::SignedIn),
        Action::AppDistrusted => Some(Action::AppTrusted),
        Action::WordsReleased => Some(Action::WordsReserved),
        Action::CallbackRemoved => Some(Action::CallbackAdded),
        Action::BearerRevoked => Some(Action::BearerCreated),
        _ => None,
    }
}

fn by_request(action: Action) -> bool {
    let family = action.as_str().split('.').next().unwrap();
    matches!(family, "profile" | "message" | "messages" | "bearer")
        || matches!(action, Action::AccountBlocked | Action::AccountUnblocked)
}

#[tokio::test]
async fn every_kind_of_change_leaves_exactly_one_line_and_none_when_refused() {
    for action in Action::ALL.iter().copied() {
        let desk = Desk::open().await;
        let mut before = Vec::from_iter(first(action));
        while let Some(first) = before.last().copied().and_then(first) {
            before.push(first);
        }
        for action in before.into_iter().rev() {
            desk.does(action).await;
        }
        let before = desk.log().await;
        let subject: i64 = desk.does(action).await.parse().unwrap();
        let after = desk.log().await;
        let added: Vec<_> = after.iter().filter(|line| !before.contains(line)).collect();
        let own = if action == Action::AccountCreated { subject } else { desk.shop.account.get() };
        let app = match action {
            Action::SignedIn => Some(CONSOLE.get()),
            action => by_request(action).then_some(desk.shop.app.get()),
        };
        let expected = (added[0].0, own, app, action.as_str().to_owned(), subject);
        assert_eq!(added, [&expected], "{action:?}");
        assert_eq!(after.len(), before.len() + 1);
        desk.does_not(action).await;
        assert_eq!(desk.log().await, after, "{action:?}");
    }
}
