//! Pages, as a browser without script sees them.

mod apps;
mod authorize;
mod forms;
mod frames;
mod inspector;
mod limits;
mod links;
mod log;
mod password;
mod profiles;
mod sign_in;
mod talks;
mod writing;

use guise_domain::{
    AccountId, Clock, Entry, LogFilter, NewAccount, NewLink, PageRequest, Password, PasswordHash,
    Ticket,
};

use crate::support::{OsRandomness, World};

const PASSWORD: &str = "correct horse";

/// An account with a password.
async fn account(world: &World, name: &str) -> AccountId {
    let id = AccountId::new(world.next_id());
    let new = NewAccount { id, name: name.parse().unwrap(), custom_profiles: true };
    world.store.create_account(new, world.by()).await.unwrap().unwrap();
    set_password(world, id, PASSWORD).await;
    id
}

async fn set_password(world: &World, account: AccountId, password: &str) {
    let hash = PasswordHash::of(&Password::parse(password).unwrap(), &OsRandomness).unwrap();
    assert!(world.store.set_password(account, hash, world.by()).await.unwrap());
    // The world's ids and the server's are in the order of time only from one millisecond to the next.
    world.clock.advance(1);
}

/// The path of a one-time link to an account.
async fn link(world: &World, account: AccountId) -> String {
    let ticket = Ticket::new(&OsRandomness);
    let new = NewLink { ticket: ticket.hash(), until: world.clock.now().plus_seconds(86_400) };
    assert!(world.store.create_link(account, new, world.by()).await.unwrap());
    format!("/sign-in/link/{ticket}")
}

/// The actions in an account's log that no request of the API left, the oldest first, each with its operator.
async fn done(world: &World, account: AccountId) -> Vec<(String, Option<String>)> {
    let page = PageRequest { count: 50, before: None };
    let log = world.store.log(account, LogFilter::default(), page).await.unwrap();
    let line = |entry: Entry| {
        (entry.action.as_str().to_owned(), entry.operator.map(|operator| operator.to_string()))
    };
    log.items.into_iter().rev().map(line).collect()
}
