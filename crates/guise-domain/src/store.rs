//! The contract of the store. Each method is one atomic step: it happens wholly or not at all, and once it has
//! answered it outlives a crash.
//!
//! Absence is `Ok(None)`, a refusal is a closed enum per operation, breakage is [`StoreError`]. What belongs to an
//! account is reached through that account. No step calls a clock: callers say what time it is.
//!
//! A write on behalf of a caller carries an [`Admission`]. Its step first refuses a repetition, then counts the write
//! against its rate window, and only then does what it is called for. The count stays when the operation itself is
//! refused by a rule; nothing else does. A step that carries a [`Keep`] is done once: what its request was answered is
//! kept with what it did, and whoever sends the same again is answered so.
//!
//! A change to accounts, apps or tokens carries a [`By`], for the line that it adds to the log of the account concerned.
//! One that is refused, or finds everything as it is to be, adds none.

mod grants;
mod installation;
mod sessions;
mod signals;

use std::convert::Infallible;

use async_trait::async_trait;

use crate::rate::{Endpoint, Reads, Window};
use crate::{
    Access, Account, AccountId, AddSegmentError, Admission, Admitted, App, AppId, By, Content,
    Conversation, CreateAccountError, CreateProfileError, DescribeUploadError, EditProfileError,
    EditedProfile, Entry, Erased, ExternalId, Face, FinishUploadError, Keep, LastUse, LogFilter,
    Lookalike, MarkReadError, MediaId, MediaKey, Message, MessageId, MessagesFrom, Names,
    NewAccount, NewApp, NewMessage, NewProfile, NewToken, NewUpload, Once, Overview, Page,
    PageRequest, Picture, Profile, ProfileChange, ProfileFilter, ProfileId, Retry, Revision,
    ScreenName, Segment, SendError, Tagged, Timestamp, Token, Upload,
};

pub use grants::Grants;
pub use installation::{Installation, Job};
pub use sessions::Sessions;
pub use signals::Signals;

/// Breakage: the step did not happen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The store cannot take the step now and may later: its queue or its disk is full, or it is not reachable.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// The store failed, or holds what cannot be there.
    #[error("the store failed: {0}")]
    Failed(String),
}

/// Everything behind a consumer key and a token, for verifying a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// The app.
    pub app: App,
    /// The token and the account it acts for; absent when the token is unknown or another app's.
    pub token: Option<(Token, Account)>,
}

/// An upload that is gone, and the blobs it leaves behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SweptUpload {
    /// Names the picture's blobs, if it became one.
    pub key: MediaKey,
    /// The blobs of its segments.
    pub segments: Vec<String>,
}

/// Accounts.
#[async_trait]
pub trait Accounts {
    /// Makes an account.
    async fn create_account(
        &self,
        new: NewAccount,
        by: By,
    ) -> Result<Result<Account, CreateAccountError>, StoreError>;
    /// The account with this id, closed or not.
    async fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError>;
    /// The account with this name, in any case, closed or not.
    async fn account_by_name(&self, name: &ScreenName) -> Result<Option<Account>, StoreError>;
    /// Those of these accounts that exist, closed ones too, in the order asked for.
    async fn accounts_by_id(&self, ids: Vec<AccountId>) -> Result<Vec<Account>, StoreError>;
    /// Those of the accounts with these names that exist, closed ones too, in the order asked for.
    async fn accounts_by_name(&self, names: Vec<ScreenName>) -> Result<Vec<Account>, StoreError>;
    /// A page of all accounts.
    async fn accounts(&self, page: PageRequest) -> Result<Page<Account>, StoreError>;
    /// Lets an account use custom profiles or not. `false` when there is no such account.
    async fn allow_custom_profiles(
        &self,
        id: AccountId,
        allowed: bool,
        by: By,
    ) -> Result<bool, StoreError>;
    /// Closes an account for good. `false` when there is no such account.
    async fn close_account(&self, id: AccountId, by: By) -> Result<bool, StoreError>;
    /// Sets whose messages the caller takes.
    async fn take_messages_from(
        &self,
        admission: &Admission,
        from: MessagesFrom,
    ) -> Result<Admitted<()>, StoreError>;
    /// Refuses messages of `other` to the caller, or takes them again.
    async fn block(
        &self,
        admission: &Admission,
        other: AccountId,
        blocked: bool,
    ) -> Result<Admitted<()>, StoreError>;
    /// A page of the accounts that an account blocked, by id.
    async fn blocked(
        &self,
        account: AccountId,
        page: PageRequest,
    ) -> Result<Page<AccountId>, StoreError>;
}

/// Apps, through their owner.
#[async_trait]
pub trait Apps {
    /// Registers an app. `None` when there is no such account or it is closed.
    async fn create_app(
        &self,
        owner: AccountId,
        new: NewApp,
        by: By,
    ) -> Result<Option<App>, StoreError>;
    /// An owner's apps, oldest first, revoked ones too. The account's console app is none of them: it can be neither
    /// revoked nor trusted, and gets no tokens.
    async fn apps(&self, owner: AccountId) -> Result<Vec<App>, StoreError>;
    /// The app with this id, whoever owns it: to give an account a token for it.
    async fn app(&self, id: AppId) -> Result<Option<App>, StoreError>;
    /// Revokes an app for good. `false` when the owner has no such app.
    async fn revoke_app(&self, owner: AccountId, id: AppId, by: By) -> Result<bool, StoreError>;
    /// Lets an app name the operator of each request, or not any more. `false` when the owner has no such app.
    async fn trust_app(
        &self,
        owner: AccountId,
        id: AppId,
        trusted: bool,
        by: By,
    ) -> Result<bool, StoreError>;
}

/// Access tokens, through the account they act for.
#[async_trait]
pub trait Tokens {
    /// Keeps a token. `None` when the account or the app is unknown, closed or revoked.
    async fn create_token(
        &self,
        account: AccountId,
        new: NewToken,
        by: By,
    ) -> Result<Option<Token>, StoreError>;
    /// An account's tokens, oldest first, revoked ones too.
    async fn tokens(&self, account: AccountId) -> Result<Vec<Token>, StoreError>;
    /// Revokes a token for good. `false` when the account has no such token.
    async fn revoke_token(
        &self,
        account: AccountId,
        token: &str,
        by: By,
    ) -> Result<bool, StoreError>;
    /// Changes what a token allows. `false` when the account has no such token.
    async fn change_access(
        &self,
        account: AccountId,
        token: &str,
        access: Access,
        by: By,
    ) -> Result<bool, StoreError>;
    /// Keeps when apps and tokens were last used. What was kept of a later use stays, and what there is not is skipped.
    async fn keep_last_uses(&self, uses: Vec<LastUse>) -> Result<(), StoreError>;
}

/// What verifying a request asks for.
#[async_trait]
pub trait Credentials {
    /// The app with this consumer key and the token, revoked or not; `None` when the app is unknown.
    async fn credential(
        &self,
        consumer_key: &str,
        token: &str,
    ) -> Result<Option<Credential>, StoreError>;
    /// A number that has grown whenever an account, app or token was changed, by whatever process.
    async fn credentials_version(&self) -> Result<i64, StoreError>;
}

/// Rate windows and replay records.
#[async_trait]
pub trait Rates {
    /// Counts a write that a rule refused before it reached its own step.
    async fn count(&self, admission: &Admission) -> Result<Admitted<()>, StoreError>;
    /// An app's open window.
    async fn app_window(
        &self,
        app: AppId,
        endpoint: Endpoint,
    ) -> Result<Option<Window>, StoreError>;
    /// An account's open window for an endpoint that writes.
    async fn write_window(
        &self,
        account: AccountId,
        endpoint: Endpoint,
    ) -> Result<Option<Window>, StoreError>;
    /// Adds reads of one node to those of all, in the window that is open at `now` or else in theirs, which comes back.
    async fn count_reads(&self, reads: Reads, now: Timestamp) -> Result<Window, StoreError>;
    /// Adds what a node that stops has counted and not added yet.
    async fn keep_reads(&self, reads: Vec<Reads>, now: Timestamp) -> Result<(), StoreError>;
    /// A token's windows of reads, with what was added to them. Some may be over.
    async fn reads_of(&self, token: &str) -> Result<Vec<(Endpoint, Window)>, StoreError>;
    /// All windows of reads, for a node that is alone with the store: it counts in memory, and adds nothing before it
    /// stops. `None` where there may be several nodes.
    async fn all_reads(&self) -> Result<Option<Vec<(String, Endpoint, Window)>>, StoreError>;
    /// Forgets windows of reads that ended before `now`; how many.
    async fn sweep_reads(&self, now: Timestamp) -> Result<u64, StoreError>;
    /// Forgets replay keys that no repetition can pass with any more at `now`; how many.
    async fn sweep_replays(&self, now: Timestamp) -> Result<u64, StoreError>;
    /// What became of a request whose key is known: its answer, or that it asked for something else then. `None` when
    /// there is nothing yet under its key, and nothing is done.
    async fn answered_before(
        &self,
        admission: &Admission,
        retry: &Retry,
    ) -> Result<Option<Once<Result<Infallible, Infallible>>>, StoreError>;
    /// Forgets the answers that were kept until before `now`; how many.
    async fn sweep_answers(&self, now: Timestamp) -> Result<u64, StoreError>;
}

/// Uploads, through their owner.
#[async_trait]
pub trait Media {
    /// Keeps a new upload, with the accounts it is shared with.
    async fn create_upload(
        &self,
        admission: &Admission,
        new: NewUpload,
        keep: Option<Keep<Upload>>,
    ) -> Result<Once<Result<Upload, Infallible>>, StoreError>;
    /// An upload of this owner that has not expired.
    async fn upload(
        &self,
        owner: AccountId,
        id: MediaId,
        now: Timestamp,
    ) -> Result<Option<Upload>, StoreError>;
    /// An upload's segments by index.
    async fn segments(&self, owner: AccountId, id: MediaId) -> Result<Vec<Segment>, StoreError>;
    /// Adds a segment, or puts it in the place of the one with its index, whose blob's name comes back.
    async fn add_segment(
        &self,
        admission: &Admission,
        id: MediaId,
        segment: Segment,
    ) -> Result<Admitted<Result<Option<String>, AddSegmentError>>, StoreError>;
    /// Turns the segments of the upload that `key` names into the picture described by `content`, whose files were
    /// written under `key`; the names of the segments' blobs, which are not needed any more, come back. An upload
    /// that was finished before stays as it is and keeps its key.
    async fn finish_upload(
        &self,
        admission: &Admission,
        key: MediaKey,
        content: Content,
    ) -> Result<Admitted<Result<(Upload, Vec<String>), FinishUploadError>>, StoreError>;
    /// Describes an upload to people who cannot see it.
    async fn describe_upload(
        &self,
        admission: &Admission,
        id: MediaId,
        alt_text: &str,
    ) -> Result<Admitted<Result<(), DescribeUploadError>>, StoreError>;
    /// The picture with this key, if a profile made it public.
    async fn public_picture(&self, key: MediaKey) -> Result<Option<Picture>, StoreError>;
    /// Whether an upload has this very key: if not, the key's blobs are remains of a crash.
    async fn upload_exists(&self, key: MediaKey) -> Result<bool, StoreError>;
    /// Removes up to `count` uploads that expired before `now` and whose picture neither a profile nor a message uses.
    async fn sweep_uploads(
        &self,
        now: Timestamp,
        count: u32,
    ) -> Result<Vec<SweptUpload>, StoreError>;
}

/// Custom profiles, through their owner.
#[async_trait]
pub trait Profiles {
    /// Makes a profile, and its picture public until the last profile that shows it is erased. Whom its name looks
    /// like comes back too.
    async fn create_profile(
        &self,
        admission: &Admission,
        new: NewProfile,
        keep: Option<Keep<(Tagged, Vec<Lookalike>)>>,
    ) -> Result<Once<Result<(Tagged, Vec<Lookalike>), CreateProfileError>>, StoreError>;
    /// An owner's profile, unless it is destroyed.
    async fn profile(&self, owner: AccountId, id: ProfileId)
    -> Result<Option<Profile>, StoreError>;
    /// What `reader` sees of the profile with this id: its owner what it is now, unless it is destroyed; whoever got
    /// messages under it what the newest of them shows, destroyed or not; anybody else nothing.
    async fn face(&self, reader: AccountId, id: ProfileId) -> Result<Option<Face>, StoreError>;
    /// A page of an owner's profiles, without destroyed ones.
    async fn profiles(
        &self,
        owner: AccountId,
        page: PageRequest,
    ) -> Result<Page<Profile>, StoreError>;
    /// Changes a profile, `expected` being the revision the caller knows. What differs in name, picture or kind is a
    /// new revision; the one before is kept. A picture made of the same file does not differ, and the upload is left
    /// as it is. Whom a new name looks like comes back too.
    async fn edit_profile(
        &self,
        admission: &Admission,
        id: ProfileId,
        expected: Option<u32>,
        change: ProfileChange,
    ) -> Result<Admitted<Result<EditedProfile, EditProfileError>>, StoreError>;
    /// Makes the caller's profile with this external id what `change` says, or makes one with the id given. That
    /// needs a name, and that no revision is `expected`.
    async fn put_profile(
        &self,
        admission: &Admission,
        id: ProfileId,
        external_id: ExternalId,
        expected: Option<u32>,
        change: ProfileChange,
    ) -> Result<Admitted<Result<EditedProfile, EditProfileError>>, StoreError>;
    /// An owner's profile, destroyed or not, with its tags.
    async fn profile_with_tags(
        &self,
        owner: AccountId,
        id: ProfileId,
    ) -> Result<Option<Tagged>, StoreError>;
    /// A page of those of an owner's profiles that fit, with their tags.
    async fn find_profiles(
        &self,
        owner: AccountId,
        filter: ProfileFilter,
        page: PageRequest,
    ) -> Result<Page<Tagged>, StoreError>;
    /// A page of what an owner's profile is and was, newest first; `None` when it never was the owner's.
    async fn revisions(
        &self,
        owner: AccountId,
        id: ProfileId,
        page: PageRequest,
    ) -> Result<Option<Page<Revision>>, StoreError>;
    /// Destroys a profile. `true` also when it was destroyed before, `false` when it never was the caller's.
    async fn destroy_profile(
        &self,
        admission: &Admission,
        id: ProfileId,
    ) -> Result<Admitted<bool>, StoreError>;
    /// Erases a profile, destroyed or not: a placeholder takes the place of its name and nothing that of its picture,
    /// in every revision and in every box that shows it; its tags and its external id are gone. Nothing changes the
    /// second time. `None` when it never was the caller's.
    async fn erase_profile(
        &self,
        admission: &Admission,
        id: ProfileId,
    ) -> Result<Admitted<Option<Erased>>, StoreError>;
}

/// Messages, through the participant whose copy it is.
#[async_trait]
pub trait Messages {
    /// Sends a message: a copy for each participant, with what its picture was said to show, its face in both boxes, the
    /// upload's use, the profile's use and the conversation's state, all in one step. A message back to somebody who
    /// wrote lately counts against no limit ([`Conversation::next_is_free`]).
    async fn send_message(
        &self,
        admission: &Admission,
        new: NewMessage,
        keep: Option<Keep<Message>>,
    ) -> Result<Once<Result<Message, SendError>>, StoreError>;
    /// Whether `recipient` takes messages of `sender`.
    async fn may_write(
        &self,
        sender: AccountId,
        recipient: AccountId,
    ) -> Result<Result<(), SendError>, StoreError>;
    /// A participant's copy of a message.
    async fn message(
        &self,
        account: AccountId,
        id: MessageId,
    ) -> Result<Option<Message>, StoreError>;
    /// A page of a participant's box, sent and received mixed, without those from before `since`.
    async fn messages(
        &self,
        account: AccountId,
        page: PageRequest,
        since: Timestamp,
    ) -> Result<Page<Message>, StoreError>;
    /// A page of what is in a participant's box of and to one other account.
    async fn messages_with(
        &self,
        account: AccountId,
        other: AccountId,
        page: PageRequest,
    ) -> Result<Page<Message>, StoreError>;
    /// A page of the conversations that there is something of in a participant's box, by their newest messages, whose
    /// ids the pages go by.
    async fn conversations(
        &self,
        account: AccountId,
        page: PageRequest,
    ) -> Result<Page<Overview>, StoreError>;
    /// The first `count` messages in a participant's box after the one called `after`, oldest first.
    async fn messages_after(
        &self,
        account: AccountId,
        after: MessageId,
        count: u32,
    ) -> Result<Vec<Message>, StoreError>;
    /// Removes the caller's copy of a message; the other participant keeps theirs. `false` when there is none.
    async fn destroy_message(
        &self,
        admission: &Admission,
        id: MessageId,
    ) -> Result<Admitted<bool>, StoreError>;
    /// Marks what `other` wrote to the caller as read, up to a message of theirs; whether that is further than before.
    /// Never goes back.
    async fn mark_read(
        &self,
        admission: &Admission,
        other: AccountId,
        up_to: MessageId,
    ) -> Result<Admitted<Result<bool, MarkReadError>>, StoreError>;
    /// What an account has to do with another.
    async fn conversation(
        &self,
        account: AccountId,
        other: AccountId,
    ) -> Result<Conversation, StoreError>;
}

/// The log. Every step that changes what others see, and is done, adds one line; nothing takes one away.
#[async_trait]
pub trait Log {
    /// A page of an account's lines that fit.
    async fn log(
        &self,
        account: AccountId,
        filter: LogFilter,
        page: PageRequest,
    ) -> Result<Page<Entry>, StoreError>;
}

/// The whole contract.
pub trait Store:
    Accounts
    + Apps
    + Tokens
    + Sessions
    + Credentials
    + Rates
    + Media
    + Profiles
    + Names
    + Messages
    + Log
    + Grants
    + Signals
    + Installation
    + Send
    + Sync
{
}

impl<T> Store for T where
    T: Accounts
        + Apps
        + Tokens
        + Sessions
        + Credentials
        + Rates
        + Media
        + Profiles
        + Names
        + Messages
        + Log
        + Grants
        + Signals
        + Installation
        + Send
        + Sync
{
}
