//! The one table from failure to wire.

use axum::response::{IntoResponse, Response};
use guise_domain::rate::Quota;
use guise_domain::{CreateProfileError, EditProfileError, SendError, StoreError};
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};

use crate::answer;
use crate::blobs::BlobError;

/// Why a request was refused. Each variant is one row of [`Refusal::wire`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// No credentials, or none that can be read.
    BadAuthentication,
    /// Wrong signature, unknown consumer key, or a repeated request.
    NotAuthenticated,
    /// Unknown or revoked token, or a closed account.
    BadToken,
    /// The signed timestamp is too far from our clock.
    ClockOff,
    /// The app was revoked.
    AppSuspended,
    /// A bearer token where a user's is needed.
    NeedsUserContext,
    /// The account may not use custom profiles.
    NotPermitted,
    /// A token that may only read.
    ReadOnly,
    /// A token that may not touch direct messages.
    NoDirectMessages,
    /// No such user.
    NoUser,
    /// None of the users asked for.
    NoUsers,
    /// More users asked for than are looked up at once.
    TooManyUsers,
    /// The recipient of a message is unknown.
    NoRecipient,
    /// The recipient takes no messages from this account.
    RecipientClosed,
    /// The message's text is too long.
    TextTooLong,
    /// The message was not sent, for this reason.
    NotSent(String),
    /// The profile was changed since; it is at this revision.
    Stale(u32),
    /// A change that does not say which revision it is of.
    RevisionRequired,
    /// Another living profile has this external id.
    ExternalIdTaken,
    /// Nothing here, or nothing the caller may see.
    NotFound,
    /// The body or a parameter breaks a rule; the text names the place first.
    Invalid(String),
    /// A parameter of the upload is missing.
    Missing(&'static str),
    /// The upload host's own form of an error.
    Upload(String),
    /// The media id is unknown, expired or somebody else's.
    MediaNotFound,
    /// The media id is not a picture's.
    NotAPicture,
    /// The body is longer than this many bytes.
    TooLarge(usize),
    /// The body did not come in time.
    TooSlow,
    /// The window is used up.
    Limited(Quota),
    /// Busy now, and better later.
    OverCapacity(String),
    /// A failure of ours. The text goes to the log only.
    Internal(String),
}

/// The cause of a 5xx, on its way to the log in the response's extensions.
#[derive(Clone, Debug)]
pub(crate) struct Cause(pub(crate) String);

/// A refusal in the form of the API beside the original's, on its way to [`with_slug`].
#[derive(Clone, Debug, Serialize)]
struct Problem {
    code: u16,
    slug: &'static str,
    message: String,
}

/// Writes refusals with their slug: for what the original never answered.
pub(crate) async fn with_slug(mut response: Response) -> Response {
    let Some(problem) = response.extensions_mut().remove::<Problem>() else { return response };
    let (mut parts, _) = response.into_parts();
    let written = answer::json(parts.status, &json!({"errors": [problem]}));
    let (head, body) = written.into_parts();
    parts.headers.extend(head.headers);
    Response::from_parts(parts, body)
}

impl Refusal {
    /// Status, code and text.
    pub(crate) fn wire(&self) -> (StatusCode, u16, String) {
        use StatusCode as S;
        match self {
            Self::BadAuthentication => (S::BAD_REQUEST, 215, "Bad Authentication data.".into()),
            Self::NotAuthenticated => (S::UNAUTHORIZED, 32, "Could not authenticate you.".into()),
            Self::BadToken => (S::UNAUTHORIZED, 89, "Invalid or expired token.".into()),
            Self::ClockOff => (S::UNAUTHORIZED, 135, "Timestamp out of bounds.".into()),
            Self::AppSuspended => (S::UNAUTHORIZED, 416, "Invalid / suspended application".into()),
            Self::NeedsUserContext => {
                (S::FORBIDDEN, 220, "Your credentials do not allow access to this resource.".into())
            }
            Self::NotPermitted => {
                (S::FORBIDDEN, 87, "Client is not permitted to perform this action.".into())
            }
            Self::ReadOnly => {
                (S::FORBIDDEN, 261, "Application cannot perform write actions.".into())
            }
            Self::NoDirectMessages => (
                S::FORBIDDEN,
                93,
                "This application is not allowed to access or delete your direct messages.".into(),
            ),
            Self::NoUser => (S::NOT_FOUND, 50, "User not found.".into()),
            Self::NoUsers => (S::NOT_FOUND, 17, "No user matches for specified terms.".into()),
            Self::TooManyUsers => (S::FORBIDDEN, 18, "Too many terms specified in query.".into()),
            Self::NoRecipient => (S::FORBIDDEN, 108, "Cannot find specified user.".into()),
            Self::RecipientClosed => {
                (S::FORBIDDEN, 349, "You cannot send messages to this user.".into())
            }
            Self::TextTooLong => (
                S::FORBIDDEN,
                354,
                "The text of your direct message is over the max character limit.".into(),
            ),
            Self::NotSent(reason) => {
                (S::FORBIDDEN, 151, format!("There was an error sending your message: {reason}."))
            }
            Self::Stale(current) => {
                (S::PRECONDITION_FAILED, 214, format!("The profile is at revision {current}."))
            }
            Self::RevisionRequired => (
                S::PRECONDITION_REQUIRED,
                214,
                "If-Match: is required, with the profile's revision in quotes, or *".into(),
            ),
            Self::ExternalIdTaken => (
                S::CONFLICT,
                214,
                "external_id: is taken by another living profile of this account".into(),
            ),
            Self::NotFound => (S::NOT_FOUND, 34, "Sorry, that page does not exist.".into()),
            Self::Invalid(reason) | Self::Upload(reason) => (S::BAD_REQUEST, 214, reason.clone()),
            Self::Missing(name) => (S::BAD_REQUEST, 38, format!("{name} parameter is missing.")),
            Self::MediaNotFound => (S::BAD_REQUEST, 325, "A media id was not found.".into()),
            Self::NotAPicture => {
                (S::BAD_REQUEST, 324, "The validation of media ids failed.".into())
            }
            Self::TooLarge(max) => {
                (S::PAYLOAD_TOO_LARGE, 214, format!("The body must be at most {max} bytes."))
            }
            Self::TooSlow => (S::REQUEST_TIMEOUT, 214, "The body did not arrive in time.".into()),
            Self::Limited(_) => (S::TOO_MANY_REQUESTS, 88, "Rate limit exceeded".into()),
            Self::OverCapacity(_) => (S::SERVICE_UNAVAILABLE, 130, "Over capacity".into()),
            Self::Internal(_) => (S::INTERNAL_SERVER_ERROR, 131, "Internal error".into()),
        }
    }

    /// What kind of refusal this is, in a word that stays.
    pub(crate) fn slug(&self) -> &'static str {
        match self {
            Self::BadAuthentication => "bad-authentication",
            Self::NotAuthenticated => "not-authenticated",
            Self::BadToken => "bad-token",
            Self::ClockOff => "clock-off",
            Self::AppSuspended => "app-suspended",
            Self::NeedsUserContext => "needs-user-context",
            Self::NotPermitted => "not-permitted",
            Self::ReadOnly => "read-only",
            Self::NoDirectMessages => "no-direct-messages",
            Self::NoUser | Self::NoUsers | Self::NoRecipient => "no-user",
            Self::TooManyUsers => "too-many-users",
            Self::RecipientClosed => "recipient-closed",
            Self::TextTooLong => "text-too-long",
            Self::NotSent(_) => "not-sent",
            Self::Stale(_) => "stale-revision",
            Self::RevisionRequired => "revision-required",
            Self::ExternalIdTaken => "external-id-taken",
            Self::NotFound => "not-found",
            Self::Invalid(_) | Self::Missing(_) | Self::Upload(_) => "invalid",
            Self::MediaNotFound => "media-not-found",
            Self::NotAPicture => "not-a-picture",
            Self::TooLarge(_) => "too-large",
            Self::TooSlow => "too-slow",
            Self::Limited(_) => "rate-limited",
            Self::OverCapacity(_) => "over-capacity",
            Self::Internal(_) => "internal",
        }
    }

    fn body(&self, code: u16, message: &str) -> Value {
        match self {
            Self::Upload(reason) => json!({"request": "/1.1/media/upload.json", "error": reason}),
            _ => json!({"errors": [{"code": code, "message": message}]}),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, code, message) = self.wire();
        let mut response = answer::json(status, &self.body(code, &message));
        let problem = Problem { code, slug: self.slug(), message };
        response.extensions_mut().insert(problem);
        match self {
            Self::OverCapacity(cause) => {
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
                response.extensions_mut().insert(Cause(cause));
            }
            Self::Internal(cause) => {
                response.extensions_mut().insert(Cause(cause));
            }
            _ => {}
        }
        response
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => Self::OverCapacity(error.to_string()),
            StoreError::Failed(_) => Self::Internal(error.to_string()),
        }
    }
}

impl From<BlobError> for Refusal {
    fn from(error: BlobError) -> Self {
        Self::OverCapacity(error.to_string())
    }
}

impl From<SendError> for Refusal {
    fn from(error: SendError) -> Self {
        match error {
            SendError::NoRecipient => Self::NoRecipient,
            SendError::RecipientClosed => Self::RecipientClosed,
            SendError::ProfileNotFound
            | SendError::ProfileDestroyed
            | SendError::MediaNotFound
            | SendError::NotAPicture
            | SendError::MediaUsed => Self::NotSent(error.to_string()),
        }
    }
}

impl From<CreateProfileError> for Refusal {
    fn from(error: CreateProfileError) -> Self {
        match error {
            CreateProfileError::MediaNotFound => Self::MediaNotFound,
            CreateProfileError::NotAPicture => Self::NotAPicture,
            CreateProfileError::ExternalIdTaken => Self::ExternalIdTaken,
        }
    }
}

impl From<EditProfileError> for Refusal {
    fn from(error: EditProfileError) -> Self {
        match error {
            EditProfileError::NotFound => Self::NotFound,
            EditProfileError::Stale { current } => Self::Stale(current),
            EditProfileError::MediaNotFound => Self::MediaNotFound,
            EditProfileError::NotAPicture => Self::NotAPicture,
            EditProfileError::Incomplete => {
                Self::Invalid("name and avatar: are required for a new profile".into())
            }
        }
    }
}
