//! The one table from failure to wire.

use std::convert::Infallible;

use axum::response::{IntoResponse, Response};
use guise_domain::rate::Quota;
use guise_domain::{
    BrokenRule, CreateProfileError, EditProfileError, RequestTokenError, SendError, StoreError,
};
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};

use crate::answer;
use crate::blobs::BlobError;

macro_rules! refusals {
    ($(
        $(#[$doc:meta])*
        $name:ident $(($field:ident: $type:ty))? = $status:ident $code:literal $slug:literal $text:literal;
    )*) => {
        /// Why a request was refused.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub(crate) enum Refusal {
            $($(#[$doc])* $name $(($type))?,)*
        }

        impl Refusal {
            /// Status, code and text.
            pub(crate) fn wire(&self) -> (StatusCode, u16, String) {
                match self {
                    $(Self::$name $(($field))? => (StatusCode::$status, $code, format!($text)),)*
                }
            }

            /// What kind of refusal this is, in a word that stays.
            pub(crate) fn slug(&self) -> &'static str {
                match self { $(Self::$name { .. } => $slug),* }
            }
        }
    };
}

refusals! {
    /// No credentials, or none that can be read.
    BadAuthentication = BAD_REQUEST 215 "bad-authentication" "Bad Authentication data.";
    /// Wrong signature, unknown consumer key, or a repeated request.
    NotAuthenticated = UNAUTHORIZED 32 "not-authenticated" "Could not authenticate you.";
    /// Unknown or revoked token, or a closed account.
    BadToken = UNAUTHORIZED 89 "bad-token" "Invalid or expired token.";
    /// The signed timestamp is too far from our clock.
    ClockOff = UNAUTHORIZED 135 "clock-off" "Timestamp out of bounds.";
    /// The app's key and secret are not right.
    CredentialsRefused = FORBIDDEN 99 "credentials-refused" "Unable to verify your credentials";
    /// A bearer token that is not this app's.
    NotYourToken = FORBIDDEN 348 "not-your-token"
        "Client application is not permitted to to invalidate this token.";
    /// The app has callbacks, and this is none of them.
    CallbackNotApproved = FORBIDDEN 415 "callback-not-approved"
        "Callback URL not approved for this client application. Approved callback URLs can be adjusted with `guise app callback`";
    /// The app has no callbacks.
    PinOnly = UNAUTHORIZED 417 "pin-only"
        "This app has no approved callback URLs, so oauth_callback must be oob";
    /// The app was revoked.
    AppSuspended = UNAUTHORIZED 416 "app-suspended" "Invalid / suspended application";
    /// A bearer token where a user's is needed.
    NeedsUserContext = FORBIDDEN 220 "needs-user-context"
        "Your credentials do not allow access to this resource.";
    /// The account may not use custom profiles.
    NotPermitted = FORBIDDEN 87 "not-permitted" "Client is not permitted to perform this action.";
    /// A token that may only read.
    ReadOnly = FORBIDDEN 261 "read-only" "Application cannot perform write actions.";
    /// A token that may not touch direct messages.
    NoDirectMessages = FORBIDDEN 93 "no-direct-messages"
        "This application is not allowed to access or delete your direct messages.";
    /// The request names its operator, and its app is not trusted to.
    OperatorNotTrusted = FORBIDDEN 87 "operator-not-trusted"
        "This app is not trusted to name operators (oauth_operator).";
    /// Only an account's own apps see what was requested of them.
    NotOwnApp = FORBIDDEN 87 "not-own-app"
        "Only an app of the account's own may look at the requests of its apps.";
    /// No such user.
    NoUser = NOT_FOUND 50 "no-user" "User not found.";
    /// None of the users asked for.
    NoUsers = NOT_FOUND 17 "no-user" "No user matches for specified terms.";
    /// More users asked for than are looked up at once.
    TooManyUsers = FORBIDDEN 18 "too-many-users" "Too many terms specified in query.";
    /// The recipient of a message is unknown.
    NoRecipient = FORBIDDEN 108 "no-user" "Cannot find specified user.";
    /// The recipient takes no messages from this account.
    RecipientClosed = FORBIDDEN 349 "recipient-closed" "You cannot send messages to this user.";
    /// The message's text is too long.
    TextTooLong = FORBIDDEN 354 "text-too-long"
        "The text of your direct message is over the max character limit.";
    /// The message was not sent, for this reason.
    NotSent(reason: String) = FORBIDDEN 151 "not-sent"
        "There was an error sending your message: {reason}.";
    /// The profile was changed since; it is at this revision.
    Stale(current: u32) = PRECONDITION_FAILED 214 "stale-revision"
        "The profile is at revision {current}.";
    /// A change that does not say which revision it is of.
    RevisionRequired = PRECONDITION_REQUIRED 214 "revision-required"
        "If-Match: is required, with the profile's revision in quotes, or *";
    /// Another living profile has this external id.
    ExternalIdTaken = CONFLICT 214 "external-id-taken"
        "external_id: is taken by another living profile of this account";
    /// The `Idempotency-Key` was used for another request.
    KeyTaken = UNPROCESSABLE_ENTITY 214 "idempotency-key-taken"
        "Idempotency-Key: was used for a request that asked for something else";
    /// The first request with this `Idempotency-Key` is still running.
    KeyInUse = CONFLICT 214 "idempotency-key-in-use"
        "Idempotency-Key: the first request with it is still running";
    /// The new name contains a reserved word; the text names the place first.
    ReservedName(reason: String) = BAD_REQUEST 214 "reserved-name" "{reason}";
    /// A new profile without a kind, in an account that wants one; the text names the place first.
    KindRequired(reason: String) = BAD_REQUEST 214 "kind-required" "{reason}";
    /// A form that no page of ours sent.
    CrossSite = FORBIDDEN 214 "cross-site" "This form was not sent from a page of this server.";
    /// A form that was not shown to this session.
    FormExpired = FORBIDDEN 214 "form-expired"
        "This form has expired. Go back, load the page again, and send it once more.";
    /// A form that was sent before.
    FormRepeated = CONFLICT 214 "form-repeated" "This form was sent before, and was taken then.";
    /// A one-time link that is unknown, used, or too old.
    LinkOver = GONE 214 "link-over"
        "This link was used before, or is more than a day old. Ask for another one.";
    /// An app's request that is unknown, decided on, or too old.
    RequestOver = GONE 89 "request-over"
        "The app's request was decided on before, or is more than 15 minutes old. Start again from the app.";
    /// Signing in where everybody on the way could listen, and where browsers would not keep the cookie.
    NeedsHttps = FORBIDDEN 214 "needs-https"
        "Signing in needs HTTPS, except on the machine that the server runs on.";
    /// Nothing here, or nothing the caller may see.
    NotFound = NOT_FOUND 34 "not-found" "Sorry, that page does not exist.";
    /// The body or a parameter breaks a rule; the text names the place first.
    Invalid(reason: String) = BAD_REQUEST 214 "invalid" "{reason}";
    /// A parameter of the upload is missing.
    Missing(name: &'static str) = BAD_REQUEST 38 "invalid" "{name} parameter is missing.";
    /// The upload host's own form of an error.
    Upload(reason: String) = BAD_REQUEST 214 "invalid" "{reason}";
    /// The media id is unknown, expired or somebody else's.
    MediaNotFound = BAD_REQUEST 325 "media-not-found" "A media id was not found.";
    /// The media id is not a picture's.
    NotAPicture = BAD_REQUEST 324 "not-a-picture" "The validation of media ids failed.";
    /// The body is longer than this many bytes.
    TooLarge(max: usize) = PAYLOAD_TOO_LARGE 214 "too-large" "The body must be at most {max} bytes.";
    /// The body did not come in time.
    TooSlow = REQUEST_TIMEOUT 214 "too-slow" "The body did not arrive in time.";
    /// The window is used up.
    Limited(_quota: Quota) = TOO_MANY_REQUESTS 88 "rate-limited" "Rate limit exceeded";
    /// Busy now, and better later. The text goes to the log only.
    OverCapacity(_cause: String) = SERVICE_UNAVAILABLE 130 "over-capacity" "Over capacity";
    /// A failure of ours. The text goes to the log only.
    Internal(_cause: String) = INTERNAL_SERVER_ERROR 131 "internal" "Internal error";
}

/// The cause of a 5xx, on its way to the log in the response's extensions.
#[derive(Clone, Debug)]
pub(crate) struct Cause(pub(crate) String);

/// A refusal on its way to [`with_slug`], to a page, or to the request's record.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Problem {
    pub(crate) code: u16,
    pub(crate) slug: &'static str,
    pub(crate) message: String,
}

/// Writes refusals with their slug: for what the original never answered.
pub(crate) async fn with_slug(response: Response) -> Response {
    let Some(problem) = response.extensions().get::<Problem>().cloned() else { return response };
    let (mut parts, _) = response.into_parts();
    let written = answer::json(parts.status, &json!({"errors": [problem]}));
    let (head, body) = written.into_parts();
    parts.headers.extend(head.headers);
    Response::from_parts(parts, body)
}

impl Refusal {
    /// What a profile breaks.
    pub(crate) fn broken(rule: &BrokenRule) -> Self {
        match rule {
            BrokenRule::ReservedWord(_) => Self::ReservedName(format!("name: {rule}")),
            BrokenRule::KindRequired => Self::KindRequired(format!("kind: {rule}")),
        }
    }

    /// The same where the profile is a part of the body: what it breaks is named with the way there.
    pub(crate) fn within(self, place: &str) -> Self {
        match self {
            Self::ReservedName(reason) => Self::ReservedName(format!("{place}{reason}")),
            Self::KindRequired(reason) => Self::KindRequired(format!("{place}{reason}")),
            other => other,
        }
    }

    fn body(&self, code: u16, message: &str) -> Value {
        match self {
            // The original named this one twice.
            Self::CredentialsRefused => json!({"errors": [
                {"code": code, "message": message, "label": "authenticity_token_error"},
            ]}),
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
            Self::KeyInUse => {
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
            }
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

impl From<Infallible> for Refusal {
    fn from(never: Infallible) -> Self {
        match never {}
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
            CreateProfileError::Broken(rule) => Self::broken(&rule),
        }
    }
}

impl From<RequestTokenError> for Refusal {
    fn from(error: RequestTokenError) -> Self {
        match error {
            RequestTokenError::PinOnly => Self::PinOnly,
            RequestTokenError::NotApproved => Self::CallbackNotApproved,
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
            EditProfileError::Broken(rule) => Self::broken(&rule),
            EditProfileError::Incomplete => {
                Self::Invalid("name: is required for a new profile".into())
            }
        }
    }
}
