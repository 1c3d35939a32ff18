//! Guise's nouns, the rules for their values, the limits on everything, and the contract of the store.
//!
//! Nothing here does I/O, reads a clock, draws a random number, or knows HTTP or SQL. Values are checked where they
//! are made: whoever holds a [`ProfileName`] holds a valid one.

mod account;
mod admission;
mod app;
mod attempt;
mod callback;
mod digest;
mod entities;
mod grant;
mod id;
mod last_use;
pub mod limits;
mod log;
mod media;
mod message;
pub mod moving;
mod name;
mod naming;
mod page;
mod password;
mod picture;
mod profile;
pub mod rate;
mod retry;
mod sealed;
pub mod secrets;
mod session;
mod signal;
mod skeleton;
mod store;
mod time;
mod token;

pub use account::{
    Account, CreateAccountError, MessagesFrom, NewAccount, ScreenName, ScreenNameError,
};
pub use admission::{Admission, Admitted, AppRule, ReplayKey};
pub use app::{App, AppNameError, NewApp};
pub use attempt::{Attempt, Guesses, Tries};
pub use callback::{Callback, CallbackError, CallbackUrl};
pub use digest::Digest;
pub use entities::{Entities, Link, Mention, Tag};
pub use grant::{
    AddCallbackError, Allowance, AppAdmission, ExchangeError, NewRequestToken, RequestState,
    RequestToken, RequestTokenError, VerifierHash,
};
pub use id::{AccountId, AppId, EntryId, IdError, Ids, MediaId, MessageId, ProfileId, node_of};
pub use last_use::{LastUse, Used};
pub use log::{Action, By, Entry, LogFilter, Operator, OperatorError};
pub use media::{
    AddSegmentError, Category, Content, DescribeUploadError, FinishUploadError, NewUpload, Segment,
    Upload,
};
pub use message::{
    ButtonLabel, CallToAction, Conversation, Face, InitiatedVia, Location, MarkReadError,
    Mentioned, Message, MessageContent, MessageEntities, MessageText, NewMessage,
    OptionDescription, OptionLabel, OptionMetadata, Overview, PlaceId, QuickReplyOption, SendError,
    StoredContentError, TextError, WebUrl,
};
pub use name::{NameError, ProfileName, fold};
pub use naming::{
    BrokenRule, Draft, Lookalike, Names, Naming, NamingChange, ReserveWordsError, Verdict,
};
pub use page::{Page, PageRequest};
pub use password::{HashingError, Password, PasswordError, PasswordHash};
pub use picture::{ImageType, MediaKey, Picture, PictureFormat};
pub use profile::{
    CreateProfileError, EditProfileError, EditedProfile, Erased, ExternalId, ExternalIdError, Kind,
    NewProfile, Outcome, Profile, ProfileChange, ProfileFilter, ProfileState, ProfileTag,
    ProfileTagError, Revision, Tagged,
};
pub use retry::{Answer, IdempotencyKey, IdempotencyKeyError, Keep, Once, Retry};
pub use sealed::{Sealed, SealingKey, UnsealError};
pub use session::{NewLink, NewSession, Session, Ticket, TicketError, TicketHash};
pub use signal::Signal;
pub use skeleton::{ReservedWord, ReservedWordError, Words, skeleton, skeleton_rules};
pub use store::{
    Accounts, Apps, Credential, Credentials, Grants, Installation, Job, Log, Media, Messages,
    Profiles, Rates, Sessions, Signals, Store, StoreError, SweptUpload, Tokens,
};
pub use time::{Clock, Randomness, Timestamp};
pub use token::{Access, NewToken, Token};
